-- The keys of people, one per compartment, wrapped by the master key; in a schema of its own, so that it can move to a
-- database of its own. Deleting the wrapped bytes erases everything that they sealed; the row stays and says so, so
-- that erased is never mistaken for missing.
CREATE TABLE person_key (
    person_id uuid NOT NULL,
    compartment text NOT NULL,
    wrapped bytea,
    master bytea NOT NULL,      -- fingerprint of the master key that wrapped it: what a rotation looks for
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at timestamptz,
    PRIMARY KEY (person_id, compartment),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);

-- Which compartments a service's role may open: those its work needs, and no others.
CREATE TABLE compartment_of (role text NOT NULL, compartment text NOT NULL, PRIMARY KEY (role, compartment));
INSERT INTO compartment_of VALUES
    ('intake', 'identity'), ('intake', 'contact'),
    ('caseplan', 'plan'), ('caseplan', 'referral'), ('caseplan', 'setback'),
    ('notifications', 'contact'), ('notifications', 'message'),
    ('reporting', 'facts');

ALTER TABLE person_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_compartment ON person_key
    USING (compartment IN (SELECT compartment FROM keys.compartment_of WHERE role = current_user))
    WITH CHECK (compartment IN (SELECT compartment FROM keys.compartment_of WHERE role = current_user));

GRANT SELECT ON compartment_of TO intake, caseplan, notifications, reporting;
GRANT SELECT, INSERT, UPDATE ON person_key TO intake, caseplan, notifications, reporting;

-- Erasing is for the front door alone, and reaches the compartments that it may not open too: markers for every one,
-- used or not, so that none can be made anew. It runs as the owner, whom the policy above does not hold.
CREATE FUNCTION erase(person uuid, known text[]) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = keys, pg_temp AS $$
    INSERT INTO person_key (person_id, compartment, master, erased_at)
    SELECT person, compartment, ''::bytea, clock_timestamp()
      FROM (SELECT unnest(known) AS compartment
            UNION SELECT compartment FROM compartment_of
            UNION SELECT compartment FROM person_key WHERE person_id = person) AS every
     ORDER BY compartment
    ON CONFLICT (person_id, compartment) DO UPDATE
       SET wrapped = NULL, erased_at = coalesce(person_key.erased_at, clock_timestamp())
$$;
REVOKE EXECUTE ON FUNCTION erase(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase(uuid, text[]) TO intake;
