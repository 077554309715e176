-- name: put_worker
-- Told again, the same; a name that an event leaves out stays. That somebody left is never taken back.
INSERT INTO worker (id, agency, role, name) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, role = excluded.role,
                               name = CASE WHEN excluded.name = '' THEN worker.name ELSE excluded.name END;

-- name: worker_left
INSERT INTO worker (id, agency, left_at) VALUES ($1, $2, clock())
ON CONFLICT (id) DO UPDATE SET left_at = coalesce(worker.left_at, excluded.left_at);

-- name: put_agency
INSERT INTO agency_card (id, name, shows_roles) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, shows_roles = excluded.shows_roles;

-- name: named
SELECT id, agency, role, name, agency_name, shows_roles FROM workers_named($1);

-- name: at_agency
-- Who works at an agency now and may be given something to hold; of the acting agency alone, by its policy.
SELECT id, agency, role, name FROM worker WHERE agency = $1 AND left_at IS NULL AND role = ANY ($2::text[]) ORDER BY id;

-- name: agency_names
SELECT id, name FROM agency_card WHERE id = ANY ($1);

-- name: of_own_agency
-- One of the acting agency's, by its policy.
SELECT id, agency, role, left_at FROM worker WHERE id = $1 AND agency IS NOT NULL;
