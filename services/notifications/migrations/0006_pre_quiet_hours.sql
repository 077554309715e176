-- When nothing goes to the way that is written to, beside the hours of the network; null: they said none.
ALTER TABLE person ADD COLUMN quiet_from time, ADD COLUMN quiet_until time;
