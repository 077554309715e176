-- The mirror: what the network's own facts say of agencies. Nobody's name and nobody's id is kept here; agencies and
-- programs are public. Every row can be made again from the log.

CREATE TABLE agency (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    calendar jsonb NOT NULL,
    holds_no_records boolean NOT NULL
);

CREATE TABLE program (
    id uuid PRIMARY KEY,
    agency uuid NOT NULL,
    name text,               -- null: only its end was heard of
    withdrawn boolean NOT NULL
);

-- Fillfactor leaves room on the page: a referral is written again at every move, and no index changes with it.
CREATE TABLE referral (
    id uuid PRIMARY KEY,
    agency uuid NOT NULL,
    program uuid NOT NULL,
    need text NOT NULL,
    stage text NOT NULL,
    sent_at timestamptz,
    delivered_at timestamptz,
    first_answer_at timestamptz,
    first_answer text,       -- accepted, waitlisted, declined
    begun_at timestamptz,
    reported_at timestamptz, -- of the latest report
    outcome text,            -- as the agency reported it last
    closed_at timestamptz,
    closed_by text,          -- person, silence, open_again; null: it was never closed
    escalated int NOT NULL,
    disputed int NOT NULL,
    reopened int NOT NULL,
    told_worker text         -- the outcome that the person told a worker: counted apart, closes nothing
) WITH (fillfactor = 70);
CREATE INDEX referral_sent_brin ON referral USING brin (sent_at) WITH (pages_per_range = 32);

CREATE TABLE promise (
    id uuid PRIMARY KEY,
    agency uuid NOT NULL,
    stage text NOT NULL,
    due timestamptz NOT NULL,
    made_at timestamptz,
    kept_at timestamptz,     -- when it was first said to be kept, unless it was said to be broken since
    broken_at timestamptz,
    late boolean,            -- null: nobody has said yet what came of it
    by_person boolean,       -- whose word that is
    moved int NOT NULL,      -- how often both agreed on another time
    admitted boolean,        -- true: staff owned up before the person had to say so
    mends boolean NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX promise_due_brin ON promise USING brin (due) WITH (pages_per_range = 32);

-- No agency and no pace: enough to know how long we took, too little to know whom it was about.
CREATE TABLE setback (
    id uuid PRIMARY KEY,
    stage text NOT NULL,
    reported_at timestamptz,
    nobody_came_at timestamptz,
    contacted_at timestamptz, -- the first human contact, unless the person says that nobody came
    late boolean NOT NULL,
    asked_again boolean NOT NULL,
    supported_at timestamptz
) WITH (fillfactor = 70);

CREATE TABLE message (
    id uuid PRIMARY KEY,
    audience text NOT NULL,
    occasion text,
    channel text,
    decided_at timestamptz,
    sent_at timestamptz,
    withheld_at timestamptz,
    reason text
) WITH (fillfactor = 70);
CREATE INDEX message_decided_brin ON message USING brin (decided_at) WITH (pages_per_range = 32);
