-- +goose Up
-- What was sent to others as a message of xdomea, so that their receipt is known to be one.
CREATE TABLE plan_sent (
	process_id   TEXT PRIMARY KEY, -- ProzessID
	authority_id TEXT NOT NULL,
	message      TEXT NOT NULL, -- "0301", "0511"
	taker        TEXT NOT NULL, -- name
	sent_by      TEXT NOT NULL,
	sent_at      BIGINT NOT NULL,
	received_at  BIGINT NOT NULL -- when the receipt was made, 0 while there is none
);
CREATE INDEX plan_sent_at ON plan_sent (authority_id, sent_at, process_id);

-- +goose Down
DROP TABLE plan_sent;
