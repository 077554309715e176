-- What somebody pressed behind the second PIN. It looks done there, to whoever stands beside the person, and nothing else reads it.
CREATE TABLE pretended (
    person_id uuid NOT NULL REFERENCES person,
    about uuid NOT NULL,  -- an agency that may never look; or the person, for having it all erased
    taken_back boolean NOT NULL DEFAULT false,
    said_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (person_id, about)
);
CALL protect('pretended', $$as_service() OR person_id = acting_person()$$);
