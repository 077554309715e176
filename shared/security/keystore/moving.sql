-- name: old_store
-- The schema of a network from before keys had a database of their own. Asked of the catalogue: no right is needed.
SELECT EXISTS (
    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = 'keys' AND relname = 'person_key'
);

-- name: shut
-- Whoever would still write here waits, and then finds nothing: no key is made behind the copy.
LOCK TABLE keys.person_key IN ACCESS EXCLUSIVE MODE;

-- name: next_rows
SELECT person_id, compartment, wrapped, master, made_at, erased_at FROM keys.person_key
 WHERE (person_id, compartment) > ($1::uuid, $2::text) ORDER BY person_id, compartment LIMIT $3;

-- name: count_old
SELECT count(*) FROM keys.person_key;

-- name: drop_old
DROP SCHEMA keys CASCADE;

-- name: put_rows
-- A copy that was interrupted goes on: what is there stays, but an erasure since is an erasure here too.
INSERT INTO person_key AS kept (person_id, compartment, wrapped, master, made_at, erased_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::timestamptz[])
 ORDER BY 1, 2
ON CONFLICT (person_id, compartment) DO UPDATE SET wrapped = NULL, erased_at = excluded.erased_at
 WHERE excluded.erased_at IS NOT NULL AND kept.erased_at IS NULL;

-- name: read_back
SELECT person_id, compartment, wrapped, master FROM person_key
 WHERE (person_id, compartment) IN (SELECT * FROM unnest($1::uuid[], $2::text[]));
