-- +goose Up
-- Which entries of the tree name which stored files: an index of them, filled again from the log by the re-check.
CREATE TABLE audit_file (
    hash   TEXT    NOT NULL, -- SHA-256, hex
    seq    BIGINT  NOT NULL, -- number of the entry
    erased BOOLEAN NOT NULL, -- the entry says that the file was rightly removed; otherwise it vouches for it
    PRIMARY KEY (hash, seq)
);

-- Where the re-check of stored files is: one row.
CREATE TABLE audit_recheck (
    id            BIGINT NOT NULL PRIMARY KEY,
    indexed       BIGINT NOT NULL, -- entries of the tree whose files are in audit_file
    position      TEXT   NOT NULL, -- hash of the last file of this round that was looked at; '' at its beginning
    round         BIGINT NOT NULL, -- rounds begun, from 1
    began_at      BIGINT NOT NULL, -- of this round; microseconds since 1970, UTC
    files         BIGINT NOT NULL, -- to be looked at in this round, as counted at its beginning
    checked       BIGINT NOT NULL, -- looked at in this round
    finished_at   BIGINT NOT NULL, -- end of the last whole round; 0 if there was none
    due_at        BIGINT NOT NULL, -- when the next portion is due
    claim         TEXT   NOT NULL, -- who is at it; '' for nobody
    claimed_until BIGINT NOT NULL  -- when others may take over
);

-- Stored files that are missing or damaged; a row goes when the file is whole again, the log keeps both.
CREATE TABLE audit_finding (
    id         TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    hash       TEXT   NOT NULL UNIQUE,
    kind       TEXT   NOT NULL,             -- missing, changed, unreadable
    noticed_at BIGINT NOT NULL,
    checked_at BIGINT NOT NULL              -- looked at last
);
CREATE INDEX audit_finding_checked ON audit_finding (checked_at);

-- +goose Down
DROP TABLE audit_finding;
DROP TABLE audit_recheck;
DROP TABLE audit_file;
