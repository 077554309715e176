-- The keys of people, one per compartment, wrapped by the master key. Deleting the wrapped bytes erases everything
-- that they sealed; the row stays and says so, so that erased is never mistaken for missing.
CREATE TABLE person_key (
    person_id uuid NOT NULL,
    compartment text NOT NULL,
    wrapped bytea,
    master bytea NOT NULL,      -- fingerprint of the master key that wrapped it: what a rotation looks for
    made_at timestamptz NOT NULL DEFAULT clock(),
    erased_at timestamptz,
    PRIMARY KEY (person_id, compartment),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);
