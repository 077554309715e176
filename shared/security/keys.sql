-- name: get_keys
-- Every compartment of these people: an erased one means that the person was.
SELECT person_id, compartment, wrapped, master FROM person_key WHERE person_id = ANY($1::uuid[]);

-- name: create_key
-- The first to ask makes it; nobody makes one for a person who was erased.
INSERT INTO person_key (person_id, compartment, wrapped, master)
SELECT $1, $2, $3, $4
 WHERE NOT EXISTS (SELECT FROM person_key WHERE person_id = $1 AND erased_at IS NOT NULL)
ON CONFLICT (person_id, compartment) DO NOTHING;

-- name: erase_person
-- Markers for every compartment, used or not, so that none can be made anew.
INSERT INTO person_key (person_id, compartment, master, erased_at)
SELECT $1, compartment, ''::bytea, clock() FROM unnest($2::text[]) AS compartment
ON CONFLICT (person_id, compartment) DO UPDATE SET wrapped = NULL, erased_at = coalesce(person_key.erased_at, clock());

-- name: erase_unknown
-- Compartments that a newer version made and this one does not know.
UPDATE person_key SET wrapped = NULL, erased_at = clock() WHERE person_id = $1 AND erased_at IS NULL;
