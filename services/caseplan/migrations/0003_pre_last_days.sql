-- Which day it is for a person: that of the agency that walks with them, as their page tells it. UTC of one not heard
-- of yet, or of a zone that this server does not know.
CREATE FUNCTION day_of(whom uuid) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (clock() AT TIME ZONE coalesce(
        (SELECT agency.calendar->>'timezone' FROM person JOIN agency ON agency.id = person.home WHERE person.id = whom),
        'UTC'))::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN clock()::date;
END $$;

-- Live by our own copy and clock, to the end of its last day, and not while its events are parked: what is missing may
-- be the revocation.
CREATE FUNCTION is_live(asked consent) RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT asked.ended IS NULL AND asked.expires_on >= day_of(asked.person)
   AND (asked.confirm_by IS NULL OR asked.confirm_by >= day_of(asked.person))
   AND NOT EXISTS (SELECT FROM progress WHERE consumer = 'caseplan' AND topic = 'throughcare.consent.v1'
                    AND subject = asked.id::text AND parked IS NOT NULL)
$$;
