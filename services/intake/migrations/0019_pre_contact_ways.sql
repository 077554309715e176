-- Several ways to reach somebody. The one that is tried first stands with the person, as before; here are the others, in
-- their order. `care` is sealed: who else reads it, and the word by which they know that it is us.
CREATE TABLE contact_way (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    pretended boolean NOT NULL DEFAULT false,   -- said behind the second PIN
    place integer NOT NULL,                     -- from 1, after the first
    way text NOT NULL,
    contact bytea,                              -- sealed: contact, contact_way.value
    safe boolean NOT NULL,
    held text CHECK (held IN ('nobody', 'worker', 'person')),
    quiet_from time,                            -- on the clock of their home agency
    quiet_until time,
    care bytea                                  -- sealed: contact, contact_way.care
);
CREATE INDEX contact_way_person_idx ON contact_way (person_id, place);
CALL protect('contact_way', $$
    as_service() OR person_id = acting_person()
    OR (NOT pretended AND (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() OR is_told_of(p.id)
                             FROM person p WHERE p.id = contact_way.person_id))$$,
    $$as_service() OR person_id = acting_person()
    OR (NOT pretended AND (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker()
                             FROM person p WHERE p.id = contact_way.person_id))$$);

ALTER TABLE person ADD COLUMN quiet_from time,
                   ADD COLUMN quiet_until time,
                   ADD COLUMN care bytea,
                   ADD COLUMN ways_version integer NOT NULL DEFAULT 0;
