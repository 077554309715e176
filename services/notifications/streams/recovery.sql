-- name: streams
-- The counters of one shard; partner_shard_idx.
SELECT partner.id AS partner, partner.slug, partner.agency, partner.life, partner.cluster, partner.shard, stream,
       counter.sequence, acknowledged, kafka_offset,
       EXISTS (SELECT 1 FROM partner_row WHERE partner_row.shard = partner.shard AND partner_row.partner = partner.id
                  AND partner_row.stream = counter.stream AND partner_row.sequence IS NOT NULL) AS uncertain
  FROM partner JOIN partner_stream AS counter ON counter.partner = partner.id
 WHERE partner.shard = $1 AND partner.removed_at IS NULL AND partner.id <> ALL ($2::uuid[])
 ORDER BY partner.id, stream

-- name: partners
SELECT id, slug FROM partner WHERE shard = ANY ($1::smallint[]) AND removed_at IS NULL

-- name: settle_here
UPDATE partner SET cluster = $2 WHERE id = $1 AND cluster IS NULL

-- name: row_with
SELECT kind, thing, person, consent, id FROM partner_row
 WHERE shard = $1 AND partner = $2 AND stream = $3 AND sequence = $4

-- name: take_over
-- The log knows more than this database: it was restored to an earlier state. Numbers go on after what stands there.
UPDATE partner_stream SET sequence = greatest(sequence, $3) WHERE partner = $1 AND stream = $2

-- name: adopt_life
UPDATE partner SET life = $2, cluster = $3 WHERE id = $1

-- name: put_back
-- The log lost its end: these are written again, in their old places, if they still may be.
WITH lost AS (
    DELETE FROM partner_sent
     WHERE partner = $1 AND stream = $2 AND life = $3 AND kafka_offset >= $4
    RETURNING *
), again AS (
    INSERT INTO partner_row (shard, partner, stream, id, type, data, at, kind, thing, person, consent, sequence)
    SELECT $5, partner, stream, id, type, data, at, kind, thing, person, consent, sequence FROM lost ORDER BY sequence
    RETURNING sequence
)
UPDATE partner_stream
   SET acknowledged = least(acknowledged, (SELECT min(sequence) FROM again) - 1), kafka_offset = $4 - 1
 WHERE partner = $1 AND stream = $2

-- name: fill_places
-- Every number that was given belongs to something: a place without a row becomes a heartbeat.
INSERT INTO partner_row (shard, partner, stream, id, type, data, at, sequence)
SELECT counter.shard, counter.partner, counter.stream, uuidv7(), $2, '{}', clock(), place.sequence
  FROM partner_stream AS counter
 CROSS JOIN LATERAL generate_series(counter.acknowledged + 1, counter.sequence) AS place (sequence)
 WHERE counter.shard = $1
   AND NOT EXISTS (SELECT 1 FROM partner_row AS row
                    WHERE row.shard = counter.shard AND row.partner = counter.partner AND row.stream = counter.stream
                      AND row.sequence = place.sequence)

-- name: begin_life
UPDATE partner SET life = life + 1, cluster = $2 WHERE id = $1 AND cluster IS DISTINCT FROM $2 RETURNING agency

-- name: reset_streams
UPDATE partner_stream SET sequence = 0, acknowledged = 0, kafka_offset = -1 WHERE partner = $1

-- name: clear_rows
-- What discloses is decided anew; heartbeats come by themselves. Receipts and tests stay, without their numbers.
DELETE FROM partner_row WHERE partner = $1 AND (consent IS NOT NULL OR type = $2)

-- name: unnumber_rows
UPDATE partner_row SET sequence = NULL WHERE partner = $1 AND sequence IS NOT NULL

-- name: forget_told
UPDATE telling SET stage = NULL WHERE partner = $1
