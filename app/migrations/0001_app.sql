-- +goose Up
CREATE TABLE app_report (
	id         TEXT   PRIMARY KEY,
	at         BIGINT NOT NULL,
	page       TEXT   NOT NULL,
	text       TEXT   NOT NULL,
	email      TEXT   NOT NULL
);
CREATE TABLE app_demo (
	version    TEXT   PRIMARY KEY,
	loaded_at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE app_demo;
DROP TABLE app_report;
