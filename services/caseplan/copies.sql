-- name: put_agency
INSERT INTO agency (id, name, calendar, reports_to, lead, holds_no_records) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, calendar = excluded.calendar, reports_to = excluded.reports_to,
                               lead = excluded.lead, holds_no_records = excluded.holds_no_records

-- name: put_program
INSERT INTO program (id, agency, name, needs, accepting, is_listed) VALUES ($1, $2, $3, $4, $5, true)
ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, name = excluded.name, needs = excluded.needs,
                               accepting = excluded.accepting, is_listed = true

-- name: withdraw_program
INSERT INTO program (id, agency, is_listed, accepting) VALUES ($1, $2, false, false)
ON CONFLICT (id) DO UPDATE SET is_listed = false, accepting = false

-- name: put_person
INSERT INTO person (id, home, worker, language, is_synthetic) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET home = excluded.home, worker = excluded.worker, language = excluded.language,
                               is_synthetic = excluded.is_synthetic

-- name: assign_worker
INSERT INTO person (id, home, worker) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET home = excluded.home, worker = excluded.worker

-- name: put_consent
-- An end that arrived first stays: no grant undoes a revocation.
INSERT INTO consent (id, person, recipient, categories, setback, expires_on, confirm_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET person = excluded.person, recipient = excluded.recipient, categories = excluded.categories,
                               setback = excluded.setback, expires_on = excluded.expires_on, confirm_by = excluded.confirm_by

-- name: confirm_consent
INSERT INTO consent (id, person) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET confirm_by = NULL

-- name: renew_consent
-- Said in private, so nothing waits to be confirmed. What has ended stays so: `ended` is not touched.
INSERT INTO consent (id, person, expires_on) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET confirm_by = NULL, expires_on = excluded.expires_on

-- name: end_consent
-- Waits for every disclosure that reads the row FOR SHARE, and is the last word. True only the first time.
INSERT INTO consent (id, person, ended, ended_at) VALUES ($1, $2, $3, clock())
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_at = excluded.ended_at WHERE consent.ended IS NULL
RETURNING id

-- name: consent
-- Live by the function of that name: by our own copy and clock, in the days of the person's agency.
SELECT id, person, recipient, categories, setback, is_live(consent) AS is_live
  FROM consent WHERE id = $1

-- name: consent_for_share
-- Held to the end of a disclosing transaction: a revocation waits for it, and what comes after sees it.
SELECT id, person, recipient, categories, setback, is_live(consent) AS is_live
  FROM consent WHERE id = $1 FOR SHARE OF consent

-- name: expiry
SELECT expires_on FROM consent WHERE id = $1

-- name: hold_consents
-- The consents under which a referral's person may be told of, held in the order in which consents are locked; those
-- too that are not for whoever speaks. Nothing of them is told.
SELECT hold_consents($1)

-- name: lock_consents
-- Several that may end in one transaction: before any aggregate, always in this order.
SELECT id FROM consent WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE

-- name: lock_consents_of
-- All that somebody ever allowed; by consent_person_idx.
SELECT id FROM consent WHERE person = $1 ORDER BY id FOR UPDATE

-- name: consents_towards
-- What a person allows one agency to be told, held; by consent_person_idx.
SELECT id, person, recipient, categories, setback, expires_on, is_live(consent) AS is_live
  FROM consent WHERE person = $1 AND recipient = $2 AND ended IS NULL AND setback IS NULL
 ORDER BY id FOR SHARE OF consent

-- name: lets_know
-- Whether a person lets an agency know of one category, now. Nothing is disclosed by it, so nothing is held.
SELECT EXISTS (SELECT FROM consent c WHERE c.person = $1 AND c.recipient = $2 AND c.ended IS NULL AND c.setback IS NULL
                  AND $3 = ANY (c.categories) AND is_live(c))

-- name: agency
SELECT id, name, calendar, reports_to, lead, holds_no_records FROM agency WHERE id = $1

-- name: program
SELECT p.id, p.agency, p.name, p.needs, p.is_listed, coalesce(a.holds_no_records, false) AS holds_no_records
  FROM program p LEFT JOIN agency a ON a.id = p.agency WHERE p.id = $1

-- name: person
SELECT id, home, worker, language, is_synthetic FROM person WHERE id = $1

-- name: drop_person
-- Whoever was erased has no agency and no worker any more.
DELETE FROM person WHERE id = $1

-- name: people_of_worker
-- One range of person_worker_idx.
SELECT id, home, worker, language FROM person WHERE worker = $1 ORDER BY id LIMIT $2

-- name: waiting_for_a_worker
-- Who asked an agency for help and with whom nobody walks yet, the first to come first; by person_waiting_idx.
SELECT id FROM person WHERE home = $1 AND worker IS NULL ORDER BY id LIMIT $2

-- name: not_met
-- Of these people, those with whom nothing has begun: no contact, no promise, no plan, nothing asked for.
SELECT p.id FROM person p
 WHERE p.id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM contact c WHERE c.person = p.id)
   AND NOT EXISTS (SELECT FROM aggregate a WHERE a.person = p.id AND a.kind IN ('promise', 'plan', 'referral', 'setback')
                      AND a.stage <> 'new')
 ORDER BY p.id LIMIT $2

-- name: names
SELECT id, name FROM agency WHERE id = ANY ($1::uuid[]) UNION ALL SELECT id, name FROM program WHERE id = ANY ($1::uuid[])

-- name: other_programs
-- Other doors for the same need: listed, taking people, not tried by this person yet; the alphabet orders, nothing ranks.
SELECT p.id, p.agency, p.name FROM program p JOIN agency a ON a.id = p.agency
 WHERE p.needs @> ARRAY[$1] AND p.is_listed AND p.accepting AND NOT a.holds_no_records
   AND NOT EXISTS (SELECT FROM aggregate r WHERE r.kind = 'referral' AND r.person = $2 AND r.program = p.id
                      AND (r.is_open OR r.stage IN ('moved_on', 'not_taken')))
   AND p.id <> $3
 ORDER BY p.name, p.id LIMIT $4
