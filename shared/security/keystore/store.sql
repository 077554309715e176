-- Said by the owner of the key store, whom row security doesn't hold.

-- name: compartments_held
SELECT role, compartment FROM compartment_of;

-- name: take_compartments
DELETE FROM compartment_of AS held
 USING unnest($1::text[], $2::text[]) AS gone (role, compartment)
 WHERE held.role = gone.role AND held.compartment = gone.compartment;

-- name: give_compartments
INSERT INTO compartment_of (role, compartment) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING;

-- name: still_known
-- Which of these people a restore brought back: no mark of their erasure, or a key beside it. $2: until when a law keeps
-- theirs put away; null: nothing of theirs may be there.
SELECT person, until FROM unnest($1::uuid[], $2::date[]) AS gone (person, until)
 WHERE NOT EXISTS (SELECT FROM person_key WHERE person_id = person AND erased_at IS NOT NULL)
    OR EXISTS (SELECT FROM person_key
                WHERE person_id = person AND (wrapped IS NOT NULL OR (until IS NULL AND put_away IS NOT NULL)));

-- name: forget
SELECT CASE WHEN until IS NULL THEN erase(person, $3::text[]) ELSE put_away(person, $3::text[], until) END
  FROM unnest($1::uuid[], $2::date[]) AS gone (person, until);

-- name: copy_of
-- What this key store holds of one person.
SELECT count(*) FILTER (WHERE wrapped IS NOT NULL) AS keys, count(*) FILTER (WHERE put_away IS NOT NULL) AS put_away,
       max(put_away_until) AS until, min(erased_at) AS erased_at
  FROM person_key WHERE person_id = $1;

-- name: count_erased
SELECT count(DISTINCT person_id) FROM person_key WHERE erased_at IS NOT NULL;
