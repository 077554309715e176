-- name: list_fences
SELECT id, before FROM token_fence;

-- name: raise_fence
INSERT INTO token_fence (id, before) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET before = greatest(token_fence.before, excluded.before), raised_at = clock();

-- name: forget_fences
-- What is older than any token lives keeps nobody out.
DELETE FROM token_fence WHERE id IN (
    SELECT id FROM token_fence WHERE raised_at <= clock() - $1::float8 * interval '1 second' ORDER BY raised_at LIMIT $2);
