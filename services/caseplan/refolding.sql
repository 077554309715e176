-- name: put_aggregate
-- Where an event says that it stood. Without a home of its own it has the person's, as in store.sql; one that is not
-- heard of yet is filled in by take_up.
INSERT INTO aggregate (kind, id, person, worker, home, receiving, program, consent, stage, is_open, state, made_at, moved_at)
VALUES ($1, $2, $3, $4, coalesce($5, (SELECT home FROM person WHERE id = $3)), $6, $7, $8, $9, $10, $11, $12, $12)
ON CONFLICT (kind, id) DO UPDATE
   SET worker = excluded.worker, home = coalesce(excluded.home, aggregate.home), receiving = excluded.receiving,
       program = excluded.program, consent = excluded.consent, stage = excluded.stage, is_open = excluded.is_open,
       state = excluded.state, moved_at = excluded.moved_at

-- name: note_happened
INSERT INTO happened (kind, id, person, verb, stage, party, way, who, about, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: halted
-- This service had said that nothing more goes out under this consent: so it is, before the consent is read again.
INSERT INTO consent (id, person, ended, ended_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_at = excluded.ended_at WHERE consent.ended IS NULL

-- name: drop_outdated_words
-- A version was signed: what it leaves out goes ($2 are its fields), and what was suggested anew takes its own place.
DELETE FROM words
 WHERE kind = 'plan' AND id = $1 AND field NOT LIKE 'suggested/%'
   AND (field <> ALL ($2::text[])
        OR EXISTS (SELECT FROM words newer
                    WHERE newer.kind = 'plan' AND newer.id = $1 AND newer.field = 'suggested/' || words.field))

-- name: take_up
-- The person is heard of at last: what was put back before that gets its agency, and its worker where no event named one.
WITH stub AS (
    SELECT kind, id FROM aggregate WHERE person = $1 AND (home IS NULL OR home = $4) ORDER BY kind, id FOR UPDATE
)
UPDATE aggregate SET home = $3, worker = coalesce(nullif(aggregate.worker, $4), $2, $4),
       state = CASE WHEN aggregate.kind IN ('referral', 'plan')
                    THEN state || jsonb_build_object('worker', coalesce(nullif(aggregate.worker, $4), $2, $4), 'home', $3::uuid)
                    ELSE state END
  FROM stub WHERE aggregate.kind = stub.kind AND aggregate.id = stub.id
RETURNING aggregate.kind, aggregate.id

-- name: take_up_clock
-- Its days are those of the agency that is known now.
UPDATE timer SET rule = rule || jsonb_build_object('agency', $3::uuid)
 WHERE kind = $1 AND subject = $2 AND rule @> jsonb_build_object('agency', $4::uuid)
