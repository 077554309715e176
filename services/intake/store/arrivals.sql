-- name: add_arrival
-- The person's own insert is its lock.
INSERT INTO arrival (person_id, agency_id, stage, answer_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: lock_arrival
SELECT person_id, agency_id, stage, answer_by FROM arrival WHERE person_id = $1 FOR UPDATE;

-- name: find_arrival
SELECT person_id, agency_id, stage, answer_by FROM arrival WHERE person_id = $1;

-- name: save_arrival
UPDATE arrival SET stage = $2, answered_at = CASE WHEN $2 = 'answered' THEN coalesce(answered_at, clock()) END
 WHERE person_id = $1;

-- name: open_arrivals
-- Of one agency, whom nobody walks with yet; by arrival_open_idx.
SELECT person_id, agency_id, stage, answer_by FROM arrival WHERE agency_id = $1 AND stage <> 'answered';

-- name: drop_arrival
DELETE FROM arrival WHERE person_id = $1;

-- name: fold_begun
-- As an event of ours says, after a restore.
INSERT INTO arrival (person_id, agency_id, stage, answer_by, begun_at)
SELECT id, agency_id, 'waiting', $2, $3 FROM person WHERE id = $1
ON CONFLICT (person_id) DO NOTHING;
