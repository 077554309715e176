-- name: lock
-- Before any is changed, in the order of their ids: a disclosure under way ends first.
SELECT id FROM consent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE

-- name: grant
-- Only a grant that came after the end of an earlier one begins anew.
INSERT INTO consent AS known (id, person, recipient, categories, purpose, expires_on, confirmed, confirm_by, setback, once)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE
   SET person = excluded.person, recipient = excluded.recipient, categories = excluded.categories,
       purpose = excluded.purpose, expires_on = excluded.expires_on, confirmed = excluded.confirmed,
       confirm_by = excluded.confirm_by, setback = excluded.setback, once = excluded.once,
       ended = CASE WHEN known.ended_sequence < $11 THEN NULL ELSE known.ended END,
       ended_sequence = CASE WHEN known.ended_sequence < $11 THEN NULL ELSE known.ended_sequence END

-- name: confirm
UPDATE consent SET confirmed = true WHERE id = $1

-- name: renew
-- What has ended stays so.
UPDATE consent SET confirmed = true, expires_on = $2 WHERE id = $1

-- name: end
-- True the first time, false when it had ended before: it acts again harmlessly.
INSERT INTO consent AS known (id, person, ended, ended_sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_sequence = excluded.ended_sequence
 WHERE known.ended IS NULL
RETURNING recipient

-- name: of_person
SELECT id FROM consent WHERE person = $1 AND ended IS NULL ORDER BY id

-- name: drop_rows
-- What has no sequence yet never leaves.
WITH mine AS (
    SELECT position FROM partner_row WHERE consent = ANY ($1::uuid[]) AND sequence IS NULL ORDER BY position FOR UPDATE
)
DELETE FROM partner_row USING mine WHERE partner_row.position = mine.position
RETURNING partner_row.partner, partner_row.thing, partner_row.type

-- name: silence_rows
-- What has one goes out as a heartbeat in its place, of the kind that every stream carries anyway.
WITH mine AS (
    SELECT position, partner, thing, type FROM partner_row
     WHERE consent = ANY ($1::uuid[]) AND sequence IS NOT NULL ORDER BY position FOR UPDATE
)
UPDATE partner_row
   SET id = uuidv7(), type = $2, data = '{}', at = clock(), kind = NULL, thing = NULL, person = NULL, consent = NULL
  FROM mine WHERE partner_row.position = mine.position
RETURNING mine.partner, mine.thing, mine.type

-- name: forget_tellings
-- A first word that was dropped was not said; of a later one nobody knows any more which stage was told last.
UPDATE telling SET stage = CASE WHEN dropped.first THEN NULL ELSE '' END
  FROM (SELECT partner, thing, bool_or(first) AS first
          FROM unnest($1::uuid[], $2::uuid[], $3::bool[]) AS row (partner, thing, first) GROUP BY 1, 2) AS dropped
 WHERE telling.partner = dropped.partner AND telling.thing = dropped.thing

-- name: ask_to_halt
-- The shards whose producers may hold something for this recipient, those of removed systems too.
INSERT INTO halting (consent, person, reason, shards, asked_at)
VALUES ($1, $2, $3, coalesce((SELECT array_agg(DISTINCT shard) FROM partner WHERE agency = $4), '{}'), clock())
ON CONFLICT (consent) DO UPDATE SET claimed_until = NULL, shards = excluded.shards
