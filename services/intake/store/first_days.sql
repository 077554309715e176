-- name: put_day
INSERT INTO first_days (person_id, day, told) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET day = excluded.day, told = coalesce(excluded.told, first_days.told), set_at = clock();

-- name: find_day
SELECT day, told FROM first_days WHERE person_id = $1;

-- name: lock_things
-- The person is locked by whoever asks. In the order in which they are asked for.
SELECT thing, stage, day FROM first_thing JOIN first_days USING (person_id)
 WHERE person_id = $1 ORDER BY array_position(ARRAY['ride', 'phone', 'bed', 'medicine', 'documents'], thing);

-- name: put_thing
INSERT INTO first_thing (id, person_id, thing, stage) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, moved_at = clock();

-- name: whose
SELECT person_id, thing FROM first_thing WHERE id = $1;

-- name: drop_days
-- The five go with it.
DELETE FROM first_days WHERE person_id = $1;

-- name: fold_day
-- As an event of ours says, after a restore; nothing where they are not here.
INSERT INTO first_days (person_id, day) SELECT id, $2 FROM person WHERE id = $1
ON CONFLICT (person_id) DO UPDATE SET day = excluded.day RETURNING person_id;

-- name: zone_of
SELECT agency.entry -> 'calendar' ->> 'timezone' FROM person JOIN agency ON agency.id = agency_id WHERE person.id = $1;
