-- Each word that was said of a consent, and how it came; with a yes the very text that was read before it.
CREATE TABLE consent_word (
    id uuid PRIMARY KEY,
    consent_id uuid NOT NULL REFERENCES consent,
    person_id uuid NOT NULL REFERENCES person,
    verb text NOT NULL,                 -- granted, confirmed, renewed, revoked
    given text NOT NULL,                -- how it came, as the events call it
    recorded_by uuid,                   -- the worker who wrote it down; null: said on their own page
    said_at timestamptz NOT NULL DEFAULT clock(),
    lang text,                          -- of the text
    version text,                       -- of its words
    read bytea                          -- sealed: health, consent_word.read; the text, who read it, who interpreted, the name
);
CREATE INDEX consent_word_idx ON consent_word (consent_id, said_at);
CREATE INDEX consent_word_person_idx ON consent_word (person_id);
-- Any worker may write down a stop; only the person and who walks with them read what was said.
CALL protect('consent_word', $$
    across_agencies() OR person_id = acting_person()
    OR (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() FROM person p
         WHERE p.id = consent_word.person_id)$$);

-- Whether somebody never lets an agency look. It reaches further for this one answer, which nobody but them reads.
CREATE FUNCTION keeps_out(whom uuid, other uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    before text := coalesce(current_setting('app.reach', true), '');
    found boolean;
BEGIN
    PERFORM set_config('app.reach', 'service', true);
    found := EXISTS (SELECT FROM never WHERE person_id = whom AND agency_id = other);
    PERFORM set_config('app.reach', before, true);
    RETURN found;
END $$;
