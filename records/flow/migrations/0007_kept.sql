-- +goose Up
-- What a hand-over left where it was.
CREATE TABLE flow_handover_kept (
	handover_id  TEXT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	authority_id TEXT NOT NULL,
	PRIMARY KEY (handover_id, case_id)
);
CREATE INDEX flow_handover_kept_case ON flow_handover_kept (case_id);
-- Who gave a task, if it was not who started the circulation.
ALTER TABLE flow_task ADD COLUMN from_subject TEXT NOT NULL DEFAULT '';
ALTER TABLE flow_task ADD COLUMN from_name TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE flow_task DROP COLUMN from_name;
ALTER TABLE flow_task DROP COLUMN from_subject;
DROP TABLE flow_handover_kept;
