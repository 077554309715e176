-- name: last_sent
-- The latest records of a partner, heartbeats left out; partner_sent_latest_idx.
SELECT stream, life, sequence, type, data ->> 'reference' AS reference, at, sent_at, kafka_offset FROM partner_sent
 WHERE partner = $1 AND type <> $2 ORDER BY sent_at DESC, kafka_offset DESC LIMIT $3

-- name: unread
-- What stands behind the furthest committed offset of each stream, heartbeats counted: they are read as well.
SELECT count(*) AS count, min(sent_at) AS oldest FROM partner_sent
  JOIN unnest($3::text[], $4::bigint[]) AS read (stream, next) USING (stream)
 WHERE partner = $1 AND life = $2 AND kafka_offset >= read.next AND sent_at > clock() - interval '72 hours'

-- name: waiting
SELECT count(*) FROM partner_row WHERE partner = $1

-- name: answers
SELECT count(*) FILTER (WHERE result = 'accepted') AS accepted, count(*) FILTER (WHERE result = 'refused') AS refused
  FROM answer WHERE partner = $1

-- name: note_first_read
UPDATE partner SET first_read_at = clock() WHERE id = $1 AND first_read_at IS NULL
