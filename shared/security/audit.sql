-- name: record
-- One row in the transaction of the act or the read. `at` null means now.
INSERT INTO audit (at, actor_id, actor_role, agency_id, action, person_id, object, purpose, allowed)
VALUES (coalesce($1, clock()), $2, $3, $4, $5, $6, $7, $8, $9);

-- name: record_many
-- The same for a page that shows several people at once: one row for each of them.
INSERT INTO audit (at, actor_id, actor_role, agency_id, action, person_id, object, purpose, allowed)
SELECT coalesce($1, clock()), $2, $3, $4, $5, person, $7, $8, $9 FROM unnest($6::uuid[]) AS person;

-- name: now
-- The moment by which a page says when somebody looked.
SELECT clock();

-- name: shown_to_others
-- What this service showed of somebody to other agencies than their own ($2), the latest first; by audit_person_idx.
SELECT at, agency_id, action FROM audit
 WHERE person_id = $1 AND allowed AND agency_id <> coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
   AND action = ANY ($3::text[]) AND at > clock() - $4::text::interval
 ORDER BY number DESC LIMIT $5;

-- name: who_looked
-- Others' acts on one person's record, the latest first; one range of audit_person_idx, no sort.
SELECT number, at, actor_id, actor_role, agency_id, action, object, purpose, allowed FROM audit
 WHERE person_id = $1 AND number < $2 AND actor_id <> $1
 ORDER BY number DESC LIMIT $3;
