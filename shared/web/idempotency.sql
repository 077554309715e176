-- name: claim_key
-- Ours to answer: a new key, or one that ran out. Waits for whoever holds the same key; returns nothing once they have answered.
INSERT INTO idempotency (actor_id, key, route, body_hash) VALUES ($1, $2, $3, $4)
    ON CONFLICT (actor_id, key) DO UPDATE
   SET route = $3, body_hash = $4, status = NULL, headers = NULL, body = NULL, expires_at = clock() + interval '24 hours'
 WHERE idempotency.expires_at <= clock()
RETURNING true;

-- name: find_answer
SELECT route, body_hash, status, headers, body FROM idempotency WHERE actor_id = $1 AND key = $2;

-- name: keep_answer
UPDATE idempotency SET status = $3, headers = $4, body = $5 WHERE actor_id = $1 AND key = $2;

-- name: mark_used
-- A key without an answer: what it was used for is done, what was said of it is lost.
INSERT INTO idempotency (actor_id, key, route, body_hash) VALUES ($1, $2, '', '') ON CONFLICT DO NOTHING;

-- name: forget_expired
-- A bounded bite, so that no cleaning holds rows for long.
DELETE FROM idempotency WHERE (actor_id, key) IN (
    SELECT actor_id, key FROM idempotency WHERE expires_at <= clock() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED);
