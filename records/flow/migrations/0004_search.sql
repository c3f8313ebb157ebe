-- +goose Up
-- A search reads only the index, in any order and of any kind: PostgreSQL looks at no row for that, as long as the index
-- has all that is asked.
DROP INDEX flow_task_due;
DROP INDEX flow_task_opened;
DROP INDEX flow_task_kind;
DROP INDEX flow_task_done;
CREATE INDEX flow_task_due ON flow_task (holder, due_at, id, authority_id, case_id, search) WHERE state = 'open';
CREATE INDEX flow_task_opened ON flow_task (holder, opened_at, id, authority_id, case_id, search) WHERE state = 'open';
CREATE INDEX flow_task_kind ON flow_task (holder, kind, due_at, id, authority_id, case_id, search) WHERE state = 'open';
CREATE INDEX flow_task_done ON flow_task (done_by, done_at, id, authority_id, case_id, search) WHERE done_by <> '';

-- +goose Down
DROP INDEX flow_task_done;
DROP INDEX flow_task_kind;
DROP INDEX flow_task_opened;
DROP INDEX flow_task_due;
CREATE INDEX flow_task_due ON flow_task (holder, due_at, id, search) WHERE state = 'open';
CREATE INDEX flow_task_opened ON flow_task (holder, opened_at, id) WHERE state = 'open';
CREATE INDEX flow_task_kind ON flow_task (holder, kind, due_at, id) WHERE state = 'open';
CREATE INDEX flow_task_done ON flow_task (done_by, done_at, id) WHERE done_by <> '';
