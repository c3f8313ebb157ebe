-- +goose Up
-- A search by words reads the index alone: a row only for what is found.
DROP INDEX records_case_received;
DROP INDEX records_case_open_received;
DROP INDEX records_file_opened;
DROP INDEX records_file_open;
DROP INDEX records_file_closed;
CREATE INDEX records_case_received ON records_case (authority_id, received_at, id, search);
CREATE INDEX records_case_open_received ON records_case (authority_id, received_at, id, search) WHERE state IN ('new', 'in_work', 'waiting');
CREATE INDEX records_file_opened ON records_file (authority_id, opened_at, id, search);
CREATE INDEX records_file_open ON records_file (authority_id, opened_at, id, search) WHERE closed_at = 0;
CREATE INDEX records_file_closed ON records_file (authority_id, opened_at, id, search) WHERE closed_at > 0;

-- +goose Down
DROP INDEX records_file_closed;
DROP INDEX records_file_open;
DROP INDEX records_file_opened;
DROP INDEX records_case_open_received;
DROP INDEX records_case_received;
CREATE INDEX records_case_received ON records_case (authority_id, received_at, id);
CREATE INDEX records_case_open_received ON records_case (authority_id, received_at, id) WHERE state IN ('new', 'in_work', 'waiting');
CREATE INDEX records_file_opened ON records_file (authority_id, opened_at, id);
CREATE INDEX records_file_open ON records_file (authority_id, opened_at, id) WHERE closed_at = 0;
CREATE INDEX records_file_closed ON records_file (authority_id, opened_at, id) WHERE closed_at > 0;
