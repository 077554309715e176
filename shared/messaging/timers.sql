-- name: start_timer
-- Starting a clock voids the one of its kind for the same subject.
INSERT INTO timer (kind, subject, id, rule, started_at, due_at)
VALUES ($1, $2, $3, $4, coalesce($6, clock()), $5)
ON CONFLICT (kind, subject) DO UPDATE
   SET id = excluded.id, rule = excluded.rule, started_at = excluded.started_at, due_at = excluded.due_at, failures = 0

-- name: stop_timer
DELETE FROM timer WHERE kind = $1 AND subject = $2

-- name: due_timers
-- What is due now, the most overdue first; nothing is locked here, since the aggregate must be locked before.
SELECT kind, subject, id, rule, started_at, due_at, clock() AS at FROM timer
 WHERE due_at <= clock() ORDER BY due_at LIMIT $1

-- name: lock_timer
-- Ours, if this very clock still lives.
SELECT rule, started_at, clock() AS at FROM timer WHERE kind = $1 AND subject = $2 AND id = $3 FOR UPDATE

-- name: sleep_timer
UPDATE timer SET due_at = $4 WHERE kind = $1 AND subject = $2 AND id = $3

-- name: end_timer
DELETE FROM timer WHERE kind = $1 AND subject = $2 AND id = $3

-- name: delay_timer
-- A clock whose effect fails waits longer each time, and stands in nobody's way: at most an hour.
UPDATE timer SET failures = failures + 1, due_at = clock() + least(interval '1 hour', interval '1 second' * power(2, failures))
 WHERE kind = $1 AND subject = $2 AND id = $3

-- name: timers_by_rule
-- Clocks that follow one agency's calendar, to be computed again when it changes.
SELECT kind, subject, id, rule, started_at FROM timer WHERE rule @> $1 FOR UPDATE

-- name: now
SELECT clock()
