-- What an operator gives up is given up in writing: why a letter was dropped, and which missing records were accepted as
-- lost. A loss has no record of its own to write on, and what was decided outlives a report that is made anew.
ALTER TABLE dead_letter ADD COLUMN because text;
CREATE TABLE accepted_loss (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    from_sequence bigint NOT NULL,
    to_sequence bigint NOT NULL,
    because text NOT NULL,
    accepted_by text NOT NULL,
    accepted_at timestamptz NOT NULL
);
