-- name: find_erasure
SELECT taken_back, said_at FROM pretended WHERE person_id = $1 AND about = $1;

-- name: ask
-- One that was taken back begins anew, as a real one does.
INSERT INTO pretended (person_id, about) VALUES ($1, $1)
ON CONFLICT (person_id, about) DO UPDATE SET taken_back = false, said_at = clock() WHERE pretended.taken_back
RETURNING person_id;

-- name: take_back
UPDATE pretended SET taken_back = true WHERE person_id = $1 AND about = $1;

-- name: nevers_of
SELECT about FROM pretended WHERE person_id = $1 AND about <> $1 ORDER BY said_at;

-- name: say_never
INSERT INTO pretended (person_id, about) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: take_never_back
DELETE FROM pretended WHERE person_id = $1 AND about = $2;
