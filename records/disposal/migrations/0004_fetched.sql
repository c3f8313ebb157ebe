-- +goose Up
-- Who has taken a package out to send it, the last time.
ALTER TABLE disposal_package ADD COLUMN fetched_by TEXT NOT NULL DEFAULT '';
ALTER TABLE disposal_package ADD COLUMN fetched_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE disposal_package DROP COLUMN fetched_at;
ALTER TABLE disposal_package DROP COLUMN fetched_by;
