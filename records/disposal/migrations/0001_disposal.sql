-- +goose Up
CREATE TABLE disposal_setting (
	authority_id TEXT PRIMARY KEY,
	archive      TEXT NOT NULL, -- name of the archive that files are offered to
	agreed       BOOLEAN NOT NULL, -- the archive has agreed to the V of the file plan beforehand
	keep_subject BOOLEAN NOT NULL, -- what is left of a destroyed file keeps its subject
	changed_by   TEXT NOT NULL,
	changed_at   BIGINT NOT NULL
);
-- With which rule the retention of a unit's files was reckoned.
CREATE TABLE disposal_rule (
	authority_id    TEXT NOT NULL,
	unit            TEXT NOT NULL,
	retention_years BIGINT NOT NULL,
	transfer_years  BIGINT NOT NULL,
	PRIMARY KEY (authority_id, unit)
);
CREATE INDEX disposal_unset ON records_file (id) WHERE closed_at > 0 AND retain_until = 0 AND state = '';
CREATE INDEX disposal_reopened ON records_file (id) WHERE closed_at = 0 AND retain_until > 0;
CREATE INDEX disposal_due ON records_file (authority_id, retain_until, id) WHERE retain_until > 0 AND state = '';
CREATE INDEX disposal_due_unit ON records_file (authority_id, unit, retain_until, id) WHERE retain_until > 0 AND state = '';

CREATE TABLE disposal_process (
	id           TEXT PRIMARY KEY, -- ProzessID
	authority_id TEXT NOT NULL,
	steps        BIGINT NOT NULL,
	state        TEXT NOT NULL,
	archive      TEXT NOT NULL,
	created_by   TEXT NOT NULL,
	created_name TEXT NOT NULL,
	created_at   BIGINT NOT NULL
);
CREATE INDEX disposal_process_created ON disposal_process (authority_id, created_at, id);
CREATE TABLE disposal_package (
	id           TEXT PRIMARY KEY,
	process_id   TEXT NOT NULL REFERENCES disposal_process (id),
	authority_id TEXT NOT NULL,
	direction    TEXT NOT NULL, -- "out", "in"
	message      TEXT NOT NULL, -- "0501" …
	name         TEXT NOT NULL,
	state        TEXT NOT NULL, -- "planned", "written", "taken", "erased"
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	objects      BIGINT NOT NULL,
	created_by   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	written_at   BIGINT NOT NULL
);
CREATE INDEX disposal_package_process ON disposal_package (process_id, created_at, id);
CREATE UNIQUE INDEX disposal_package_in ON disposal_package (process_id, message, hash) WHERE direction = 'in';
CREATE TABLE disposal_item (
	process_id   TEXT NOT NULL REFERENCES disposal_process (id),
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	authority_id TEXT NOT NULL,
	state        TEXT NOT NULL,
	proposal     TEXT NOT NULL, -- of the file plan: A, B, V
	decision     TEXT NOT NULL, -- A, V; "" until it was appraised
	package_id   TEXT NOT NULL, -- the package that it went out with last
	approval_id  TEXT NOT NULL,
	content      TEXT NOT NULL, -- digest of what was handed over or approved
	error        TEXT NOT NULL, -- what the archive said
	archive_id   TEXT NOT NULL, -- Archivkennung
	changed_at   BIGINT NOT NULL,
	PRIMARY KEY (process_id, file_id)
);
CREATE INDEX disposal_item_state ON disposal_item (process_id, state, file_id);
CREATE INDEX disposal_item_package ON disposal_item (package_id, file_id);
CREATE INDEX disposal_item_file ON disposal_item (file_id);
CREATE TABLE disposal_approval (
	id           TEXT PRIMARY KEY,
	process_id   TEXT NOT NULL REFERENCES disposal_process (id),
	authority_id TEXT NOT NULL,
	state        TEXT NOT NULL, -- "open", "given", "refused"
	objects      BIGINT NOT NULL,
	first_by     TEXT NOT NULL,
	first_name   TEXT NOT NULL,
	first_at     BIGINT NOT NULL,
	second_by    TEXT NOT NULL,
	second_name  TEXT NOT NULL,
	second_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX disposal_approval_open ON disposal_approval (process_id) WHERE state = 'open';
CREATE INDEX disposal_approval_process ON disposal_approval (process_id, first_at, id);

-- Erasure that a court ordered.
CREATE TABLE disposal_erasure (
	id            TEXT PRIMARY KEY,
	authority_id  TEXT NOT NULL,
	file_id       TEXT NOT NULL REFERENCES records_file (id),
	scope         TEXT NOT NULL, -- "file", "case", "document"
	object_id     TEXT NOT NULL,
	reference     TEXT NOT NULL, -- Aktenzeichen of what is erased
	court         TEXT NOT NULL,
	judgment      TEXT NOT NULL, -- the court's reference
	reason        TEXT NOT NULL,
	state         TEXT NOT NULL, -- "open", "done", "refused"
	proposed_by   TEXT NOT NULL,
	proposed_name TEXT NOT NULL,
	proposed_at   BIGINT NOT NULL,
	decided_by    TEXT NOT NULL,
	decided_name  TEXT NOT NULL,
	decided_at    BIGINT NOT NULL
);
CREATE INDEX disposal_erasure_proposed ON disposal_erasure (authority_id, proposed_at, id);
CREATE INDEX disposal_erasure_file ON disposal_erasure (file_id);
CREATE UNIQUE INDEX disposal_erasure_open ON disposal_erasure (object_id) WHERE state = 'open';

-- What is left of what was destroyed (Vernichtungsnachweis).
CREATE TABLE disposal_destruction (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	scope        TEXT NOT NULL,
	reference    TEXT NOT NULL,
	subject      TEXT NOT NULL, -- "" unless it is to be kept
	unit         TEXT NOT NULL,
	opened_at    BIGINT NOT NULL,
	closed_at    BIGINT NOT NULL,
	retain_until BIGINT NOT NULL,
	decision     TEXT NOT NULL,
	archive_id   TEXT NOT NULL,
	process_id   TEXT NOT NULL,
	erasure_id   TEXT NOT NULL,
	cases        BIGINT NOT NULL,
	documents    BIGINT NOT NULL,
	stored       BIGINT NOT NULL, -- files, all versions
	bytes        BIGINT NOT NULL,
	first_name   TEXT NOT NULL,
	second_name  TEXT NOT NULL,
	destroyed_at BIGINT NOT NULL
);
CREATE INDEX disposal_destruction_file ON disposal_destruction (file_id, destroyed_at);
CREATE INDEX disposal_destruction_process ON disposal_destruction (process_id, file_id);
-- Stored files that nothing of the electronic file names any more: to be deleted.
CREATE TABLE disposal_blob (
	hash         TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	object       TEXT NOT NULL,
	listed       BOOLEAN NOT NULL, -- an entry of the log says that it was erased
	since        BIGINT NOT NULL
);

-- Files that came from another authority.
CREATE TABLE disposal_import (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	process_id   TEXT NOT NULL, -- ProzessID
	message      TEXT NOT NULL,
	sender       TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	summary      TEXT NOT NULL, -- JSON
	state        TEXT NOT NULL, -- "checked", "taken"
	unit         TEXT NOT NULL,
	created_by   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	taken_by     TEXT NOT NULL,
	taken_at     BIGINT NOT NULL
);
CREATE INDEX disposal_import_created ON disposal_import (authority_id, created_at, id);
CREATE UNIQUE INDEX disposal_import_taken ON disposal_import (authority_id, process_id) WHERE state = 'taken';
CREATE TABLE disposal_origin (
	object       TEXT PRIMARY KEY, -- "file:ID", "case:ID", "document:ID"
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL REFERENCES records_file (id),
	import_id    TEXT NOT NULL REFERENCES disposal_import (id),
	origin_id    TEXT NOT NULL, -- ID in the message
	reference    TEXT NOT NULL, -- Aktenzeichen there
	sender       TEXT NOT NULL
);
CREATE INDEX disposal_origin_file ON disposal_origin (file_id);

-- +goose Down
DROP TABLE disposal_origin;
DROP TABLE disposal_import;
DROP TABLE disposal_blob;
DROP TABLE disposal_destruction;
DROP TABLE disposal_erasure;
DROP TABLE disposal_approval;
DROP TABLE disposal_item;
DROP TABLE disposal_package;
DROP TABLE disposal_process;
DROP INDEX disposal_due_unit;
DROP INDEX disposal_due;
DROP INDEX disposal_reopened;
DROP INDEX disposal_unset;
DROP TABLE disposal_rule;
DROP TABLE disposal_setting;
