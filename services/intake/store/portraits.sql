-- name: answers_of
-- Every version of a person's answers that whoever asks may read; by the primary key. A page shows all of it.
SELECT question, agency_id, version, state, value, said_by, worker_id, sitting, retold, said_at
  FROM answer WHERE person_id = $1 AND pretended = $2 ORDER BY said_at, version;

-- name: put_answer
INSERT INTO answer (person_id, agency_id, pretended, question, version, state, value, said_by, worker_id, sitting, retold)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: last_sitting
-- The person is held by whoever asks.
SELECT coalesce(max(sitting), 0) FROM answer WHERE person_id = $1 AND agency_id = $2 AND pretended = $3;

-- name: told_elsewhere
-- Which questions they answered some other agency. Only that they did is told, and to nobody but the count.
SELECT DISTINCT question FROM answer
 WHERE person_id = $1 AND agency_id <> $2 AND NOT pretended AND state = 'answered' AND said_by <> 'referral';

-- name: opened_of
SELECT section, agency_id FROM opened_section WHERE person_id = $1 AND pretended = $2;

-- name: open_section
INSERT INTO opened_section (person_id, agency_id, pretended, section, said_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING section;

-- name: days_here
-- Whole days since they were welcomed, on the clock of Greenwich: it is counted, never shown.
SELECT clock()::date - welcomed_at::date FROM person WHERE id = $1;

-- name: rename
UPDATE person SET name = $2, changed_at = clock() WHERE id = $1;

-- name: forget_answers
WITH opened AS (DELETE FROM opened_section WHERE person_id = $1) DELETE FROM answer WHERE person_id = $1;

-- name: fold_answer
-- As an event of ours says, after a restore.
INSERT INTO answer (person_id, agency_id, question, version, state, value, said_by, worker_id, sitting, retold, said_at)
SELECT person.id, agency.id, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM person, agency
 WHERE person.id = $1 AND agency.id = $2 AND person.erased_at IS NULL
ON CONFLICT DO NOTHING;

-- name: fold_opened
INSERT INTO opened_section (person_id, agency_id, section, said_by, opened_at)
SELECT person.id, agency.id, $3, $4, $5 FROM person, agency
 WHERE person.id = $1 AND agency.id = $2 AND person.erased_at IS NULL
ON CONFLICT DO NOTHING;
