-- +goose Up
CREATE TABLE pay_transaction (
    id            TEXT PRIMARY KEY,
    token         TEXT NOT NULL UNIQUE,
    authority_id  TEXT NOT NULL,
    kassenzeichen TEXT NOT NULL UNIQUE,
    source        TEXT NOT NULL UNIQUE,
    purpose       TEXT NOT NULL,
    amount_cents  BIGINT NOT NULL CHECK (amount_cents > 0),
    state         TEXT NOT NULL CHECK (state IN ('INITIAL', 'PAYED', 'FAILED', 'CANCELED')),
    return_path   TEXT NOT NULL,
    method        TEXT NOT NULL DEFAULT '',
    reason        TEXT NOT NULL DEFAULT '',
    due_at        BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX pay_transaction_list ON pay_transaction (authority_id, created_at, id);
CREATE INDEX pay_transaction_state ON pay_transaction (authority_id, state, created_at, id);

-- One try to pay at a provider. Its id is what the provider knows as our request.
CREATE TABLE pay_attempt (
    id             TEXT PRIMARY KEY,
    authority_id   TEXT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES pay_transaction (id),
    provider       TEXT NOT NULL,
    provider_ref   TEXT NOT NULL DEFAULT '',
    redirect_url   TEXT NOT NULL DEFAULT '',
    state          TEXT NOT NULL CHECK (state IN ('INITIAL', 'PAYED', 'FAILED', 'CANCELED')),
    refund         TEXT NOT NULL DEFAULT '' CHECK (refund IN ('', 'due', 'done')),
    started_at     BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX pay_attempt_of ON pay_attempt (transaction_id, started_at);
CREATE INDEX pay_attempt_refund ON pay_attempt (authority_id, transaction_id) WHERE refund = 'due';

-- The ledger. A fact is two or four entries whose sum is zero: debit (Soll) positive, credit (Haben) negative.
CREATE TABLE pay_entry (
    id             TEXT PRIMARY KEY,
    fact_id        TEXT NOT NULL,
    authority_id   TEXT NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES pay_transaction (id),
    attempt_id     TEXT NOT NULL DEFAULT '',
    fact           TEXT NOT NULL CHECK (fact IN ('assessed', 'paid', 'overpaid', 'refunded', 'cancelled')),
    account        TEXT NOT NULL CHECK (account IN ('receivable', 'assessed', 'income', 'clearing', 'refund')),
    amount_cents   BIGINT NOT NULL CHECK (amount_cents <> 0),
    booked_at      BIGINT NOT NULL
);
CREATE INDEX pay_entry_day ON pay_entry (authority_id, booked_at, id);
CREATE INDEX pay_entry_of ON pay_entry (transaction_id, booked_at, id);
-- The last wall against booking twice: these facts happen once to a transaction, the others once to an attempt.
CREATE UNIQUE INDEX pay_entry_once ON pay_entry (transaction_id, fact, account) WHERE fact IN ('assessed', 'paid', 'cancelled');
CREATE UNIQUE INDEX pay_entry_once_attempt ON pay_entry (attempt_id, fact, account) WHERE fact IN ('overpaid', 'refunded');

CREATE TABLE pay_number (
    authority_id TEXT PRIMARY KEY,
    prefix       BIGINT NOT NULL UNIQUE,
    last         BIGINT NOT NULL
);

CREATE TABLE pay_fee (
    authority_id TEXT NOT NULL,
    leika_key    TEXT NOT NULL,
    cents        BIGINT NOT NULL CHECK (cents >= 0),
    demo         BOOLEAN NOT NULL,
    PRIMARY KEY (authority_id, leika_key)
);

-- The embedded test provider's own memory, as if it were another house.
CREATE TABLE pay_test_provider (
    ref          TEXT PRIMARY KEY,
    request_id   TEXT NOT NULL UNIQUE,
    payee        TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    amount_cents BIGINT NOT NULL,
    return_url   TEXT NOT NULL,
    state        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE pay_test_provider;
DROP TABLE pay_fee;
DROP TABLE pay_number;
DROP TABLE pay_entry;
DROP TABLE pay_attempt;
DROP TABLE pay_transaction;
