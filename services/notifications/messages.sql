-- name: reader
-- Whom a message would be for, and whether the consent that its news came under is live. One row always.
SELECT person.channels, person.contact IS NOT NULL AS has_contact, person.erased, person.quiet_from, person.quiet_until,
       agency.timezone,
       consent.person IS NOT NULL AND consent.recipient IS NOT NULL AS consent_heard,
       consent.ended IS NULL
           AND (consent.confirmed OR consent.confirm_by >= (clock() AT TIME ZONE coalesce(agency.timezone, 'UTC'))::date)
           AS consent_live,
       consent.expires_on, clock() AS now
  FROM (SELECT $1::uuid AS id, $2::uuid AS consent) AS asked
  LEFT JOIN person ON person.id = asked.id
  LEFT JOIN agency ON agency.id = person.agency
  LEFT JOIN consent ON consent.id = asked.consent

-- name: put_message
-- Once for each occasion: true the first time. One that a restore took back learns its consent here.
INSERT INTO message (id, person, occasion, about, cause, consent, channel, state, not_before, held, reason, link,
                     decided_at, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock(), CASE WHEN $8 = 'withheld' THEN clock() END)
ON CONFLICT (person, occasion, about, cause) DO UPDATE SET consent = excluded.consent WHERE message.consent IS NULL
RETURNING id = $1

-- name: withdraw_under
-- message_consent_idx. An attempt under way is not ours to end: whoever waits for it sees it.
UPDATE message SET state = 'withheld', reason = 'out_of_date', held = NULL, settled_at = clock()
 WHERE consent = $1 AND state = 'waiting'
RETURNING id, person

-- name: withdraw_of
UPDATE message SET state = 'withheld', reason = 'no_safe_way', held = NULL, settled_at = clock()
 WHERE person = $1 AND state = 'waiting'
RETURNING id, person

-- name: withdraw_links
UPDATE message SET state = 'withheld', reason = 'out_of_date', held = NULL, settled_at = clock()
 WHERE person = $1 AND occasion = 'link' AND state = 'waiting'
RETURNING id, person

-- name: ids_of
SELECT id FROM message WHERE person = $1

-- name: due
-- What may go now, the longest wait first; message_open_idx.
SELECT id FROM message
 WHERE state IN ('waiting', 'sending') AND not_before <= clock() AND (lease_until IS NULL OR lease_until < clock())
 ORDER BY not_before LIMIT $1

-- name: claim
-- With all that decides once more, since hours may have passed.
SELECT message.id, message.person, message.occasion, message.attempt, message.link, message.decided_at, person.channels,
       person.contact, person.contact IS NOT NULL AS has_contact, person.erased, person.quiet_from, person.quiet_until,
       person.language, agency.timezone,
       consent.person IS NOT NULL AND consent.recipient IS NOT NULL AS consent_heard,
       consent.ended IS NULL
           AND (consent.confirmed OR consent.confirm_by >= (clock() AT TIME ZONE coalesce(agency.timezone, 'UTC'))::date)
           AS consent_live,
       consent.expires_on, clock() AS now
  FROM message
  LEFT JOIN person ON person.id = message.person
  LEFT JOIN agency ON agency.id = person.agency
  LEFT JOIN consent ON consent.id = message.consent
 WHERE message.id = $1 AND message.state IN ('waiting', 'sending')
   AND (message.lease_until IS NULL OR message.lease_until < clock())
   FOR UPDATE OF message

-- name: lock_consent_of
-- First of all, as in every disclosing transaction.
SELECT 1 FROM consent WHERE id = (SELECT consent FROM message WHERE id = $1) FOR SHARE

-- name: begin_attempt
UPDATE message SET state = 'sending', held = NULL, attempt = attempt + 1, lease_until = clock() + $2
 WHERE id = $1 RETURNING attempt

-- name: hold
UPDATE message SET state = 'waiting', not_before = $2, held = $3, lease_until = NULL WHERE id = $1

-- name: settle_sent
UPDATE message SET state = 'sent', settled_at = clock(), lease_until = NULL
 WHERE id = $1 AND state = 'sending' RETURNING id

-- name: settle_withheld
UPDATE message SET state = 'withheld', reason = $2, held = NULL, settled_at = clock(), lease_until = NULL
 WHERE id = $1 AND state IN ('waiting', 'sending') RETURNING id

-- name: try_later
-- The carrier did not take it: again, later each time, at most an hour apart.
UPDATE message SET state = 'waiting', lease_until = NULL,
       not_before = clock() + least(interval '1 hour', interval '5 seconds' * power(2, attempt))
 WHERE id = $1 AND state = 'sending'

-- name: under_way
-- Attempts that a revocation has to wait for; message_consent_idx.
SELECT id, lease_until > clock() AS leased FROM message WHERE consent = ANY ($1::uuid[]) AND state = 'sending'

-- name: of_person
SELECT message.id, occasion, channel, state, not_before, held, reason, decided_at, settled_at, clock() AS now
  FROM message WHERE person = $1 ORDER BY decided_at DESC LIMIT $2

-- name: person
SELECT person.id, person.worker, person.agency, person.language, agency.timezone
  FROM person LEFT JOIN agency ON agency.id = person.agency WHERE person.id = $1
