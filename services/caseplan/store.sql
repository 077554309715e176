-- name: insert_aggregate
-- For a new aggregate its own insert is the lock.
INSERT INTO aggregate (kind, id, person, worker, home, receiving, program, consent, stage, is_open, state, made_at, moved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock(), clock())

-- name: lock_aggregate
-- Taken before any event is written and held to commit, so events keep the order of changes.
SELECT state FROM aggregate WHERE kind = $1 AND id = $2 FOR UPDATE

-- name: save_aggregate
UPDATE aggregate SET worker = $3, home = $4, receiving = $5, program = $6, consent = $7, stage = $8, is_open = $9,
                     state = $10, moved_at = clock()
 WHERE kind = $1 AND id = $2

-- name: note_happened
INSERT INTO happened (kind, id, person, verb, stage, party, way, at) VALUES ($1, $2, $3, $4, $5, $6, $7, clock())

-- name: get_aggregate
SELECT state, made_at, moved_at FROM aggregate WHERE kind = $1 AND id = $2

-- name: list_of_person
-- One range of aggregate_person_idx.
SELECT id, state, made_at, moved_at, is_open FROM aggregate WHERE person = $1 AND kind = $2 ORDER BY moved_at DESC LIMIT $3

-- name: list_open_of_worker
-- What a worker holds, the longest silence first; one range of aggregate_worker_idx, no sort.
SELECT id, state, made_at, moved_at FROM aggregate
 WHERE worker = $1 AND kind = $2 AND is_open ORDER BY moved_at LIMIT $3

-- name: list_of_home
SELECT id, state, made_at, moved_at FROM aggregate
 WHERE home = $1 AND kind = $2 AND is_open ORDER BY moved_at LIMIT $3

-- name: list_of_receiving
-- What an agency was asked; one range of aggregate_receiving_idx.
SELECT id, state, made_at, moved_at, is_open FROM aggregate
 WHERE receiving = $1 AND kind = $2 AND stage <> 'draft' ORDER BY moved_at DESC LIMIT $3

-- name: under_consent
-- The aggregates that stand on a consent, in the order in which they are locked.
SELECT kind, id FROM aggregate WHERE consent = $1 ORDER BY kind, id

-- name: history
SELECT verb, stage, party, way, at FROM happened WHERE kind = $1 AND id = $2 ORDER BY number

-- name: timeline
SELECT kind, id, verb, stage, party, way, at FROM happened WHERE person = $1 ORDER BY number DESC LIMIT $2

-- name: put_words
INSERT INTO words (kind, id, field, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, id, field) DO UPDATE SET sealed = excluded.sealed

-- name: get_words
SELECT field, sealed FROM words WHERE kind = $1 AND id = $2

-- name: empty_words
DELETE FROM words WHERE kind = $1 AND id = $2

-- name: clocks
-- When the live clocks of these aggregates run out.
SELECT subject, started_at, due_at FROM timer WHERE kind = $1 AND subject = ANY ($2::text[])

-- name: reassign
-- The person's new worker holds what was the old one's; a promise stays with who gave it.
UPDATE aggregate SET worker = $2, state = jsonb_set(state, '{worker}', to_jsonb($2::text))
 WHERE person = $1 AND is_open AND kind IN ('referral', 'setback', 'concern', 'plan')
