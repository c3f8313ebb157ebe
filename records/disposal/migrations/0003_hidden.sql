-- +goose Up
-- What a registrar who is not cleared for it is told of: how many there are.
CREATE INDEX disposal_due_level ON records_file (authority_id, retain_until, level) WHERE retain_until > 0 AND state = '' AND level > 0;

-- +goose Down
DROP INDEX disposal_due_level;
