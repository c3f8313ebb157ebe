-- +goose Up
-- Who may read a case whose file they may not read, because they were asked to do something in it: as long as that goes
-- on. source is what they were asked for.
CREATE TABLE records_guest (
	case_id      TEXT NOT NULL REFERENCES records_case (id) ON DELETE CASCADE,
	holder       TEXT NOT NULL,
	source       TEXT NOT NULL,
	authority_id TEXT NOT NULL,
	admitted_at  BIGINT NOT NULL,
	PRIMARY KEY (case_id, holder, source)
);
CREATE INDEX records_guest_holder ON records_guest (holder, case_id);
CREATE INDEX records_guest_source ON records_guest (source);

-- +goose Down
DROP TABLE records_guest;
