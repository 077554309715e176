-- Two records that a person says are both theirs. A link rewrites nothing: it stands beside both.

-- The person said that another agency helps them too. Who asked reads this row, and no more unless the answer is yes.
CREATE TABLE link_ask (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    home uuid NOT NULL REFERENCES agency,
    named uuid NOT NULL REFERENCES agency,      -- the agency that they named
    known text NOT NULL,                        -- how the worker knows that it was them
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock(),
    looked_at timestamptz                       -- when the service looked; at the same time, whatever it found
);
CREATE INDEX link_ask_person_idx ON link_ask (person_id, asked_at);
CREATE INDEX link_ask_worker_idx ON link_ask (asked_by, asked_at);
CREATE INDEX link_ask_waiting_idx ON link_ask (asked_at) WHERE looked_at IS NULL;
CALL protect('link_ask', $$as_service() OR home = acting_agency() OR person_id = acting_person()$$,
             $$as_service() OR home = acting_agency()$$);

CREATE TABLE link (
    id uuid PRIMARY KEY,
    ask_id uuid REFERENCES link_ask ON DELETE SET NULL,  -- which led to it; its id tells nobody whether one did
    person_id uuid NOT NULL REFERENCES person,  -- whose side asked
    home uuid NOT NULL REFERENCES agency,
    other_id uuid NOT NULL REFERENCES person,   -- whose worker was asked
    other_home uuid NOT NULL REFERENCES agency,
    stage text NOT NULL,
    known text,                                 -- how the asked side knew that it was them
    because text,
    put_at timestamptz NOT NULL DEFAULT clock(),
    linked_at timestamptz,
    linked_by uuid,
    ended_at timestamptz,
    ended_by uuid
);
CREATE INDEX link_person_idx ON link (person_id);
CREATE INDEX link_other_idx ON link (other_id);
CREATE INDEX link_put_idx ON link (other_home) WHERE stage = 'put';

-- Whether the never-list of either record names the other's agency. It reaches further for this one answer.
CREATE FUNCTION keeps_apart(one uuid, one_home uuid, other uuid, others_home uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM never WHERE (person_id = one AND agency_id = others_home)
                                          OR (person_id = other AND agency_id = one_home));
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;

-- Whose worker is asked sees it at once, whoever asked only once the answer was yes; the person then too. Never beats it.
CALL protect('link', $$
    as_service()
    OR ((other_home = acting_agency() OR (home = acting_agency() AND stage NOT IN ('put', 'not_them', 'lapsed')))
        AND NOT keeps_apart(person_id, home, other_id, other_home))
    OR ((person_id = acting_person() OR other_id = acting_person()) AND stage NOT IN ('put', 'not_them', 'lapsed'))$$);

-- A link was wrong: one row for the desk of each agency, with all that was shown because of it.
CREATE TABLE incident (
    id uuid PRIMARY KEY,
    link_id uuid NOT NULL REFERENCES link,
    person_id uuid NOT NULL REFERENCES person,  -- whose record with this agency it is about
    agency_id uuid NOT NULL REFERENCES agency,
    linked_at timestamptz NOT NULL,
    shown jsonb NOT NULL,                       -- when, which action, which agency saw it
    late boolean NOT NULL DEFAULT false,        -- nobody has said anything in time
    found bytea,                                -- sealed: identity, incident.found
    opened_at timestamptz NOT NULL DEFAULT clock(),
    closed_by uuid,
    closed_at timestamptz
);
CREATE INDEX incident_agency_idx ON incident (agency_id, opened_at);
CREATE INDEX incident_person_idx ON incident (person_id);
CALL protect('incident', $$as_service() OR agency_id = acting_agency() OR person_id = acting_person()$$,
             $$as_service() OR agency_id = acting_agency()$$);
