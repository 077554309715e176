-- name: all_marks
SELECT topic, shard, kafka_offset, last_id FROM relay_mark WHERE cluster = $1

-- name: lock_life
-- One process reconciles; the others find its work done.
SELECT epoch FROM life FOR UPDATE

-- name: outlive
-- A life after the last of which anything is known: a backup may be older than the lives that followed it.
UPDATE life SET epoch = greatest(epoch, $1 + 1)

-- name: heads
SELECT subject, sequence FROM stream WHERE topic = $1 AND subject = ANY ($2::text[])

-- name: remember
-- One forgotten event: its head moves on to it, and the archive has it again. Where the log lacks one, there is a hole.
WITH head AS (
    INSERT INTO stream AS known (topic, subject, sequence, partitionkey, shard) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (topic, subject) DO UPDATE SET sequence = excluded.sequence WHERE known.sequence < excluded.sequence
    RETURNING 1
)
INSERT INTO event_archive (position, id, topic, subject, sequence, epoch, partitionkey, type, at,
                           traceparent, causationid, actor, data, shard, cluster, kafka_offset)
SELECT nextval(pg_get_serial_sequence('outbox', 'position')), $6, $1, $2, $3, $7, $4, $8, $9,
       $10, $11, $12, $13, $5, $14, $15 FROM head
RETURNING true

-- name: was_said
-- One range of event_archive_subject_idx.
SELECT EXISTS (SELECT FROM event_archive WHERE subject = $1 AND causationid = $2 AND type = coalesce($3, type))
