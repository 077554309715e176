-- name: message_decided
INSERT INTO message (id, person, occasion, about, cause, channel, state, not_before, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $7)
ON CONFLICT DO NOTHING

-- name: message_settled
UPDATE message SET state = $2, reason = $3, held = NULL, lease_until = NULL, settled_at = $4 WHERE id = $1

-- name: partner_connected
-- Without its password, which only a new one can replace; the streams' counters follow from their logs.
INSERT INTO partner (id, agency, slug, shard, quota, made_at, rotated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT DO NOTHING

-- name: partner_stream
INSERT INTO partner_stream (partner, stream, shard, beat_at)
VALUES ($1, $2, $3, CASE WHEN $2 <> 'receipt' THEN clock() END)
ON CONFLICT DO NOTHING

-- name: partner_removed
UPDATE partner SET removed_at = $2, password = NULL WHERE id = $1 AND removed_at IS NULL

-- name: agreement_recorded
INSERT INTO agreement (id, partner, valid_from, expires_on, recorded_at)
SELECT $1, id, $3, $4, $5 FROM partner WHERE id = $2
ON CONFLICT DO NOTHING

-- name: agreement_ended
UPDATE agreement SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL

-- name: answer_taken
-- Its receipt says it again.
INSERT INTO answer (partner, answer_id, result, referral, at) SELECT id, $2, 'accepted', $3, clock() FROM partner WHERE id = $1
ON CONFLICT DO NOTHING
