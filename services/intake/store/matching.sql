-- name: put_signs
-- Only while the record is the one that they were made of, and held so until they are there.
INSERT INTO sign (agency_id, part, person_id, kind)
SELECT p.agency_id, s.part, p.id, s.kind
  FROM (SELECT id, agency_id FROM person
         WHERE id = $1 AND agency_id = $2 AND name = $3 AND contact IS NOT DISTINCT FROM $4
           AND born IS NOT DISTINCT FROM $5 AND erased_at IS NULL FOR SHARE) AS p,
       unnest($6::bytea[], $7::text[]) AS s(part, kind)
ON CONFLICT DO NOTHING;

-- name: list_uncompared
-- Whose name is known and has no signs, from an id on.
SELECT id, agency_id, name, contact, born FROM person p
 WHERE name <> '' AND erased_at IS NULL AND id > $1
   AND NOT EXISTS (SELECT FROM sign s WHERE s.agency_id = p.agency_id AND s.part = '' AND s.person_id = p.id)
 ORDER BY id LIMIT $2;

-- name: find_alike
-- Whoever of one agency shares a sign that finds ($4), unless too many share it ($5 and more), with all that both have;
-- each sign is one range of the primary key, cut off at $5 rows.
WITH sought AS (SELECT * FROM unnest($2::bytea[], $3::text[]) AS s(part, kind)),
near AS (
    SELECT DISTINCT unnest(few.whom) AS person_id
      FROM sought CROSS JOIN LATERAL (
           SELECT array_agg(person_id) AS whom
             FROM (SELECT person_id FROM sign WHERE agency_id = $1 AND part = sought.part LIMIT $5) AS first) AS few
     WHERE sought.kind = ANY ($4::text[]) AND cardinality(few.whom) < $5)
SELECT near.person_id, array_agg(DISTINCT sign.kind) AS theirs,
       array_agg(DISTINCT sign.kind) FILTER (WHERE sign.part IN (SELECT part FROM sought)) AS agree
  FROM near JOIN sign ON sign.person_id = near.person_id AND sign.agency_id = $1 AND sign.part <> ''
 WHERE near.person_id IS DISTINCT FROM $6
 GROUP BY near.person_id;

-- name: put_alike
-- Of two who are both still here, held so until it is written.
INSERT INTO alike (agency_id, person_id, other_id, reasons, points)
SELECT $1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4, $5
 WHERE 2 = (SELECT count(*) FROM (SELECT FROM person WHERE id IN ($2, $3) AND agency_id = $1 AND erased_at IS NULL
                                   ORDER BY id FOR SHARE) AS here)
ON CONFLICT (person_id, other_id) DO UPDATE SET reasons = excluded.reasons, points = excluded.points;

-- name: list_alike
-- Pairs of one agency that nobody has settled, about one person ($2) where they are given, the likeliest first.
SELECT a.person_id, a.other_id, a.reasons, a.points
  FROM alike a JOIN person p ON p.id = a.person_id JOIN person o ON o.id = a.other_id
 WHERE a.agency_id = $1 AND ($2::uuid IS NULL OR $2 IN (a.person_id, a.other_id))
   AND p.agency_id = $1 AND o.agency_id = $1 AND p.erased_at IS NULL AND o.erased_at IS NULL
   AND NOT EXISTS (SELECT FROM told_apart t WHERE t.person_id = a.person_id AND t.other_id = a.other_id)
   AND NOT EXISTS (SELECT FROM link l WHERE l.stage = 'linked'
                      AND least(l.person_id, l.other_id) = a.person_id AND greatest(l.person_id, l.other_id) = a.other_id)
 ORDER BY a.points DESC, a.person_id, a.other_id LIMIT $3;

-- name: why_alike
SELECT reasons FROM alike WHERE person_id = least($1::uuid, $2::uuid) AND other_id = greatest($1::uuid, $2::uuid);

-- name: tell_apart
INSERT INTO told_apart (agency_id, person_id, other_id, said_by)
VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4) ON CONFLICT DO NOTHING;

-- name: not_apart
-- They are one after all: a human said so later.
DELETE FROM told_apart WHERE person_id = least($1::uuid, $2::uuid) AND other_id = greatest($1::uuid, $2::uuid);

-- name: save_born
UPDATE person SET born = $2, changed_at = clock() WHERE id = $1;

-- name: born_of
SELECT born FROM person WHERE id = $1;
