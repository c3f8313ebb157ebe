-- +goose Up
-- Post is passed on to a unit or to a person, done with without a case, corrected; whoever registered it sees it.
ALTER TABLE filing_incoming ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE filing_incoming ADD COLUMN registered_by TEXT NOT NULL DEFAULT ''; -- subject; created_by is the name
ALTER TABLE filing_incoming ADD COLUMN person TEXT NOT NULL DEFAULT '';        -- subject of who it is for; "" is nobody in particular
ALTER TABLE filing_incoming ADD COLUMN person_name TEXT NOT NULL DEFAULT '';
ALTER TABLE filing_incoming ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;    -- without a case
ALTER TABLE filing_incoming ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE filing_incoming ADD COLUMN reason TEXT NOT NULL DEFAULT '';        -- "advert", "duplicate", "not_ours", "other"
ALTER TABLE filing_incoming ADD COLUMN note TEXT NOT NULL DEFAULT '';
DROP INDEX filing_incoming_open;
CREATE INDEX filing_incoming_waiting ON filing_incoming (authority_id, received_at, id, org_id, person, search) WHERE case_id = '' AND closed_at = 0;
CREATE INDEX filing_incoming_closed ON filing_incoming (authority_id, received_at, id) WHERE closed_at > 0;
CREATE INDEX filing_incoming_mine ON filing_incoming (registered_by, received_at, id) WHERE registered_by <> '';
CREATE INDEX filing_incoming_sender ON filing_incoming (authority_id, sender, assigned_at) WHERE case_id <> '';
-- What its documents say, for who looks at it and for proposals where it belongs; how is '' until it is read.
ALTER TABLE filing_incoming_document ADD COLUMN how TEXT NOT NULL DEFAULT '';
ALTER TABLE filing_incoming_document ADD COLUMN text TEXT NOT NULL DEFAULT '';
-- The same letter twice, and what a letter answers.
CREATE INDEX filing_incoming_document_hash ON filing_incoming_document (hash);
CREATE INDEX filing_incoming_document_message ON filing_incoming_document (message_id) WHERE message_id <> '';
CREATE INDEX filing_document_message ON filing_document (message_id) WHERE message_id <> '';
-- What the scanner's folder gave and could not be taken.
CREATE TABLE filing_scan_failure (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	reason       TEXT NOT NULL,
	failed_at    BIGINT NOT NULL,
	done_at      BIGINT NOT NULL, -- 0 until somebody has seen to it
	done_name      TEXT NOT NULL
);
CREATE INDEX filing_scan_failure_open ON filing_scan_failure (authority_id, failed_at, id) WHERE done_at = 0;

-- +goose Down
DROP TABLE filing_scan_failure;
DROP INDEX filing_document_message;
DROP INDEX filing_incoming_document_message;
DROP INDEX filing_incoming_document_hash;
ALTER TABLE filing_incoming_document DROP COLUMN text;
ALTER TABLE filing_incoming_document DROP COLUMN how;
DROP INDEX filing_incoming_sender;
DROP INDEX filing_incoming_mine;
DROP INDEX filing_incoming_closed;
DROP INDEX filing_incoming_waiting;
CREATE INDEX filing_incoming_open ON filing_incoming (authority_id, received_at, id, org_id, search) WHERE case_id = '';
ALTER TABLE filing_incoming DROP COLUMN note;
ALTER TABLE filing_incoming DROP COLUMN reason;
ALTER TABLE filing_incoming DROP COLUMN closed_by;
ALTER TABLE filing_incoming DROP COLUMN closed_at;
ALTER TABLE filing_incoming DROP COLUMN person_name;
ALTER TABLE filing_incoming DROP COLUMN person;
ALTER TABLE filing_incoming DROP COLUMN registered_by;
ALTER TABLE filing_incoming DROP COLUMN version;
