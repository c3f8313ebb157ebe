-- +goose Up
CREATE TABLE identity_session (
    token      TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    subject    TEXT   NOT NULL,             -- '' while nobody has signed in yet
    data       BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,             -- at most a minute late
    expires_at BIGINT NOT NULL
);
CREATE INDEX identity_session_expires ON identity_session (expires_at);
CREATE INDEX identity_session_subject ON identity_session (subject);

CREATE TABLE identity_person (
    subject        TEXT   NOT NULL PRIMARY KEY, -- the issuer's "sub"
    issuer         TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    email          TEXT   NOT NULL,
    first_seen     BIGINT NOT NULL,
    last_signed_in BIGINT NOT NULL
);
CREATE INDEX identity_person_last ON identity_person (last_signed_in);

-- A grant may precede its person's first sign-in.
CREATE TABLE identity_grant (
    subject      TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    authority_id TEXT   NOT NULL, -- '*' is everywhere
    granted_at   BIGINT NOT NULL,
    granted_by   TEXT   NOT NULL,
    PRIMARY KEY (subject, role, authority_id)
);
CREATE INDEX identity_grant_authority ON identity_grant (authority_id, subject);

-- +goose Down
DROP TABLE identity_grant;
DROP TABLE identity_person;
DROP TABLE identity_session;
