-- name: settle_plans
-- A round of 6,144 rows takes 6 MB on its way to the archive: with the default of 4 MB it goes through a file.
-- The outbox is read along its index, also by a plan that was made when it was empty: any other reads all that waits.
-- And a plan is made once: with arrays as arguments Postgres would make one each time, which takes it 5 ms for a round
-- that archives two events.
SELECT set_config('work_mem', '32MB', false), set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)

-- name: fetch_round
-- The next rows of each owned shard, leaving out those in flight ($2..$3 are their bounds per shard) and the subjects
-- that have a blocked event. A bound is never kept beyond one round: a transaction that commits late with a low
-- position is simply found by the next. The last ORDER BY is no ornament: order is promised by nothing else; and
-- NOT IN, which is never turned into a join, keeps the scan in the order of its index, so that LIMIT ends it.
SELECT row.shard, row.position, row.id, row.topic, row.subject, row.sequence, row.epoch, row.partitionkey,
       row.type, row.at, row.traceparent, row.causationid, row.actor, row.data
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS owned (shard, low, high)
 CROSS JOIN LATERAL (
    SELECT * FROM outbox
     WHERE outbox.shard = owned.shard AND (outbox.position < owned.low OR outbox.position > owned.high)
       AND (outbox.topic, outbox.subject) NOT IN (SELECT topic, subject FROM outbox_blocked)
     ORDER BY outbox.position LIMIT $4
 ) AS row
 ORDER BY row.shard, row.position

-- name: archive_round
-- Moves exactly the acknowledged rows, in one statement, and remembers the last offset of each log.
WITH sent AS (
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS sent (shard, position, kafka_offset)
), gone AS (
    DELETE FROM outbox USING sent
     WHERE outbox.shard = sent.shard AND outbox.position = sent.position
    RETURNING outbox.*, sent.kafka_offset
), kept AS (
    INSERT INTO event_archive (position, id, topic, subject, sequence, epoch, partitionkey, type, at,
                               traceparent, causationid, actor, data, shard, cluster, kafka_offset)
    SELECT position, id, topic, subject, sequence, epoch, partitionkey, type, at,
           traceparent, causationid, actor, data, shard, $4, kafka_offset
      FROM gone WHERE NOT again
), moved AS (
    UPDATE event_archive AS known SET cluster = $4, kafka_offset = gone.kafka_offset
      FROM gone WHERE gone.again AND known.position = gone.position AND known.id = gone.id
), marked AS (
    INSERT INTO relay_mark (cluster, topic, shard, kafka_offset, last_id)
    SELECT $4, topic, shard, kafka_offset, last_id
      FROM unnest($5::text[], $6::smallint[], $7::bigint[], $8::uuid[]) AS mark (topic, shard, kafka_offset, last_id)
    ON CONFLICT (cluster, topic, shard)
    DO UPDATE SET kafka_offset = excluded.kafka_offset, last_id = excluded.last_id
)
SELECT count(*) FROM gone

-- name: block_row
-- What the broker refuses waits here for an operator; its subject's later rows wait behind it.
WITH gone AS (
    DELETE FROM outbox WHERE shard = $1 AND position = $2 RETURNING *
)
INSERT INTO outbox_blocked SELECT gone.*, $3, clock() FROM gone ON CONFLICT DO NOTHING

-- name: release_blocked
-- Back to their old positions, so ahead of everything of their subjects that came later. Only of shards that are ours:
-- another relay may have later rows of its own on their way. One that a log lost meanwhile is in the outbox already.
WITH freed AS (DELETE FROM outbox_blocked WHERE shard = ANY ($1::smallint[]) RETURNING *)
INSERT INTO outbox (shard, position, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data, again)
OVERRIDING SYSTEM VALUE
SELECT shard, position, id, topic, subject, sequence, epoch, partitionkey, type, at,
       traceparent, causationid, actor, data, again FROM freed
ON CONFLICT DO NOTHING
RETURNING position

-- name: marks
SELECT topic, shard, kafka_offset, last_id FROM relay_mark WHERE cluster = $1 AND shard = ANY ($2::smallint[])

-- name: set_marks
INSERT INTO relay_mark (cluster, topic, shard, kafka_offset, last_id)
SELECT $1, topic, shard, kafka_offset, last_id
  FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[]) AS mark (topic, shard, kafka_offset, last_id)
ON CONFLICT (cluster, topic, shard)
DO UPDATE SET kafka_offset = excluded.kafka_offset, last_id = excluded.last_id

-- name: archived_topics
-- The logs that this database ever wrote, in whatever cluster.
SELECT DISTINCT topic FROM relay_mark

-- name: archived_ids
-- What the archive says stood at each offset of one log.
SELECT kafka_offset, id FROM event_archive
 WHERE cluster = $1 AND topic = $2 AND shard = $3 AND kafka_offset BETWEEN $4 AND $5

-- name: requeue_lost
-- Archived events that these logs no longer hold, from the first lost offset on, and what only other clusters
-- were ever given, go back to the outbox at their old positions, ahead of everything newer.
-- It reads the whole archive: a log loses its end once in years.
INSERT INTO outbox (shard, position, id, topic, subject, sequence, epoch, partitionkey, type, at,
                    traceparent, causationid, actor, data, again)
OVERRIDING SYSTEM VALUE
SELECT shard, position, id, topic, subject, sequence, epoch, partitionkey, type, at,
       traceparent, causationid, actor, data, true
  FROM event_archive
  JOIN unnest($2::text[], $3::smallint[], $4::bigint[]) AS cut (topic, shard, first_lost) USING (topic, shard)
 WHERE cluster <> $1 OR kafka_offset >= first_lost
 ORDER BY position
ON CONFLICT DO NOTHING

-- name: members
-- How many relays of this service are alive: each holds one presence lock.
SELECT count(*) FROM pg_locks
 WHERE locktype = 'advisory' AND classid = $1::bigint::oid AND objid >= 1000 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: end_stuck
-- An owner polls many times a second. One whose session has waited for it so long, between two statements or within a
-- transaction, is asleep; ending the session gives its shards and its row locks free. When it wakes it finds that out.
SELECT count(pg_terminate_backend(holder.pid)) FROM (
    SELECT DISTINCT locks.pid FROM pg_locks AS locks JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
     WHERE locks.locktype = 'advisory' AND locks.classid = $1::bigint::oid AND locks.granted
       AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND activity.wait_event_type = 'Client' AND activity.state_change < clock_timestamp() - $2::interval
       AND locks.pid <> pg_backend_pid()
) AS holder

-- name: depth
-- How many rows wait and for how many seconds the oldest has.
SELECT count(*) AS rows, coalesce(extract(epoch FROM clock() - min(at)), 0)::float AS oldest,
       (SELECT count(*) FROM outbox_blocked) AS blocked FROM outbox

-- name: oldest_snapshot
-- Seconds since the oldest open transaction began: past a minute, polling the outbox grows slow.
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle' AND datname = current_database()
