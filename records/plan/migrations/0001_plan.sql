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

-- +goose Down
DROP TABLE plan_import;
