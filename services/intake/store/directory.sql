-- name: lock_agency
-- Taken before any event is written and held to commit, so events keep the order of changes.
SELECT id, entry, source, source_id, assured_on FROM agency WHERE id = $1 FOR UPDATE;

-- name: add_agency
-- Its own insert is the lock of a new agency; nothing comes back when somebody else was first.
INSERT INTO agency (id, name, entry, welcomes, source, source_id, assured_on, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, to_tsvector('english', $8))
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: save_agency
UPDATE agency SET name = $2, entry = $3, welcomes = $4, source = $5, source_id = $6, assured_on = $7,
                  words = to_tsvector('english', $8), changed_at = clock()
 WHERE id = $1;

-- name: rename_programs
-- Programs are found by their agency's name too.
UPDATE program SET agency_name = $2,
                   words = to_tsvector('english', name || ' ' || $2 || ' ' || coalesce(entry->>'description', ''))
 WHERE agency_id = $1;

-- name: find_agency
SELECT id, entry, source, source_id, assured_on FROM agency WHERE id = $1;

-- name: agencies_named
-- Names for the ids on a page.
SELECT id, name FROM agency WHERE id = ANY($1::uuid[]);

-- name: list_agencies
-- In the alphabet, by agency_name_idx; $1 null takes all, $2 is the last one shown before.
SELECT a.id, a.entry, a.source, a.source_id, a.assured_on,
       (SELECT count(*) FROM program p WHERE p.agency_id = a.id AND p.withdrawn IS NULL) AS programs
  FROM agency a
 WHERE ($1::text IS NULL OR a.words @@ to_tsquery('english', $1))
   AND ($2::uuid IS NULL OR (lower(a.name), a.id) > (SELECT lower(b.name), b.id FROM agency b WHERE b.id = $2))
 ORDER BY lower(a.name), a.id LIMIT $3;

-- name: list_welcoming
-- Where people who refer themselves may come; by agency_welcomes_idx.
SELECT id, name, entry FROM agency WHERE welcomes ORDER BY lower(name);

-- name: lock_program
SELECT id, entry, source, source_id, assured_on, withdrawn FROM program WHERE id = $1 FOR UPDATE;

-- name: add_program
INSERT INTO program (id, agency_id, name, entry, needs, accepting, source, source_id, assured_on, words, agency_name,
                     openness, languages, takes, needs_papers, minimum_age, maximum_age)
SELECT $1, a.id, $3, $4, $5, $6, $7, $8, $9, to_tsvector('english', $10 || ' ' || a.name), a.name,
       $11, $12, $13, $14, $15, $16
  FROM agency a WHERE a.id = $2
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: save_program
UPDATE program p SET name = $3, entry = $4, needs = $5, accepting = $6, source = $7, source_id = $8, assured_on = $9,
                     words = to_tsvector('english', $10 || ' ' || a.name), agency_name = a.name, openness = $11,
                     languages = $12, takes = $13, needs_papers = $14, minimum_age = $15, maximum_age = $16,
                     withdrawn = NULL, changed_at = clock()
  FROM agency a
 WHERE p.id = $1 AND a.id = $2;

-- name: withdraw_program
UPDATE program SET withdrawn = $2, changed_at = clock() WHERE id = $1 AND withdrawn IS NULL;

-- name: find_program
SELECT p.id, p.entry, p.source, p.source_id, p.assured_on, p.withdrawn, a.name AS agency_name, a.entry AS agency
  FROM program p JOIN agency a ON a.id = p.agency_id
 WHERE p.id = $1;

-- name: programs_of
-- By program_agency_idx.
SELECT id, entry, source, source_id, assured_on, withdrawn FROM program
 WHERE agency_id = $1 AND withdrawn IS NULL ORDER BY lower(name) LIMIT $2;

-- name: that_fit
-- The conditions of every search, by program_words_idx, program_needs_idx, program_languages_idx and program_takes_idx.
-- Who searches has each statement planned anew, so that what was not asked costs nothing.
       p.withdrawn IS NULL
   AND ($1::text IS NULL OR p.words @@ to_tsquery('english', $1))
   AND ($2::text IS NULL OR p.needs @> ARRAY[$2::text])
   AND ($3::uuid IS NULL OR p.agency_id = $3)
   AND ($4::text[] IS NULL OR p.openness = ANY($4))
   AND ($5::text IS NULL OR p.languages @> ARRAY[$5::text])
   AND ($6::text IS NULL OR p.takes @> ARRAY[$6::text])
   AND ($7::int IS NULL OR (coalesce(p.minimum_age, 0) <= $7 AND coalesce(p.maximum_age, 200) >= $7))
   AND ($8::boolean IS NULL OR p.needs_papers <> $8)

-- name: listed
-- What a list shows of a program.
p.id, p.entry, p.source, p.source_id, p.assured_on, p.withdrawn, p.agency_name, a.entry AS agency

-- name: close_by
-- Of a short way: from the points outwards, which are few.
s.spot <@ circle($10::point, $11::float8)

-- name: far_around
-- Of a long way: most are within it, so that each program is asked. Postgres guesses a thousandth for the form above,
-- and a third for this one, and plans by it.
(s.spot <-> $10::point) <= $11::float8

-- name: by_name
-- In the alphabet, by program_name_idx. $10 is the middle of where it is sought, $11 how far from there.
SELECT {listed}, (SELECT min(s.spot <-> $10::point) FROM program_place s WHERE s.program_id = p.id) AS distance
  FROM program p JOIN agency a ON a.id = p.agency_id
 WHERE {that_fit}
   AND ($9::date IS NULL OR p.assured_on >= $9)
   AND ($10::point IS NULL OR EXISTS (
       SELECT FROM program_place s WHERE s.program_id = p.id AND {within}))
   AND ($12::uuid IS NULL OR (lower(p.name), p.id) > (SELECT lower(b.name), b.id FROM program b WHERE b.id = $12))
 ORDER BY lower(p.name), p.id LIMIT $13;

-- name: by_agency
-- The same in the alphabet of agencies, each with its programs together, by program_by_agency_idx.
SELECT {listed}, (SELECT min(s.spot <-> $10::point) FROM program_place s WHERE s.program_id = p.id) AS distance
  FROM program p JOIN agency a ON a.id = p.agency_id
 WHERE {that_fit}
   AND ($9::date IS NULL OR p.assured_on >= $9)
   AND ($10::point IS NULL OR EXISTS (
       SELECT FROM program_place s WHERE s.program_id = p.id AND {within}))
   AND ($12::uuid IS NULL OR (lower(p.agency_name), p.agency_id, lower(p.name), p.id) >
       (SELECT lower(b.agency_name), b.agency_id, lower(b.name), b.id FROM program b WHERE b.id = $12))
 ORDER BY lower(p.agency_name), p.agency_id, lower(p.name), p.id LIMIT $13;

-- name: nearest
-- The nearest first, each program by its nearest place, walking program_place_spot_idx from the middle outwards: for
-- conditions that many fit. `walk_outwards` comes before it.
SELECT {listed}, s.spot <-> $10::point AS distance
  FROM program_place s JOIN program p ON p.id = s.program_id JOIN agency a ON a.id = p.agency_id
 WHERE s.spot <@ circle($10::point, $11::float8) AND s.spot IS NOT NULL
   AND {that_fit}
   AND ($9::date IS NULL OR p.assured_on >= $9)
   AND NOT EXISTS (SELECT FROM program_place n WHERE n.program_id = s.program_id AND n.spot IS NOT NULL
                      AND (n.spot <-> $10, n.number) < (s.spot <-> $10, s.number))
   AND ($12::uuid IS NULL OR (s.spot <-> $10, p.id) >
       ((SELECT min(b.spot <-> $10) FROM program_place b WHERE b.program_id = $12), $12::uuid))
 ORDER BY s.spot <-> $10, p.id LIMIT $13;

-- name: nearest_of_few
-- The same for conditions that few fit: these are found first, by their own indexes, and then sorted.
SELECT {listed}, d.distance
  FROM program p JOIN agency a ON a.id = p.agency_id
  CROSS JOIN LATERAL (SELECT min(s.spot <-> $10::point) AS distance FROM program_place s
                       WHERE s.program_id = p.id AND s.spot IS NOT NULL) AS d
 WHERE {that_fit}
   AND ($9::date IS NULL OR p.assured_on >= $9)
   AND d.distance <= $11::float8
   AND ($12::uuid IS NULL OR (d.distance, p.id) >
       ((SELECT min(b.spot <-> $10) FROM program_place b WHERE b.program_id = $12), $12::uuid))
 ORDER BY d.distance, p.id LIMIT $13;

-- name: count_that_fit
-- How many fit but for where they are, at most $9.
SELECT count(*) FROM (SELECT FROM program p WHERE {that_fit} LIMIT $9) AS found;

-- name: walk_outwards
-- Postgres takes a circle for a thousandth of all places, however wide it is, and would read all of it and sort.
SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true);

-- name: plan_freely
SELECT set_config('enable_sort', 'on', true), set_config('enable_bitmapscan', 'on', true);

-- name: count_unvouched
-- How many more there are that nobody has vouched for since $9, at most $12: by program_assured_idx.
SELECT count(*) FROM (
    SELECT FROM program p WHERE (p.assured_on IS NULL OR p.assured_on < $9)
       AND {that_fit}
       AND ($10::point IS NULL OR EXISTS (
           SELECT FROM program_place s WHERE s.program_id = p.id AND {within}))
     LIMIT $12) AS found;

-- name: plan_anew
-- Until this transaction ends: what was not asked is then no condition at all.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: middle_of
-- Where a postcode is: the middle of the places that we know in it, one wrong point among them or not; by
-- program_place_postcode_idx.
SELECT point(percentile_cont(0.5) WITHIN GROUP (ORDER BY spot[0]), percentile_cont(0.5) WITHIN GROUP (ORDER BY spot[1]))
  FROM program_place WHERE postcode = $1 AND spot IS NOT NULL AND NOT guessed HAVING count(*) > 0;

-- name: forget_places
DELETE FROM program_place WHERE program_id = $1;

-- name: add_places
INSERT INTO program_place (program_id, number, postcode, spot)
SELECT $1, number, postcode, spot
  FROM unnest($2::text[], $3::point[]) WITH ORDINALITY AS place (postcode, spot, number);

-- name: place_by_postcode
-- A place of which nobody said where it is stands in the middle of its postcode, if we know that.
UPDATE program_place p SET spot = m.spot, guessed = true
  FROM (SELECT postcode, point(percentile_cont(0.5) WITHIN GROUP (ORDER BY spot[0]),
                               percentile_cont(0.5) WITHIN GROUP (ORDER BY spot[1])) AS spot
          FROM program_place WHERE postcode IS NOT NULL AND spot IS NOT NULL AND NOT guessed GROUP BY postcode) AS m
 WHERE m.postcode = p.postcode AND p.spot IS NULL AND ($1::uuid IS NULL OR p.program_id = $1);

-- name: walk_agencies
-- All that may be exported, in the order of their ids: victim services never are.
SELECT id, entry, source, source_id, assured_on FROM agency
 WHERE NOT coalesce((entry->>'holds_no_records')::boolean, false) AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2;

-- name: programs_of_each
SELECT id, agency_id, entry, source, source_id, assured_on, withdrawn FROM program
 WHERE agency_id = ANY($1::uuid[]) AND withdrawn IS NULL ORDER BY agency_id, id;

-- name: known_agencies
-- What a load from elsewhere compares itself with, for one batch of ids; locked in one order, so two loads can't
-- deadlock.
SELECT id, entry, source, source_id, assured_on FROM agency WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: known_programs
SELECT id, entry, source, source_id, assured_on, withdrawn FROM program
 WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE;

-- name: not_seen_again
-- Programs that an earlier load from this source brought and this one did not; by program_source_idx.
SELECT count(*) FROM program WHERE source = $1 AND withdrawn IS NULL AND NOT id = ANY($2::uuid[]);
