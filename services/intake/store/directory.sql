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
UPDATE program SET words = to_tsvector('english', name || ' ' || $2 || ' ' || coalesce(entry->>'description', ''))
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
INSERT INTO program (id, agency_id, name, entry, needs, accepting, source, source_id, assured_on, words)
SELECT $1, a.id, $3, $4, $5, $6, $7, $8, $9, to_tsvector('english', $10 || ' ' || a.name) FROM agency a WHERE a.id = $2
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: save_program
UPDATE program p SET name = $3, entry = $4, needs = $5, accepting = $6, source = $7, source_id = $8, assured_on = $9,
                     words = to_tsvector('english', $10 || ' ' || a.name), withdrawn = NULL, changed_at = clock()
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

-- name: list_programs
-- In the alphabet, by program_name_idx, program_words_idx or program_needs_idx, as the question is; under 3 ms for a
-- city's 1,875 programs.
SELECT p.id, p.entry, p.source, p.source_id, p.assured_on, p.withdrawn, a.name AS agency_name, a.entry AS agency
  FROM program p JOIN agency a ON a.id = p.agency_id
 WHERE p.withdrawn IS NULL
   AND ($1::text IS NULL OR p.words @@ to_tsquery('english', $1))
   AND ($2::text IS NULL OR p.needs @> ARRAY[$2::text])
   AND ($3::uuid IS NULL OR p.agency_id = $3)
   AND ($4::boolean IS NULL OR p.accepting = $4)
   AND ($7::date IS NULL OR p.source IS NULL OR p.assured_on >= $7)
   AND ($5::uuid IS NULL OR (lower(p.name), p.id) > (SELECT lower(b.name), b.id FROM program b WHERE b.id = $5))
 ORDER BY lower(p.name), p.id LIMIT $6;

-- name: list_programs_by_agency
-- The same in the alphabet of agencies, each with its programs together. It sorts: a city's 1,875 in a few ms.
SELECT p.id, p.entry, p.source, p.source_id, p.assured_on, p.withdrawn, a.name AS agency_name, a.entry AS agency
  FROM program p JOIN agency a ON a.id = p.agency_id
 WHERE p.withdrawn IS NULL
   AND ($1::text IS NULL OR p.words @@ to_tsquery('english', $1))
   AND ($2::text IS NULL OR p.needs @> ARRAY[$2::text])
   AND ($3::uuid IS NULL OR p.agency_id = $3)
   AND ($4::boolean IS NULL OR p.accepting = $4)
   AND ($7::date IS NULL OR p.source IS NULL OR p.assured_on >= $7)
   AND ($5::uuid IS NULL OR (lower(a.name), a.id, lower(p.name), p.id) >
       (SELECT lower(c.name), c.id, lower(b.name), b.id FROM program b JOIN agency c ON c.id = b.agency_id
         WHERE b.id = $5))
 ORDER BY lower(a.name), a.id, lower(p.name), p.id LIMIT $6;

-- name: count_unvouched
-- How many more there are that another directory brought and nobody has vouched for since $3.
SELECT count(*) FROM program
 WHERE withdrawn IS NULL AND source IS NOT NULL AND (assured_on IS NULL OR assured_on < $3)
   AND ($1::text IS NULL OR words @@ to_tsquery('english', $1))
   AND ($2::text IS NULL OR needs @> ARRAY[$2::text]);

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
