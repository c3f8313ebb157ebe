-- +goose Up
-- A search by words inside of others goes along trigrams. Where the extension is not installed, or this role may not create it,
-- the lists are read through instead: docs/OPERATIONS.md says how to add it later.
-- +goose StatementBegin
DO $$
BEGIN
	CREATE EXTENSION IF NOT EXISTS pg_trgm;
	CREATE INDEX records_case_words ON records_case USING gin (search gin_trgm_ops);
	CREATE INDEX records_file_words ON records_file USING gin (search gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
	RAISE NOTICE 'no pg_trgm: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS records_file_words;
DROP INDEX IF EXISTS records_case_words;
