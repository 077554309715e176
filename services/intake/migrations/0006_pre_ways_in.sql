-- How a person signs in: a link and a PIN of their own, and a second PIN that opens a page which anybody may see.
CREATE TABLE way_in (
    person_id uuid PRIMARY KEY,         -- refers to nobody: the demo's cast has ways in before it has people
    code bytea NOT NULL UNIQUE,         -- hash of what stands in the link
    pin text,                           -- argon2id; null until they have chosen one
    second text,                        -- argon2id; where they have chosen none, of a secret that nobody knows
    word bytea,                         -- hash of what their worker told them, where the link went by text
    choose_by timestamptz NOT NULL,     -- until when the PIN can be chosen
    checked text NOT NULL,              -- how whoever made it knew them
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock()
);

-- Signing in, and changing a PIN, is the service's own work; a link is made by who walks with them.
CALL protect('way_in', $$
    as_service()
    OR (SELECT p.agency_id = acting_agency() OR p.worker_id = acting_worker() FROM person p
         WHERE p.id = way_in.person_id)$$);

-- Browsers that a person has signed in from are known as well, and their account is themselves.
ALTER TABLE known_device DROP CONSTRAINT known_device_account_id_fkey;

ALTER TABLE session ADD COLUMN harmless boolean NOT NULL DEFAULT false;

-- Nothing goes to a number that is held: nobody; their worker or they themselves said that the one now written down is
-- safe, and the other has yet to. Null: it is not held.
ALTER TABLE person ADD COLUMN held text CHECK (held IN ('nobody', 'worker', 'person')),
                   ADD COLUMN held_because text,
                   ADD COLUMN held_at timestamptz;
