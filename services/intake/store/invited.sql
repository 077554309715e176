-- name: begin_list
INSERT INTO release_list (id, sender, welcoming) VALUES ($1, $2, $3);

-- name: put_rows
INSERT INTO release_row (list_id, number, reference, told)
SELECT $1, number, reference, told FROM unnest($2::int[], $3::bytea[], $4::bytea[]) AS sent (number, reference, told);

-- name: end_list
UPDATE release_list SET whole = true WHERE id = $1;

-- name: drop_list
-- Its rows go with it.
DELETE FROM release_list WHERE id = $1;

-- name: lock_list
SELECT id, sender, welcoming, whole FROM release_list WHERE id = $1 FOR UPDATE;

-- name: is_first
-- Whether no earlier list of that sender waits: a later word counts for more, so it is heard later.
SELECT NOT EXISTS (SELECT FROM release_list earlier JOIN release_list this ON this.id = $1
                    WHERE earlier.sender = this.sender AND earlier.whole
                      AND (earlier.sent_at, earlier.id) < (this.sent_at, this.id));

-- name: next_rows
SELECT number, reference, told FROM release_row WHERE list_id = $1 ORDER BY number LIMIT $2;

-- name: drop_rows
DELETE FROM release_row WHERE list_id = $1 AND number <= $2;

-- name: known
-- Those of a sender who are there already, at whatever agency, ours until the transaction ends.
SELECT id, reference, sender, welcoming, stage, release_on FROM invited
 WHERE sender = $1 AND reference = ANY ($2::bytea[]) ORDER BY id FOR UPDATE;

-- name: put_invited
-- New, or named again at the same agency.
INSERT INTO invited (id, sender, welcoming, reference, told, release_on, stage, told_at)
SELECT id, $1, $2, reference, told, release_on, 'waiting', $7
  FROM unnest($3::uuid[], $4::bytea[], $5::bytea[], $6::date[]) AS named (id, reference, told, release_on)
ON CONFLICT (id) DO UPDATE
   SET told = excluded.told, release_on = excluded.release_on, told_at = excluded.told_at;

-- name: lock_invited
SELECT id, sender, welcoming, stage, release_on, told FROM invited WHERE id = $1 FOR UPDATE;

-- name: find_invited
SELECT id, sender, welcoming, stage, release_on, told, told_at, code IS NOT NULL AS linked FROM invited
 WHERE id = $1 AND stage = 'waiting';

-- name: list_invited
-- One agency's, the nearest day first; invited_welcoming_idx.
SELECT id, sender, welcoming, stage, release_on, told, told_at, code IS NOT NULL AS linked FROM invited
 WHERE welcoming = $1 AND stage = 'waiting' ORDER BY release_on, id LIMIT $2 OFFSET $3;

-- name: count_invited
SELECT count(*) FROM invited WHERE welcoming = $1 AND stage = 'waiting';

-- name: put_link
UPDATE invited SET code = $2, pin = $3, wrong_pins = 0 WHERE id = $1 AND stage = 'waiting' RETURNING id;

-- name: try_link
-- Counted as a wrong one before anybody knows, in the same statement, so that none is typed past the last.
UPDATE invited SET wrong_pins = wrong_pins + 1 WHERE code = $1 AND stage = 'waiting' AND wrong_pins < $2
RETURNING id, pin;

-- name: was_right
UPDATE invited SET wrong_pins = 0 WHERE code = $1;

-- name: still_opens
SELECT EXISTS (SELECT FROM invited WHERE code = $1 AND id = $2 AND stage = 'waiting');

-- name: settle
-- They have said yes or no: of what was told nothing stays.
UPDATE invited SET stage = $2, told = NULL, release_on = NULL, code = NULL, pin = NULL WHERE id = $1;

-- name: drop_invited
DELETE FROM invited WHERE id = $1;

-- name: now
SELECT clock();
