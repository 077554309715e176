-- Own copies of others' facts. They are what a disclosure is decided by, at the moment it is made.

CREATE TABLE agency (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    timezone text NOT NULL,
    holds_no_records boolean NOT NULL
);

CREATE TABLE person (
    id uuid PRIMARY KEY,
    agency uuid,
    worker uuid,
    language text NOT NULL DEFAULT 'en',
    channels text[] NOT NULL DEFAULT '{}',   -- safe ways, the best first
    synthetic boolean NOT NULL DEFAULT false,
    contact bytea,                           -- sealed by intake; only a carrier opens it
    erased boolean NOT NULL DEFAULT false
);

-- The row is the lock between a disclosure (FOR SHARE) and a revocation (FOR UPDATE).
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    person uuid NOT NULL,
    recipient uuid,                          -- null: it ended before we heard what it was
    categories text[] NOT NULL DEFAULT '{}',
    purpose text NOT NULL DEFAULT '',
    expires_on date,
    confirmed boolean NOT NULL DEFAULT false,
    confirm_by date,
    setback uuid,
    once boolean NOT NULL DEFAULT false,
    ended text,                              -- revoked, lapsed, person_erased; null: nothing has ended it
    ended_sequence bigint                    -- of the event that did: no earlier grant undoes it
);
CREATE INDEX consent_person_idx ON consent (person);

CREATE TABLE referral (
    id uuid PRIMARY KEY,
    person uuid NOT NULL,
    agency uuid NOT NULL,
    program uuid NOT NULL,
    need text NOT NULL,
    consent uuid,
    stage text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX referral_consent_idx ON referral (consent);
CREATE INDEX referral_agency_idx ON referral (agency);
CREATE INDEX referral_person_idx ON referral (person);

-- What a person chose to share of a setback: one recipient, one consent.
CREATE TABLE shared_setback (
    consent uuid PRIMARY KEY,
    setback uuid NOT NULL,
    person uuid NOT NULL,
    recipient uuid NOT NULL,
    asks text NOT NULL,
    referral uuid,
    at timestamptz NOT NULL
);
CREATE INDEX shared_setback_recipient_idx ON shared_setback (recipient);
CREATE INDEX shared_setback_person_idx ON shared_setback (person);

-- Partners: agencies' own systems.

CREATE TABLE partner (
    id uuid PRIMARY KEY,
    agency uuid NOT NULL,
    slug text NOT NULL UNIQUE,
    shard smallint NOT NULL,                 -- whose owner writes its streams
    life int NOT NULL DEFAULT 1,             -- of its streams
    cluster text,                            -- the Kafka they stand in; null: nothing was written yet
    quota bigint NOT NULL,                   -- bytes a second
    password bytea,                          -- sealed; null where this machine does not hold it
    made_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    first_read_at timestamptz,
    removed_at timestamptz
);
CREATE UNIQUE INDEX partner_agency_idx ON partner (agency) WHERE removed_at IS NULL;
CREATE INDEX partner_shard_idx ON partner (shard) WHERE removed_at IS NULL;

CREATE TABLE agreement (
    id uuid PRIMARY KEY,
    partner uuid NOT NULL REFERENCES partner,
    valid_from date NOT NULL,
    expires_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (valid_from <= expires_on)
);
CREATE INDEX agreement_partner_idx ON agreement (partner, expires_on);

-- The counter of one stream: the last sequence given, and the last that is known to stand in the log.
CREATE TABLE partner_stream (
    partner uuid NOT NULL REFERENCES partner,
    stream text NOT NULL CHECK (stream IN ('referral', 'setback', 'receipt')),
    shard smallint NOT NULL,
    sequence bigint NOT NULL DEFAULT 0,
    acknowledged bigint NOT NULL DEFAULT 0,
    kafka_offset bigint NOT NULL DEFAULT -1,
    beat_at timestamptz,                     -- when the next heartbeat is due; null: this stream has none
    PRIMARY KEY (partner, stream)
) WITH (fillfactor = 50);
CREATE INDEX partner_stream_beat_idx ON partner_stream (shard, beat_at);

-- What a partner knows of a thing, and by which name.
CREATE TABLE telling (
    partner uuid NOT NULL REFERENCES partner,
    thing uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('referral', 'setback', 'test')),
    reference text NOT NULL,
    person uuid,
    stage text,                              -- last told of; null: not told in this life of the stream that it exists
    withheld text,                           -- why it is kept back, as last said to others
    PRIMARY KEY (partner, thing)
);
CREATE UNIQUE INDEX telling_reference_idx ON telling (partner, reference);
CREATE INDEX telling_withheld_idx ON telling (person) WHERE withheld IS NOT NULL;
CREATE INDEX telling_kept_from_idx ON telling (partner) WHERE withheld IS NOT NULL;

-- Decided and not yet in the partner's log. It has a sequence from the moment its shard's owner picked it up.
CREATE TABLE partner_row (
    position bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    shard smallint NOT NULL,
    partner uuid NOT NULL,
    stream text NOT NULL,
    id uuid NOT NULL,                        -- made for this record alone: the cause's id would join partners' views
    type text NOT NULL,
    data jsonb NOT NULL,                     -- without sequence and life
    at timestamptz NOT NULL,
    kind text,                               -- what it discloses: kind, thing, person and consent; null: nothing
    thing uuid,
    person uuid,
    consent uuid,
    sequence bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX partner_row_waiting_idx ON partner_row (shard, position) WHERE sequence IS NULL;
CREATE UNIQUE INDEX partner_row_numbered_idx ON partner_row (shard, partner, stream, sequence)
    WHERE sequence IS NOT NULL;
CREATE INDEX partner_row_consent_idx ON partner_row (consent) WHERE consent IS NOT NULL;
CREATE INDEX partner_row_partner_idx ON partner_row (partner, stream);

-- What stands in the partner's log, for its page and for a log that lost its end. Kept for days, not for ever.
CREATE TABLE partner_sent (
    partner uuid NOT NULL,
    stream text NOT NULL,
    life int NOT NULL,
    sequence bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    at timestamptz NOT NULL,
    kind text,
    thing uuid,
    person uuid,
    consent uuid,
    kafka_offset bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    untold boolean NOT NULL,                 -- the rest of the network has yet to hear of it
    PRIMARY KEY (partner, stream, life, sequence)
);
CREATE INDEX partner_sent_latest_idx ON partner_sent (partner, sent_at);
CREATE INDEX partner_sent_untold_idx ON partner_sent (sent_at) WHERE untold;

-- Consents that ended here, until nothing can leave under them any more.
CREATE TABLE halting (
    consent uuid PRIMARY KEY,
    person uuid NOT NULL,
    reason text NOT NULL,
    shards smallint[] NOT NULL,              -- whose producers may still hold something
    asked_at timestamptz NOT NULL,
    claimed_until timestamptz
);

-- Each answer of a partner, once, with what its receipt says.
CREATE TABLE answer (
    partner uuid NOT NULL REFERENCES partner,
    answer_id text NOT NULL,
    result text NOT NULL CHECK (result IN ('accepted', 'refused')),
    reason text,
    reference text,
    referral uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (partner, answer_id)
);

-- Messages to people, each exactly once.
CREATE TABLE message (
    id uuid PRIMARY KEY,
    person uuid NOT NULL,
    occasion text NOT NULL,
    about uuid NOT NULL,
    cause uuid NOT NULL,                     -- the event that was the occasion
    consent uuid,                            -- it goes only while this is live
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'withheld')),
    not_before timestamptz NOT NULL,
    held text,                               -- why it waits, for staff to see
    reason text,                             -- why it will not go
    attempt int NOT NULL DEFAULT 0,
    lease_until timestamptz,                 -- of the attempt under way
    decided_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (person, occasion, about, cause)
) WITH (fillfactor = 80);
CREATE INDEX message_open_idx ON message (not_before) WHERE state IN ('waiting', 'sending');
CREATE INDEX message_consent_idx ON message (consent) WHERE state IN ('waiting', 'sending');
CREATE INDEX message_person_idx ON message (person, decided_at);
