-- People. Who they are, how to reach them and what they told us is sealed with keys of their own.
CREATE TABLE person (
    id uuid PRIMARY KEY,
    agency_id uuid NOT NULL REFERENCES agency,  -- home: the one that welcomed them
    worker_id uuid,             -- who walks with them; null: nobody yet
    name bytea NOT NULL,        -- sealed: identity, person.name
    contact bytea,              -- sealed: contact, contact_way.value
    asked bytea,                -- sealed: identity, person.asked; what would help first, and their words
    way text,                   -- sms, voice, mail, post, in_person
    safe boolean NOT NULL,      -- they said that messages there are safe
    language text NOT NULL,
    came text NOT NULL,
    synthetic boolean NOT NULL,
    welcomed_at timestamptz NOT NULL DEFAULT clock(),
    changed_at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX person_agency_idx ON person (agency_id, welcomed_at DESC);
CREATE INDEX person_worker_idx ON person (worker_id, welcomed_at DESC) WHERE worker_id IS NOT NULL;
