-- +goose Up
CREATE TABLE audit_entry (
    id         TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    seq        BIGINT,                      -- place in the tree, from 0; null until sequenced
    at         BIGINT NOT NULL,             -- microseconds since 1970, UTC
    actor      TEXT   NOT NULL,
    actor_name TEXT   NOT NULL,
    authority  TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    object     TEXT   NOT NULL,
    changes    TEXT   NOT NULL,             -- JSON object
    blobs      TEXT   NOT NULL,             -- JSON array of SHA-256
    erased     TEXT   NOT NULL,             -- JSON array of SHA-256
    hash       BYTEA  NOT NULL,             -- RFC 6962 leaf hash of the canonical entry
    seal       BYTEA                        -- HMAC of hash while seq is null
);
CREATE UNIQUE INDEX audit_entry_seq ON audit_entry (seq);
CREATE INDEX audit_entry_open ON audit_entry (id) WHERE seq IS NULL;
CREATE INDEX audit_entry_authority ON audit_entry (authority, id);
CREATE INDEX audit_entry_object ON audit_entry (object, id);
CREATE INDEX audit_entry_actor ON audit_entry (actor, id);
CREATE INDEX audit_entry_action ON audit_entry (action, id);

-- Hashes of the tree in tiles of up to 256: tile n of level l holds the hashes of the subtrees of 256^l entries.
CREATE TABLE audit_hash (
    level  BIGINT NOT NULL,
    tile   BIGINT NOT NULL,
    hashes BYTEA  NOT NULL, -- 32 bytes each
    PRIMARY KEY (level, tile)
);

CREATE TABLE audit_checkpoint (
    number BIGINT NOT NULL PRIMARY KEY, -- from 0, without gaps
    size   BIGINT NOT NULL UNIQUE,      -- entries in the tree
    note   TEXT   NOT NULL              -- signed note, c2sp.org/tlog-checkpoint
);

-- +goose Down
DROP TABLE audit_checkpoint;
DROP TABLE audit_hash;
DROP TABLE audit_entry;
