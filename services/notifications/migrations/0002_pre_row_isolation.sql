-- What is known of a person: theirs, of their agency and worker, and of the agency that was asked or told.
-- agency stays open: it is the public directory.
ALTER TABLE person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON person USING (in_reach(
    across_agencies() OR agency = acting_agency() OR id = acting_person() OR worker = acting_worker()));

-- The look at the person comes last, and only for a row that nothing before it has let through.
ALTER TABLE consent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON consent USING (in_reach(
    as_service() OR recipient = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = consent.person)));
ALTER TABLE referral ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON referral USING (in_reach(
    as_service() OR agency = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = referral.person)));
ALTER TABLE shared_setback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON shared_setback USING (in_reach(
    as_service() OR recipient = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = shared_setback.person)));
ALTER TABLE message ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON message USING (in_reach(
    as_service() OR person = acting_person() OR (SELECT true FROM person p WHERE p.id = message.person)));
ALTER TABLE halting ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON halting USING (in_reach(as_service()));

-- A partner is its agency's, and the network's office looks after all of them. What it was told is its own.
ALTER TABLE partner ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON partner USING (in_reach(across_agencies() OR agency = acting_agency()));
ALTER TABLE agreement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON agreement USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = agreement.partner)));
ALTER TABLE partner_stream ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON partner_stream USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_stream.partner)));
ALTER TABLE telling ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON telling USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = telling.partner)));
ALTER TABLE partner_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON partner_row USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_row.partner)));
ALTER TABLE partner_sent ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON partner_sent USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_sent.partner)));
ALTER TABLE answer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY in_reach ON answer USING (in_reach(
    as_service() OR (SELECT true FROM partner p WHERE p.id = answer.partner)));
