-- +goose Up
CREATE TABLE demo_file (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	readers      TEXT NOT NULL,
	level        BIGINT NOT NULL
);
CREATE TABLE demo_grant (
	file_id TEXT NOT NULL,
	holder  TEXT NOT NULL,
	weight  BIGINT NOT NULL,
	PRIMARY KEY (file_id, holder)
);
CREATE TABLE demo_case (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES demo_file (id),
	level        BIGINT NOT NULL
);
CREATE TABLE demo_document (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES demo_case (id),
	name         TEXT NOT NULL
);

-- +goose Down
DROP TABLE demo_document;
DROP TABLE demo_case;
DROP TABLE demo_grant;
DROP TABLE demo_file;
