-- +goose Up
-- Only PostgreSQL searches by trigrams: here the index for the order holds the words.
SELECT 1;

-- +goose Down
SELECT 1;
