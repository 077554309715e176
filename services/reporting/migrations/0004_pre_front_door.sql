-- The front door: how long people wait for what was promised them. Each table has too little to know whom it was about:
-- no agency, since ten answers there may all be one person's; and where a fact is one of a person the row goes by the
-- fact's own id, so that no two can be put together.

CREATE TABLE arrival (
    id uuid PRIMARY KEY,      -- the fact's: a promise of an answer, or that it was not kept
    answer_by timestamptz NOT NULL,
    late boolean NOT NULL
);
CREATE INDEX arrival_answer_by_brin ON arrival USING brin (answer_by) WITH (pages_per_range = 32);

CREATE TABLE telling (
    id uuid PRIMARY KEY,      -- the fact's
    told_at timestamptz NOT NULL,
    told int NOT NULL,        -- answers
    retold int NOT NULL       -- those among them that another agency had heard before
);
CREATE INDEX telling_told_brin ON telling USING brin (told_at) WITH (pages_per_range = 32);

CREATE TABLE revocation (
    id uuid PRIMARY KEY,      -- the consent's
    revoked_at timestamptz,   -- null: a halt was heard first, or it ended otherwise
    caseplan_at timestamptz,  -- when each of the two that disclose first said that nothing more goes out
    notifications_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX revocation_revoked_brin ON revocation USING brin (revoked_at) WITH (pages_per_range = 32);

CREATE TYPE arrival_change AS (id uuid, answer_by timestamptz, late boolean);
CREATE TYPE telling_change AS (id uuid, told_at timestamptz, told int, retold int);
CREATE TYPE revocation_change AS (
    id uuid, revoked_at timestamptz, caseplan_at timestamptz, notifications_at timestamptz
);

CALL protect('arrival', $$across_agencies()$$);
CALL protect('telling', $$across_agencies()$$);
CALL protect('revocation', $$across_agencies()$$);
