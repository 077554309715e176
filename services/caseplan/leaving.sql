-- name: held
-- What is still in somebody's hands: whom they walk with, their open word, and what else names them although the person
-- walks with another. Three ranges of the indexes by worker.
SELECT (SELECT count(*)::int FROM person WHERE worker = $1) AS people,
       (SELECT count(*)::int FROM aggregate WHERE worker = $1 AND kind = 'promise' AND is_open)
           + (SELECT count(*)::int FROM aggregate WHERE worker = $1 AND kind = 'promise' AND stage = 'broken'
                 AND state->>'by_person' = 'true' AND state->>'admitted' IS NULL) AS promises,
       (SELECT count(*)::int FROM aggregate a WHERE a.worker = $1 AND a.kind <> 'promise' AND a.is_open
           AND NOT EXISTS (SELECT FROM person p WHERE p.id = a.person AND p.worker = $1)) AS work,
       (SELECT count(*)::int FROM contact c WHERE c.worker = $1 AND c.speak_on IS NOT NULL
           AND NOT EXISTS (SELECT FROM person p WHERE p.id = c.person AND p.worker = $1)
           AND NOT EXISTS (SELECT FROM contact later WHERE later.person = c.person AND later.at > c.at)) AS days

-- name: their_promises
-- Locked in the order of all aggregates.
SELECT id FROM aggregate
 WHERE worker = $1 AND kind = 'promise'
   AND (is_open OR (stage = 'broken' AND state->>'by_person' = 'true' AND state->>'admitted' IS NULL))
 ORDER BY kind, id LIMIT $2 FOR UPDATE

-- name: their_work
-- What stands for people who walk with somebody else by now. Where nobody is named for the person yet it waits for that.
SELECT a.kind, a.id, p.worker FROM aggregate a JOIN person p ON p.id = a.person
 WHERE a.worker = $1 AND a.kind <> 'promise' AND a.is_open AND p.worker <> $1
 ORDER BY a.kind, a.id LIMIT $2 FOR UPDATE OF a

-- name: hand_over_days
-- The days on which they would have spoken again; who was in touch stays on the timeline.
UPDATE contact SET worker = p.worker FROM person p
 WHERE contact.worker = $1 AND contact.speak_on IS NOT NULL AND p.id = contact.person AND p.worker <> $1
RETURNING contact.person

-- name: not_complete
-- Who left an agency and still holds something, as `held` counts it, the longest gone first.
SELECT w.id FROM worker w
 WHERE w.agency = $1 AND w.left_at IS NOT NULL
   AND (EXISTS (SELECT FROM person p WHERE p.worker = w.id)
        OR EXISTS (SELECT FROM aggregate a WHERE a.worker = w.id AND a.is_open)
        OR EXISTS (SELECT FROM aggregate a WHERE a.worker = w.id AND a.kind = 'promise' AND a.stage = 'broken'
                      AND a.state->>'by_person' = 'true' AND a.state->>'admitted' IS NULL)
        OR EXISTS (SELECT FROM contact c WHERE c.worker = w.id AND c.speak_on IS NOT NULL
                      AND NOT EXISTS (SELECT FROM contact later WHERE later.person = c.person AND later.at > c.at)))
 ORDER BY w.left_at LIMIT $2
