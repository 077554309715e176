-- How often somebody typed another PIN than that of an invitation's link. After ten the link opens nothing any more.
ALTER TABLE invited ADD COLUMN wrong_pins smallint NOT NULL DEFAULT 0;
