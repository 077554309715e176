-- Nobody writes the audit in another's name; who looked at somebody is read by that person, and by the auditor.
ALTER TABLE audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON audit FOR SELECT USING (in_reach(across_agencies() OR person_id = acting_person()));
CREATE POLICY own_word ON audit FOR INSERT WITH CHECK (as_service() OR actor_id = acting_actor());

-- A key is its sender's: the first answer to it is shown to nobody else.
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON idempotency USING (in_reach(as_service() OR actor_id = acting_actor()));
