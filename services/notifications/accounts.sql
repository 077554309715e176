-- name: note_told
-- As it is told to the network, apart from the writing to partners. By the clock, as the pages say it.
INSERT INTO disclosure (person, agency, thing, kind, consent, at)
SELECT *, clock() FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[])

-- name: fold_told
-- As an event of ours says, after a restore.
INSERT INTO disclosure (person, agency, thing, kind, consent, at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: told_of
-- The latest first; one range of disclosure_person_idx, no sort.
SELECT at, agency, kind FROM disclosure
 WHERE person = $1 AND at > clock() - $2::text::interval ORDER BY at DESC LIMIT $3

-- name: agencies
SELECT id, name FROM agency WHERE id = ANY ($1::uuid[])
