-- name: queued
-- What has to be published still: what waits, and what stands only in another cluster.
SELECT (SELECT count(*) FROM outbox) AS waiting, count(*) AS archived,
       count(*) FILTER (WHERE cluster <> $1) AS elsewhere
  FROM event_archive

-- name: marks
SELECT topic, shard, kafka_offset FROM relay_mark WHERE cluster = $1

-- name: read
SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = $1 AND cluster = $2

-- name: counted
-- How far a consumer has come with every subject it ever heard of.
SELECT topic, subject, sequence FROM progress WHERE consumer = $1 AND sequence > 0

-- name: held
-- The last sequence of these subjects that their owner can say again. event_archive_subject_idx.
SELECT subject, max(sequence) AS sequence
  FROM (SELECT subject, sequence FROM event_archive WHERE topic = $1 AND subject = ANY ($2::text[])
         UNION ALL
        SELECT subject, sequence FROM outbox WHERE topic = $1 AND subject = ANY ($2::text[])) AS said
 GROUP BY subject

-- name: dropped
SELECT topic, event_id, settled_by, coalesce(because, 'dropped before reasons were kept') AS because FROM dead_letter
 WHERE consumer = $1 AND state = 'dropped' AND event_id IS NOT NULL ORDER BY number

-- name: parked
SELECT number, topic, event_id FROM dead_letter WHERE consumer = $1 AND state = 'parked' ORDER BY sequence, number
