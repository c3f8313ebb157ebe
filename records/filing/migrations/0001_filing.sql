-- +goose Up
-- What the desk adds to a document.
CREATE TABLE filing_document (
	document_id  TEXT PRIMARY KEY REFERENCES records_document (id),
	authority_id TEXT NOT NULL,
	keywords     TEXT NOT NULL, -- separated by line ends
	sender       TEXT NOT NULL, -- of a message, as the next two
	sent_at      BIGINT NOT NULL,
	message_id   TEXT NOT NULL
);
CREATE INDEX filing_document_name ON records_document (case_id, name, id);
CREATE INDEX filing_document_parent ON records_document (parent_id) WHERE parent_id <> '';

-- A version that somebody else was faster than: it waits for its maker's choice.
CREATE TABLE filing_held (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	document_id  TEXT NOT NULL REFERENCES records_document (id),
	subject      TEXT NOT NULL,
	base         BIGINT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	media_type   TEXT NOT NULL,
	comment      TEXT NOT NULL,
	held_at      BIGINT NOT NULL
);
CREATE INDEX filing_held_document ON filing_held (document_id, subject);

-- Post that lies in no case yet.
CREATE TABLE filing_incoming (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	org_id       TEXT NOT NULL, -- unit that it is for; "" is any
	source       TEXT NOT NULL,
	sender       TEXT NOT NULL,
	subject      TEXT NOT NULL,
	search       TEXT NOT NULL,
	received_at  BIGINT NOT NULL,
	created_at   BIGINT NOT NULL,
	created_by   TEXT NOT NULL,
	case_id      TEXT NOT NULL, -- "" until it is assigned
	assigned_at  BIGINT NOT NULL,
	assigned_by  TEXT NOT NULL
);
CREATE INDEX filing_incoming_open ON filing_incoming (authority_id, received_at, id, org_id, search) WHERE case_id = '';
CREATE INDEX filing_incoming_done ON filing_incoming (authority_id, received_at, id) WHERE case_id <> '';
CREATE TABLE filing_incoming_document (
	id           TEXT PRIMARY KEY,
	incoming_id  TEXT NOT NULL REFERENCES filing_incoming (id),
	authority_id TEXT NOT NULL,
	place        BIGINT NOT NULL,
	kind         TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	media_type   TEXT NOT NULL,
	parent_id    TEXT NOT NULL,
	subject      TEXT NOT NULL,
	sender       TEXT NOT NULL,
	sent_at      BIGINT NOT NULL,
	message_id   TEXT NOT NULL
);
CREATE INDEX filing_incoming_documents ON filing_incoming_document (incoming_id, place);
-- What the scanner's folder gave: the same file is taken once.
CREATE TABLE filing_scanned (
	authority_id TEXT NOT NULL,
	hash         TEXT NOT NULL,
	name         TEXT NOT NULL,
	incoming_id  TEXT NOT NULL REFERENCES filing_incoming (id),
	taken_at     BIGINT NOT NULL,
	PRIMARY KEY (authority_id, hash, name)
);

-- PDFs made of versions.
CREATE TABLE filing_rendition (
	document_id  TEXT NOT NULL REFERENCES records_document (id),
	version      BIGINT NOT NULL,
	authority_id TEXT NOT NULL,
	state        TEXT NOT NULL, -- "made", "failed", "unavailable"
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	note         TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	PRIMARY KEY (document_id, version)
);

-- +goose Down
DROP TABLE filing_rendition;
DROP TABLE filing_scanned;
DROP TABLE filing_incoming_document;
DROP TABLE filing_incoming;
DROP TABLE filing_held;
DROP INDEX filing_document_parent;
DROP INDEX filing_document_name;
DROP TABLE filing_document;
