-- Tokens of a session or an account that are refused although they have not run out: those signed until `before`.
CREATE TABLE token_fence (
    id uuid PRIMARY KEY,                -- of a session or of an account
    before double precision NOT NULL,   -- Unix seconds; Infinity: all of them
    raised_at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX token_fence_raised_idx ON token_fence (raised_at);
