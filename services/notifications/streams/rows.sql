-- name: settle_plans
-- Plans are made once and go along the indexes, also those made while the tables were empty. With arrays as arguments
-- Postgres would plan each look anew, which takes it twenty times as long as the look.
SELECT set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
       set_config('plan_cache_mode', 'force_generic_plan', false)

-- name: busy
-- Which of these shards have anything to write, or a stream that stood in another cluster and begins anew.
SELECT owned.shard FROM unnest($1::smallint[]) AS owned (shard)
 WHERE EXISTS (SELECT 1 FROM partner_row WHERE partner_row.shard = owned.shard AND sequence IS NULL
                  AND partner <> ALL ($2::uuid[]))
    OR EXISTS (SELECT 1 FROM partner_row WHERE partner_row.shard = owned.shard AND sequence IS NOT NULL
                  AND partner <> ALL ($2::uuid[]))
    OR EXISTS (SELECT 1 FROM partner WHERE partner.shard = owned.shard AND removed_at IS NULL AND cluster <> $3
                  AND id <> ALL ($2::uuid[]))

-- name: next_rows
-- Per shard, what has its sequence already and did not get through, in the order of each stream; only where nothing
-- of that kind is left, new rows in the order they were decided. Partners whose topics are missing ($2) wait, and so
-- does a receipt until what it confirms has left.
-- With all that decides once more, but the consents, which are locked next.
SELECT row.*, partner.slug, partner.agency, partner.life, agency.timezone, agency.holds_no_records, clock() AS now,
       ARRAY(SELECT valid_from FROM agreement
              WHERE agreement.partner = partner.id AND ended_at IS NULL ORDER BY id) AS agreed_from,
       ARRAY(SELECT expires_on FROM agreement
              WHERE agreement.partner = partner.id AND ended_at IS NULL ORDER BY id) AS agreed_until,
       person.synthetic, person.erased, referral.need
  FROM unnest($1::smallint[]) AS owned (shard)
 CROSS JOIN LATERAL (
    (SELECT * FROM partner_row
      WHERE partner_row.shard = owned.shard AND sequence IS NOT NULL AND partner <> ALL ($2::uuid[])
      ORDER BY partner_row.shard, partner_row.partner, stream, sequence LIMIT $3)
    UNION ALL
    (SELECT * FROM partner_row
      WHERE partner_row.shard = owned.shard AND sequence IS NULL AND partner <> ALL ($2::uuid[])
        AND (follows IS NULL OR NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.shard = follows_shard
                                               AND outbox.position <= follows))
        AND NOT EXISTS (SELECT 1 FROM partner_row AS numbered
                         WHERE numbered.shard = owned.shard AND numbered.sequence IS NOT NULL
                           AND numbered.partner <> ALL ($2::uuid[]))
      ORDER BY position LIMIT $3)
 ) AS row
  JOIN partner ON partner.id = row.partner
  JOIN agency ON agency.id = partner.agency
  LEFT JOIN person ON person.id = row.person
  LEFT JOIN referral ON row.kind = 'referral' AND referral.id = row.thing
 WHERE partner.removed_at IS NULL

-- name: number
-- The next numbers of each stream, in the order the rows were decided. The counters are the last lock of every
-- transaction that takes one, in the order of their ids. Rows that went away get none.
WITH counter AS (
    SELECT partner, stream, sequence FROM partner_stream
     WHERE partner = ANY ($2::uuid[]) ORDER BY partner, stream FOR UPDATE
), new AS (
    SELECT position, partner, stream, row_number() OVER (PARTITION BY partner, stream ORDER BY position) AS number
      FROM partner_row WHERE position = ANY ($1::bigint[]) AND sequence IS NULL
), given AS (
    UPDATE partner_row SET sequence = counter.sequence + new.number
      FROM new JOIN counter ON counter.partner = new.partner AND counter.stream = new.stream
     WHERE partner_row.position = new.position
    RETURNING partner_row.position, partner_row.sequence
), counted AS (
    UPDATE partner_stream SET sequence = counter.sequence + taken.count
      FROM counter JOIN (SELECT partner, stream, count(*) AS count FROM new GROUP BY 1, 2) AS taken
           ON counter.partner = taken.partner AND counter.stream = taken.stream
     WHERE partner_stream.partner = counter.partner AND partner_stream.stream = counter.stream
)
SELECT position, sequence FROM given

-- name: drop
DELETE FROM partner_row WHERE position = ANY ($1::bigint[])

-- name: silence
-- Its place in the stream is taken, so a heartbeat fills it.
UPDATE partner_row
   SET id = uuidv7(), type = $2, data = '{}', at = clock(), kind = NULL, thing = NULL, person = NULL, consent = NULL
 WHERE position = ANY ($1::bigint[])
RETURNING position, id, at

-- name: archive
-- What the log acknowledged, as it was written: the row may have been silenced since. One statement, so that what
-- left is either waiting or kept, never both.
WITH sent AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::text[], $10::uuid[], $11::uuid[], $12::uuid[], $13::bigint[], $14::bool[])
        AS sent (partner, stream, life, sequence, id, type, data, at, kind, thing, person, consent, kafka_offset, untold)
), mine AS (
    SELECT position FROM partner_row JOIN sent USING (partner, stream, sequence)
     WHERE partner_row.shard = ANY ($15::smallint[]) ORDER BY position FOR UPDATE OF partner_row
), gone AS (
    DELETE FROM partner_row USING mine WHERE partner_row.position = mine.position
), kept AS (
    INSERT INTO partner_sent (partner, stream, life, sequence, id, type, data, at, kind, thing, person, consent,
                              kafka_offset, untold, sent_at)
    SELECT partner, stream, life, sequence, id, type, data::jsonb, at, kind, thing, person, consent, kafka_offset,
           untold, clock() FROM sent
    ON CONFLICT (partner, stream, life, sequence) DO UPDATE
       SET kafka_offset = excluded.kafka_offset, id = excluded.id, type = excluded.type, data = excluded.data
), last AS (
    SELECT partner, stream, max(sequence) AS sequence, max(kafka_offset) AS kafka_offset FROM sent GROUP BY 1, 2
)
UPDATE partner_stream AS counter
   SET acknowledged = greatest(counter.acknowledged, last.sequence),
       sequence = greatest(counter.sequence, last.sequence),
       kafka_offset = greatest(counter.kafka_offset, last.kafka_offset)
  FROM last WHERE counter.partner = last.partner AND counter.stream = last.stream

-- name: beat
-- A heartbeat where one is due and nothing else waits to be said. Give or take a quarter, so that nobody can tell one
-- that fills a place from one that was due.
WITH due AS (
    UPDATE partner_stream
       SET beat_at = clock() + $2::interval * (0.75 + random() / 2)
     WHERE shard = ANY ($1::smallint[]) AND beat_at <= clock() AND partner <> ALL ($3::uuid[])
    RETURNING partner, stream, shard
)
INSERT INTO partner_row (shard, partner, stream, id, type, data, at)
SELECT due.shard, due.partner, due.stream, uuidv7(), $4, '{}', clock() FROM due
  JOIN partner ON partner.id = due.partner AND partner.removed_at IS NULL
 WHERE NOT EXISTS (SELECT 1 FROM partner_row AS waiting
                    WHERE waiting.partner = due.partner AND waiting.stream = due.stream)

-- name: forget_sent
-- Streams keep 72 hours; a few days more serve questions.
DELETE FROM partner_sent WHERE sent_at < clock() - interval '7 days' AND NOT untold
