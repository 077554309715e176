-- A link that somebody signs in by, until it was carried: sealed, and opened by the carrier alone.
ALTER TABLE message ADD COLUMN link bytea;
