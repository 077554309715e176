-- Row-level security, forced: a statement that forgets to ask whose rows it may touch gets none. The owner is held too.
-- Every transaction says for whom it acts (shared/runtime/reach.py), in settings that end with it.
--   app.agency, app.person, app.actor   who is asking; empty where that is nobody
--   app.reach   service: this service's own work. network: the permission table gives the role every agency's rows
-- A setting that was never made is null, one that a transaction left behind is '': neither is anybody.

-- For functions that ask it themselves. A row that names the id of zeros as its worker names no visitor.
CREATE FUNCTION acting_agency() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.agency', true), '')::uuid;
CREATE FUNCTION acting_worker() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(nullif(current_setting('app.actor', true), '')::uuid, '00000000-0000-0000-0000-000000000000');

-- Let `what` be touched where `rule` holds of the row, and written where `writes` does (the same, if not said).
-- The words below are spelled out in the policy: as functions they would be put in anew each time a statement is
-- planned, which took Postgres a tenth of a command. `nullif(..., false) IS NOT NULL` changes nothing but what the
-- planner expects: that nearly every row passes. Left to itself it expects one in a hundred, and sorts what an index
-- has in order.
CREATE PROCEDURE protect(what regclass, rule text, writes text DEFAULT NULL) LANGUAGE plpgsql AS $protect$
DECLARE
    word text[];
    words CONSTANT text[][] := ARRAY[
        ['acting_agency()', $$nullif(current_setting('app.agency', true), '')::uuid$$],
        ['acting_person()', $$nullif(current_setting('app.person', true), '')::uuid$$],
        ['acting_actor()', $$nullif(current_setting('app.actor', true), '')::uuid$$],
        ['acting_worker()', $$nullif(nullif(current_setting('app.actor', true), '')::uuid,
                                     '00000000-0000-0000-0000-000000000000')$$],
        ['as_service()', $$(current_setting('app.reach', true) = 'service')$$],
        ['across_agencies()', $$(current_setting('app.reach', true) IN ('service', 'network'))$$],
        ['somebody_acts()', $$(current_setting('app.reach', true) = 'service'
                               OR current_setting('app.actor', true) <> '')$$]
    ];
BEGIN
    writes := coalesce(writes, rule);
    FOREACH word SLICE 1 IN ARRAY words LOOP
        rule := replace(rule, word[1], word[2]);
        writes := replace(writes, word[1], word[2]);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', what);
    EXECUTE format('CREATE POLICY in_reach ON %s USING (nullif((%s), false) IS NOT NULL) WITH CHECK (%s)',
                   what, rule, writes);
END $protect$;

-- Written by every command. Both hold ids and moments, no content; a command finds its own by the aggregate it locked.
CALL protect('stream', $$somebody_acts()$$);
CALL protect('timer', $$somebody_acts()$$);

-- A command puts events in and sees none: reading, sending and archiving them is the relay's.
CALL protect('outbox', $$as_service()$$, $$somebody_acts()$$);

CALL protect('outbox_blocked', $$as_service()$$);
CALL protect('event_archive', $$as_service()$$);
-- A partition that is asked by its own name has policies of its own: it has none, so nobody gets anything.
ALTER TABLE event_archive_other ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CALL protect('progress', $$as_service()$$);
CALL protect('dead_letter', $$as_service()$$);
CALL protect('accepted_loss', $$as_service()$$);
-- clock_shift, life, migration, relay_mark and consumer_offset hold counts and places, and nothing about anybody.
