-- +goose Up
-- A Große kreisangehörige Stadt does some of the Kreis's tasks itself (§ 6 Abs. 4 ThürKO). In finder_assignment the level
-- big_town is such a task.
ALTER TABLE finder_area ADD COLUMN big_town BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE finder_area DROP COLUMN big_town;
