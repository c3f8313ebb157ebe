-- +goose Up
-- Who noted that the paper of a file is lent: they are reminded once it should be back. Of what is lent already it is not known.
ALTER TABLE records_file ADD COLUMN lent_by TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE records_file DROP COLUMN lent_by;
