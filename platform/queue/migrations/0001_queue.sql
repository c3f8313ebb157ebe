-- +goose Up
CREATE TABLE queue_job (
    id           TEXT PRIMARY KEY,
    topic        TEXT NOT NULL,
    body         TEXT NOT NULL,             -- JSON; may be personal data, never shown
    due_at       BIGINT NOT NULL,           -- not delivered before
    tries        BIGINT NOT NULL DEFAULT 0, -- deliveries so far; also the holder's token
    forgiven     BIGINT NOT NULL DEFAULT 0, -- deliveries that no longer count since an operator said "again"
    leased_until BIGINT NOT NULL DEFAULT 0, -- held by a worker until then
    created_at   BIGINT NOT NULL,
    dead_at      BIGINT,                    -- given up
    last_error   TEXT NOT NULL DEFAULT ''   -- shortened and cleaned of secrets
);
CREATE INDEX queue_job_due ON queue_job (due_at, id) WHERE dead_at IS NULL;
CREATE INDEX queue_job_dead ON queue_job (id) WHERE dead_at IS NOT NULL;

-- +goose Down
DROP TABLE queue_job;
