-- +goose Up
-- What was taken over into a plan, so that a form sent twice does its work once, and for the answer to the archive.
CREATE TABLE plan_import (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	source       TEXT NOT NULL, -- "table", "municipal", "ministry", or the number of an xdomea message
	name         TEXT NOT NULL, -- of the file
	process_id   TEXT NOT NULL, -- of an xdomea message
	units        TEXT NOT NULL, -- codes of the units that the archive appraised, a JSON list
	added        BIGINT NOT NULL,
	changed      BIGINT NOT NULL,
	ended        BIGINT NOT NULL,
	imported_by  TEXT NOT NULL,
	imported_at  BIGINT NOT NULL
);
CREATE INDEX plan_import_at ON plan_import (authority_id, imported_at, id);
-- How many files a unit has, and which of them have rules, is known from these alone.
CREATE INDEX plan_file_count ON records_file (authority_id, unit, closed_at, level, readers, writers, id);
CREATE INDEX plan_grant_file ON records_grant (authority_id, file_id);

-- +goose Down
DROP INDEX plan_grant_file;
DROP INDEX plan_file_count;
DROP TABLE plan_import;
