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
