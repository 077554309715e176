-- A worker's name is sealed in a compartment of its own from now on, which all services open. One that lies sealed among
-- people's names opens no more: it is told as not known. No version was released.
UPDATE account SET name = '';
INSERT INTO worker (id, agency, role, left_at) SELECT id, agency_id, role, left_at FROM account;
INSERT INTO agency_card (id, name, shows_roles) SELECT id, name, false FROM agency;

-- Why somebody covers is said here and told to no other service.
ALTER TABLE cover ADD COLUMN why bytea NOT NULL DEFAULT '';  -- sealed, by a key of whoever is away
