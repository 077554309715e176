-- How often somebody typed another word than the one that a texted link asks for. After ten it takes none any more.
ALTER TABLE way_in ADD COLUMN wrong_words smallint NOT NULL DEFAULT 0;
