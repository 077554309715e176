-- Staff accounts, and the sessions of everybody. A person's account is the person.
CREATE TABLE account (
    id uuid PRIMARY KEY,
    agency_id uuid REFERENCES agency,   -- null: the network's office
    role text NOT NULL,
    sign_in text NOT NULL UNIQUE,       -- what they type; chosen by whoever invites, not their name
    name bytea NOT NULL,                -- sealed
    stage text NOT NULL,
    password text,                      -- argon2id; null until they have chosen one
    totp bytea,                         -- sealed
    totp_step bigint,                   -- the last 30 seconds of which a code was taken: none is taken twice
    invitation bytea,                   -- hash of the one-time code in their link
    invitation_ends_at timestamptz,
    invited_by uuid NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock(),
    changed_at timestamptz NOT NULL DEFAULT clock(),
    left_at timestamptz
);
CREATE INDEX account_agency_idx ON account (agency_id, stage);
CREATE UNIQUE INDEX account_invitation_idx ON account (invitation) WHERE invitation IS NOT NULL;

-- Ten for each account, shown once, each used once.
CREATE TABLE recovery_code (
    account_id uuid NOT NULL REFERENCES account,
    hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, hash)
);

-- Browsers from which somebody has signed in before: strangers' tries never keep their owner out.
CREATE TABLE known_device (
    account_id uuid NOT NULL REFERENCES account,
    hash bytea NOT NULL,                -- of a cookie
    seen_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (account_id, hash)
);

CREATE TABLE session (
    id uuid PRIMARY KEY,
    secret bytea NOT NULL UNIQUE,       -- hash of the cookie
    account_id uuid NOT NULL,           -- or a person's id
    role text NOT NULL,
    agency_id uuid,
    quiet interval,                     -- after so long without a step it is over; null: never before it ends
    since timestamptz NOT NULL DEFAULT clock(),
    seen_at timestamptz NOT NULL DEFAULT clock(),
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    because text
);
CREATE INDEX session_account_idx ON session (account_id, ends_at);

-- Signing in is the service's own work. Whoever is in sees the accounts and sessions of their agency and their own.
CALL protect('account', $$across_agencies() OR agency_id = acting_agency() OR id = acting_actor()$$);
CALL protect('session', $$across_agencies() OR agency_id = acting_agency() OR account_id = acting_actor()$$);
CALL protect('recovery_code', $$as_service() OR (SELECT true FROM account a WHERE a.id = recovery_code.account_id)$$);
CALL protect('known_device', $$as_service() OR (SELECT true FROM account a WHERE a.id = known_device.account_id)$$);
