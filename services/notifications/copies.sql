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
-- Without a sealed contact the ways changed and the number did not. The quiet hours are those of that number.
INSERT INTO person AS known (id, language, channels, contact, quiet_from, quiet_until) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE
   SET language = excluded.language, channels = excluded.channels,
       quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
       contact = CASE WHEN known.erased THEN NULL ELSE coalesce(excluded.contact, known.contact) END

-- name: erase_person
-- The mark stays, so that nothing that comes late is taken for news of somebody.
INSERT INTO person (id, erased) VALUES ($1, true)
ON CONFLICT (id) DO UPDATE SET erased = true, channels = '{}', language = 'en', agency = NULL, worker = NULL

-- name: forget_contact
UPDATE person SET contact = NULL WHERE id = $1

-- name: forget_shared
DELETE FROM shared_setback WHERE person = $1

-- name: forget_tellings_of
-- By what name a partner knows a referral is the partner's; whose it was is not kept.
UPDATE telling SET person = NULL, withheld = NULL
 WHERE thing IN (SELECT id FROM referral WHERE person = $1 UNION SELECT setback FROM shared_setback WHERE person = $1)
    OR (person = $1 AND withheld IS NOT NULL)

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
