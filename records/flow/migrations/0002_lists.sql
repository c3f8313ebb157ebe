-- +goose Up
-- Words are looked for in the index, without reading the rows; a kind has a range of its own.
DROP INDEX flow_task_due;
CREATE INDEX flow_task_due ON flow_task (holder, due_at, id, search) WHERE state = 'open';
CREATE INDEX flow_task_kind ON flow_task (holder, kind, due_at, id) WHERE state = 'open';

-- +goose Down
DROP INDEX flow_task_kind;
DROP INDEX flow_task_due;
CREATE INDEX flow_task_due ON flow_task (holder, due_at, id) WHERE state = 'open';
