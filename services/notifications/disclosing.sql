-- name: recipients
-- The systems of these agencies; partner_agency_idx.
SELECT partner.id, partner.slug, partner.agency, partner.shard, agency.timezone, agency.holds_no_records, clock() AS at
  FROM partner JOIN agency ON agency.id = partner.agency
 WHERE partner.agency = ANY ($1::uuid[]) AND partner.removed_at IS NULL

-- name: agreements
SELECT partner, valid_from, expires_on FROM agreement WHERE partner = ANY ($1::uuid[]) AND ended_at IS NULL

-- name: consents
-- Held to the end of the disclosing transaction: a revocation waits for it, and it for a revocation.
SELECT consent.id, consent.person, recipient, categories, purpose, expires_on, confirmed, confirm_by, setback, once,
       ended,
       EXISTS (SELECT 1 FROM progress WHERE consumer = 'notifications' AND topic = 'throughcare.consent.v1'
                  AND subject = consent.id::text AND parked IS NOT NULL) AS parked
  FROM consent WHERE consent.id = ANY ($1::uuid[]) ORDER BY consent.id FOR SHARE OF consent

-- name: people
SELECT id, synthetic, erased, language FROM person WHERE id = ANY ($1::uuid[])

-- name: tellings
SELECT partner, thing, reference, stage, withheld FROM telling
 WHERE partner = ANY ($1::uuid[]) AND thing = ANY ($2::uuid[])

-- name: put_rows
-- In the order given: positions are the order of a stream.
INSERT INTO partner_row (shard, partner, stream, id, type, data, at, kind, thing, person, consent)
SELECT shard, partner, stream, uuidv7(), type, data::jsonb, clock(), kind, thing, person, consent
  FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[],
              $9::uuid[])
       WITH ORDINALITY AS new (shard, partner, stream, type, data, kind, thing, person, consent, number)
 ORDER BY number

-- name: put_tellings
INSERT INTO telling AS known (partner, thing, kind, reference, person, stage, withheld)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[])
ON CONFLICT (partner, thing) DO UPDATE SET stage = excluded.stage, withheld = excluded.withheld

-- name: referrals_under
-- referral_consent_idx.
SELECT * FROM referral WHERE consent = ANY ($1::uuid[]) ORDER BY id

-- name: setbacks_under
SELECT * FROM shared_setback WHERE consent = ANY ($1::uuid[]) ORDER BY at

-- name: referrals_withheld
-- Kept back so far, of these people or from these systems; telling_withheld_idx.
SELECT referral.* FROM referral
 WHERE id IN (SELECT thing FROM telling WHERE withheld IS NOT NULL AND kind = 'referral'
                 AND (person = ANY ($1::uuid[]) OR partner = ANY ($2::uuid[]))) ORDER BY id

-- name: setbacks_withheld
SELECT shared_setback.* FROM shared_setback
 WHERE setback IN (SELECT thing FROM telling WHERE withheld IS NOT NULL AND kind = 'setback'
                      AND (person = ANY ($1::uuid[]) OR partner = ANY ($2::uuid[]))) ORDER BY at

-- name: referrals_with
-- What an agency has to do with now; referral_agency_idx.
SELECT * FROM referral WHERE agency = $1 AND stage = ANY ($2::text[]) ORDER BY id

-- name: setbacks_with
-- As far back as a stream reaches.
SELECT * FROM shared_setback WHERE recipient = $1 AND at > clock() - interval '72 hours' ORDER BY at
