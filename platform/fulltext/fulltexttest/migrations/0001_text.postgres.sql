-- The full text of demo_document. A room copies this with its own name in place of demo_text.
-- +goose Up
CREATE TABLE demo_text (
	n       BIGINT NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	version BIGINT NOT NULL,
	words   TEXT NOT NULL,
	tokens  TEXT NOT NULL
) WITH (toast_tuple_target = 128); -- the texts elsewhere, so that many keys fit on a page
-- The cost tells the planner that reading the whole table is no alternative to the index.
-- +goose StatementBegin
CREATE FUNCTION demo_text_vector(words TEXT, tokens TEXT) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
BEGIN
	RETURN array_to_tsvector(array_remove(string_to_array(words || ' ' || tokens, ' '), ''));
END
$$;
-- +goose StatementEnd
CREATE INDEX demo_text_vector ON demo_text USING gin (demo_text_vector(words, tokens)) WITH (fastupdate = off);
ALTER INDEX demo_text_vector ALTER COLUMN 1 SET STATISTICS 0;

-- +goose Down
DROP TABLE demo_text;
DROP FUNCTION demo_text_vector(TEXT, TEXT);
