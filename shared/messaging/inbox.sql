-- name: lock_offsets
-- Taken first by every transaction of a consumer: a partition has one applier at a time, in a fixed order.
SELECT topic, partition, next_offset FROM consumer_offset
 WHERE consumer = $1 AND cluster = $2
   AND (topic, partition) IN (SELECT * FROM unnest($3::text[], $4::int[]))
 ORDER BY topic, partition FOR UPDATE

-- name: lock_everywhere
-- The same partitions in every cluster that was ever read: a letter may be of one that is gone.
SELECT 1 FROM consumer_offset
 WHERE consumer = $1 AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::int[]))
 ORDER BY topic, partition, cluster FOR UPDATE

-- name: make_offsets
INSERT INTO consumer_offset (consumer, cluster, topic, partition)
SELECT $1, $2, topic, partition FROM unnest($3::text[], $4::int[]) AS place (topic, partition)
 ORDER BY topic, partition
ON CONFLICT DO NOTHING

-- name: save_offsets
UPDATE consumer_offset AS known
   SET next_offset = greatest(known.next_offset, seen.next_offset),
       applied = known.applied + seen.applied, ignored = known.ignored + seen.ignored
  FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])
       AS seen (topic, partition, next_offset, applied, ignored)
 WHERE known.consumer = $1 AND known.cluster = $2
   AND known.topic = seen.topic AND known.partition = seen.partition

-- name: offsets
-- Where this consumer reads on in a cluster.
SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = $1 AND cluster = $2

-- name: progress
-- What is known of these subjects of one topic.
SELECT subject, epoch, sequence, last_id, parked FROM progress
 WHERE consumer = $1 AND topic = $2 AND subject = ANY ($3::text[])

-- name: save_progress
-- Only from the state it was read in: `was` is the sequence then, -1 for a subject that was not known. The caller
-- compares the count, and if another transaction was faster, nothing of this one may stay. ON CONFLICT and not a join:
-- it always takes the key's index, also by a plan that was made when the table was empty. A loss that was noted
-- meanwhile stays noted for as long as the subject stays where it is.
INSERT INTO progress AS known (consumer, topic, subject, epoch, sequence, last_id, parked, was)
SELECT $1, $2, * FROM unnest($3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::text[], $8::bigint[])
ON CONFLICT (subject, topic, consumer) DO UPDATE
   SET epoch = excluded.epoch, sequence = excluded.sequence, last_id = excluded.last_id, was = excluded.was,
       parked = CASE WHEN known.parked = 'lost' AND excluded.parked = 'gap' AND known.sequence = excluded.sequence
                     THEN known.parked ELSE excluded.parked END
 WHERE known.sequence = excluded.was

-- name: park
-- Once per record: a record read again finds itself here.
INSERT INTO dead_letter (consumer, source, event_id, topic, partition, cluster, kafka_offset, subject, sequence,
                         reason, detail, key, value, headers, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, clock())
ON CONFLICT DO NOTHING
RETURNING number

-- name: waiting_letters
-- The parked records of one subject, in the order they would have been applied.
SELECT number, topic, subject, event_id, sequence, reason, key, value, headers, partition, kafka_offset
  FROM dead_letter
 WHERE consumer = $1 AND topic = $2 AND subject = $3 AND state = 'parked'
 ORDER BY sequence, number

-- name: state_of
-- What became of a record that was parked once; dead_letter_event_idx.
SELECT state FROM dead_letter WHERE consumer = $1 AND source = $2 AND event_id = $3 AND subject IS NOT NULL

-- name: settle
UPDATE dead_letter SET state = $2, settled_by = $3, because = $4, settled_at = clock()
 WHERE number = $1 AND state = 'parked'
RETURNING topic, partition, kafka_offset, source, event_id, subject

-- name: note_accepted
INSERT INTO accepted_loss (consumer, topic, subject, from_sequence, to_sequence, because, accepted_by, accepted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock())

-- name: list_accepted
SELECT number, topic, subject, from_sequence, to_sequence, because, accepted_by, accepted_at
  FROM accepted_loss WHERE consumer = $1 ORDER BY number

-- name: list_letters
SELECT number, source, event_id, topic, partition, kafka_offset, subject, sequence, reason, detail, parked_at, state,
       settled_by, settled_at, because, octet_length(value) AS bytes
  FROM dead_letter WHERE consumer = $1 AND ($2 OR state = 'parked') ORDER BY number LIMIT $3

-- name: show_letter
SELECT * FROM dead_letter WHERE consumer = $1 AND number = $2

-- name: count_letters
SELECT state, subject IS NULL AS foreign_record, count(*) AS count FROM dead_letter WHERE consumer = $1 GROUP BY 1, 2

-- name: count_records
-- Distinct records by what came of them; with the dead letters, all that was ever read.
SELECT coalesce(sum(applied), 0)::bigint AS applied, coalesce(sum(ignored), 0)::bigint AS ignored
  FROM consumer_offset WHERE consumer = $1

-- name: letters_by_reason
SELECT reason, count(*) AS count FROM dead_letter WHERE consumer = $1 AND state = 'parked' GROUP BY reason

-- name: parked_by_reason
-- Subjects that wait; progress_parked_idx.
SELECT parked AS reason, count(*) AS count FROM progress WHERE consumer = $1 AND parked IS NOT NULL GROUP BY parked
