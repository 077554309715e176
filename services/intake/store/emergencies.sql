-- name: one_at_a_time
-- A worker's tries, so that none is counted past the limit.
SELECT pg_advisory_xact_lock(hashtextextended('opening ' || $1::uuid::text, 0));

-- name: tries_since
-- Those that were looked at: a try too many makes nobody wait longer.
SELECT count(*) FROM opening_try WHERE worker_id = $1 AND at > clock() - $2::interval AND came <> 'often';

-- name: put_try
INSERT INTO opening_try (id, worker_id, agency_id, home, came) VALUES ($1, $2, $3, $4, $5);

-- name: say_what_came
UPDATE opening_try SET came = $2 WHERE id = $1;

-- name: refused_tries
-- Those that opened nothing, of one agency's workers or at its door, the latest first.
SELECT worker_id, agency_id, home, came, at FROM opening_try
 WHERE (home = $1 OR agency_id = $1) AND came <> 'opened' AND at > clock() - interval '90 days'
 ORDER BY at DESC LIMIT $2;

-- name: live_opening
SELECT * FROM opening WHERE worker_id = $1 AND person_id = $2 AND ends_at > clock() ORDER BY ends_at DESC LIMIT 1;

-- name: live_of
-- What one worker has open now; by opening_worker_idx.
SELECT * FROM opening WHERE worker_id = $1 AND ends_at > clock() ORDER BY ends_at DESC;

-- name: said_before
-- Whether this worker wrote the very same words of somebody else.
SELECT EXISTS (SELECT FROM opening WHERE worker_id = $1 AND said = $2 AND person_id <> $3
                  AND opened_at > clock() - $4::interval);

-- name: put_opening
INSERT INTO opening (id, person_id, home, agency_id, worker_id, cannot, treatment, told, said, opened_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: find_opening
SELECT * FROM opening WHERE id = $1;

-- name: lock_opening
SELECT * FROM opening WHERE id = $1 FOR UPDATE;

-- name: openings_at
-- For the desk: of one agency's people and by its workers; what nobody has looked at first, then what was of late.
SELECT * FROM opening
 WHERE (home = $1 OR agency_id = $1) AND (verdict IS NULL OR reviewed_at > clock() - interval '90 days')
 ORDER BY verdict IS NOT NULL, opened_at DESC LIMIT $2;

-- name: openings_of
-- Of one person, the latest first; by opening_person_idx.
SELECT * FROM opening WHERE person_id = $1 ORDER BY opened_at DESC LIMIT $2;

-- name: save_review
UPDATE opening SET verdict = $2, found = $3, reviewed_by = $4, reviewed_at = clock() WHERE id = $1;

-- name: forget_told
-- With somebody's keys: what is sealed opens no more.
UPDATE opening SET told = '', found = NULL, said = '' WHERE person_id = $1;

-- name: fold_opening
-- As an event of ours says, after a restore. What was written about it is in no event.
INSERT INTO opening (id, person_id, home, agency_id, worker_id, cannot, treatment, told, said, opened_at, ends_at)
SELECT $1, person.id, person.agency_id, agency.id, $4, $5, $6, '', '', $7, $8
  FROM person, agency WHERE person.id = $2 AND agency.id = $3
ON CONFLICT (id) DO NOTHING;

-- name: nevers_of
SELECT agency_id FROM never WHERE person_id = $1 ORDER BY said_at;

-- name: say_never
INSERT INTO never (person_id, agency_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: take_never_back
DELETE FROM never WHERE person_id = $1 AND agency_id = $2;

-- name: drop_nevers
DELETE FROM never WHERE person_id = $1;

