-- name: untold
-- What partners' logs acknowledged and the network has not heard of; partner_sent_untold_idx.
SELECT sent.ctid AS place, sent.partner, sent.kind, sent.thing, sent.person, sent.consent,
       partner.agency
  FROM partner_sent AS sent JOIN partner ON partner.id = sent.partner
 WHERE sent.untold ORDER BY sent.sent_at LIMIT $1 FOR UPDATE OF sent SKIP LOCKED

-- name: mark_told
-- By the places where they were locked, which can't change while they are: no statistics can make this a slow plan.
-- Joined by their key, with those of a young table, Postgres read all that a partner was ever sent, for each row.
UPDATE partner_sent SET untold = false WHERE ctid = ANY ($1::tid[])
