-- +goose Up
-- Which cases and documents lay in a file and were destroyed: so that the log's entries about them are still found.
CREATE TABLE records_trace (
	object       TEXT PRIMARY KEY, -- "case:ID", "document:ID"
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	reference    TEXT NOT NULL, -- Aktenzeichen of the case
	level        BIGINT NOT NULL
);
CREATE INDEX records_trace_file ON records_trace (file_id, object);

-- +goose Down
DROP TABLE records_trace;
