-- name: lock_way_in
-- As it stands; ours alone until the transaction ends.
SELECT person_id, pin, second, word IS NOT NULL AS asks_word, clock() < choose_by AND wrong_words < $2 AS may_choose
  FROM way_in WHERE person_id = $1 FOR UPDATE;

-- name: find_way_in
-- By what stands in the link; one of the demo's opens nothing outside of it.
SELECT person_id, pin, second, word IS NOT NULL AS asks_word, clock() < choose_by AND wrong_words < $3 AS may_choose
  FROM way_in WHERE code = $1 AND (checked <> 'demo' OR $2);

-- name: put_way_in
-- Whatever let them in before lets nobody in any more.
INSERT INTO way_in (person_id, code, word, choose_by, checked, made_by)
VALUES ($1, $2, $3, clock() + $4::interval, $5, $6)
ON CONFLICT (person_id) DO UPDATE
   SET code = excluded.code, pin = NULL, second = NULL, word = excluded.word,
       choose_by = excluded.choose_by, checked = excluded.checked, made_by = excluded.made_by, made_at = clock(),
       wrong_words = 0;

-- name: keep_derived
-- The demo's own link and PIN, from the first time that somebody comes by them; not of somebody who was erased.
INSERT INTO way_in (person_id, code, pin, second, choose_by, checked, made_by)
SELECT $1, $2, $3, $4, clock(), 'demo', $1
 WHERE NOT EXISTS (SELECT FROM person WHERE id = $1 AND erased_at IS NOT NULL) ON CONFLICT DO NOTHING;

-- name: choose_pin
-- Once for each link; and the word is right, where it asks for one. A wrong one counts, in the same statement, so that
-- none is typed past the last.
UPDATE way_in
   SET (pin, second, word, wrong_words) = (SELECT $2::text, $3::text, NULL::bytea, 0 WHERE coalesce(word = $4, true)
                                           UNION ALL SELECT NULL, NULL, word, wrong_words + 1 WHERE word <> $4)
 WHERE code = $1 AND pin IS NULL AND clock() < choose_by AND wrong_words < $5
RETURNING CASE WHEN pin IS NOT NULL THEN person_id END;

-- name: save_pin
UPDATE way_in SET pin = $2 WHERE person_id = $1 AND pin IS NOT NULL;

-- name: save_second
UPDATE way_in SET second = $2 WHERE person_id = $1 AND pin IS NOT NULL;

-- name: about_way_in
-- For who walks with them. Whether there is a second PIN stands nowhere.
SELECT pin IS NOT NULL AS chosen, clock() < choose_by AND wrong_words < $2 AS may_choose, choose_by, made_at, made_by,
       checked
  FROM way_in WHERE person_id = $1;

-- name: forget_before
-- After a restore: a link that was in force before a later one ended.
DELETE FROM way_in WHERE person_id = $1 AND made_at < $2;

-- name: is_known
SELECT EXISTS (SELECT FROM known_device WHERE account_id = $1 AND hash = $2);
