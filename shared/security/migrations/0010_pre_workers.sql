-- Who works where, as intake's accounts tell it: so that any page names a worker without asking another service.
CREATE TABLE worker (
    id uuid PRIMARY KEY,                -- of the account
    agency uuid,                        -- null: the network's office
    role text NOT NULL DEFAULT '',      -- '': heard of as somebody who left, and of nothing else
    name bytea NOT NULL DEFAULT '',     -- sealed, by a key of the worker's own; '': no event has told it
    left_at timestamptz
);
CREATE INDEX worker_agency_idx ON worker (agency, left_at);
CALL protect('worker', $$across_agencies() OR agency = acting_agency() OR id = acting_actor()$$);

-- By what name an agency goes, and whether people read its workers' roles in place of their names, for their safety.
CREATE TABLE agency_card (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    shows_roles boolean NOT NULL
);

-- Whoever reads somebody's id on a row of theirs may read who that is, also of another agency. It reaches across
-- agencies for these ids alone, and gives back the reach that it was called with.
CREATE FUNCTION workers_named(wanted uuid[])
    RETURNS TABLE (id uuid, agency uuid, role text, name bytea, agency_name text, shows_roles boolean)
    LANGUAGE plpgsql STABLE AS $$
DECLARE before text := coalesce(current_setting('app.reach', true), '');
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    RETURN QUERY SELECT w.id, w.agency, w.role, w.name, coalesce(c.name, ''), coalesce(c.shows_roles, false)
                   FROM worker w LEFT JOIN agency_card c ON c.id = w.agency WHERE w.id = ANY (wanted);
    PERFORM set_config('app.reach', before, true);
END $$;

-- Who stands in for whom, within one agency, from when to when. It ends by itself: nobody has to remember it.
CREATE TABLE cover (
    id uuid PRIMARY KEY,
    worker uuid,                        -- who is away
    covering uuid,
    agency uuid,                        -- null: heard of as ended, and of nothing else
    starts_at timestamptz,
    ends_at timestamptz,
    ended_at timestamptz                -- cut short
);
CREATE INDEX cover_agency_idx ON cover (agency, ends_at);
CREATE INDEX cover_worker_idx ON cover (worker, ends_at);
CALL protect('cover', $$as_service() OR agency = acting_agency()$$);

-- Who covers for a worker at this moment: told to whoever walks with them, and so across agencies, and nothing else is.
CREATE FUNCTION covered_now(whom uuid) RETURNS TABLE (covering uuid, ends_at timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE before text := coalesce(current_setting('app.reach', true), '');
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    RETURN QUERY SELECT c.covering, c.ends_at FROM cover c
                  WHERE c.worker = whom AND c.ended_at IS NULL AND c.starts_at <= clock() AND clock() < c.ends_at
                  ORDER BY c.ends_at DESC, c.id;
    PERFORM set_config('app.reach', before, true);
END $$;
