-- name: partner
SELECT id, agency, shard FROM partner WHERE slug = $1 AND removed_at IS NULL

-- name: known
-- What the partner calls by this name; telling_reference_idx.
SELECT telling.kind, telling.thing, telling.person, referral.stage
  FROM telling LEFT JOIN referral ON telling.kind = 'referral' AND referral.id = telling.thing
 WHERE telling.partner = $1 AND telling.reference = $2

-- name: put_answer
-- The same id again is the same answer: the first one counts.
INSERT INTO answer (partner, answer_id, result, reason, reference, referral, at)
VALUES ($1, $2, $3, $4, $5, $6, clock())
ON CONFLICT DO NOTHING RETURNING 1

-- name: first_answer
SELECT result, reason, reference FROM answer WHERE partner = $1 AND answer_id = $2

-- name: put_receipt
-- It leaves after what it confirms, which waits in the outbox's shard $6; null: it confirms nothing.
INSERT INTO partner_row (shard, partner, stream, id, type, data, at, follows_shard, follows)
SELECT $1, $2, 'receipt', $3, $4, $5::jsonb, clock(), $6::smallint, max(position) FROM outbox WHERE outbox.shard = $6
