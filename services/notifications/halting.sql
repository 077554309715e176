-- name: claim
-- Some that nobody is at work on; one that was claimed and forgotten is free again.
UPDATE halting SET claimed_until = clock() + $2::interval
 WHERE consent IN (SELECT consent FROM halting WHERE claimed_until IS NULL OR claimed_until < clock()
                    ORDER BY asked_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING consent, person, reason, shards

-- name: done
-- Whoever deletes the row says it; nobody says it twice.
DELETE FROM halting WHERE consent = $1 RETURNING consent

