-- Said in the database of keys, where the role's own rules tell which rows it sees.

-- name: get_keys
-- Every compartment of these people: an erased one means that the person was.
SELECT person_id, compartment, wrapped, master FROM person_key WHERE person_id = ANY($1::uuid[]);

-- name: create_key
-- The first to ask makes it, and is told so; nobody makes one for a person who was erased.
INSERT INTO person_key (person_id, compartment, wrapped, master)
SELECT $1, $2, $3, $4
 WHERE NOT EXISTS (SELECT FROM person_key WHERE person_id = $1 AND erased_at IS NOT NULL)
ON CONFLICT (person_id, compartment) DO NOTHING RETURNING TRUE;

-- name: create_keys
-- The same for many at once; whoever was erased gets none.
INSERT INTO person_key (person_id, compartment, wrapped, master)
SELECT made.person_id, $2, made.wrapped, $4 FROM unnest($1::uuid[], $3::bytea[]) AS made (person_id, wrapped)
 WHERE NOT EXISTS (SELECT FROM person_key gone WHERE gone.person_id = made.person_id AND gone.erased_at IS NOT NULL)
ON CONFLICT (person_id, compartment) DO NOTHING RETURNING person_id;

-- name: erase_person
-- Markers for every compartment, also those this role may not open and those a newer version made.
SELECT erase($1, $2::text[]);

-- name: put_away
-- The same for all who ask, but a law keeps the keys until a day, where no service has them.
SELECT put_away($1, $2::text[], $3);

-- name: granted
SELECT compartment FROM compartment_of WHERE role = current_user;

-- name: answers
SELECT count(*) FROM compartment_of WHERE role = current_user;
