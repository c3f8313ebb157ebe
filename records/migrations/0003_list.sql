-- +goose Up
-- Lists of cases by deadline and reference, of one state, of one person; files by whether they are open and by who leads them.
CREATE INDEX records_case_due ON records_case (authority_id, due_at, id);
CREATE INDEX records_case_reference ON records_case (authority_id, reference, id);
CREATE INDEX records_case_assigned_due ON records_case (authority_id, assigned_to, due_at, id);
CREATE INDEX records_case_state ON records_case (authority_id, state, received_at, id);
CREATE INDEX records_case_state_due ON records_case (authority_id, state, due_at, id);
CREATE INDEX records_file_open ON records_file (authority_id, opened_at, id) WHERE closed_at = 0;
CREATE INDEX records_file_closed ON records_file (authority_id, opened_at, id) WHERE closed_at > 0;
CREATE INDEX records_file_lead ON records_file (authority_id, lead, opened_at, id);

-- +goose Down
DROP INDEX records_file_lead;
DROP INDEX records_file_closed;
DROP INDEX records_file_open;
DROP INDEX records_case_state_due;
DROP INDEX records_case_state;
DROP INDEX records_case_assigned_due;
DROP INDEX records_case_reference;
DROP INDEX records_case_due;
