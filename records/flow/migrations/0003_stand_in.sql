-- +goose Up
-- Rules that let a deputy read a file for the sake of somebody's tasks: they end with the absence.
CREATE TABLE flow_stand_in (
	authority_id TEXT NOT NULL,
	file_id      TEXT NOT NULL,
	deputy       TEXT NOT NULL,
	subject      TEXT NOT NULL, -- who is absent
	PRIMARY KEY (file_id, deputy, subject)
);
CREATE INDEX flow_stand_in_authority ON flow_stand_in (authority_id, subject);

-- +goose Down
DROP TABLE flow_stand_in;
