-- +goose Up
-- How often the pages of services were opened, by day (days since 1970-01-01, UTC). Numbers only: nothing says by whom.
CREATE TABLE finder_popularity (
    service_key TEXT NOT NULL,
    day         BIGINT NOT NULL,
    opened      BIGINT NOT NULL,
    PRIMARY KEY (service_key, day)
);
CREATE INDEX finder_popularity_day ON finder_popularity (day);

-- What a service is like in one area, against the rule of its assignment. area: ARS; it holds for the areas inside, too.
-- role: not_offered (office ''), responsible (done by office), receives, contact, single (einheitliche Stelle).
CREATE TABLE finder_local_assignment (
    service_key TEXT NOT NULL,
    area        TEXT NOT NULL,
    role        TEXT NOT NULL,
    office      TEXT NOT NULL,
    law         TEXT NOT NULL,
    note        TEXT NOT NULL,
    PRIMARY KEY (service_key, area, role)
);

-- +goose Down
DROP TABLE finder_local_assignment;
DROP TABLE finder_popularity;
