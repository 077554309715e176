-- One link for each row of the audit, in an order of its own without gaps. `hash` is SHA-256 over the hash before, the
-- position and the row (shared/security/chain.py): nobody changes, drops or moves a row without breaking what follows.
CREATE TABLE audit_chain (
    position bigint PRIMARY KEY,
    number bigint NOT NULL UNIQUE,  -- of the row
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- How far the chainer is. Nothing here is evidence: whoever changes it delays a link or an anchor, and no more.
CREATE TABLE audit_chaining (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settled bigint NOT NULL DEFAULT 0,   -- every row that will ever have a number up to this one is chained
    linked_at timestamptz,
    announced bigint NOT NULL DEFAULT 0, -- the position last anchored on the control topic
    filed bigint NOT NULL DEFAULT 0,     -- and in the file
    anchored_at timestamptz              -- when that was last tried, by the clock of the process
) WITH (fillfactor = 50);
INSERT INTO audit_chaining DEFAULT VALUES;

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = current_schema()) THEN
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_chain FROM %I', current_schema());
        EXECUTE format('GRANT SELECT, INSERT ON audit_chain TO %I', current_schema());
        EXECUTE format('REVOKE INSERT, DELETE, TRUNCATE ON audit_chaining FROM %I', current_schema());
        EXECUTE format('GRANT SELECT, UPDATE ON audit_chaining TO %I', current_schema());
    END IF;
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
