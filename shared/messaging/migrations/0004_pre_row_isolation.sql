-- Row-level security, forced: a statement that forgets to ask whose rows it may touch gets none. The owner is held too.
-- Every transaction says for whom it acts (shared/runtime/reach.py), in settings that end with it.
--   app.agency, app.person, app.actor   who is asking; empty where that is nobody
--   app.reach   service: this service's own work. network: the permission table gives the role every agency's rows
-- A setting that was never made is null, one that a transaction left behind is '': neither is anybody.

CREATE FUNCTION acting_agency() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.agency', true), '')::uuid;
CREATE FUNCTION acting_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.person', true), '')::uuid;
-- Whoever is signed in. A visitor acts as nobody: the id of zeros.
CREATE FUNCTION acting_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.actor', true), '')::uuid;
-- The same to compare a named worker with: a row that names the id of zeros names no visitor.
CREATE FUNCTION acting_worker() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(nullif(current_setting('app.actor', true), '')::uuid, '00000000-0000-0000-0000-000000000000');
CREATE FUNCTION as_service() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('app.reach', true) = 'service';
CREATE FUNCTION across_agencies() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('app.reach', true) IN ('service', 'network');
CREATE FUNCTION somebody_acts() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('app.reach', true) = 'service' OR current_setting('app.actor', true) <> '';

-- Around what a policy asks. It changes nothing but what the planner expects: that nearly every row passes, since our
-- statements ask for rows that they may have. Left to itself it expects one in a hundred, and sorts what an index has in
-- order.
CREATE FUNCTION in_reach(said boolean) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN nullif(said, false) IS NOT NULL;

-- Written by every command. Both hold ids and moments, no content; a command finds its own by the aggregate it locked.
ALTER TABLE stream ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON stream USING (in_reach(somebody_acts()));
ALTER TABLE timer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON timer USING (in_reach(somebody_acts()));

-- A command puts events in and sees none: reading, sending and archiving them is the relay's.
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON outbox USING (in_reach(as_service()));
CREATE POLICY said ON outbox FOR INSERT WITH CHECK (somebody_acts());

ALTER TABLE outbox_blocked ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON outbox_blocked USING (in_reach(as_service()));
ALTER TABLE event_archive ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON event_archive USING (in_reach(as_service()));
-- A partition that is asked by its own name has policies of its own: it has none, so nobody gets anything.
ALTER TABLE event_archive_other ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON progress USING (in_reach(as_service()));
ALTER TABLE dead_letter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON dead_letter USING (in_reach(as_service()));
ALTER TABLE accepted_loss ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON accepted_loss USING (in_reach(as_service()));
-- clock_shift, life, migration, relay_mark and consumer_offset hold counts and places, and nothing about anybody.
