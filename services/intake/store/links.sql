-- name: hold_people
-- In one order, as everybody does who changes more than one; before the link between them.
SELECT FROM person WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: linked_with
-- Every record that somebody said is theirs, however many links away, and those of whoever is being asked about.
SELECT DISTINCT records_of(near.id) AS id
  FROM (SELECT $1::uuid AS id UNION
        SELECT CASE person_id WHEN $1 THEN other_id ELSE person_id END FROM link
         WHERE (person_id = $1 OR other_id = $1) AND stage = 'put') AS near;

-- name: lock_link
-- Taken before any event is written and held to commit.
SELECT *, clock() AS now FROM link WHERE id = $1 FOR UPDATE;

-- name: find_link
SELECT *, clock() AS now FROM link WHERE id = $1;

-- name: links_of
-- Of one person, those that stand, wait or were ended within the days in which the person reads of it.
SELECT *, clock() AS now FROM link
 WHERE (person_id = $1 OR other_id = $1)
   AND (stage = 'linked' OR (stage = 'put' AND other_id = $1)
        OR (stage = 'unlinked' AND because = 'not_one' AND ended_at > clock() - interval '90 days'))
 ORDER BY put_at DESC;

-- name: puts_at
-- Whom an agency's workers are asked about, the longest waiting first; by link_put_idx.
SELECT l.*, clock() AS now FROM link l JOIN person p ON p.id = l.other_id
 WHERE l.other_home = $1 AND l.stage = 'put' AND p.agency_id = $1 AND p.erased_at IS NULL
 ORDER BY l.put_at LIMIT $2;

-- name: is_linked
SELECT EXISTS (SELECT FROM link WHERE stage IN ('put', 'linked')
                  AND least(person_id, other_id) = least($1::uuid, $2::uuid)
                  AND greatest(person_id, other_id) = greatest($1::uuid, $2::uuid));

-- name: add_link
-- Never for somebody who was erased, or whose never-list keeps the two apart. Both are held.
INSERT INTO link (id, person_id, home, other_id, other_home, stage, known, linked_at, linked_by, ask_id)
SELECT $1, $2, $3, $4, $5, $6, $7, CASE WHEN $6 = 'linked' THEN clock() END, $8, $9
 WHERE NOT keeps_apart($2, $3, $4, $5)
   AND 2 = (SELECT count(*) FROM (SELECT FROM person WHERE id IN ($2, $4) AND erased_at IS NULL ORDER BY id) AS here)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: save_link
UPDATE link SET stage = $2, known = $3, because = $4,
                linked_at = CASE WHEN $2 = 'linked' THEN clock() ELSE linked_at END,
                linked_by = CASE WHEN $2 = 'linked' THEN $5 ELSE linked_by END,
                ended_at = CASE WHEN $2 IN ('put', 'linked') THEN ended_at ELSE clock() END,
                ended_by = CASE WHEN $2 IN ('put', 'linked') THEN ended_by ELSE $5 END
 WHERE id = $1;

-- name: add_ask
INSERT INTO link_ask (id, person_id, home, named, known, asked_by) VALUES ($1, $2, $3, $4, $5, $6);

-- name: asks_today
SELECT count(*) FROM link_ask WHERE asked_by = $1 AND asked_at > clock() - interval '1 day';

-- name: has_asked
SELECT EXISTS (SELECT FROM link_ask WHERE person_id = $1 AND named = $2 AND asked_at > clock() - $3::interval);

-- name: asks_of
SELECT *, clock() AS now FROM link_ask WHERE person_id = $1 ORDER BY asked_at DESC LIMIT 20;

-- name: list_unlooked
-- Asks that the service has yet to look into, the oldest first; whoever was erased asks nothing any more.
SELECT a.id, a.person_id, a.home, a.named, p.name, p.contact, p.born, p.erased_at IS NULL AND p.agency_id = a.home AS stands
  FROM link_ask a JOIN person p ON p.id = a.person_id WHERE a.looked_at IS NULL ORDER BY a.asked_at LIMIT $1;

-- name: looked
UPDATE link_ask SET looked_at = clock() WHERE id = $1 AND looked_at IS NULL RETURNING id;

-- name: open_links
-- Of somebody who is being erased, in the order in which they are locked.
SELECT id FROM link WHERE (person_id = $1 OR other_id = $1) AND stage IN ('put', 'linked') ORDER BY id;

-- name: forget_links
-- Also for a restore, which writes no event: an erasure is one itself.
UPDATE link SET stage = CASE WHEN stage = 'put' THEN 'lapsed' ELSE 'unlinked' END, because = 'erased', ended_at = clock()
 WHERE (person_id = $1 OR other_id = $1) AND stage IN ('put', 'linked');

-- name: forget_asks
WITH apart AS (DELETE FROM told_apart WHERE person_id = $1 OR other_id = $1)
DELETE FROM link_ask WHERE person_id = $1;

-- name: forget_incidents
UPDATE incident SET found = NULL WHERE person_id = $1;

-- name: shown_between
-- What each of two agencies saw of the other's record since their link: by audit_person_idx.
SELECT at, person_id, agency_id, action FROM audit
 WHERE ((person_id = $1 AND agency_id = $4) OR (person_id = $3 AND agency_id = $2))
   AND allowed AND action = ANY ($5::text[]) AND at >= $6
 ORDER BY number;

-- name: add_incident
INSERT INTO incident (id, link_id, person_id, agency_id, shown, linked_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: find_incident
-- The other agency stands there as long as no never-list keeps the two apart.
SELECT i.*, CASE i.agency_id WHEN l.home THEN l.other_home ELSE l.home END AS other, clock() AS now
  FROM incident i LEFT JOIN link l ON l.id = i.link_id WHERE i.id = $1;

-- name: lock_incident
SELECT * FROM incident WHERE id = $1 FOR UPDATE;

-- name: incidents_at
-- Of one desk: what is open first, the oldest first.
SELECT id, person_id, late, opened_at, closed_at, clock() AS now FROM incident
 WHERE agency_id = $1 AND (closed_at IS NULL OR closed_at > clock() - interval '90 days')
 ORDER BY closed_at IS NOT NULL, opened_at LIMIT 100;

-- name: incidents_of
SELECT id, link_id, shown, found, opened_at, closed_at FROM incident WHERE person_id = $1 ORDER BY opened_at DESC LIMIT 20;

-- name: close_incident
UPDATE incident SET found = $2, closed_by = $3, closed_at = clock() WHERE id = $1;

-- name: be_late
UPDATE incident SET late = true WHERE id = $1 AND closed_at IS NULL RETURNING id;

-- name: fold_linked
-- As an event of ours says, after a restore: the first of the two that is read makes it.
INSERT INTO link (id, person_id, home, other_id, other_home, stage, put_at, linked_at)
SELECT $1, p.id, p.agency_id, o.id, o.agency_id, 'linked', $4, $4 FROM person p, person o WHERE p.id = $2 AND o.id = $3
ON CONFLICT (id) DO UPDATE SET stage = 'linked', linked_at = coalesce(link.linked_at, excluded.linked_at)
 WHERE link.stage = 'put';

-- name: fold_unlinked
UPDATE link SET stage = 'unlinked', because = $2, ended_at = $3 WHERE id = $1 AND stage <> 'unlinked' RETURNING id;
