-- name: put_name_parts
-- Only while the name is the one that they were made of, and held so until they are there. Of whoever was put away
-- meanwhile the name is as it was, and none are made.
INSERT INTO name_part (agency_id, part, person_id)
SELECT p.agency_id, part, p.id
  FROM (SELECT id, agency_id FROM person WHERE id = $1 AND agency_id = $2 AND name = $3 AND erased_at IS NULL FOR SHARE) AS p,
       unnest($4::bytea[]) AS part
ON CONFLICT DO NOTHING;

-- name: find_by_parts
-- One agency's people, or one worker's ($2), whose name has all of these parts; by the primary key of name_part.
SELECT id, agency_id, worker_id, language, way, safe, came, synthetic, held, name, welcomed_at FROM person
 WHERE agency_id = $1 AND ($2::uuid IS NULL OR worker_id = $2) AND erased_at IS NULL
   AND id IN (SELECT person_id FROM name_part WHERE agency_id = $1 AND part = ANY ($3::bytea[])
               GROUP BY person_id HAVING count(*) = cardinality($3))
 ORDER BY worker_id IS NOT NULL, welcomed_at DESC LIMIT $4;

-- name: list_unfindable
-- Whose name is known and has no parts, from an id on: new here, restored, or lost in a crash.
SELECT id, agency_id, name FROM person p
 WHERE name <> '' AND erased_at IS NULL AND id > $1
   AND NOT EXISTS (SELECT FROM name_part n WHERE n.agency_id = p.agency_id AND n.part = '' AND n.person_id = p.id)
 ORDER BY id LIMIT $2;

-- name: forget_strays
-- Parts under the key of an agency that is not somebody's home any more.
DELETE FROM name_part n USING person p WHERE p.id = n.person_id AND p.agency_id <> n.agency_id;
