-- Lists as they were sent, row by row, until the worker has made invitations of them. One key closes a whole list, and is
-- erased with the last of its rows. Nobody but the service reads them, least of all the sender.
CREATE TABLE release_list (
    id uuid PRIMARY KEY,
    sender uuid NOT NULL REFERENCES agency,
    welcoming uuid NOT NULL REFERENCES agency,
    whole boolean NOT NULL DEFAULT false,  -- until then nothing becomes of it
    sent_at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX release_list_sender_idx ON release_list (sender, sent_at, id);
CREATE TABLE release_row (
    list_id uuid NOT NULL REFERENCES release_list ON DELETE CASCADE,
    number integer NOT NULL,
    reference bytea NOT NULL,           -- blind index, under a key of the sender
    told bytea NOT NULL,                -- sealed: identity, release_row.told, by the list's id
    PRIMARY KEY (list_id, number)
);
CALL protect('release_list', $$as_service()$$);
CALL protect('release_row', $$as_service()$$);

-- Somebody who may come: known to one agency, which asks them. They are a person once they have said yes, and not before.
CREATE TABLE invited (
    id uuid PRIMARY KEY,                -- the person's, if they say yes; its key goes with a no, or with silence
    sender uuid NOT NULL REFERENCES agency,
    welcoming uuid NOT NULL REFERENCES agency,
    reference bytea NOT NULL,           -- blind index of how the sender knows them
    told bytea,                         -- sealed: identity, invited.told; null: they have said yes or no
    release_on date,
    stage text NOT NULL,                -- waiting, here, no
    code bytea UNIQUE,                  -- hash of what stands in their link
    pin text,                           -- argon2id
    told_at timestamptz NOT NULL DEFAULT clock(),  -- when the sender last named them
    UNIQUE (sender, reference)
);
CREATE INDEX invited_welcoming_idx ON invited (welcoming, release_on, id) WHERE stage = 'waiting';
-- What became of somebody is nobody's to read: not the welcoming agency's, and never the sender's.
CALL protect('invited', $$
    as_service() OR (welcoming = acting_agency() AND told IS NOT NULL) OR id = acting_person()$$,
    $$as_service() OR id = acting_person()$$);
