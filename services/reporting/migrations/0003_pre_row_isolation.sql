-- The mirror counts the whole network, and says so (report.read reaches across agencies); whoever reads without that
-- sees their own agency's rows. Setbacks and messages name no agency, so no agency sees them one by one.
-- agency and program stay open: they are the public directory.
CALL protect('referral', $$across_agencies() OR agency = acting_agency()$$);
CALL protect('promise', $$across_agencies() OR agency = acting_agency()$$);
CALL protect('setback', $$across_agencies()$$);
CALL protect('message', $$across_agencies()$$);
