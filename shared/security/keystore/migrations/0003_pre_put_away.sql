-- What a law keeps: put away, a key is nobody's to open. For every service its person is erased; the key itself, still
-- wrapped, stays in a column that no service reads, is wrapped anew by rotations, and goes once the law lets it.
ALTER TABLE person_key
    ADD COLUMN put_away bytea,
    ADD COLUMN put_away_until date,
    ADD CHECK (put_away IS NULL OR (wrapped IS NULL AND put_away_until IS NOT NULL));
REVOKE SELECT, INSERT ON person_key FROM intake, caseplan, notifications, reporting;
GRANT SELECT (person_id, compartment, wrapped, master, made_at, erased_at),
      INSERT (person_id, compartment, wrapped, master)
   ON person_key TO intake, caseplan, notifications, reporting;

-- Said without a day, all of it goes, also what was put away.
CREATE OR REPLACE FUNCTION erase(person uuid, known text[]) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = keys, pg_temp AS $$
    INSERT INTO person_key (person_id, compartment, master, erased_at)
    SELECT person, compartment, ''::bytea, clock_timestamp()
      FROM (SELECT unnest(known) AS compartment
            UNION SELECT compartment FROM compartment_of
            UNION SELECT compartment FROM person_key WHERE person_id = person) AS every
     ORDER BY compartment
    ON CONFLICT (person_id, compartment) DO UPDATE
       SET wrapped = NULL, put_away = NULL, put_away_until = NULL,
           erased_at = coalesce(person_key.erased_at, clock_timestamp())
$$;

-- What was erased for good stays so.
CREATE FUNCTION put_away(person uuid, known text[], until date) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = keys, pg_temp AS $$
    INSERT INTO person_key (person_id, compartment, master, erased_at)
    SELECT person, compartment, ''::bytea, clock_timestamp()
      FROM (SELECT unnest(known) AS compartment
            UNION SELECT compartment FROM compartment_of
            UNION SELECT compartment FROM person_key WHERE person_id = person) AS every
     ORDER BY compartment
    ON CONFLICT (person_id, compartment) DO UPDATE
       SET put_away = coalesce(person_key.wrapped, person_key.put_away), wrapped = NULL,
           put_away_until = CASE WHEN coalesce(person_key.wrapped, person_key.put_away) IS NOT NULL THEN until END,
           erased_at = coalesce(person_key.erased_at, clock_timestamp())
$$;
REVOKE EXECUTE ON FUNCTION put_away(uuid, text[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION put_away(uuid, text[], date) TO intake;
