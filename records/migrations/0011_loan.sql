-- +goose Up
-- Files whose paper is lent, by when it is to be back.
CREATE INDEX records_file_lent ON records_file (authority_id, lent_until, id) WHERE lent_until > 0;

-- +goose Down
DROP INDEX records_file_lent;
