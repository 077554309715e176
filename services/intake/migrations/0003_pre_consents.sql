-- Consents: who may tell what to whom, what for, until when; one row a question put to the person.
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person,
    discloser uuid NOT NULL REFERENCES agency,
    recipient uuid NOT NULL REFERENCES agency,
    categories text[] NOT NULL,
    purpose text NOT NULL,
    expires_on date NOT NULL,   -- the last day on which it holds, in `zone`
    setback uuid,
    zone text NOT NULL,
    stage text NOT NULL,
    granted_on date,
    confirm_by date,
    given text,
    reason text,
    halted text[] NOT NULL DEFAULT '{}',  -- services that have said that nothing more goes out
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock(),
    granted_at timestamptz,
    revoked_at timestamptz,
    in_effect_at timestamptz,
    ended_at timestamptz        -- lapsed
);
CREATE INDEX consent_person_idx ON consent (person_id, asked_at DESC);
-- Whether an agency may see who it was told about.
CREATE INDEX consent_recipient_idx ON consent (recipient, person_id) WHERE stage IN ('granted', 'confirmed');
