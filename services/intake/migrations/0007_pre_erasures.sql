-- Whoever asked to be forgotten, one row a person; it stays, without a word of theirs, and says how far it is.
CREATE TABLE erasure (
    person_id uuid PRIMARY KEY REFERENCES person,
    stage text NOT NULL,
    identity text,              -- how a human knows that it was them: a code, never the number of a paper
    due_at timestamptz,
    kept_until date,            -- a law keeps it put away until the end of that day
    forgotten text[] NOT NULL DEFAULT '{}',  -- services that have said that they hold nothing more
    asked_by uuid NOT NULL,     -- the person, or who wrote their word down
    asked_at timestamptz NOT NULL DEFAULT clock(),
    confirmed_by uuid,
    erased_at timestamptz,
    done_at timestamptz
);

-- What a law makes an agency keep of somebody. An erasure that is due puts their keys away until the latest of these days.
CREATE TABLE hold (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,  -- whose duty it is
    because text NOT NULL,
    until date NOT NULL,
    told_from date,             -- an order forbids telling the person before that day
    set_by uuid NOT NULL,
    set_at timestamptz NOT NULL DEFAULT clock(),
    lifted_by uuid,
    lifted_at timestamptz
);
CREATE INDEX hold_person_idx ON hold (person_id, until) WHERE lifted_at IS NULL;

ALTER TABLE person ADD COLUMN erased_at timestamptz;

CALL protect('erasure', $$
    as_service() OR person_id = acting_person()
    OR (SELECT true FROM person p WHERE p.id = erasure.person_id AND (p.agency_id = acting_agency() OR p.worker_id = acting_worker()))$$);
-- Another agency's duty is theirs; the person sees each that they may be told of.
CALL protect('hold', $$
    as_service() OR agency_id = acting_agency()
    OR (person_id = acting_person() AND coalesce(told_from <= clock()::date, true))$$);
