-- +goose Up
CREATE TABLE records_unit (
	authority_id    TEXT NOT NULL,
	code            TEXT NOT NULL,
	title           TEXT NOT NULL,
	parent          TEXT NOT NULL,
	retention_years BIGINT NOT NULL,
	appraisal       TEXT NOT NULL,
	PRIMARY KEY (authority_id, code)
);

CREATE TABLE records_routing (
	authority_id TEXT NOT NULL,
	leika_key    TEXT NOT NULL,
	unit         TEXT NOT NULL,
	PRIMARY KEY (authority_id, leika_key)
);

CREATE TABLE records_counter (
	authority_id TEXT NOT NULL,
	unit         TEXT NOT NULL,
	year         BIGINT NOT NULL,
	last         BIGINT NOT NULL,
	PRIMARY KEY (authority_id, unit, year)
);

CREATE TABLE records_file (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	reference    TEXT NOT NULL,
	unit         TEXT NOT NULL,
	subject      TEXT NOT NULL,
	search       TEXT NOT NULL,
	opened_at    BIGINT NOT NULL,
	closed_at    BIGINT NOT NULL,
	UNIQUE (authority_id, reference)
);
CREATE INDEX records_file_opened ON records_file (authority_id, opened_at, id);

CREATE TABLE records_case (
	id               TEXT PRIMARY KEY,
	authority_id     TEXT NOT NULL,
	file_id          TEXT NOT NULL REFERENCES records_file (id),
	reference        TEXT NOT NULL,
	subject          TEXT NOT NULL,
	search           TEXT NOT NULL,
	source           TEXT NOT NULL UNIQUE,
	source_reference TEXT NOT NULL,
	status_path      TEXT NOT NULL,
	leika_key        TEXT NOT NULL,
	applicant        TEXT NOT NULL,
	state            TEXT NOT NULL,
	assigned_to      TEXT NOT NULL,
	assigned_name    TEXT NOT NULL,
	received_at      BIGINT NOT NULL,
	due_at           BIGINT NOT NULL,
	closed_at        BIGINT NOT NULL,
	fee_amount       BIGINT NOT NULL,
	fee_kassenzeichen TEXT NOT NULL,
	fee_paid_at      BIGINT NOT NULL,
	changed_by       TEXT NOT NULL,
	changed_at       BIGINT NOT NULL,
	version          BIGINT NOT NULL
);
CREATE INDEX records_case_received ON records_case (authority_id, received_at, id);
CREATE INDEX records_case_open_received ON records_case (authority_id, received_at, id)
	WHERE state IN ('new', 'in_work', 'waiting');
CREATE INDEX records_case_open_due ON records_case (authority_id, due_at, id)
	WHERE state IN ('new', 'in_work', 'waiting');
CREATE INDEX records_case_assigned ON records_case (authority_id, assigned_to, received_at, id);
CREATE INDEX records_case_file ON records_case (file_id);

CREATE TABLE records_form (
	case_id      TEXT PRIMARY KEY REFERENCES records_case (id),
	authority_id TEXT NOT NULL,
	form_id      TEXT NOT NULL,
	form_version TEXT NOT NULL,
	title        TEXT NOT NULL,
	answers      TEXT NOT NULL
);

CREATE TABLE records_document (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES records_case (id),
	kind         TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	media_type   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	created_by   TEXT NOT NULL
);
CREATE INDEX records_document_case ON records_document (case_id, created_at, id);
-- These are made by the program, once for each case, however often the job that makes them is delivered.
CREATE UNIQUE INDEX records_document_made ON records_document (case_id, kind)
	WHERE kind IN ('application_json', 'application_pdf', 'notice_html', 'notice_pdf');

CREATE TABLE records_note (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES records_case (id),
	text         TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	created_by   TEXT NOT NULL
);
CREATE INDEX records_note_case ON records_note (case_id, created_at, id);

CREATE TABLE records_question (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES records_case (id),
	text         TEXT NOT NULL,
	due_at       BIGINT NOT NULL,
	asked_at     BIGINT NOT NULL,
	asked_by     TEXT NOT NULL,
	answer       TEXT NOT NULL,
	answered_at  BIGINT NOT NULL
);
CREATE INDEX records_question_case ON records_question (case_id, asked_at, id);

CREATE TABLE records_decision (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL UNIQUE REFERENCES records_case (id),
	granted      BOOLEAN NOT NULL,
	title        TEXT NOT NULL,
	decision     TEXT NOT NULL,
	reasons      TEXT NOT NULL,
	remedy       TEXT NOT NULL,
	amount       BIGINT NOT NULL,
	demo         BOOLEAN NOT NULL,
	kassenzeichen TEXT NOT NULL,
	pay_path     TEXT NOT NULL,
	pay_due_at   BIGINT NOT NULL,
	paid_at      BIGINT NOT NULL,
	decided_at   BIGINT NOT NULL,
	decided_by   TEXT NOT NULL
);

-- +goose Down
DROP TABLE records_decision;
DROP TABLE records_question;
DROP TABLE records_note;
DROP TABLE records_document;
DROP TABLE records_form;
DROP TABLE records_case;
DROP TABLE records_file;
DROP TABLE records_counter;
DROP TABLE records_routing;
DROP TABLE records_unit;
