-- The one place that names a schema: all services share the key store, each through the rows its role may see.

-- name: get_keys
-- Every compartment of these people: an erased one means that the person was.
SELECT person_id, compartment, wrapped, master FROM keys.person_key WHERE person_id = ANY($1::uuid[]);

-- name: create_key
-- The first to ask makes it; nobody makes one for a person who was erased.
INSERT INTO keys.person_key (person_id, compartment, wrapped, master)
SELECT $1, $2, $3, $4
 WHERE NOT EXISTS (SELECT FROM keys.person_key WHERE person_id = $1 AND erased_at IS NOT NULL)
ON CONFLICT (person_id, compartment) DO NOTHING;

-- name: erase_person
-- Markers for every compartment, also those this role may not open and those a newer version made.
SELECT keys.erase($1, $2::text[]);
