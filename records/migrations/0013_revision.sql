-- +goose Up
-- Counts the changes of what the log binds of a row (records/state.go); every UPDATE of these tables counts on.
ALTER TABLE records_file ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_case ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_document ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE records_document DROP COLUMN revision;
ALTER TABLE records_case DROP COLUMN revision;
ALTER TABLE records_file DROP COLUMN revision;
