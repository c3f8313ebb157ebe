-- +goose Up
CREATE TABLE flow_circulation (
	id               TEXT PRIMARY KEY,
	authority_id     TEXT NOT NULL,
	file_id          TEXT NOT NULL,
	case_id          TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	document_id      TEXT NOT NULL, -- "" is the case as a whole
	document_version BIGINT NOT NULL, -- that its open step is about
	document_hash    TEXT NOT NULL,
	title            TEXT NOT NULL,
	state            TEXT NOT NULL,
	step             BIGINT NOT NULL, -- the open one, from 1, 0 when ended
	started_by       TEXT NOT NULL,
	started_name     TEXT NOT NULL,
	started_at       BIGINT NOT NULL,
	ended_at         BIGINT NOT NULL,
	reason           TEXT NOT NULL,
	version          BIGINT NOT NULL
);
CREATE INDEX flow_circulation_case ON flow_circulation (case_id, started_at, id);
CREATE INDEX flow_circulation_running ON flow_circulation (document_id, id) WHERE state = 'running' AND document_id <> '';

CREATE TABLE flow_task (
	id             TEXT PRIMARY KEY,
	authority_id   TEXT NOT NULL,
	file_id        TEXT NOT NULL,
	case_id        TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	circulation_id TEXT NOT NULL REFERENCES flow_circulation (id) ON DELETE CASCADE,
	step           BIGINT NOT NULL, -- 0 is what came back to the initiator
	kind           TEXT NOT NULL,
	text           TEXT NOT NULL,
	holder         TEXT NOT NULL,
	holder_name    TEXT NOT NULL,
	state          TEXT NOT NULL,
	days           BIGINT NOT NULL,
	date_at        BIGINT NOT NULL,
	opened_at      BIGINT NOT NULL,
	due_at         BIGINT NOT NULL, -- far in the future without a deadline, so that it comes last
	reminders      BIGINT NOT NULL,
	rounds         BIGINT NOT NULL, -- how often a new version of the document made it necessary again
	done_at        BIGINT NOT NULL,
	done_by        TEXT NOT NULL,
	done_name      TEXT NOT NULL,
	done_for       TEXT NOT NULL,
	done_for_name  TEXT NOT NULL,
	answer         TEXT NOT NULL,
	signed_version BIGINT NOT NULL,
	signed_hash    TEXT NOT NULL,
	search         TEXT NOT NULL,
	version        BIGINT NOT NULL
);
CREATE INDEX flow_task_circulation ON flow_task (circulation_id, step, id);
CREATE INDEX flow_task_case ON flow_task (case_id);
CREATE INDEX flow_task_due ON flow_task (holder, due_at, id) WHERE state = 'open';
CREATE INDEX flow_task_opened ON flow_task (holder, opened_at, id) WHERE state = 'open';
CREATE INDEX flow_task_later ON flow_task (holder, due_at, id) WHERE state = 'later';
CREATE INDEX flow_task_done ON flow_task (done_by, done_at, id) WHERE done_by <> '';

-- Every signature stays, also one that a new version has made void.
CREATE TABLE flow_signature (
	id               TEXT PRIMARY KEY,
	authority_id     TEXT NOT NULL,
	case_id          TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	circulation_id   TEXT NOT NULL REFERENCES flow_circulation (id) ON DELETE CASCADE,
	task_id          TEXT NOT NULL,
	kind             TEXT NOT NULL,
	document_id      TEXT NOT NULL,
	document_version BIGINT NOT NULL,
	hash             TEXT NOT NULL,
	signed_by        TEXT NOT NULL,
	signed_name      TEXT NOT NULL,
	signed_for       TEXT NOT NULL,
	signed_for_name  TEXT NOT NULL,
	remark           TEXT NOT NULL,
	signed_at        BIGINT NOT NULL
);
CREATE INDEX flow_signature_circulation ON flow_signature (circulation_id, signed_at, id);

CREATE TABLE flow_comment (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	text         TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	created_by   TEXT NOT NULL,
	created_name TEXT NOT NULL
);
CREATE INDEX flow_comment_case ON flow_comment (case_id, created_at, id);

CREATE TABLE flow_absence (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	subject      TEXT NOT NULL,
	name         TEXT NOT NULL,
	deputy       TEXT NOT NULL,
	deputy_name  TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	until_at     BIGINT NOT NULL, -- the first moment after it
	ended_at     BIGINT NOT NULL, -- 0 unless called off
	recorded_by  TEXT NOT NULL,
	recorded_at  BIGINT NOT NULL
);
CREATE INDEX flow_absence_until ON flow_absence (authority_id, until_at, id) WHERE ended_at = 0;
CREATE INDEX flow_absence_subject ON flow_absence (subject, until_at, id) WHERE ended_at = 0;

CREATE TABLE flow_template (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	case_type    TEXT NOT NULL, -- LeiKa key, "general", "" is any
	steps        TEXT NOT NULL, -- JSON
	version      BIGINT NOT NULL,
	changed_by   TEXT NOT NULL,
	changed_at   BIGINT NOT NULL,
	UNIQUE (authority_id, name)
);

CREATE TABLE flow_handover (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	from_subject TEXT NOT NULL,
	from_name    TEXT NOT NULL,
	to_subject   TEXT NOT NULL,
	to_name      TEXT NOT NULL,
	by_subject   TEXT NOT NULL,
	by_name      TEXT NOT NULL,
	started_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	last_case    TEXT NOT NULL, -- up to here it is done
	tasks        BIGINT NOT NULL,
	cases        BIGINT NOT NULL,
	kept         BIGINT NOT NULL -- cases that the other may not see
);
CREATE INDEX flow_handover_started ON flow_handover (authority_id, started_at, id);

-- +goose Down
DROP TABLE flow_handover;
DROP TABLE flow_template;
DROP TABLE flow_absence;
DROP TABLE flow_comment;
DROP TABLE flow_signature;
DROP TABLE flow_task;
DROP TABLE flow_circulation;
