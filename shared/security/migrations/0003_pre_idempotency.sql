-- The first answer to each Idempotency-Key, per actor: somebody else's key is another key.
CREATE TABLE idempotency (
    actor_id uuid NOT NULL,
    key text NOT NULL,
    route text NOT NULL,
    body_hash bytea NOT NULL,
    status smallint,            -- null only inside the transaction that acts
    headers text,               -- JSON
    body bytea,
    expires_at timestamptz NOT NULL DEFAULT clock() + interval '24 hours',
    PRIMARY KEY (actor_id, key)
) WITH (fillfactor = 80);
CREATE INDEX idempotency_expiry_idx ON idempotency (expires_at);
