-- The parts of events: coded facts for everybody, and what can tell of health for all but the report. The same stands
-- in shared/contracts/compartments.py, by which each service knows what it may ask for.
INSERT INTO compartment_of VALUES
    ('intake', 'facts'), ('intake', 'health'),
    ('caseplan', 'facts'), ('caseplan', 'health'),
    ('notifications', 'facts'), ('notifications', 'health')
ON CONFLICT DO NOTHING;
