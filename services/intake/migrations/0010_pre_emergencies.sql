-- Whom somebody never lets look: it beats every consent and every emergency. None of those agencies reads that it stands here.
CREATE TABLE never (
    person_id uuid NOT NULL REFERENCES person,
    agency_id uuid NOT NULL REFERENCES agency,
    said_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (person_id, agency_id)
);
CALL protect('never', $$as_service() OR person_id = acting_person()$$);

-- Somebody opened what their agency does not see, for a medical emergency. One row an opening; it stays.
CREATE TABLE opening (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    home uuid NOT NULL REFERENCES agency,       -- walked with them then; looks at it afterwards
    agency_id uuid NOT NULL REFERENCES agency,  -- of whoever opened it
    worker_id uuid NOT NULL,
    cannot text NOT NULL,                       -- why they could not be asked
    treatment boolean NOT NULL,                 -- care for drugs or alcohol was opened too (42 CFR 2.51)
    told bytea NOT NULL,                        -- sealed: health, opening.told; the emergency, who treats them, where
    said bytea NOT NULL,                        -- blind index of those words: the same ones open nobody else
    opened_at timestamptz NOT NULL DEFAULT clock(),
    ends_at timestamptz NOT NULL,
    verdict text,
    found bytea,                                -- sealed: health, opening.found; what the desk wrote about it
    reviewed_by uuid,
    reviewed_at timestamptz
);
CREATE INDEX opening_person_idx ON opening (person_id, opened_at);
CREATE INDEX opening_home_idx ON opening (home, opened_at);
CREATE INDEX opening_agency_idx ON opening (agency_id, opened_at);
CREATE INDEX opening_worker_idx ON opening (worker_id, ends_at);
-- Whoever opened it reads it and writes nothing: not that it lasts longer, not that it was right.
CALL protect('opening', $$
    as_service() OR home = acting_agency() OR agency_id = acting_agency() OR person_id = acting_person()$$,
    $$as_service() OR home = acting_agency()$$);

-- Every try, also one that opened nothing: counted, and seen by both agencies.
CREATE TABLE opening_try (
    id uuid PRIMARY KEY,
    worker_id uuid NOT NULL,
    agency_id uuid NOT NULL,
    home uuid NOT NULL,                         -- the agency that was asked for
    came text NOT NULL,                         -- of it: opened, words, nobody, often
    at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX opening_try_worker_idx ON opening_try (worker_id, at);
CREATE INDEX opening_try_home_idx ON opening_try (home, at);
CREATE INDEX opening_try_agency_idx ON opening_try (agency_id, at);
CALL protect('opening_try', $$as_service() OR home = acting_agency() OR agency_id = acting_agency()$$);

-- As before for consents, unless the person never lets that agency look; and for whoever opened it, while that lasts.
CREATE OR REPLACE FUNCTION is_told_of(whom uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := (EXISTS (SELECT FROM consent WHERE person_id = whom AND recipient = acting_agency()
                         AND stage IN ('granted', 'confirmed'))
              OR EXISTS (SELECT FROM opening WHERE worker_id = acting_worker() AND person_id = whom
                            AND agency_id = acting_agency() AND ends_at > clock()))
             AND NOT EXISTS (SELECT FROM never WHERE person_id = whom AND agency_id = acting_agency());
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;
