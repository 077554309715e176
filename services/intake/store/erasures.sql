-- name: hold_person
SELECT FROM person WHERE id = $1 FOR UPDATE;

-- name: lock_erasure
-- Taken before any event is written and held to commit.
SELECT * FROM erasure WHERE person_id = $1 FOR UPDATE;

-- name: find_erasure
SELECT * FROM erasure WHERE person_id = $1;

-- name: erasures_asked
-- Of whom these workers walk with, and whom nobody of this agency walks with yet; nobody has known them yet.
SELECT person.id FROM erasure JOIN person ON person.id = erasure.person_id
 WHERE erasure.stage = 'asked'
   AND (person.worker_id = ANY($1::uuid[]) OR person.worker_id IS NULL AND person.agency_id = $2)
 ORDER BY erasure.asked_at, person.id LIMIT 15;

-- name: put_erasure
-- Its own insert is the lock of a first one; one that was taken back begins anew.
INSERT INTO erasure (person_id, stage, asked_by) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE
   SET stage = excluded.stage, asked_by = excluded.asked_by, asked_at = clock(), identity = NULL, due_at = NULL,
       confirmed_by = NULL, kept_until = NULL, forgotten = '{}'
 WHERE erasure.stage = 'taken_back'
RETURNING person_id;

-- name: save_erasure
UPDATE erasure
   SET stage = $2, identity = $3, due_at = $4, kept_until = $5, forgotten = $6, confirmed_by = coalesce($7, confirmed_by),
       erased_at = CASE WHEN $2 IN ('erased', 'done') THEN coalesce(erased_at, clock()) END,
       done_at = CASE WHEN $2 = 'done' THEN clock() END
 WHERE person_id = $1;

-- name: kept_until
-- The latest day until which a law keeps somebody's record, if one that is still ahead does. A day is over when it is
-- over everywhere: what is erased at midnight in London is erased in Oregon while the law still keeps it.
SELECT max(until) FROM hold
 WHERE person_id = $1 AND lifted_at IS NULL AND until >= (clock() AT TIME ZONE 'UTC' - interval '12 hours')::date;

-- name: holds_of
-- Those that are live, the latest day first; by hold_person_idx.
SELECT id, agency_id, because, until, told_from, set_at FROM hold
 WHERE person_id = $1 AND lifted_at IS NULL AND until >= (clock() AT TIME ZONE 'UTC' - interval '12 hours')::date
 ORDER BY until DESC, id;

-- name: set_hold
INSERT INTO hold (id, person_id, agency_id, because, until, told_from, set_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: lift_hold
UPDATE hold SET lifted_by = $2, lifted_at = clock() WHERE id = $1 AND lifted_at IS NULL RETURNING person_id;

-- name: is_put_away
SELECT true FROM erasure WHERE person_id = $1 AND stage = 'kept' FOR UPDATE;

-- name: now
SELECT clock();

-- name: find_hold
SELECT id, person_id, agency_id, because, until, told_from, set_at FROM hold WHERE id = $1;

-- name: close_person
-- Nobody walks with them and nothing reaches them. What is sealed stays, for nobody to open.
UPDATE person SET worker_id = NULL, way = NULL, safe = false, erased_at = coalesce(erased_at, clock()), changed_at = clock()
 WHERE id = $1;

-- name: close_ways
UPDATE contact_way SET safe = false WHERE person_id = $1;

-- name: empty_person
WITH others AS (DELETE FROM contact_way WHERE person_id = $1)
UPDATE person SET name = '', contact = NULL, asked = NULL, born = NULL, care = NULL, quiet_from = NULL,
       quiet_until = NULL, language = 'en'
 WHERE id = $1;

-- name: open_consents
SELECT id FROM consent WHERE person_id = $1 AND stage IN ('asked', 'granted', 'confirmed') ORDER BY id;

-- name: forget_words_read
-- That something was said stays: ids, ways and days. The text and the names in it go.
UPDATE consent_word SET read = NULL WHERE person_id = $1;

-- name: drop_sessions
DELETE FROM session WHERE account_id = $1;

-- name: drop_ways_in
-- Link, PINs and the browsers that they were used on.
WITH known AS (DELETE FROM known_device WHERE account_id = $1) DELETE FROM way_in WHERE person_id = $1;

-- name: drop_pretended
-- What was pressed behind the second PIN (pretended.sql).
DELETE FROM pretended WHERE person_id = $1;

-- name: fold_set
-- As an event of ours says, after a restore. How a human knew them is in no event.
INSERT INTO erasure (person_id, stage, due_at, asked_by, asked_at)
SELECT id, 'set', $2, id, $3 FROM person WHERE id = $1
ON CONFLICT (person_id) DO UPDATE SET stage = 'set', due_at = excluded.due_at, kept_until = NULL;

-- name: fold_stage
INSERT INTO erasure (person_id, stage, kept_until, asked_by, asked_at, erased_at)
SELECT id, $2::text, $3, id, $4::timestamptz, CASE WHEN $2::text = 'erased' THEN $4::timestamptz END
  FROM person WHERE id = $1
ON CONFLICT (person_id) DO UPDATE SET stage = excluded.stage, kept_until = excluded.kept_until, forgotten = '{}',
                                      erased_at = excluded.erased_at;
