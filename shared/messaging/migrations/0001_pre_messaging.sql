-- The tables behind the messaging guarantees. Every service has its own set in its own schema.

-- Time: every rule asks clock(), never now(), so that a test can shift a whole service by a day.
CREATE TABLE clock_shift (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    shift interval NOT NULL DEFAULT '0'
);
INSERT INTO clock_shift DEFAULT VALUES;
CREATE FUNCTION clock() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT clock_timestamp() + shift FROM clock_shift';

-- The life of this database. Restoring it to an earlier state starts a new one (a higher epoch).
CREATE TABLE life (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch int NOT NULL DEFAULT 1
);
INSERT INTO life DEFAULT VALUES;

-- One row per aggregate that ever published: its latest sequence, and the partition it keeps for ever.
CREATE TABLE stream (
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    partitionkey text NOT NULL,
    shard smallint NOT NULL,
    PRIMARY KEY (topic, subject)
) WITH (fillfactor = 80);

-- Committed, not yet acknowledged by the broker. The state is the queue: a row that is sent leaves.
CREATE TABLE outbox (
    shard smallint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
    id uuid NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    epoch int NOT NULL,
    partitionkey text NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    traceparent text,
    causationid text,
    actor text,
    data bytea NOT NULL,
    again boolean NOT NULL DEFAULT false,  -- published before: the archive holds it already
    PRIMARY KEY (shard, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.5);

-- What the broker refused. It holds back the later events of its own subject, and nobody else's.
CREATE TABLE outbox_blocked (
    LIKE outbox,
    reason text NOT NULL,
    blocked_at timestamptz NOT NULL,
    PRIMARY KEY (shard, position)
);
CREATE INDEX outbox_blocked_subject_idx ON outbox_blocked (topic, subject);

-- Every event ever acknowledged, and where: what repairs, replays and reconciliations read.
CREATE TABLE event_archive (
    position bigint NOT NULL,
    id uuid NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    epoch int NOT NULL,
    partitionkey text NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    traceparent text,
    causationid text,
    actor text,
    data bytea NOT NULL,
    shard smallint NOT NULL,
    cluster text NOT NULL,
    kafka_offset bigint NOT NULL
) PARTITION BY RANGE (at);
CREATE TABLE event_archive_other PARTITION OF event_archive DEFAULT;
CREATE INDEX event_archive_position_idx ON event_archive (position);
CREATE INDEX event_archive_subject_idx ON event_archive (subject, sequence);

-- The last record the broker acknowledged, per cluster: what the log must still hold, at that offset.
CREATE TABLE relay_mark (
    cluster text NOT NULL,
    topic text NOT NULL,
    shard smallint NOT NULL,
    kafka_offset bigint NOT NULL,
    last_id uuid,
    PRIMARY KEY (cluster, topic, shard)
) WITH (fillfactor = 50);

-- How far a consumer has come with each subject; the row is changed in the transaction of the effect.
CREATE TABLE progress (
    consumer text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    epoch int NOT NULL,
    sequence bigint NOT NULL,
    last_id uuid,
    parked text,  -- why later records of this subject wait in dead_letter; null while it moves
    PRIMARY KEY (consumer, topic, subject)
) WITH (fillfactor = 80);
CREATE INDEX progress_parked_idx ON progress (consumer, topic, subject) WHERE parked IS NOT NULL;

-- Where to read on, kept with the effect: a restored database rewinds its consumers by itself.
-- Locking the row is what makes one process at a time the consumer of a partition.
CREATE TABLE consumer_offset (
    consumer text NOT NULL,
    cluster text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,   -- distinct events whose effect was made
    ignored bigint NOT NULL DEFAULT 0,   -- distinct events of a type this version does not know
    PRIMARY KEY (consumer, cluster, topic, partition)
) WITH (fillfactor = 50);

-- Records that could not be applied, byte for byte, until somebody replays or drops them.
CREATE TABLE dead_letter (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    source text,
    event_id uuid,
    topic text NOT NULL,
    partition int NOT NULL,
    cluster text NOT NULL,
    kafka_offset bigint NOT NULL,
    subject text,           -- null: the record names none, so it holds back nobody
    sequence bigint,
    reason text NOT NULL,
    detail text NOT NULL,
    key bytea,
    value bytea,
    headers bytea NOT NULL,
    parked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'replayed', 'dropped')),
    settled_by text,
    settled_at timestamptz
);
CREATE UNIQUE INDEX dead_letter_event_idx ON dead_letter (consumer, source, event_id) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX dead_letter_foreign_idx ON dead_letter (consumer, cluster, topic, partition, kafka_offset)
    WHERE subject IS NULL;
CREATE INDEX dead_letter_waiting_idx ON dead_letter (consumer, topic, subject, sequence) WHERE state = 'parked';

-- One live clock per kind and subject. Starting another voids it: the id tells them apart.
CREATE TABLE timer (
    kind text NOT NULL,
    subject text NOT NULL,
    id uuid NOT NULL,
    rule jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    failures int NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX timer_due_idx ON timer (due_at);
