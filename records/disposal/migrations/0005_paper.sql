-- +goose Up
-- On what was destroyed was kept, and where its paper lies: that is destroyed, or handed over, apart from here.
ALTER TABLE disposal_destruction ADD COLUMN medium TEXT NOT NULL DEFAULT '';
ALTER TABLE disposal_destruction ADD COLUMN location TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE disposal_destruction DROP COLUMN location;
ALTER TABLE disposal_destruction DROP COLUMN medium;
