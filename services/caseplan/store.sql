-- name: insert_aggregate
-- For a new aggregate its own insert is the lock. A setback or concern belongs to the person's own agency. Nothing is
-- returned where the id is taken, or (by aggregate_one_open_referral_idx) a referral to this program is open.
INSERT INTO aggregate (kind, id, person, worker, home, receiving, program, consent, stage, is_open, state, made_at, moved_at)
VALUES ($1, $2, $3, $4, coalesce($5, (SELECT home FROM person WHERE id = $3)), $6, $7, $8, $9, $10, $11, clock(), clock())
ON CONFLICT DO NOTHING RETURNING id

-- name: open_referral
-- By aggregate_one_open_referral_idx.
SELECT id FROM aggregate WHERE kind = 'referral' AND person = $1 AND program = $2 AND is_open

-- name: lock_aggregate
-- Taken before any event is written and held to commit, so events keep the order of changes.
SELECT state, home, made_at, moved_at FROM aggregate WHERE kind = $1 AND id = $2 FOR UPDATE

-- name: lock_aggregates
-- Several in one transaction: always in this order.
SELECT id FROM aggregate WHERE kind = $1 AND id = ANY ($2::uuid[]) ORDER BY kind, id FOR UPDATE

-- name: lock_under
-- What stands on these consents, and these setbacks, in the order in which aggregates are locked.
SELECT kind, id, consent FROM aggregate
 WHERE consent = ANY ($1::uuid[]) OR (kind = 'setback' AND id = ANY ($2::uuid[])) ORDER BY kind, id FOR UPDATE

-- name: lock_plan_of
-- The plan of whomever a promise was made to: a step of it may be this promise. It may be with another agency by now.
SELECT lock_plan_of($1)

-- name: lock_of_person
-- Everything that goes with the person to another worker.
SELECT kind, id FROM aggregate
 WHERE person = $1 AND (kind IN ('referral', 'setback', 'plan') OR (kind = 'concern' AND is_open))
 ORDER BY kind, id FOR UPDATE

-- name: reassign
-- The new worker holds what the old one held; a promise stays with who gave it.
UPDATE aggregate SET worker = $2, home = $3,
       state = CASE WHEN kind IN ('referral', 'plan')
                    THEN state || jsonb_build_object('worker', $2::uuid, 'home', $3::uuid)
                    ELSE state || jsonb_build_object('worker', $2::uuid) END
 WHERE person = $1 AND (kind IN ('referral', 'setback', 'plan') OR (kind = 'concern' AND is_open))

-- name: save_aggregate
UPDATE aggregate SET worker = $3, home = coalesce($4, home), receiving = $5, program = $6, consent = $7, stage = $8,
                     is_open = $9, state = $10, moved_at = clock()
 WHERE kind = $1 AND id = $2

-- name: note_happened
INSERT INTO happened (kind, id, person, verb, stage, party, way, who, about, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock())

-- name: get_aggregate
SELECT state, home, made_at, moved_at FROM aggregate WHERE kind = $1 AND id = $2

-- name: list_of_person
-- The latest first; one range of aggregate_person_idx, no sort.
SELECT state, home, made_at, moved_at FROM aggregate
 WHERE person = $1 AND kind = $2 ORDER BY moved_at DESC LIMIT $3

-- name: list_open_of_worker
-- What a worker holds, the longest silence first; one range of aggregate_worker_idx, no sort.
SELECT state, home, made_at, moved_at FROM aggregate
 WHERE worker = $1 AND kind = $2 AND is_open ORDER BY moved_at LIMIT $3

-- name: list_broken_of_worker
-- Promises of a worker that the person says were not kept, and for which nobody has owned up or promised what mends
-- it; by aggregate_broken_idx.
SELECT state, home, made_at, moved_at FROM aggregate broken
 WHERE worker = $1 AND kind = 'promise' AND stage = 'broken' AND state->>'by_person' = 'true'
   AND state->>'admitted' IS NULL
   AND NOT EXISTS (SELECT FROM aggregate mend WHERE mend.person = broken.person AND mend.kind = 'promise'
                      AND mend.state->>'mends' = broken.id::text)
 ORDER BY moved_at LIMIT $2

-- name: list_asked
-- What an agency was asked and may still be told: under a live consent whose row is held until the answer is read.
-- One range of aggregate_receiving_idx; what has ended is left out before it is asked whether it is live, which costs.
SELECT a.state, a.home, a.made_at, a.moved_at FROM aggregate a JOIN consent c ON c.id = a.consent
 WHERE a.receiving = $1 AND a.kind = 'referral' AND a.stage <> 'draft'
   AND c.ended IS NULL AND is_live(c)
 ORDER BY a.moved_at DESC LIMIT $2
   FOR SHARE OF c

-- name: was_asked_about
-- Whether an agency was ever asked to help this person, and whether it may still be told of one thing that it was asked.
SELECT count(*) > 0 AS ever, coalesce(bool_or(c.ended IS NULL AND is_live(c)), false) AS now
  FROM aggregate a LEFT JOIN consent c ON c.id = a.consent
 WHERE a.person = $1 AND a.kind = 'referral' AND a.receiving = $2 AND a.stage <> 'draft'

-- name: history
SELECT id, verb, stage, party, way, who, about, at FROM happened WHERE kind = $1 AND id = $2 ORDER BY number

-- name: timeline
-- What happened around a person but of these kinds, the latest first; one range of happened_person_idx, no sort.
SELECT kind, id, verb, stage, party, way, who, about, at FROM happened
 WHERE person = $1 AND kind <> ALL ($2::text[]) ORDER BY number DESC LIMIT $3

-- name: step_moves
-- How often the steps of these plans were moved in the last 14 days.
SELECT id, count(*)::int AS moves FROM happened
 WHERE kind = 'plan' AND id = ANY ($1::uuid[]) AND verb = 'move_step' AND at > clock() - interval '14 days' GROUP BY id

-- name: load_words
-- Of each plan the last word on whether it is too much, and whether the plan changed after it.
SELECT DISTINCT ON (id) id, verb FROM happened
 WHERE kind = 'plan' AND id = ANY ($1::uuid[])
   AND verb IN ('ask_load', 'fits', 'say_too_much', 'sign', 'move_step', 'drop_step')
 ORDER BY id, number DESC

-- name: put_words
INSERT INTO words (kind, id, field, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, id, field) DO UPDATE SET sealed = excluded.sealed

-- name: get_words
-- Of aggregates of any kind at once, given as two lists.
SELECT kind, id, field, sealed FROM words
 WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))

-- name: empty_words
DELETE FROM words WHERE kind = $1 AND id = $2

-- name: drop_suggested
-- A suggestion that is over takes its words along; what was agreed keeps its own.
DELETE FROM words WHERE kind = 'plan' AND id = $1 AND field LIKE 'suggested/%'

-- name: forget_words_of
-- What was written of somebody, of every kind; that something was there, and when, stays.
DELETE FROM words USING (
    SELECT kind, id FROM aggregate WHERE person = $1 UNION ALL SELECT 'contact', id FROM contact WHERE person = $1
) gone WHERE words.kind = gone.kind AND words.id = gone.id

-- name: stop_clocks_of
-- Nothing falls due for somebody who was erased.
DELETE FROM timer WHERE subject IN (SELECT id::text FROM aggregate WHERE person = $1)

-- name: close_of_person
-- Nobody's list and nobody's reach: it happened, and that is all. What was counted stays counted.
UPDATE aggregate SET is_open = false, worker = NULL, home = NULL, receiving = NULL WHERE person = $1

-- name: drop_dates_of
UPDATE contact SET speak_on = NULL WHERE person = $1

-- name: of_the_living
SELECT a.id FROM aggregate a WHERE a.kind = 'referral' AND a.id = ANY ($1::uuid[])
   AND EXISTS (SELECT FROM person p WHERE p.id = a.person)

-- name: drop_agreed
DELETE FROM words WHERE kind = 'plan' AND id = $1 AND field NOT LIKE 'suggested/%'

-- name: agree_words
UPDATE words SET field = substr(field, 11) WHERE kind = 'plan' AND id = $1 AND field LIKE 'suggested/%'

-- name: copy_step_words
-- The words of a staff step are those of the promise that it is: the same sealed bytes, bound to the step.
INSERT INTO words (kind, id, field, sealed) SELECT 'promise', $2, field, sealed FROM words
 WHERE kind = 'plan' AND id = $1 AND field = 'step/' || $3::text
ON CONFLICT (kind, id, field) DO UPDATE SET sealed = excluded.sealed

-- name: clocks
-- When the live clocks of these aggregates began and run out, of any kind at once.
SELECT kind, subject, started_at, due_at FROM timer
 WHERE (kind, subject) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: put_reference
INSERT INTO reference (reference, agency, referral) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: without_reference
-- What this agency was sent since its system last asked for anything.
SELECT a.id FROM aggregate a
 WHERE a.receiving = $1 AND a.kind = 'referral' AND a.stage <> 'draft'
   AND NOT EXISTS (SELECT FROM reference r WHERE r.agency = $1 AND r.referral = a.id)

-- name: find_reference
SELECT referral FROM reference WHERE reference = $1 AND agency = $2

-- name: now
SELECT clock()

-- name: list_by_id
SELECT state, home, made_at, moved_at FROM aggregate WHERE kind = $1 AND id = ANY ($2::uuid[])

-- name: list_held_by_team
-- What fell to the supervisor: silence of a worker of theirs. A few rows of aggregate_home_idx.
SELECT state, home, made_at, moved_at FROM aggregate
 WHERE home = $1 AND kind = $2 AND is_open AND stage = ANY ($3::text[]) ORDER BY moved_at LIMIT $4

-- name: put_contact
INSERT INTO contact (id, person, worker, agency, how, at, speak_on) VALUES ($1, $2, $3, $4, $5, clock(), $6)
ON CONFLICT DO NOTHING RETURNING id

-- name: contacts_due
-- With whom a worker said they would speak by today, and have not since; nor has who covers for them ($4). By
-- contact_worker_idx.
SELECT c.id, c.person, c.speak_on, c.at FROM contact c
 WHERE c.worker = $1 AND c.speak_on <= $2
   AND NOT EXISTS (SELECT FROM contact later WHERE later.person = c.person AND later.worker IN (c.worker, $4) AND later.at > c.at)
 ORDER BY c.speak_on LIMIT $3

-- name: mark_of_worker
-- A few letters that change when anything on a worker's day does: what they, and those for whom they cover ($1), hold
-- and whom they walk with, what their agency ($2) was asked; for a supervisor ($3) what their team holds and who waits.
-- By the indexes of these lists.
SELECT left(md5(concat_ws('.',
    (SELECT concat(count(*), '-', max(moved_at)) FROM aggregate WHERE worker = ANY ($1::uuid[]) AND is_open),
    (SELECT max(moved_at) FROM aggregate WHERE receiving = $2::uuid AND kind = 'referral'),
    (SELECT count(*) FROM person WHERE worker = ANY ($1::uuid[])),
    (SELECT max(moved_at) FROM unnest(ARRAY['setback', 'referral', 'plan']) AS held(kind)
      CROSS JOIN LATERAL (SELECT moved_at FROM aggregate a WHERE $3 AND a.home = $2::uuid AND a.kind = held.kind AND a.is_open
                           ORDER BY moved_at DESC LIMIT 1) AS latest),
    (SELECT count(*) FROM person WHERE $3 AND home = $2::uuid AND worker IS NULL))), 12)

-- name: mark_of_person
-- The same of somebody's own page. Of a concern nothing shows, not even that there is one, until they are asked of it.
SELECT left(md5(concat_ws('.',
    (SELECT max(number) FROM happened WHERE person = $1 AND kind <> 'concern'),
    (SELECT count(*) FROM aggregate WHERE person = $1 AND kind = 'concern' AND stage = 'asked'),
    (SELECT worker FROM person WHERE id = $1))), 12)
