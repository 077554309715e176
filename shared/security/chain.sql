-- name: lock_chain
-- One chainer at a time; it lets go when its transaction ends. Locks are database-wide: the key says whose.
SELECT pg_try_advisory_xact_lock($1)

-- name: keep_to_indexes
-- Backlog and chain are read side by side along their indexes and LIMIT ends it; a hash over the whole chain, which a plan
-- made without statistics would take, is what grows with it.
-- $1: for this transaction alone.
SELECT set_config('enable_hashjoin', 'off', $1), set_config('enable_seqscan', 'off', $1),
       set_config('enable_bitmapscan', 'off', $1), set_config('enable_sort', 'off', $1)

-- name: handed_out
-- The highest number that any transaction was ever given; to be read before `writers`.
SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM audit_number_seq

-- name: writers
-- Which transactions may hold a number and have not ended: an INSERT takes this lock before its number and keeps it
-- until its transaction is visible or undone. `era` changes with whatever makes their names mean others.
SELECT pg_postmaster_start_time()::text || ' ' || database.oid || ' ' || 'audit'::regclass::oid AS era,
       array(SELECT virtualtransaction FROM pg_locks
              WHERE locktype = 'relation' AND pg_locks.database = database.oid AND relation = 'audit'::regclass
                AND mode = 'RowExclusiveLock') AS writers
  FROM pg_database AS database WHERE datname = current_database()

-- name: head
-- The chain's last link and how far everything is chained, in one snapshot.
SELECT settled, announced, filed, position, hash
  FROM audit_chaining LEFT JOIN (SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1) AS last ON true

-- name: unchained
-- The next rows without a link above a number, by number; what lies below `settled` is never looked at again.
SELECT number, at, actor_id, actor_role, agency_id, action, person_id, object, purpose, allowed FROM audit
 WHERE number > $1 AND NOT EXISTS (
           SELECT FROM audit_chain WHERE audit_chain.number = audit.number AND audit_chain.number > $1)
 ORDER BY number LIMIT $2

-- name: note_links
-- `settled` only grows.
UPDATE audit_chaining SET settled = greatest(settled, $1), linked_at = CASE WHEN $2 THEN clock() ELSE linked_at END

-- name: due
-- The head, where it is anchored nowhere yet and the last anchor is a minute old. A time or a position ahead of ours is
-- nobody's anchor: it doesn't hold up the next one.
SELECT settled, announced, filed, last.position, last.hash
  FROM audit_chaining, LATERAL (SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1) AS last
 WHERE (announced <> last.position OR filed <> last.position)
   AND (anchored_at IS NULL OR anchored_at > $1 OR anchored_at <= $1 - $2::interval)

-- name: note_anchor
UPDATE audit_chaining SET announced = $1, filed = $2, anchored_at = $3

-- name: depth
-- Rows that wait, counted up to 100,000, and the seconds since the last link.
SELECT (SELECT count(*) FROM (
            SELECT FROM audit WHERE number > settled AND NOT EXISTS (
                       SELECT FROM audit_chain WHERE audit_chain.number = audit.number AND audit_chain.number > settled)
             LIMIT 100000) AS waiting) AS waiting,
       coalesce(extract(epoch FROM clock() - linked_at), 0)::float8 AS since
  FROM audit_chaining

-- name: linked
-- The links after a position with their rows, along the chain; a row that is gone leaves its columns null.
SELECT chain.position, chain.number AS linked, chain.hash,
       audit.number, at, actor_id, actor_role, agency_id, action, person_id, object, purpose, allowed
  FROM (SELECT position, number, hash FROM audit_chain WHERE position > $1 ORDER BY position LIMIT $2) AS chain
  LEFT JOIN audit ON audit.number = chain.number
 ORDER BY chain.position

-- name: outside
-- Of the next rows above a number: the last one, how many wait for their link, and the first that has none although
-- everything up to $3 was chained.
SELECT max(number) AS last, count(*) FILTER (WHERE link IS NULL AND number > $3) AS waiting,
       min(number) FILTER (WHERE link IS NULL AND number <= $3) AS outside
  FROM (SELECT audit.number, audit_chain.number AS link FROM audit
          LEFT JOIN audit_chain ON audit_chain.number = audit.number AND audit_chain.number > $1
         WHERE audit.number > $1 ORDER BY audit.number LIMIT $2) AS next

-- name: rows_of
-- How many links there are: told beside what is wrong.
SELECT count(*) FROM audit_chain
