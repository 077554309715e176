-- The same person twice. Who gave a year or day of birth, for this alone.
ALTER TABLE person ADD COLUMN born bytea;  -- sealed: identity, person.born

-- What somebody is compared by within their agency: blind indexes under that agency's key, so that not even the database
-- can tell that two agencies know one person. Unlogged and made again by the worker, as name_part is.
CREATE UNLOGGED TABLE sign (
    agency_id uuid NOT NULL,
    part bytea NOT NULL,                -- empty: the mark that this person's are here
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    kind text NOT NULL,
    PRIMARY KEY (agency_id, part, person_id)
);
CREATE INDEX sign_person_idx ON sign (person_id);
CALL protect('sign', $$as_service()$$);

-- Whom the signs make look alike, for the agency whose records both are. The lower id stands first.
CREATE UNLOGGED TABLE alike (
    agency_id uuid NOT NULL,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    other_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    reasons text[] NOT NULL,
    points integer NOT NULL,
    PRIMARY KEY (person_id, other_id)
);
CREATE INDEX alike_agency_idx ON alike (agency_id, points DESC);
CREATE INDEX alike_other_idx ON alike (other_id);
CALL protect('alike', $$as_service() OR agency_id = acting_agency()$$);

-- A human said that they are two. Kept, so that nobody is asked again.
CREATE TABLE told_apart (
    agency_id uuid NOT NULL REFERENCES agency,
    person_id uuid NOT NULL REFERENCES person,
    other_id uuid NOT NULL REFERENCES person,
    said_by uuid NOT NULL,
    said_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (person_id, other_id)
);
CREATE INDEX told_apart_other_idx ON told_apart (other_id);
CALL protect('told_apart', $$as_service() OR agency_id = acting_agency()$$);

-- With what they were made of go the signs, and whom they made look alike.
CREATE FUNCTION forget_signs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
BEGIN
    PERFORM set_config('app.reach', 'service', true);  -- whoever may change the person; these are the service's own
    DELETE FROM sign WHERE person_id = OLD.id;
    DELETE FROM alike WHERE person_id = OLD.id;
    DELETE FROM alike WHERE other_id = OLD.id;
    PERFORM set_config('app.reach', before, true);
    RETURN NULL;
END $$;
CREATE TRIGGER signs_forgotten AFTER UPDATE OF name, contact, born, agency_id, erased_at ON person FOR EACH ROW
    WHEN (OLD.name <> NEW.name OR OLD.contact IS DISTINCT FROM NEW.contact OR OLD.born IS DISTINCT FROM NEW.born
          OR OLD.agency_id <> NEW.agency_id OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION forget_signs();
