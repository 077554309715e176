-- Staff who sign in at an OpenID issuer: by what it knows them, as their administrator said, and who they were there.
ALTER TABLE account
    ADD COLUMN known_as bytea,          -- blind index, under a key of the key store
    ADD COLUMN known_subject bytea;     -- hash of issuer and subject; null until they have come in by it
CREATE UNIQUE INDEX account_known_as_idx ON account (known_as) WHERE known_as IS NOT NULL;
