-- name: lock_consent
-- Taken before any event is written, and what a revocation waits for while something is being disclosed.
SELECT * FROM consent WHERE id = $1 FOR UPDATE;

-- name: find_consent
SELECT * FROM consent WHERE id = $1;

-- name: add_consent
INSERT INTO consent (id, person_id, discloser, recipient, categories, purpose, expires_on, setback, zone, stage,
                     granted_on, confirm_by, given, reason, halted, asked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: save_consent
-- Each moment is the first at which the row stood there.
UPDATE consent
   SET stage = $2, granted_on = $3, confirm_by = $4, given = $5, reason = $6, halted = $7, expires_on = $8,
       granted_at = CASE WHEN $2 IN ('granted', 'confirmed') THEN coalesce(granted_at, clock()) ELSE granted_at END,
       revoked_at = CASE WHEN $2 = 'revoked' THEN coalesce(revoked_at, clock()) ELSE revoked_at END,
       in_effect_at = CASE WHEN $2 = 'in_effect' THEN coalesce(in_effect_at, clock()) ELSE in_effect_at END,
       ended_at = CASE WHEN $2 = 'lapsed' THEN coalesce(ended_at, clock()) ELSE ended_at END
 WHERE id = $1;

-- name: consents_of
-- A person's consents, the latest first, by consent_person_idx. What was answered with "not now" is nobody's list.
SELECT * FROM consent WHERE person_id = $1 AND stage <> 'not_now' ORDER BY asked_at DESC LIMIT $2;

-- name: disclosing
-- The consents that let an agency be told who somebody is, held while it is told: a revocation waits for this read,
-- and no read begins after it. By consent_recipient_idx.
SELECT * FROM consent
 WHERE person_id = $1 AND recipient = $2 AND stage IN ('granted', 'confirmed') ORDER BY id FOR SHARE;

-- name: kept_out
-- By the function of that name, which reads what the person alone may see.
SELECT keeps_out($1, $2);

-- name: lock_kept_out
-- What stands between any of their records and whom they keep out.
SELECT * FROM consent WHERE person_id IN (SELECT records_of($1)) AND stage IN ('asked', 'granted', 'confirmed')
   AND keeps_out(person_id, recipient) ORDER BY id FOR UPDATE;

-- name: put_word
INSERT INTO consent_word (id, consent_id, person_id, verb, given, recorded_by, lang, version, read)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: words_of
-- What was said of one consent, in order; by consent_word_idx.
SELECT verb, given, recorded_by, said_at, lang, version, read FROM consent_word
 WHERE consent_id = $1 ORDER BY said_at, id LIMIT 100;

-- name: with_text
-- Those of some consents of which a text was kept.
SELECT DISTINCT consent_id FROM consent_word WHERE consent_id = ANY ($1::uuid[]) AND read IS NOT NULL;

-- name: known_to
-- Whether somebody is known to an agency: it walks with them, may tell of them, or hears of them.
SELECT EXISTS (SELECT FROM person WHERE id = $1 AND erased_at IS NULL AND (agency_id = $2 OR worker_id = $3))
    OR EXISTS (SELECT FROM consent WHERE person_id = $1 AND (recipient = $2 OR discloser = $2)
                  AND stage IN ('granted', 'confirmed'));

-- name: live_of
-- What stands of somebody's yeses, held in the order in which consents are.
SELECT * FROM consent WHERE person_id = $1 AND stage IN ('granted', 'confirmed') ORDER BY id FOR UPDATE;

-- name: treats
-- Whether an agency offers a program for one of these needs; by program_agency_idx.
SELECT EXISTS (SELECT FROM program WHERE agency_id = $1 AND needs && $2::text[] AND withdrawn IS NULL);

-- name: mark_of_consents
-- A few letters that change when any of a person's consents does; by consent_person_idx.
SELECT left(md5(coalesce(string_agg(concat_ws('.', id, stage, confirm_by), ',' ORDER BY id), '')), 12)
  FROM consent WHERE person_id = $1;
