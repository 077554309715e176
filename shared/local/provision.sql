-- Names in braces are put in by provision.py, since utility statements take no parameters.

-- name: role_exists
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1);

-- name: database_exists
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1);

-- name: am_superuser
SELECT rolsuper FROM pg_roles WHERE rolname = current_user;

-- name: create_role
CREATE ROLE {role};

-- name: set_role
-- The password follows as a SCRAM verifier.
ALTER ROLE {role} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT;

-- name: set_search_path
-- Statements never name a schema: the role does.
ALTER ROLE {role} SET search_path = {service};

-- name: join_role
-- An administrator who is no superuser must be a member to give a schema to its owner.
GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;

-- name: create_database
CREATE DATABASE {database} TEMPLATE {template};

-- name: drop_database
DROP DATABASE IF EXISTS {database} WITH (FORCE);

-- name: close_database
-- By default everybody may connect, and use the schema public.
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- name: open_database
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {service}, {service}_owner;

-- name: ensure_schema
-- Rows for the service, everything else for the owner; tables made later get the same grants.
CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service}_owner;
REVOKE ALL ON SCHEMA {service} FROM PUBLIC;
GRANT USAGE ON SCHEMA {service} TO {service};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {service};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {service} TO {service};
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {service} TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service}
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service} GRANT USAGE, SELECT ON SEQUENCES TO {service};
ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service} GRANT EXECUTE ON ROUTINES TO {service};

-- name: ensure_key_store
-- Who may see which rows, its migrations say.
CREATE SCHEMA IF NOT EXISTS keys AUTHORIZATION keys_owner;
REVOKE ALL ON SCHEMA keys FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO keys_owner;

-- name: open_key_store
-- In this database the role has another search path than in the one of its own schema.
GRANT CONNECT ON DATABASE {database} TO {service};
GRANT USAGE ON SCHEMA keys TO {service};
ALTER ROLE {service} IN DATABASE {database} SET search_path = keys;

-- name: leave_old_database
-- Once the keys have moved out of it.
REVOKE ALL ON DATABASE {database} FROM keys_owner;
