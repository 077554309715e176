-- name: add_session
-- As their account stands at this moment, held until the session is there: none is opened for whoever left, or was
-- erased, while they signed in, nor by a password or PIN ($10) that was given up meanwhile. What ran out long ago is
-- forgotten as its owner comes back.
WITH forgotten AS (DELETE FROM session WHERE account_id = $3 AND ends_at < clock() - $8::interval),
     staff AS (SELECT role, agency_id, stage, password FROM account WHERE id = $3 AND $4 <> 'person' FOR SHARE),
     whose AS (SELECT erased_at FROM person WHERE id = $3 AND $4 = 'person' FOR SHARE),
     way AS (SELECT pin, second FROM way_in WHERE person_id = $3 AND $4 = 'person' FOR SHARE)
INSERT INTO session (id, secret, account_id, role, agency_id, quiet, ends_at, harmless)
SELECT $1, $2, $3, coalesce((SELECT role FROM staff), $4),
       CASE WHEN EXISTS (SELECT FROM staff) THEN (SELECT agency_id FROM staff) ELSE $5::uuid END,
       $6::interval, clock() + $7::interval, $9
 WHERE NOT EXISTS (SELECT FROM staff WHERE stage <> 'active') AND NOT EXISTS (SELECT FROM whose WHERE erased_at IS NOT NULL)
   AND ($10::text IS NULL OR EXISTS (SELECT FROM staff WHERE password = $10)
        OR EXISTS (SELECT FROM way WHERE $10 IN (pin, second)))
RETURNING role, agency_id;

-- name: renew_session
-- The session behind a cookie, while it is live, and as its owner's account now stands; a step makes it fresh.
UPDATE session SET seen_at = CASE WHEN $2 THEN clock() ELSE seen_at END
  FROM (SELECT found.id, account.role, account.agency_id, account.id AS account_id
          FROM session found LEFT JOIN account ON account.id = found.account_id AND found.role <> 'person'
         WHERE found.secret = $1 AND (account.id IS NULL OR account.stage = 'active')
           AND NOT EXISTS (SELECT FROM person WHERE person.id = found.account_id AND erased_at IS NOT NULL)) AS owner
 WHERE session.id = owner.id AND ended_at IS NULL AND clock() < ends_at
   AND (quiet IS NULL OR clock() < session.seen_at + quiet)
RETURNING session.id, session.account_id, session.harmless, coalesce(owner.role, session.role) AS role,
          CASE WHEN owner.account_id IS NULL THEN session.agency_id ELSE owner.agency_id END AS agency_id,
          extract(epoch FROM least(ends_at, session.seen_at + quiet) - clock())::float8 AS remaining,
          extract(epoch FROM clock() - session.seen_at)::float8 AS quiet_for;

-- name: end_by_secret
UPDATE session SET ended_at = clock(), because = $2 WHERE secret = $1 AND ended_at IS NULL AND clock() < ends_at
RETURNING id;

-- name: end_of_account
-- All but one of somebody's; NULL spares none.
UPDATE session SET ended_at = clock(), because = $2
 WHERE account_id = $1 AND ended_at IS NULL AND clock() < ends_at AND id IS DISTINCT FROM $3 RETURNING id;

-- name: has_ended
SELECT EXISTS (SELECT FROM session WHERE id = $1 AND ended_at IS NOT NULL);

-- name: end_again
-- As an event of ours says, after a restore.
UPDATE session SET ended_at = $2, because = $3 WHERE id = $1 AND ended_at IS NULL;
