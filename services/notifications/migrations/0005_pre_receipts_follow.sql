-- A receipt leaves after what it confirms: not before the outbox has sent everything of that shard up to this position.
ALTER TABLE partner_row ADD COLUMN follows_shard smallint, ADD COLUMN follows bigint;
