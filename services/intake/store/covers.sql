-- name: lock_cover
SELECT id, worker, covering, agency, starts_at, ends_at, ended_at, why FROM cover WHERE id = $1 FOR UPDATE;

-- name: lock_covers_by
-- By whom somebody is covered for, now or later.
SELECT id, worker, covering, agency, starts_at, ends_at, ended_at, why FROM cover
 WHERE covering = $1 AND ended_at IS NULL AND clock() < ends_at ORDER BY id FOR UPDATE;

-- name: find_cover
SELECT id, worker, covering, agency, starts_at, ends_at, ended_at, why FROM cover WHERE id = $1;

-- name: list_covers
-- Those of one agency that run or will, and lately ended ones; by cover_agency_idx.
SELECT id, worker, covering, agency, starts_at, ends_at, ended_at, why FROM cover
 WHERE agency = $1 AND ends_at > clock() - interval '30 days' ORDER BY ends_at DESC, id LIMIT $2;

-- name: say_why
UPDATE cover SET why = $2 WHERE id = $1;
