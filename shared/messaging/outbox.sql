-- name: put_events
-- Numbers the events of one aggregate and queues them. The head row is the lock that keeps the order of
-- positions the order of sequences; ON CONFLICT takes it for an aggregate that already published.
WITH head AS (
    INSERT INTO stream (topic, subject, sequence, partitionkey, shard)
    VALUES ($1, $2, cardinality($5::uuid[]), $3, $4)
    ON CONFLICT (topic, subject) DO UPDATE SET sequence = stream.sequence + excluded.sequence
    RETURNING sequence - cardinality($5::uuid[]) AS before, partitionkey, shard
)
INSERT INTO outbox (shard, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data)
SELECT head.shard, event.id, $1, $2, head.before + event.number, life.epoch, head.partitionkey, event.type, clock(),
       $8, $9, $10, event.data
  FROM head, life, unnest($5::uuid[], $6::text[], $7::bytea[]) WITH ORDINALITY AS event (id, type, data, number)
 ORDER BY event.number

-- name: put_events_unlocked
-- The fault harness's mutant: the head is read without a lock, so two transactions may number alike.
WITH head AS (
    SELECT coalesce(max(sequence), 0) AS before FROM stream WHERE topic = $1 AND subject = $2
), written AS (
    INSERT INTO stream (topic, subject, sequence, partitionkey, shard)
    SELECT $1, $2, before + cardinality($5::uuid[]), $3, $4 FROM head
    ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence
)
INSERT INTO outbox (shard, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data)
SELECT $4, event.id, $1, $2, head.before + event.number, life.epoch, $3, event.type, clock(), $8, $9, $10, event.data
  FROM head, life, unnest($5::uuid[], $6::text[], $7::bytea[]) WITH ORDINALITY AS event (id, type, data, number)
 ORDER BY event.number

-- name: put_of_each
-- One event of each of many aggregates, none of them twice; heads are locked in the order of subjects, so that two of
-- these never wait for each other in a circle. Arguments 2 to 7 are columns.
WITH said AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::smallint[], $5::uuid[], $6::text[], $7::bytea[])
        AS said (subject, partitionkey, shard, id, type, data)
), head AS (
    INSERT INTO stream (topic, subject, sequence, partitionkey, shard)
    SELECT $1, subject, 1, partitionkey, shard FROM said ORDER BY subject
    ON CONFLICT (topic, subject) DO UPDATE SET sequence = stream.sequence + 1
    RETURNING subject, sequence, partitionkey, shard
)
INSERT INTO outbox (shard, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data)
SELECT head.shard, said.id, $1, subject, head.sequence, life.epoch, head.partitionkey, said.type, clock(),
       $8, $9, $10, said.data
  FROM head JOIN said USING (subject), life

-- name: put_again
-- Queues archived events of one subject once more, for a reader who asked; same id, same sequence.
INSERT INTO outbox (shard, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data, again)
SELECT shard, id, topic, subject, sequence, epoch, partitionkey, type, at, traceparent, causationid, actor, data, true
  FROM (SELECT DISTINCT ON (sequence) * FROM event_archive
         WHERE topic = $1 AND subject = $2 AND sequence >= $3 ORDER BY sequence, epoch DESC) AS known
 ORDER BY sequence

-- name: holds
-- Whether this very event can still be said: archived, or on its way. One statement, since it may move in between.
SELECT EXISTS (SELECT FROM event_archive WHERE topic = $1 AND subject = $2 AND sequence = $3)
    OR EXISTS (SELECT FROM outbox WHERE topic = $1 AND subject = $2 AND sequence = $3)
    OR EXISTS (SELECT FROM outbox_blocked WHERE topic = $1 AND subject = $2 AND sequence = $3)
