-- Agencies and programs. `entry` is what is said of them, as directory.py has it; the columns beside it are what is
-- searched, sorted and joined by.
CREATE TABLE agency (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    entry jsonb NOT NULL,
    welcomes boolean NOT NULL DEFAULT false,  -- people who refer themselves come here
    source text,                -- the directory it was loaded from; null: it speaks for itself
    source_id text,
    assured_on date,            -- when somebody last vouched for what was loaded; null: nobody said
    words tsvector NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock(),
    CHECK ((source IS NULL) = (source_id IS NULL))
);
CREATE INDEX agency_name_idx ON agency (lower(name), id);
CREATE INDEX agency_words_idx ON agency USING gin (words);
CREATE INDEX agency_welcomes_idx ON agency (lower(name)) WHERE welcomes;
CREATE INDEX agency_source_idx ON agency (source, source_id) WHERE source IS NOT NULL;

CREATE TABLE program (
    id uuid PRIMARY KEY,
    agency_id uuid NOT NULL REFERENCES agency,
    name text NOT NULL,
    entry jsonb NOT NULL,
    needs text[] NOT NULL,
    accepting boolean NOT NULL,
    withdrawn text,             -- why it is offered no more; null: it is
    source text,
    source_id text,
    assured_on date,
    words tsvector NOT NULL,    -- its agency's name too, since that is what people search by
    changed_at timestamptz NOT NULL DEFAULT clock(),
    CHECK ((source IS NULL) = (source_id IS NULL))
);
CREATE INDEX program_name_idx ON program (lower(name), id) WHERE withdrawn IS NULL;
CREATE INDEX program_agency_idx ON program (agency_id, lower(name));
CREATE INDEX program_needs_idx ON program USING gin (needs) WHERE withdrawn IS NULL;
CREATE INDEX program_words_idx ON program USING gin (words);
CREATE INDEX program_source_idx ON program (source, source_id) WHERE source IS NOT NULL;
