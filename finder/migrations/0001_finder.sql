-- +goose Up
CREATE TABLE finder_state (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- kind: municipality, city (kreisfreie Stadt), association (Verwaltungsgemeinschaft), district, state, federation.
-- parent: the area above. acting: ARS of the erfüllende Gemeinde, '' if none. valid_*: micros, 0 = open.
CREATE TABLE finder_area (
    ars        TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    short_name TEXT NOT NULL,
    kind       TEXT NOT NULL,
    parent     TEXT NOT NULL,
    acting     TEXT NOT NULL,
    postcode   TEXT NOT NULL,
    population BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL,
    successor  TEXT NOT NULL
);

CREATE TABLE finder_postcode (
    postcode TEXT NOT NULL,
    ars      TEXT NOT NULL,
    PRIMARY KEY (postcode, ars)
);

-- generic: the kind of office is certain, which local one is not kept.
CREATE TABLE finder_authority (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    area     TEXT NOT NULL,
    seat     TEXT NOT NULL,
    postcode TEXT NOT NULL,
    generic  BOOLEAN NOT NULL
);

CREATE TABLE finder_service (
    key            TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    type           TEXT NOT NULL,
    law            TEXT NOT NULL,
    bundle         TEXT NOT NULL,
    life_situation TEXT NOT NULL,
    subject        TEXT NOT NULL
);

-- kind as the FIM text modules: short (05 Kurztext).
CREATE TABLE finder_text (
    service_key TEXT NOT NULL,
    kind        TEXT NOT NULL,
    lang        TEXT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (service_key, kind, lang)
);

-- role: responsible, receives. level: own, transferred, district, land, bund.
CREATE TABLE finder_assignment (
    service_key TEXT NOT NULL,
    role        TEXT NOT NULL,
    level       TEXT NOT NULL,
    office      TEXT NOT NULL,
    processor   TEXT NOT NULL,
    law         TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (service_key, role)
);

-- pattern: a LeiKa key, with a trailing * a prefix, or '=' for words that mean the same anywhere (XZuFi BegriffImKontext).
CREATE TABLE finder_synonym (
    pattern TEXT NOT NULL,
    term    TEXT NOT NULL,
    means   TEXT NOT NULL,
    PRIMARY KEY (pattern, term)
);

-- +goose Down
DROP TABLE finder_synonym;
DROP TABLE finder_assignment;
DROP TABLE finder_text;
DROP TABLE finder_service;
DROP TABLE finder_authority;
DROP TABLE finder_postcode;
DROP TABLE finder_area;
DROP TABLE finder_state;
