-- Who did or saw what of whom, and why. Rows are only added: a chainer can follow `number` and chain them afterwards.
CREATE TABLE audit (
    number bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    actor_role text NOT NULL,
    agency_id uuid,             -- the actor's
    action text NOT NULL,
    person_id uuid,             -- whose record it was; null: nobody's
    object text NOT NULL,       -- kind/id, no names
    purpose text NOT NULL,
    allowed boolean NOT NULL    -- false: asked and refused
);
CREATE INDEX audit_person_idx ON audit (person_id, number DESC) WHERE person_id IS NOT NULL;

-- The service adds and reads; what is written stays. The trigger holds also where a later grant is too generous.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = current_schema()) THEN
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM %I', current_schema());
        EXECUTE format('GRANT SELECT, INSERT ON audit TO %I', current_schema());
    END IF;
END $$;
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'audit rows are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
