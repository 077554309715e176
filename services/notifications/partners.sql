-- name: agency
SELECT id, name, holds_no_records FROM agency WHERE id = $1

-- name: agencies_called
SELECT id, name FROM agency WHERE lower(name) = lower($1) ORDER BY id

-- name: of_agency
SELECT * FROM partner WHERE agency = $1 AND removed_at IS NULL

-- name: by_slug
-- With the name of its agency and its agreement: the one that holds today longest, else the next, else the last.
SELECT partner.*, agency.name AS agency_name, agency.timezone, clock() AS now,
       agreed.valid_from AS agreed_from, agreed.expires_on AS agreed_until
  FROM partner JOIN agency ON agency.id = partner.agency
  LEFT JOIN LATERAL (
    SELECT valid_from, expires_on FROM agreement,
           LATERAL (SELECT (clock() AT TIME ZONE agency.timezone)::date AS day) AS today
     WHERE agreement.partner = partner.id AND ended_at IS NULL
     ORDER BY day NOT BETWEEN valid_from AND expires_on, expires_on < day,
              CASE WHEN valid_from <= day THEN day - expires_on ELSE valid_from - day END LIMIT 1
  ) AS agreed ON true WHERE slug = $1 AND removed_at IS NULL

-- name: all
SELECT partner.*, agency.name AS agency_name, agency.timezone, clock() AS now,
       agreed.valid_from AS agreed_from, agreed.expires_on AS agreed_until
  FROM partner JOIN agency ON agency.id = partner.agency
  LEFT JOIN LATERAL (
    SELECT valid_from, expires_on FROM agreement,
           LATERAL (SELECT (clock() AT TIME ZONE agency.timezone)::date AS day) AS today
     WHERE agreement.partner = partner.id AND ended_at IS NULL
     ORDER BY day NOT BETWEEN valid_from AND expires_on, expires_on < day,
              CASE WHEN valid_from <= day THEN day - expires_on ELSE valid_from - day END LIMIT 1
  ) AS agreed ON true WHERE removed_at IS NULL ORDER BY agency.name, slug

-- name: put_partner
INSERT INTO partner (id, agency, slug, shard, quota, password, made_at, rotated_at)
VALUES ($1, $2, $3, $4, $5, $6, clock(), clock())

-- name: put_stream
-- Streams beat, receipts don't.
INSERT INTO partner_stream (partner, stream, shard, beat_at)
VALUES ($1, $2, $3, CASE WHEN $2 <> 'receipt' THEN clock() END)

-- name: lock
SELECT * FROM partner WHERE slug = $1 AND removed_at IS NULL FOR UPDATE

-- name: rotate
UPDATE partner SET password = $2, rotated_at = clock() WHERE id = $1

-- name: remove
UPDATE partner SET removed_at = clock(), password = NULL WHERE id = $1

-- name: drop_rows
DELETE FROM partner_row WHERE partner = $1

-- name: put_agreement
INSERT INTO agreement (id, partner, valid_from, expires_on, recorded_at) VALUES ($1, $2, $3, $4, clock())

-- name: live_agreement
SELECT agreement.id, agreement.partner, expires_on, partner.agency, agency.timezone, clock() AS now
  FROM agreement JOIN partner ON partner.id = agreement.partner JOIN agency ON agency.id = partner.agency
 WHERE agreement.id = $1 AND ended_at IS NULL FOR UPDATE OF agreement

-- name: end_agreement
UPDATE agreement SET ended_at = clock() WHERE id = $1

-- name: put_test
INSERT INTO partner_row (shard, partner, stream, id, type, data, at)
SELECT $1, $2, stream, uuidv7(), $3, $4::jsonb, clock() FROM unnest(ARRAY['referral', 'setback']) AS stream

-- name: put_test_telling
INSERT INTO telling (partner, thing, kind, reference, stage) VALUES ($1, $2, 'test', $3, 'sent')

-- name: list_passwords
SELECT id, password FROM partner WHERE password IS NOT NULL;

-- name: reseal_password
-- The same password under another secret: not rotated, and not if it was rotated meanwhile.
UPDATE partner SET password = $3 WHERE id = $1 AND password = $2;
