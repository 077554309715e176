-- name: untold
-- What partners' logs acknowledged and the network has not heard of; partner_sent_untold_idx.
SELECT sent.partner, sent.stream, sent.life, sent.sequence, sent.kind, sent.thing, sent.person, sent.consent,
       partner.agency
  FROM partner_sent AS sent JOIN partner ON partner.id = sent.partner
 WHERE sent.untold ORDER BY sent.sent_at LIMIT $1 FOR UPDATE OF sent SKIP LOCKED

-- name: mark_told
UPDATE partner_sent AS sent SET untold = false
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[]) AS told (partner, stream, life, sequence)
 WHERE sent.partner = told.partner AND sent.stream = told.stream AND sent.life = told.life
   AND sent.sequence = told.sequence
