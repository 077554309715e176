-- The key that tells rows apart comes first: comparing the consumer's and the topic's name at every step of every look-up
-- took a third of what saving progress costs. `was`: the sequence that a saved one replaced, to be compared with.
ALTER TABLE progress DROP CONSTRAINT progress_pkey, ADD PRIMARY KEY (subject, topic, consumer),
    ADD COLUMN was bigint NOT NULL DEFAULT -1;
