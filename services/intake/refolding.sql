-- name: put_person
-- Their name and their own words are in no event. Nothing comes back where their agency is not known.
INSERT INTO person (id, agency_id, worker_id, name, way, safe, language, came, synthetic, welcomed_at, changed_at)
SELECT $1, agency.id, $3, '', $4, $5, $6, $7, $8, $9, $9 FROM agency WHERE agency.id = $2
ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id;

-- name: assign_worker
UPDATE person SET worker_id = $2, agency_id = $3, changed_at = $4
 WHERE id = $1 AND EXISTS (SELECT FROM agency WHERE id = $3);

-- name: change_contact
-- Without a sealed contact the ways changed and the number did not.
UPDATE person SET contact = coalesce($2, contact), way = $3, safe = $4, language = $5, changed_at = $6 WHERE id = $1;

-- name: fold_first_way
-- The number and the quiet hours of the way that is tried first; which way it is, and that it is safe, comes next.
UPDATE person SET contact = coalesce($2, contact), quiet_from = $3, quiet_until = $4, care = NULL WHERE id = $1;

-- name: zone
-- Where the days of an agency end.
SELECT entry -> 'calendar' ->> 'timezone' FROM agency WHERE id = $1;

-- name: put_consent
-- Where an event says that it stood, and since when. Nothing comes back where one of those it names is not known.
INSERT INTO consent AS known (id, person_id, discloser, recipient, categories, purpose, expires_on, setback, zone,
                              stage, granted_on, confirm_by, given, reason, asked_by, asked_at, granted_at)
SELECT $1, person.id, teller.id, hearer.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16
  FROM person, agency teller, agency hearer WHERE person.id = $2 AND teller.id = $3 AND hearer.id = $4
ON CONFLICT (id) DO UPDATE
   SET expires_on = $7, stage = $10, granted_on = $11, confirm_by = $12, given = $13, reason = $14,
       granted_at = CASE WHEN $10 IN ('granted', 'confirmed') THEN coalesce(known.granted_at, $16) ELSE known.granted_at END,
       revoked_at = CASE WHEN $10 = 'revoked' THEN coalesce(known.revoked_at, $16) ELSE known.revoked_at END,
       ended_at = CASE WHEN $10 = 'lapsed' THEN coalesce(known.ended_at, $16) ELSE known.ended_at END
RETURNING id;
