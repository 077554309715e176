-- name: lock_person
-- Taken before any event is written and held to commit. With all ways to reach them, which it holds too.
SELECT id, agency_id, worker_id, language, way, safe, came, synthetic, held, erased_at,
       contact, quiet_from, quiet_until, care, ways_version,
       (SELECT coalesce(json_agg(json_build_object('id', w.id, 'way', w.way, 'contact', encode(w.contact, 'base64'), 'safe', w.safe,
               'held', w.held, 'quiet_from', w.quiet_from, 'quiet_until', w.quiet_until, 'care', encode(w.care, 'base64'))
               ORDER BY w.place), '[]')
          FROM contact_way w WHERE w.person_id = person.id AND NOT w.pretended) AS others
  FROM person WHERE id = $1 FOR UPDATE;

-- name: find_person
SELECT id, agency_id, worker_id, language, way, safe, came, synthetic, held, name, contact, asked,
       welcomed_at, held_because, held_at, erased_at, quiet_from, quiet_until, care, ways_version,
       (SELECT coalesce(json_agg(json_build_object('id', w.id, 'way', w.way, 'contact', encode(w.contact, 'base64'), 'safe', w.safe,
               'held', w.held, 'quiet_from', w.quiet_from, 'quiet_until', w.quiet_until, 'care', encode(w.care, 'base64'))
               ORDER BY w.place), '[]')
          FROM contact_way w WHERE w.person_id = person.id AND NOT w.pretended) AS others
  FROM person WHERE id = $1;

-- name: add_person
-- Its own insert is the lock of somebody new.
INSERT INTO person (id, agency_id, worker_id, name, contact, asked, way, safe, language, came, synthetic)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: is_anothers
-- Whether an id is an account's or an agency's.
SELECT EXISTS (SELECT FROM account WHERE id = $1) OR EXISTS (SELECT FROM agency WHERE id = $1);

-- name: name_again
-- What no event holds of somebody, so that a restore lost it. How to reach them, and who walks with them, is known.
UPDATE person SET name = $3, asked = coalesce(asked, $4), changed_at = clock()
 WHERE id = $1 AND agency_id = $2 AND name = '' AND erased_at IS NULL RETURNING id;

-- name: save_worker
UPDATE person SET worker_id = $2, agency_id = $3, changed_at = clock() WHERE id = $1;

-- name: save_contact
UPDATE person SET contact = $2, way = $3, safe = $4, language = $5, held = $6, quiet_from = $7, quiet_until = $8, care = $9,
                  ways_version = $10, changed_at = clock()
 WHERE id = $1;

-- name: drop_others
DELETE FROM contact_way WHERE person_id = $1 AND pretended = $2;

-- name: put_other
INSERT INTO contact_way (id, person_id, pretended, place, way, contact, safe, held, quiet_from, quiet_until, care)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: pretended_ways
SELECT id, way, encode(contact, 'base64') AS contact, safe, held, quiet_from, quiet_until, encode(care, 'base64') AS care
  FROM contact_way WHERE person_id = $1 AND pretended ORDER BY place;

-- name: held_of
SELECT held FROM person WHERE id = $1;

-- name: save_hold
-- Its reason and moment stay until it is lifted.
UPDATE person SET held = $2, safe = $3, ways_version = ways_version + 1,
                  held_because = CASE WHEN $2::text IS NOT NULL THEN coalesce($4::text, held_because) END,
                  held_at = CASE WHEN $2 IS NULL THEN NULL WHEN $4 IS NULL THEN held_at ELSE clock() END
 WHERE id = $1;

-- name: list_people
-- One agency's people, or one worker's ($2): everybody whom nobody walks with, then the latest; by person_agency_idx.
-- Nobody walks with whoever was erased.
(SELECT id, agency_id, worker_id, language, way, safe, came, synthetic, held, name, welcomed_at FROM person
  WHERE agency_id = $1 AND worker_id IS NULL AND erased_at IS NULL AND $2::uuid IS NULL ORDER BY welcomed_at DESC)
UNION ALL
(SELECT id, agency_id, worker_id, language, way, safe, came, synthetic, held, name, welcomed_at FROM person
  WHERE agency_id = $1 AND worker_id IS NOT NULL AND ($2::uuid IS NULL OR worker_id = $2)
  ORDER BY welcomed_at DESC LIMIT $3);

-- name: now
SELECT clock();
