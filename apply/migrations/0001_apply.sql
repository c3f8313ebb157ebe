-- +goose Up
CREATE TABLE apply_offer (
    authority_id TEXT NOT NULL,
    form_id TEXT NOT NULL,
    offered_at BIGINT NOT NULL,
    PRIMARY KEY (authority_id, form_id)
);

CREATE TABLE apply_application (
    id TEXT NOT NULL PRIMARY KEY,
    authority_id TEXT NOT NULL,
    form_id TEXT NOT NULL,
    form_version BIGINT NOT NULL,
    leika_key TEXT NOT NULL,
    ars TEXT NOT NULL,
    lang TEXT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,             -- of the account that holds it; '' without an account
    secret_hash BYTEA NOT NULL,        -- of the draft's secret
    code_hash BYTEA NOT NULL,          -- of the access code; empty until sent
    reference TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL,               -- JSON: group → version and answers; '' when sent
    answers TEXT NOT NULL DEFAULT '',  -- JSON: question → answers, as checked when sent
    fee_cents BIGINT NOT NULL DEFAULT 0,
    fee_demo BOOLEAN NOT NULL DEFAULT FALSE,
    kassenzeichen TEXT NOT NULL DEFAULT '',
    pay_path TEXT NOT NULL DEFAULT '',
    pay_ended TEXT NOT NULL DEFAULT '', -- how the last attempt to pay ended: failed, cancelled
    case_reference TEXT NOT NULL DEFAULT '',
    receipt_hash TEXT NOT NULL DEFAULT '',
    notice_hash TEXT NOT NULL DEFAULT '', -- may come before the decision
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL DEFAULT 0,
    fee_paid_at BIGINT NOT NULL DEFAULT 0,
    filed_at BIGINT NOT NULL DEFAULT 0,
    decided_at BIGINT NOT NULL DEFAULT 0,
    notice_paid_at BIGINT NOT NULL DEFAULT 0 -- may come before the decision
);
CREATE UNIQUE INDEX apply_application_reference ON apply_application (reference) WHERE reference <> '';
CREATE INDEX apply_application_subject ON apply_application (subject, id) WHERE subject <> '';

CREATE TABLE apply_attachment (
    id TEXT NOT NULL PRIMARY KEY,
    authority_id TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES apply_application (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,  -- of the answer it came with; '' for the application's own
    field TEXT NOT NULL,       -- question of the form; '' with an answer
    name TEXT NOT NULL,
    blob_hash TEXT NOT NULL,
    size BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX apply_attachment_application ON apply_attachment (application_id, id);

CREATE TABLE apply_message (
    id TEXT NOT NULL PRIMARY KEY,
    authority_id TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES apply_application (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,        -- question, answer
    question_id TEXT NOT NULL, -- of an answer
    body TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    answered_at BIGINT NOT NULL
);
CREATE INDEX apply_message_application ON apply_message (application_id, id);

CREATE TABLE apply_notice (
    application_id TEXT NOT NULL PRIMARY KEY REFERENCES apply_application (id) ON DELETE CASCADE,
    authority_id TEXT NOT NULL,
    decided_on BIGINT NOT NULL,
    granted BOOLEAN NOT NULL,
    title TEXT NOT NULL,
    decision TEXT NOT NULL,
    reasons TEXT NOT NULL,
    remedy TEXT NOT NULL,
    amount_cents BIGINT NOT NULL,
    amount_demo BOOLEAN NOT NULL,
    kassenzeichen TEXT NOT NULL,
    pay_path TEXT NOT NULL,
    due_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE apply_notice;
DROP TABLE apply_message;
DROP TABLE apply_attachment;
DROP TABLE apply_application;
DROP TABLE apply_offer;
