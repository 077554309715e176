-- What people told of who they are and what would help. One row a version of an answer: nothing is written over. An agency
-- has its own of each, so that who shares nothing learns nothing of another's.
CREATE TABLE answer (
    person_id uuid NOT NULL REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,  -- whom it was told to
    pretended boolean NOT NULL DEFAULT false,   -- said behind the second PIN: beside the record, which hears nothing of it
    question text NOT NULL,
    version integer NOT NULL,                   -- from 1
    state text NOT NULL,                        -- answered, skipped, taken_back
    value bytea,                                -- sealed: by the question's compartment, answer.<question>
    said_by text NOT NULL,                      -- person, worker, referral
    worker_id uuid,                             -- who wrote it down
    sitting integer NOT NULL,                   -- which time of telling, of this person with this agency, from 1
    retold boolean NOT NULL DEFAULT false,      -- they had told another agency before
    said_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (person_id, agency_id, pretended, question, version)
);

-- What they let an agency ask, beyond the first day's eight fields.
CREATE TABLE opened_section (
    person_id uuid NOT NULL REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,
    pretended boolean NOT NULL DEFAULT false,
    section text NOT NULL,
    said_by text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (person_id, agency_id, pretended, section)
);

-- The person reads all of it, an agency what it was told. What others were told opens under a live consent, category by
-- category, where it is read (portrait.seen_by); what is pretended, to the person alone.
CALL protect('answer', $$
    as_service() OR person_id = acting_person() OR (NOT pretended AND (agency_id = acting_agency() OR is_told_of(person_id)))$$,
    $$as_service() OR person_id = acting_person() OR (NOT pretended AND agency_id = acting_agency())$$);
CALL protect('opened_section', $$
    as_service() OR person_id = acting_person() OR (NOT pretended AND agency_id = acting_agency())$$);
