-- A person is their own, of the agency that welcomed them, of their worker, and of an agency that a live consent names.
-- agency and program stay open: they are the public directory.

-- Whether a consent that is granted lets the acting agency be told of somebody. It reaches across agencies for this one
-- answer, and gives back the reach that it was called with. Which of it, and whether it is live today, is decided where
-- it is told.
CREATE FUNCTION is_told_of(whom uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM consent WHERE person_id = whom AND recipient = acting_agency()
                        AND stage IN ('granted', 'confirmed'));
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;

CALL protect('person', $$
    across_agencies() OR agency_id = acting_agency() OR id = acting_person() OR worker_id = acting_worker()
    OR is_told_of(id)$$);

-- The recipient sees a consent while it is granted: not the question before it, nor that it ended.
CALL protect('consent', $$
    across_agencies() OR person_id = acting_person() OR discloser = acting_agency()
    OR (recipient = acting_agency() AND stage IN ('granted', 'confirmed'))
    OR (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() FROM person p
         WHERE p.id = consent.person_id)$$);
