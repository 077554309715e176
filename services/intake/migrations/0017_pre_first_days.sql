-- By when somebody who asked for help has an answer, and whether they had it.
CREATE TABLE arrival (
    person_id uuid PRIMARY KEY REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,
    stage text NOT NULL,                -- waiting, late, answered
    answer_by timestamptz NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock(),
    answered_at timestamptz
);
CREATE INDEX arrival_open_idx ON arrival (agency_id, answer_by) WHERE stage <> 'answered';
CALL protect('arrival', $$as_service() OR agency_id = acting_agency() OR person_id = acting_person()$$);

-- The first 72 hours at home: the day, what they said of their supervision, and five things, each with a clock.
CREATE TABLE first_days (
    person_id uuid PRIMARY KEY REFERENCES person,
    day date NOT NULL,
    told bytea,                         -- sealed: health, first_days.told; their supervision, as they told it
    set_at timestamptz NOT NULL DEFAULT clock()
);
CREATE TABLE first_thing (
    id uuid PRIMARY KEY,                -- of its clock
    person_id uuid NOT NULL REFERENCES first_days ON DELETE CASCADE,
    thing text NOT NULL,                -- ride, phone, bed, medicine, documents
    stage text NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT clock(),
    UNIQUE (person_id, thing)
);
CALL protect('first_days', $$
    as_service() OR person_id = acting_person()
    OR (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() FROM person p
         WHERE p.id = first_days.person_id)$$);
CALL protect('first_thing', $$
    as_service() OR person_id = acting_person()
    OR (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() FROM person p
         WHERE p.id = first_thing.person_id)$$);
