-- What stood on partners' streams of somebody, for as long as they may ask: who was told, of what kind of thing, when.
CREATE TABLE disclosure (
    person uuid NOT NULL,
    agency uuid NOT NULL,
    thing uuid NOT NULL,
    kind text NOT NULL,         -- referral, setback
    consent uuid,
    at timestamptz NOT NULL
);
CREATE INDEX disclosure_person_idx ON disclosure (person, at);
-- The person's, and what an agency was told is known to that agency; written by the service alone.
CALL protect('disclosure', $$across_agencies() OR person = acting_person() OR agency = acting_agency()$$,
             $$as_service()$$);
