-- The writer's aggregate: a running total, so that a lost update can be seen.
CREATE TABLE toy (id uuid PRIMARY KEY, total bigint NOT NULL);
