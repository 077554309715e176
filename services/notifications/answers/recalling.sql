-- name: receipts_read
-- From which offset on the log of each partner's receipts may hold what this database does not know.
SELECT id, slug, CASE WHEN partner.cluster = $1 THEN kafka_offset + 1 ELSE 0 END AS first
  FROM partner JOIN partner_stream ON partner = id AND stream = 'receipt'
 WHERE removed_at IS NULL

-- name: recall
INSERT INTO answer (partner, answer_id, result, reason, reference, at) VALUES ($1, $2, $3, $4, $5, clock())
ON CONFLICT (partner, answer_id) DO NOTHING RETURNING 1
