-- The mirror counts the whole network, and says so (report.read reaches across agencies); whoever reads without that
-- sees their own agency's rows. Setbacks and messages name no agency, so no agency sees them one by one.
-- agency and program stay open: they are the public directory.
ALTER TABLE referral ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON referral USING (in_reach(across_agencies() OR agency = acting_agency()));
ALTER TABLE promise ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON promise USING (in_reach(across_agencies() OR agency = acting_agency()));
ALTER TABLE setback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON setback USING (in_reach(across_agencies()));
ALTER TABLE message ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON message USING (in_reach(across_agencies()));
