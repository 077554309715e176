-- name: put_agency
INSERT INTO agency (id, name, timezone, holds_no_records) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
   SET name = excluded.name, timezone = excluded.timezone, holds_no_records = excluded.holds_no_records

-- name: welcome
INSERT INTO person (id, agency, worker, language, channels, synthetic) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE
   SET agency = excluded.agency, worker = excluded.worker, language = excluded.language, channels = excluded.channels,
       synthetic = excluded.synthetic

-- name: assign_worker
INSERT INTO person (id, agency, worker) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, worker = excluded.worker

-- name: change_contact
-- Without a sealed contact the ways changed and the number did not.
INSERT INTO person AS known (id, language, channels, contact) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
   SET language = excluded.language, channels = excluded.channels,
       contact = CASE WHEN known.erased THEN NULL ELSE coalesce(excluded.contact, known.contact) END

-- name: erase_person
INSERT INTO person (id, erased) VALUES ($1, true)
ON CONFLICT (id) DO UPDATE SET erased = true, contact = NULL, channels = '{}'

-- name: put_referrals
-- The last word on each.
INSERT INTO referral (id, person, agency, program, need, consent, stage)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[]) ORDER BY 1
ON CONFLICT (id) DO UPDATE
   SET person = excluded.person, agency = excluded.agency, program = excluded.program, need = excluded.need,
       consent = excluded.consent, stage = excluded.stage

-- name: put_shared_setback
INSERT INTO shared_setback (consent, setback, person, recipient, asks, referral, at)
VALUES ($1, $2, $3, $4, $5, $6, clock())
ON CONFLICT (consent) DO UPDATE SET asks = excluded.asks, referral = excluded.referral
