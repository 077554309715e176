-- name: put_cover
-- Told again, the same; that it was cut short is never taken back.
INSERT INTO cover (id, worker, covering, agency, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET worker = excluded.worker, covering = excluded.covering, agency = excluded.agency,
                               starts_at = excluded.starts_at, ends_at = excluded.ends_at;

-- name: end_cover
INSERT INTO cover (id, agency, ended_at) VALUES ($1, $2, clock())
ON CONFLICT (id) DO UPDATE SET ended_at = coalesce(cover.ended_at, excluded.ended_at);

-- name: covering_now
-- Everybody who covers for somebody at this moment; a short list, however many people there are.
SELECT covering, agency, worker FROM cover WHERE ended_at IS NULL AND starts_at <= clock() AND clock() < ends_at;

-- name: covered_now
SELECT covering, ends_at FROM covered_now($1);
