-- name: put_agencies
-- The latest that each agency says of itself.
INSERT INTO agency (id, name, calendar, holds_no_records)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::boolean[])
ON CONFLICT (id) DO UPDATE SET name = excluded.name, calendar = excluded.calendar,
    holds_no_records = excluded.holds_no_records

-- name: put_programs
-- A program that ended keeps the name it had.
INSERT INTO program AS known (id, agency, name, withdrawn)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[])
ON CONFLICT (id) DO UPDATE SET agency = excluded.agency, name = coalesce(excluded.name, known.name),
    withdrawn = excluded.withdrawn

-- name: put_referrals
-- Firsts stay, latest words replace, counts add. Found by primary key; no index changes with a move.
INSERT INTO referral AS known (id, agency, program, need, stage, sent_at, delivered_at, first_answer_at, first_answer,
    begun_at, reported_at, outcome, closed_at, closed_by, escalated, disputed, reopened, told_worker)
SELECT * FROM unnest($1::referral_change[])
ON CONFLICT (id) DO UPDATE SET
    agency = excluded.agency, program = excluded.program, need = excluded.need, stage = excluded.stage,
    sent_at = coalesce(known.sent_at, excluded.sent_at),
    delivered_at = coalesce(known.delivered_at, excluded.delivered_at),
    first_answer_at = coalesce(known.first_answer_at, excluded.first_answer_at),
    first_answer = coalesce(known.first_answer, excluded.first_answer),
    begun_at = coalesce(known.begun_at, excluded.begun_at),
    reported_at = coalesce(excluded.reported_at, known.reported_at),
    outcome = coalesce(excluded.outcome, known.outcome),
    closed_at = CASE WHEN excluded.closed_by IS NULL THEN known.closed_at ELSE excluded.closed_at END,
    closed_by = coalesce(excluded.closed_by, known.closed_by),
    escalated = known.escalated + excluded.escalated,
    disputed = known.disputed + excluded.disputed,
    reopened = known.reopened + excluded.reopened,
    told_worker = coalesce(excluded.told_worker, known.told_worker)

-- name: put_promises
INSERT INTO promise AS known (id, agency, stage, due, made_at, kept_at, broken_at, late, by_person, moved, admitted,
    mends)
SELECT * FROM unnest($1::promise_change[])
ON CONFLICT (id) DO UPDATE SET
    agency = excluded.agency, stage = excluded.stage, due = excluded.due,
    made_at = coalesce(known.made_at, excluded.made_at),
    kept_at = CASE WHEN excluded.broken_at IS NULL THEN coalesce(known.kept_at, excluded.kept_at)
                   ELSE excluded.kept_at END,
    broken_at = coalesce(excluded.broken_at, known.broken_at),
    late = coalesce(excluded.late, known.late),
    by_person = coalesce(excluded.by_person, known.by_person),
    moved = known.moved + excluded.moved,
    admitted = coalesce(excluded.admitted, known.admitted),
    mends = known.mends OR excluded.mends

-- name: put_setbacks
-- That nobody came undoes the first contact, as long as they had not asked for somebody once more since.
INSERT INTO setback AS known (id, stage, reported_at, nobody_came_at, contacted_at, late, asked_again, supported_at)
SELECT * FROM unnest($1::setback_change[])
ON CONFLICT (id) DO UPDATE SET
    stage = excluded.stage,
    reported_at = coalesce(known.reported_at, excluded.reported_at),
    nobody_came_at = CASE WHEN known.asked_again THEN known.nobody_came_at
                          ELSE coalesce(excluded.nobody_came_at, known.nobody_came_at) END,
    contacted_at = CASE WHEN excluded.nobody_came_at IS NULL OR known.asked_again
                        THEN coalesce(known.contacted_at, excluded.contacted_at) ELSE excluded.contacted_at END,
    late = CASE WHEN known.contacted_at IS NULL OR (excluded.nobody_came_at IS NOT NULL AND NOT known.asked_again)
                THEN excluded.late ELSE known.late END,
    asked_again = known.asked_again OR excluded.asked_again,
    supported_at = coalesce(known.supported_at, excluded.supported_at)

-- name: put_messages
INSERT INTO message AS known (id, audience, occasion, channel, decided_at, sent_at, withheld_at, reason)
SELECT * FROM unnest($1::message_change[])
ON CONFLICT (id) DO UPDATE SET
    audience = excluded.audience,
    occasion = coalesce(excluded.occasion, known.occasion),
    channel = coalesce(excluded.channel, known.channel),
    decided_at = coalesce(known.decided_at, excluded.decided_at),
    sent_at = coalesce(known.sent_at, excluded.sent_at),
    withheld_at = coalesce(known.withheld_at, excluded.withheld_at),
    reason = coalesce(excluded.reason, known.reason)

-- name: put_arrivals
INSERT INTO arrival (id, answer_by, late) SELECT * FROM unnest($1::arrival_change[]) ON CONFLICT (id) DO NOTHING

-- name: put_tellings
INSERT INTO telling (id, told_at, told, retold) SELECT * FROM unnest($1::telling_change[])
ON CONFLICT (id) DO NOTHING

-- name: put_revocations
INSERT INTO revocation AS known (id, revoked_at, caseplan_at, notifications_at)
SELECT * FROM unnest($1::revocation_change[])
ON CONFLICT (id) DO UPDATE SET
    revoked_at = coalesce(known.revoked_at, excluded.revoked_at),
    caseplan_at = coalesce(known.caseplan_at, excluded.caseplan_at),
    notifications_at = coalesce(known.notifications_at, excluded.notifications_at)

-- name: now
SELECT clock()

-- name: agencies
SELECT id, name, calendar FROM agency ORDER BY lower(name), id

-- name: programs
SELECT count(*) FROM program WHERE NOT withdrawn AND name IS NOT NULL

-- name: referrals_by_agency
-- Referrals sent in the window, by how far they came. referral_sent_brin finds the blocks.
SELECT agency,
       count(*) AS sent,
       count(first_answer_at) AS answered,
       count(begun_at) AS begun,
       count(*) FILTER (WHERE closed_by IS NOT NULL) AS reported,
       count(*) FILTER (WHERE closed_by = 'person') AS confirmed,
       count(*) FILTER (WHERE closed_by = 'open_again') AS reopened,
       count(*) FILTER (WHERE closed_by = 'silence') AS silent,
       count(*) FILTER (WHERE told_worker IS NOT NULL AND closed_by IS DISTINCT FROM 'person') AS told_worker
  FROM referral WHERE sent_at >= $1 AND sent_at < $2 AND stage <> 'entered_in_error' GROUP BY agency

-- name: referrals_by_stage
SELECT stage, count(*) AS count
  FROM referral WHERE sent_at >= $1 AND sent_at < $2 AND stage <> 'entered_in_error' GROUP BY stage

-- name: first_answers
-- When each agency was asked and first answered: what it could read counts from when it could read it.
SELECT agency, CASE WHEN delivered_at <= first_answer_at THEN delivered_at ELSE sent_at END AS asked_at, first_answer_at
  FROM referral
 WHERE sent_at >= $1 AND sent_at < $2 AND first_answer_at IS NOT NULL AND stage <> 'entered_in_error'

-- name: promises
-- Promises that fell due in the window and whose end is known, by agency and month of the network's zone; where the
-- window runs to this moment ($4), those that were settled before their day as well.
SELECT agency, date_trunc('month', least(due, $2) AT TIME ZONE $3)::date AS month,
       count(*) FILTER (WHERE stage = 'kept' AND NOT late AND moved = 0) AS kept,
       count(*) FILTER (WHERE stage = 'kept' AND NOT late AND moved > 0) AS moved,
       count(*) FILTER (WHERE stage = 'broken' OR late) AS late
  FROM promise
 WHERE due >= $1 AND stage IN ('kept', 'broken') AND (due < $2 OR $4) GROUP BY 1, 2

-- name: setbacks
-- Real hours: nights, weekends and holidays count. What was taken back before anybody came is left out.
SELECT count(contacted_at) FILTER (WHERE NOT late) AS in_time,
       count(contacted_at) FILTER (WHERE late) AS late,
       count(*) FILTER (WHERE contacted_at IS NULL) AS waiting,
       count(supported_at) AS supported,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY contacted_at - reported_at)
           FILTER (WHERE contacted_at IS NOT NULL) AS middle
  FROM setback
 WHERE reported_at >= $1 AND reported_at < $2 AND (contacted_at IS NOT NULL OR stage <> 'withdrawn')

-- name: messages
SELECT count(sent_at) AS sent,
       count(withheld_at) FILTER (WHERE sent_at IS NULL) AS withheld,
       count(*) FILTER (WHERE sent_at IS NULL AND withheld_at IS NULL) AS waiting
  FROM message WHERE decided_at >= $1 AND decided_at < $2

-- name: arrivals
-- By the promised moment, so that only promises count whose time is over.
SELECT count(*) FILTER (WHERE NOT late) AS promised, count(*) FILTER (WHERE late) AS late
  FROM arrival WHERE answer_by >= $1 AND answer_by < $2

-- name: tellings
SELECT coalesce(sum(told), 0)::int AS told, coalesce(sum(retold), 0)::int AS retold
  FROM telling WHERE told_at >= $1 AND told_at < $2

-- name: revocations
-- greatest() knows no null, and a service's word of an earlier stop holds from the revocation on.
SELECT count(took) AS in_effect, count(*) - count(took) AS waiting,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY took) AS middle
  FROM (SELECT CASE WHEN caseplan_at IS NOT NULL AND notifications_at IS NOT NULL
                    THEN greatest(revoked_at, caseplan_at, notifications_at) - revoked_at END AS took
          FROM revocation WHERE revoked_at >= $1 AND revoked_at < $2) AS revoked

-- name: wipe_progress
DELETE FROM progress WHERE consumer = $1

-- name: wipe_offsets
DELETE FROM consumer_offset WHERE consumer = $1

-- name: wipe_letters
DELETE FROM dead_letter WHERE consumer = $1
