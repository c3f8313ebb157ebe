-- Nothing for SQLite, which walks along n: the number stands here so that both databases have the same versions, as a backup
-- from one to the other needs.
-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
