-- What is known of a person: theirs, of their agency and worker, and of the agency that was asked or told.
-- agency stays open: it is the public directory.
CALL protect('person', $$
    across_agencies() OR agency = acting_agency() OR id = acting_person() OR worker = acting_worker()$$);

-- The look at the person comes last, and only for a row that nothing before it has let through.
CALL protect('consent', $$
    as_service() OR recipient = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = consent.person)$$);
CALL protect('referral', $$
    as_service() OR agency = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = referral.person)$$);
CALL protect('shared_setback', $$
    as_service() OR recipient = acting_agency() OR person = acting_person()
    OR (SELECT true FROM person p WHERE p.id = shared_setback.person)$$);
CALL protect('message', $$
    as_service() OR person = acting_person() OR (SELECT true FROM person p WHERE p.id = message.person)$$);
CALL protect('halting', $$as_service()$$);

-- A partner is its agency's, and the network's office looks after all of them. What it was told is its own.
CALL protect('partner', $$across_agencies() OR agency = acting_agency()$$);
CALL protect('agreement', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = agreement.partner)$$);
CALL protect('partner_stream', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_stream.partner)$$);
CALL protect('telling', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = telling.partner)$$);
CALL protect('partner_row', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_row.partner)$$);
CALL protect('partner_sent', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = partner_sent.partner)$$);
CALL protect('answer', $$
    as_service() OR (SELECT true FROM partner p WHERE p.id = answer.partner)$$);
