-- name: put_demand
INSERT INTO demand (id, person_id, agency_id, hold_id, paper, told, due_on, told_from, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: find_demand
SELECT *, clock() AS now FROM demand WHERE id = $1;

-- name: lock_demand
SELECT *, clock() AS now FROM demand WHERE id = $1 FOR UPDATE;

-- name: demands_at
-- Of one agency: what nobody has decided first, by the day an answer is due; by demand_agency_idx.
SELECT *, clock() AS now FROM demand WHERE agency_id = $1 ORDER BY decision IS NOT NULL, due_on, id LIMIT $2;

-- name: demands_of
-- Those that somebody may be told of, the latest first; by demand_person_idx.
SELECT *, clock() AS now FROM demand
 WHERE person_id = $1 AND coalesce(told_from <= clock()::date, true) ORDER BY recorded_at DESC LIMIT $2;

-- name: save_order
UPDATE demand SET ordered = $2, ordered_on = $3 WHERE id = $1;

-- name: save_decision
UPDATE demand SET decision = $2, scope = $3, decided = $4, decided_by = $5, decided_at = clock() WHERE id = $1;

-- name: said
UPDATE demand SET said_at = clock() WHERE id = $1;

-- name: forget_demands
-- With somebody's keys: what is sealed opens no more.
UPDATE demand SET told = '', ordered = NULL, decided = NULL WHERE person_id = $1;
