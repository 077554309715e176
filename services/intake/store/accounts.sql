-- name: add_account
INSERT INTO account (id, agency_id, role, sign_in, name, stage, totp, invitation, invitation_ends_at, invited_by,
                     known_as)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock() + $9::interval, $10, $11) ON CONFLICT DO NOTHING RETURNING id;

-- name: lock_account
SELECT id, agency_id, role, sign_in, stage FROM account WHERE id = $1 FOR UPDATE;

-- name: lock_accounts
SELECT id, agency_id, role, sign_in, stage FROM account WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: find_by_sign_in
SELECT id, agency_id, role, sign_in, stage, password, totp, totp_step FROM account WHERE sign_in = $1;

-- name: find_proofs
SELECT id, agency_id, role, sign_in, stage, password, totp, totp_step FROM account WHERE id = $1;

-- name: find_invited
SELECT id, agency_id, role, sign_in, stage, password, totp, totp_step FROM account
 WHERE invitation = $1 AND stage = 'invited' AND clock() < invitation_ends_at;

-- name: lock_invited
SELECT id, agency_id, role, sign_in, stage FROM account
 WHERE invitation = $1 AND stage = 'invited' AND clock() < invitation_ends_at FOR UPDATE;

-- name: lock_known_as
SELECT id, agency_id, role, sign_in, stage, known_subject FROM account
 WHERE known_as = $1 AND stage <> 'left' FOR UPDATE;

-- name: save_arrived
-- An invitation is used up by arriving in another way too.
UPDATE account SET stage = $2, known_subject = $3, invitation = NULL, invitation_ends_at = NULL,
                   changed_at = CASE WHEN stage = $2 THEN changed_at ELSE clock() END
 WHERE id = $1;

-- name: save_known_as
-- Who was seen there before counts no more. That nobody else is known by it holds across agencies, so the index says.
UPDATE account SET known_as = $2, known_subject = NULL, changed_at = clock() WHERE id = $1;

-- name: accept
UPDATE account SET stage = 'active', password = $2, totp_step = $3, invitation = NULL, invitation_ends_at = NULL,
                   changed_at = clock()
 WHERE id = $1;

-- name: invite_again
UPDATE account SET stage = 'invited', password = NULL, totp = $2, totp_step = NULL, invitation = $3,
                   invitation_ends_at = clock() + $4::interval, changed_at = clock()
 WHERE id = $1;

-- name: save_account
-- Role and stage; whoever has left keeps nothing that could let them in.
UPDATE account SET role = $2, stage = $3, changed_at = clock(),
                   left_at = CASE WHEN $3 = 'left' THEN clock() END,
                   password = CASE WHEN $3 = 'left' THEN NULL ELSE password END,
                   totp = CASE WHEN $3 = 'left' THEN NULL ELSE totp END,
                   invitation = CASE WHEN $3 = 'left' THEN NULL ELSE invitation END,
                   known_as = CASE WHEN $3 = 'left' THEN NULL ELSE known_as END,
                   known_subject = CASE WHEN $3 = 'left' THEN NULL ELSE known_subject END
 WHERE id = $1 RETURNING name;

-- name: take_step
-- The code of a step is taken once, also when it is sent twice at the same moment.
UPDATE account SET totp_step = $2 WHERE id = $1 AND stage = 'active' AND coalesce(totp_step, -1) < $2 RETURNING id;

-- name: take_recovery
UPDATE recovery_code SET used_at = clock()
 WHERE account_id = $1 AND hash = $2 AND used_at IS NULL RETURNING account_id;

-- name: put_recovery
WITH gone AS (DELETE FROM recovery_code WHERE account_id = $1)
INSERT INTO recovery_code (account_id, hash) SELECT $1, unnest($2::bytea[]);

-- name: save_password
UPDATE account SET password = $2 WHERE id = $1;

-- name: save_phone
-- No code of either phone is taken twice.
UPDATE account SET totp = $2, totp_step = greatest(totp_step, $3) WHERE id = $1;

-- name: forget_devices
DELETE FROM known_device WHERE account_id = $1;

-- name: is_known_device
SELECT EXISTS (SELECT FROM known_device JOIN account ON account.id = account_id WHERE sign_in = $1 AND hash = $2);

-- name: know_device
INSERT INTO known_device (account_id, hash) VALUES ($1, $2)
ON CONFLICT (account_id, hash) DO UPDATE SET seen_at = clock();

-- name: list_accounts
-- Those of one agency, or with NULL everybody's; who left stands last.
SELECT id, agency_id, role, sign_in, stage, opened_at, left_at FROM account
 WHERE $1::uuid IS NULL OR agency_id = $1 ORDER BY stage = 'left', agency_id NULLS FIRST, opened_at, id LIMIT $2;

-- name: find_account
SELECT id, agency_id, role, sign_in, stage, opened_at, left_at FROM account WHERE id = $1;

-- name: walking_with
-- How many people each of these is the named worker of.
SELECT worker_id, count(*) FROM person WHERE worker_id = ANY ($1::uuid[]) GROUP BY worker_id;

-- name: walked_with
-- Whom somebody walks with, in the order in which rows are locked.
SELECT id FROM person WHERE worker_id = $1 ORDER BY id LIMIT $2;

-- name: workers_of
SELECT id, agency_id, role, sign_in, stage, opened_at, left_at FROM account
 WHERE agency_id = $1 AND stage <> 'left' AND role = ANY ($2::text[]) ORDER BY id;

-- name: fold_opened
INSERT INTO account (id, agency_id, role, sign_in, name, stage, invited_by, opened_at)
SELECT $1::uuid, $2, $3, ($1::uuid)::text, $5, 'invited', $1::uuid, $4
 WHERE $2::uuid IS NULL OR EXISTS (SELECT FROM agency WHERE id = $2)
ON CONFLICT DO NOTHING;

-- name: fold_changed
UPDATE account SET role = $2, changed_at = $3, name = CASE WHEN name = '' THEN $4 ELSE name END WHERE id = $1;

-- name: fold_left
UPDATE account SET stage = 'left', left_at = $2, password = NULL, totp = NULL, invitation = NULL,
                   known_as = NULL, known_subject = NULL
 WHERE id = $1;

-- name: fold_replaced
-- What let them in on the day of the backup was given up since: they need a new link, as somebody who lost theirs does.
WITH gone AS (DELETE FROM recovery_code WHERE account_id = $1)
UPDATE account SET stage = CASE WHEN stage = 'active' THEN 'invited' ELSE stage END,
                   password = NULL, totp = NULL, invitation = NULL, changed_at = $2
 WHERE id = $1;

-- name: fold_untied
UPDATE account SET known_as = NULL, known_subject = NULL, changed_at = $2 WHERE id = $1;
