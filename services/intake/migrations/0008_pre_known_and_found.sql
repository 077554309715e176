-- Staff who sign in at an OpenID issuer: by what it knows them, as their administrator said, and who they were there.
ALTER TABLE account
    ADD COLUMN known_as bytea,          -- blind index, under a key of the key store
    ADD COLUMN known_subject bytea;     -- hash of issuer and subject; null until they have come in by it
CREATE UNIQUE INDEX account_known_as_idx ON account (known_as) WHERE known_as IS NOT NULL;

-- People are found by name without opening every name: blind indexes of its words and how they begin, under a key of
-- their agency. Unlogged, so that no physical backup, archive or standby has them; after a crash they are empty, and the
-- worker makes them again for whoever is missing.
CREATE UNLOGGED TABLE name_part (
    agency_id uuid NOT NULL,
    part bytea NOT NULL,                -- empty: the mark that this person's are here
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    PRIMARY KEY (agency_id, part, person_id)
);
CREATE INDEX name_part_person_idx ON name_part (person_id);
-- Whoever asks for help by themselves writes their own, and reads none.
CALL protect('name_part', $$across_agencies() OR agency_id = acting_agency()$$,
             $$across_agencies() OR agency_id = acting_agency() OR person_id = acting_person()$$);

-- With a name goes what it was found by, whoever changes, erases or puts it away.
CREATE FUNCTION forget_name_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM name_part WHERE person_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER name_forgotten AFTER UPDATE OF name, agency_id, erased_at ON person FOR EACH ROW
    WHEN (OLD.name <> NEW.name OR OLD.agency_id <> NEW.agency_id OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION forget_name_parts();
