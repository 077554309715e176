-- A no travels over a link, a yes does not: whom somebody keeps out of one record is kept out of all that they said are
-- theirs (decisions 28 and 29).

-- Every record that they said is theirs, this one included: by the links that are in reach.
CREATE FUNCTION records_of(whom uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE theirs(id) AS (
        SELECT whom
        UNION
        SELECT CASE WHEN link.person_id = theirs.id THEN link.other_id ELSE link.person_id END
          FROM theirs JOIN link ON link.person_id = theirs.id OR link.other_id = theirs.id
         WHERE link.stage = 'linked'
    )
    SELECT id FROM theirs
$$;

CREATE OR REPLACE FUNCTION keeps_out(whom uuid, other uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM never WHERE agency_id = other AND person_id IN (SELECT records_of(whom)));
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;

CREATE OR REPLACE FUNCTION is_told_of(whom uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := (EXISTS (SELECT FROM consent WHERE person_id = whom AND recipient = acting_agency()
                         AND stage IN ('granted', 'confirmed'))
              OR EXISTS (SELECT FROM opening WHERE worker_id = acting_worker() AND person_id = whom
                            AND agency_id = acting_agency() AND ends_at > clock()))
             AND NOT keeps_out(whom, acting_agency());
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;
