-- Where in time a document is, for PostgreSQL's index to skip what is not in a window of it: see platform/fulltext. Building the index anew
-- takes some 3 ms a document of 300 words; it can be searched meanwhile, but nothing be put into it.
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION filing_text_places(n BIGINT) RETURNS BIGINT[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
BEGIN
	RETURN ARRAY[(n >> 20) * 8, (n >> 23) * 8 + 1, (n >> 26) * 8 + 2, (n >> 29) * 8 + 3, (n >> 32) * 8 + 4, (n >> 35) * 8 + 5, (n >> 38) * 8 + 6,
		(n >> 41) * 8 + 7];
END
$$;
-- +goose StatementEnd
ALTER INDEX filing_text_vector RENAME TO filing_text_vector_before;
CREATE INDEX filing_text_vector ON filing_text USING gin (filing_text_vector(words, tokens), filing_text_places(n)) WITH (fastupdate = off);
ALTER INDEX filing_text_vector ALTER COLUMN 1 SET STATISTICS 0;
ALTER INDEX filing_text_vector ALTER COLUMN 2 SET STATISTICS 0;
DROP INDEX filing_text_vector_before;
-- A page is found before a helping process has started.
ALTER TABLE filing_text SET (parallel_workers = 0);

-- +goose Down
ALTER TABLE filing_text RESET (parallel_workers);
DROP INDEX filing_text_vector;
CREATE INDEX filing_text_vector ON filing_text USING gin (filing_text_vector(words, tokens)) WITH (fastupdate = off);
ALTER INDEX filing_text_vector ALTER COLUMN 1 SET STATISTICS 0;
DROP FUNCTION filing_text_places(BIGINT);
