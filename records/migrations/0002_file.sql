-- +goose Up
-- Who is who at an authority.
CREATE TABLE records_org (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	code         TEXT NOT NULL,
	name         TEXT NOT NULL,
	parent       TEXT NOT NULL,
	path         TEXT NOT NULL, -- "/", the ids from the top down to this one, each followed by "/"
	ended_at     BIGINT NOT NULL,
	UNIQUE (authority_id, code)
);
CREATE TABLE records_member (
	org_id       TEXT NOT NULL REFERENCES records_org (id),
	subject      TEXT NOT NULL,
	role         TEXT NOT NULL,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	PRIMARY KEY (org_id, subject, role)
);
CREATE INDEX records_member_subject ON records_member (subject);
CREATE TABLE records_clearance (
	authority_id TEXT NOT NULL,
	subject      TEXT NOT NULL,
	name         TEXT NOT NULL,
	level        BIGINT NOT NULL,
	PRIMARY KEY (authority_id, subject)
);
CREATE TABLE records_grant (
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	holder       TEXT NOT NULL,
	authority_id TEXT NOT NULL,
	may          BIGINT NOT NULL,
	weight       BIGINT NOT NULL,
	reason       TEXT NOT NULL,
	granted_by   TEXT NOT NULL,
	granted_at   BIGINT NOT NULL,
	PRIMARY KEY (file_id, holder)
);

-- The file plan.
ALTER TABLE records_unit ADD COLUMN transfer_years BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_unit ADD COLUMN valid_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_unit ADD COLUMN valid_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_unit ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE records_routing ADD COLUMN org_id TEXT NOT NULL DEFAULT '';
CREATE TABLE records_setting (
	authority_id      TEXT PRIMARY KEY,
	reference_pattern TEXT NOT NULL
);
CREATE TABLE records_file_type (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	fields       TEXT NOT NULL, -- JSON
	UNIQUE (authority_id, name)
);

-- Files.
ALTER TABLE records_file ADD COLUMN lead TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN readers TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN writers TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN level BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_file ADD COLUMN medium TEXT NOT NULL DEFAULT 'electronic';
ALTER TABLE records_file ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN lent_to TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN lent_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_file ADD COLUMN lent_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_file ADD COLUMN type_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
ALTER TABLE records_file ADD COLUMN keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN retain_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_file ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE records_file ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_file ADD COLUMN changed_by TEXT NOT NULL DEFAULT '';
CREATE INDEX records_file_unit ON records_file (authority_id, unit, opened_at, id);
CREATE INDEX records_file_retained ON records_file (authority_id, retain_until, id) WHERE retain_until > 0;
CREATE TABLE records_part (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	number       BIGINT NOT NULL,
	subject      TEXT NOT NULL,
	opened_at    BIGINT NOT NULL,
	closed_at    BIGINT NOT NULL,
	UNIQUE (file_id, number)
);
CREATE TABLE records_link (
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	other_id     TEXT NOT NULL REFERENCES records_file (id),
	authority_id TEXT NOT NULL,
	kind         TEXT NOT NULL,
	linked_by    TEXT NOT NULL,
	linked_at    BIGINT NOT NULL,
	PRIMARY KEY (file_id, other_id)
);
CREATE INDEX records_link_other ON records_link (other_id);
CREATE TABLE records_favourite (
	subject      TEXT NOT NULL,
	object       TEXT NOT NULL, -- "file:ID", "case:ID", "document:ID"
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	marked_at    BIGINT NOT NULL,
	PRIMARY KEY (subject, object)
);
CREATE TABLE records_view (
	id       TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	subject  TEXT NOT NULL,
	list     TEXT NOT NULL, -- "inbox", "files", "search" …
	name     TEXT NOT NULL, -- "" is the columns and order that the list begins with
	query    TEXT NOT NULL,
	columns  TEXT NOT NULL,
	UNIQUE (subject, list, name)
);

-- Cases.
ALTER TABLE records_case ADD COLUMN kind TEXT NOT NULL DEFAULT 'application';
ALTER TABLE records_case ADD COLUMN part_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_case ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_case ADD COLUMN level BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_case ADD COLUMN org_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_case ADD COLUMN number BIGINT NOT NULL DEFAULT 1; -- in its file, or in its parent
CREATE INDEX records_case_in_file ON records_case (file_id, received_at, id);
DROP INDEX records_case_file;

-- Documents: the row has what the current version is; every version stays.
ALTER TABLE records_document ADD COLUMN file_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_document ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE records_document ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE records_document ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE records_document ADD COLUMN locked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE records_document ADD COLUMN locked_name TEXT NOT NULL DEFAULT '';
ALTER TABLE records_document ADD COLUMN locked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records_document ADD COLUMN final_at BIGINT NOT NULL DEFAULT 0;
UPDATE records_document SET file_id = (SELECT c.file_id FROM records_case c WHERE c.id = records_document.case_id);
CREATE INDEX records_document_file ON records_document (file_id, created_at, id);
CREATE TABLE records_version (
	document_id  TEXT NOT NULL REFERENCES records_document (id),
	number       BIGINT NOT NULL,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	media_type   TEXT NOT NULL,
	comment      TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	created_by   TEXT NOT NULL,
	PRIMARY KEY (document_id, number)
);
CREATE INDEX records_version_hash ON records_version (hash);
INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
	SELECT id, 1, authority_id, name, hash, size, media_type, '', created_at, created_by FROM records_document;

-- +goose Down
DROP TABLE records_version;
DROP INDEX records_document_file;
ALTER TABLE records_document DROP COLUMN final_at;
ALTER TABLE records_document DROP COLUMN locked_at;
ALTER TABLE records_document DROP COLUMN locked_name;
ALTER TABLE records_document DROP COLUMN locked_by;
ALTER TABLE records_document DROP COLUMN subject;
ALTER TABLE records_document DROP COLUMN parent_id;
ALTER TABLE records_document DROP COLUMN version;
ALTER TABLE records_document DROP COLUMN file_id;
CREATE INDEX records_case_file ON records_case (file_id);
DROP INDEX records_case_in_file;
ALTER TABLE records_case DROP COLUMN number;
ALTER TABLE records_case DROP COLUMN org_id;
ALTER TABLE records_case DROP COLUMN level;
ALTER TABLE records_case DROP COLUMN parent_id;
ALTER TABLE records_case DROP COLUMN part_id;
ALTER TABLE records_case DROP COLUMN kind;
DROP TABLE records_view;
DROP TABLE records_favourite;
DROP TABLE records_link;
DROP TABLE records_part;
DROP INDEX records_file_retained;
DROP INDEX records_file_unit;
ALTER TABLE records_file DROP COLUMN changed_by;
ALTER TABLE records_file DROP COLUMN changed_at;
ALTER TABLE records_file DROP COLUMN version;
ALTER TABLE records_file DROP COLUMN retain_until;
ALTER TABLE records_file DROP COLUMN state;
ALTER TABLE records_file DROP COLUMN keywords;
ALTER TABLE records_file DROP COLUMN fields;
ALTER TABLE records_file DROP COLUMN type_id;
ALTER TABLE records_file DROP COLUMN lent_until;
ALTER TABLE records_file DROP COLUMN lent_at;
ALTER TABLE records_file DROP COLUMN lent_to;
ALTER TABLE records_file DROP COLUMN location;
ALTER TABLE records_file DROP COLUMN medium;
ALTER TABLE records_file DROP COLUMN level;
ALTER TABLE records_file DROP COLUMN writers;
ALTER TABLE records_file DROP COLUMN readers;
ALTER TABLE records_file DROP COLUMN lead;
DROP TABLE records_file_type;
DROP TABLE records_setting;
ALTER TABLE records_routing DROP COLUMN org_id;
ALTER TABLE records_unit DROP COLUMN note;
ALTER TABLE records_unit DROP COLUMN valid_until;
ALTER TABLE records_unit DROP COLUMN valid_from;
ALTER TABLE records_unit DROP COLUMN transfer_years;
DROP TABLE records_grant;
DROP TABLE records_clearance;
DROP TABLE records_member;
DROP TABLE records_org;
