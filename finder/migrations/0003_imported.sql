-- +goose Up
-- What was imported lies beside the built-in facts, which Load replaces whenever the program brings new ones; the
-- catalogue lays it over them. origin: where it came from ("Sender, file").

-- Every object that was taken over: class as in XZuFi (Leistung …), id "agency|scheme|value", target what it became (key
-- of a service, id of an authority …), value the last part of the id, hash of everything that was taken over of it: the same again changes nothing.
CREATE TABLE finder_import_object (
    class       TEXT NOT NULL,
    id          TEXT NOT NULL,
    target      TEXT NOT NULL,
    hash        TEXT NOT NULL,
    value       TEXT NOT NULL,
    origin      TEXT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (class, id)
);
CREATE INDEX finder_import_object_target ON finder_import_object (class, target, id);
CREATE INDEX finder_import_object_value ON finder_import_object (class, value, id);

-- Services that the built-in catalogue does not have.
CREATE TABLE finder_import_service (
    key    TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    type   TEXT NOT NULL,
    law    TEXT NOT NULL,
    origin TEXT NOT NULL
);

-- Offices, and what is known about those that are built in. contact: JSON.
CREATE TABLE finder_import_authority (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    area    TEXT NOT NULL,
    contact TEXT NOT NULL,
    origin  TEXT NOT NULL
);

-- Online services elsewhere; where they are offered says finder_import_duty.
CREATE TABLE finder_import_online (
    id     TEXT PRIMARY KEY,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    url    TEXT NOT NULL,
    origin TEXT NOT NULL
);

-- Who does which services where (XZuFi: Zustaendigkeit). Either authority or online is set. role: code of XZuFi.
-- services (keys), areas (ARS): JSON.
CREATE TABLE finder_import_duty (
    id        TEXT PRIMARY KEY,
    authority TEXT NOT NULL,
    online    TEXT NOT NULL,
    role      TEXT NOT NULL,
    services  TEXT NOT NULL,
    areas     TEXT NOT NULL,
    origin    TEXT NOT NULL
);

-- +goose Down
DROP TABLE finder_import_duty;
DROP TABLE finder_import_online;
DROP TABLE finder_import_authority;
DROP TABLE finder_import_service;
DROP TABLE finder_import_object;
