-- The keywords of files one by one, for the list of those with one; lists of files of a level and of a type.
-- +goose Up
CREATE TABLE records_keyword (
	file_id      TEXT NOT NULL REFERENCES records_file (id) ON DELETE CASCADE,
	word         TEXT NOT NULL, -- in small letters
	authority_id TEXT NOT NULL,
	opened_at    BIGINT NOT NULL, -- the file's
	PRIMARY KEY (file_id, word)
);
CREATE INDEX records_keyword_word ON records_keyword (authority_id, word, opened_at, file_id);
INSERT INTO records_keyword (file_id, word, authority_id, opened_at)
	SELECT DISTINCT f.id, lower(w.word), f.authority_id, f.opened_at FROM records_file f, string_to_table(f.keywords, chr(10)) AS w (word)
	WHERE w.word <> '';
-- What changes a file elsewhere: it keeps nothing of one that is destroyed, and the day of one that was taken over.
-- +goose StatementBegin
CREATE FUNCTION records_keyword() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.keywords = '' THEN
		DELETE FROM records_keyword WHERE file_id = NEW.id;
	ELSE
		UPDATE records_keyword SET opened_at = NEW.opened_at WHERE file_id = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER records_keyword_gone AFTER UPDATE OF keywords ON records_file FOR EACH ROW WHEN (NEW.keywords = '' AND OLD.keywords <> '') EXECUTE FUNCTION records_keyword();
CREATE TRIGGER records_keyword_opened AFTER UPDATE OF opened_at ON records_file FOR EACH ROW WHEN (NEW.opened_at <> OLD.opened_at) EXECUTE FUNCTION records_keyword();
CREATE INDEX records_file_level ON records_file (authority_id, level, opened_at, id) WHERE level > 0;
CREATE INDEX records_file_of_type ON records_file (authority_id, type_id, opened_at, id) WHERE type_id <> '';

-- +goose Down
DROP INDEX records_file_of_type;
DROP INDEX records_file_level;
DROP TRIGGER records_keyword_opened ON records_file;
DROP TRIGGER records_keyword_gone ON records_file;
DROP FUNCTION records_keyword();
DROP TABLE records_keyword;
