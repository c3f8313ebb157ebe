-- +goose Up
-- Which ministry answers for which services, as the editors of the whole Land say. change: counts the changes of the row.
CREATE TABLE finder_ministry (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    change BIGINT NOT NULL
);
-- pattern: a key, a key's beginning with '*', or 'subject:' and a subject. It belongs to one ministry.
CREATE TABLE finder_ministry_scope (
    pattern     TEXT PRIMARY KEY,
    ministry_id TEXT NOT NULL REFERENCES finder_ministry (id)
);
CREATE INDEX finder_ministry_scope_of ON finder_ministry_scope (ministry_id, pattern);

-- Figures of a day, by ministry ('' is what belongs to none): of the whole Land's German texts.
CREATE TABLE finder_ministry_quality (
    day         TEXT NOT NULL,
    ministry_id TEXT NOT NULL,
    services    BIGINT NOT NULL,
    texts       BIGINT NOT NULL,
    complete    BIGINT NOT NULL,
    readable    BIGINT NOT NULL,
    stale       BIGINT NOT NULL,
    broken      BIGINT NOT NULL,
    PRIMARY KEY (ministry_id, day)
);

-- +goose Down
DROP TABLE finder_ministry_quality;
DROP TABLE finder_ministry_scope;
DROP TABLE finder_ministry;
