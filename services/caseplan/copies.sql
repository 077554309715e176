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

-- name: end_consent
-- Waits for every disclosure that reads the row FOR SHARE, and is the last word. True only the first time.
INSERT INTO consent (id, person, ended, ended_at) VALUES ($1, $2, $3, clock())
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_at = excluded.ended_at WHERE consent.ended IS NULL
RETURNING id

-- name: consent
SELECT id, person, recipient, categories, setback, expires_on, confirm_by, ended,
       ended IS NULL AND expires_on >= clock()::date AND (confirm_by IS NULL OR confirm_by >= clock()::date) AS is_live,
       (SELECT parked FROM progress WHERE consumer = 'caseplan' AND topic = 'throughcare.consent.v1' AND subject = consent.id::text)
           AS parked
  FROM consent WHERE id = $1

-- name: consent_for_share
-- Held to the end of a disclosing transaction: a revocation waits for it, and what comes after sees it.
SELECT id, person, recipient, categories, setback, expires_on, confirm_by, ended,
       ended IS NULL AND expires_on >= clock()::date AND (confirm_by IS NULL OR confirm_by >= clock()::date) AS is_live,
       (SELECT parked FROM progress WHERE consumer = 'caseplan' AND topic = 'throughcare.consent.v1' AND subject = consent.id::text)
           AS parked
  FROM consent WHERE id = $1 FOR SHARE OF consent

-- name: live_consents
-- A person's consents towards one agency, the longest-lived first.
SELECT id FROM consent WHERE person = $1 AND recipient = $2 AND ended IS NULL AND setback IS NULL
 ORDER BY expires_on DESC

-- name: agency
SELECT id, name, calendar, reports_to, lead, holds_no_records FROM agency WHERE id = $1

-- name: program
SELECT id, agency, name, needs, accepting, is_listed FROM program WHERE id = $1

-- name: person
SELECT id, home, worker, language, is_synthetic FROM person WHERE id = $1

-- name: people_of_worker
SELECT id, home, worker, language FROM person WHERE worker = $1 ORDER BY id LIMIT $2

-- name: names
SELECT id, name FROM agency WHERE id = ANY ($1::uuid[]) UNION ALL SELECT id, name FROM program WHERE id = ANY ($1::uuid[])

-- name: other_program
-- Another door for the same need: listed, taking people, of another program; the alphabet decides, nothing ranks.
SELECT id, agency FROM program
 WHERE needs @> ARRAY[$1] AND is_listed AND accepting AND id <> $2 AND agency IS NOT NULL
 ORDER BY name LIMIT 1
