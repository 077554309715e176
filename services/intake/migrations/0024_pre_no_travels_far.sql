-- A no over links, held to the end: it hides links too, and it tells nobody who walks with a record that it was said.

-- Whom somebody keeps out of one of their records is kept out of all, but of the one that it walks with itself: there
-- nobody can shut it out, and it would learn of the no by what is refused to it.
CREATE OR REPLACE FUNCTION keeps_out(whom uuid, other uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM never WHERE agency_id = other AND person_id IN (SELECT records_of(whom)))
             AND NOT EXISTS (SELECT FROM person WHERE id = whom AND agency_id = other);
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;

-- Whether one of the two agencies of a link is kept out of the other's record, by whatever record that was said at.
CREATE OR REPLACE FUNCTION keeps_apart(one uuid, one_home uuid, other uuid, others_home uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN keeps_out(one, others_home) OR keeps_out(other, one_home);
END $$;
