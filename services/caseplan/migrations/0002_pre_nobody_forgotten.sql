-- What the person says was not kept stays before its worker until they have owned up to it.
CREATE INDEX aggregate_broken_idx ON aggregate (worker, moved_at)
 WHERE kind = 'promise' AND stage = 'broken' AND state->>'by_person' = 'true' AND state->>'admitted' IS NULL;
-- Whoever asked for help stays before the agency's supervisor until somebody walks with them.
CREATE INDEX person_waiting_idx ON person (home, id) WHERE worker IS NULL;
