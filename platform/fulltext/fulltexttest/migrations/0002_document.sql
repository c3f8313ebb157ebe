-- +goose Up
CREATE TABLE demo_file (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	unit         TEXT NOT NULL,
	reach        TEXT NOT NULL,
	level        BIGINT NOT NULL
);
CREATE TABLE demo_grant (
	file_id TEXT NOT NULL,
	person  TEXT NOT NULL,
	PRIMARY KEY (file_id, person)
);
CREATE TABLE demo_document (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES demo_file (id),
	name         TEXT NOT NULL
);

-- +goose Down
DROP TABLE demo_document;
DROP TABLE demo_grant;
DROP TABLE demo_file;
