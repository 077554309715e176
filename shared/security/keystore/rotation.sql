-- Said by the owner of the key store. Erased rows hold no key, so no master key is theirs; one that was put away does.

-- name: only_one
-- One rotation at a time; a killed one lets go with its session.
SELECT pg_try_advisory_lock(hashtext('throughcare rotation'));

-- name: next_rows
-- In the order of the primary key, without a lock: whoever makes, opens or erases keys meanwhile waits for nobody.
SELECT person_id, compartment, coalesce(wrapped, put_away) AS wrapped, master FROM person_key
 WHERE (person_id, compartment) > ($1::uuid, $2::text) AND coalesce(wrapped, put_away) IS NOT NULL AND master <> $3
 ORDER BY person_id, compartment LIMIT $4;

-- name: wrap_anew
-- Only where the row is still as it was read: one erased meanwhile stays erased. Locked in the order in which an
-- erasure locks, so that the two never wait for each other in a circle.
WITH fresh AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) AS f (person_id, compartment, before, after)
), held AS MATERIALIZED (
    SELECT kept.person_id, kept.compartment, fresh.after
      FROM person_key AS kept JOIN fresh USING (person_id, compartment)
     WHERE coalesce(kept.wrapped, kept.put_away) = fresh.before
     ORDER BY kept.person_id, kept.compartment
       FOR UPDATE OF kept
)
UPDATE person_key AS kept
   SET wrapped = CASE WHEN kept.wrapped IS NOT NULL THEN held.after END,
       put_away = CASE WHEN kept.put_away IS NOT NULL THEN held.after END, master = $5
  FROM held
 WHERE kept.person_id = held.person_id AND kept.compartment = held.compartment;

-- name: tally
SELECT master, count(*) AS rows, count(DISTINCT person_id) AS people FROM person_key
 WHERE coalesce(wrapped, put_away) IS NOT NULL GROUP BY master;
