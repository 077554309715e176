-- caseplan: its own work, and its own copies of what others own.

-- What has a life of its own: referrals, setbacks, concerns, promises, plans. They share one shape, so they share one
-- table: ids and codes in `state`, and beside it the columns that lists are made from. What people wrote is in `words`.
CREATE TABLE aggregate (
    kind text NOT NULL,
    id uuid NOT NULL,
    person uuid NOT NULL,
    worker uuid,        -- who holds it on our side: the named worker, or who gave the promise
    home uuid,          -- the agency of that worker, which answers for it
    receiving uuid,     -- the agency that was asked, where one was
    program uuid,
    consent uuid,       -- what it was sent under
    stage text NOT NULL,
    is_open boolean NOT NULL,
    state jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);
CREATE INDEX aggregate_person_idx ON aggregate (person, kind, moved_at);
CREATE INDEX aggregate_worker_idx ON aggregate (worker, kind, moved_at) WHERE is_open;
CREATE INDEX aggregate_home_idx ON aggregate (home, kind, moved_at) WHERE is_open;
CREATE INDEX aggregate_receiving_idx ON aggregate (receiving, kind, moved_at) WHERE receiving IS NOT NULL;
CREATE INDEX aggregate_consent_idx ON aggregate (consent) WHERE consent IS NOT NULL;
-- One person and one program have one open referral at a time.
CREATE UNIQUE INDEX aggregate_one_open_referral_idx ON aggregate (person, program) WHERE kind = 'referral' AND is_open;

-- What was written, sealed one by one with the person's key; it never leaves this table in an event.
CREATE TABLE words (
    kind text NOT NULL,
    id uuid NOT NULL,
    field text NOT NULL,     -- words, next_time, decline, goal/<id>, step/<id>; of a plan's suggestion: suggested/goal/<id>
    sealed bytea NOT NULL,
    PRIMARY KEY (kind, id, field)
);

-- What happened, for the timeline on the pages: this service's own facts by aggregate, newest last.
CREATE TABLE happened (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    id uuid NOT NULL,
    person uuid NOT NULL,
    verb text NOT NULL,
    stage text NOT NULL,
    party text NOT NULL,
    way text NOT NULL,
    who uuid,           -- whose word it was, or who wrote it down
    about uuid,         -- the step of the plan that it was said of
    at timestamptz NOT NULL
);
CREATE INDEX happened_aggregate_idx ON happened (kind, id, number);
CREATE INDEX happened_person_idx ON happened (person, number);

-- When a worker and a person were in touch; what matters from it is in `words`.
CREATE TABLE contact (
    id uuid PRIMARY KEY,
    person uuid NOT NULL,
    worker uuid NOT NULL,
    agency uuid NOT NULL,
    how text NOT NULL,       -- met, called, texted, tried
    at timestamptz NOT NULL,
    speak_on date            -- the day on which they speak again
);
CREATE INDEX contact_person_idx ON contact (person, at);
CREATE INDEX contact_worker_idx ON contact (worker, speak_on) WHERE speak_on IS NOT NULL;

-- By what an agency's own system knows a referral: kept when it is first asked for, so that it can be found by it.
CREATE TABLE reference (
    reference text PRIMARY KEY,
    agency uuid NOT NULL,
    referral uuid NOT NULL,
    UNIQUE (agency, referral)
);

-- Copies of what others own, kept by reactions. A row may be a stub: only an id, until its own event comes.
CREATE TABLE agency (
    id uuid PRIMARY KEY, name text, calendar jsonb, reports_to jsonb, lead uuid, holds_no_records boolean NOT NULL DEFAULT false
);
CREATE TABLE program (
    id uuid PRIMARY KEY, agency uuid, name text, needs text[] NOT NULL DEFAULT '{}', accepting boolean NOT NULL DEFAULT true,
    is_listed boolean NOT NULL DEFAULT true
);
CREATE INDEX program_needs_idx ON program USING gin (needs);
CREATE TABLE person (
    id uuid PRIMARY KEY, home uuid, worker uuid, language text, is_synthetic boolean NOT NULL DEFAULT false
);
CREATE INDEX person_worker_idx ON person (worker);
CREATE TABLE consent (
    id uuid PRIMARY KEY, person uuid, recipient uuid, categories text[] NOT NULL DEFAULT '{}', setback uuid,
    expires_on date, confirm_by date, ended text, ended_at timestamptz
);
CREATE INDEX consent_person_idx ON consent (person, recipient);
