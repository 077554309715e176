-- Somebody demands by law what an agency keeps of a person. From here nothing is handed over: a hold is set, and the
-- agency's counsel decides.
CREATE TABLE demand (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,  -- whose record it is, and whose counsel decides
    hold_id uuid NOT NULL REFERENCES hold,
    paper text NOT NULL,
    told bytea NOT NULL,                        -- sealed: identity, demand.told; who asks, and for what
    due_on date NOT NULL,
    told_from date,                             -- an order forbids telling the person before that day
    ordered bytea,                              -- sealed: identity, demand.ordered; the court of an order under 42 CFR 2.61
    ordered_on date,
    decision text,
    scope text[] NOT NULL DEFAULT '{}',
    decided bytea,                              -- sealed: identity, demand.decided; which counsel, and why
    decided_by uuid,                            -- who wrote it down
    decided_at timestamptz,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock(),
    said_at timestamptz                         -- when the person was told
);
CREATE INDEX demand_person_idx ON demand (person_id, recorded_at);
CREATE INDEX demand_agency_idx ON demand (agency_id, recorded_at);
-- The person sees it when they may be told, and not an hour before.
CALL protect('demand', $$
    as_service() OR agency_id = acting_agency()
    OR (person_id = acting_person() AND coalesce(told_from <= clock()::date, true))$$,
    $$as_service() OR agency_id = acting_agency()$$);
