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
	WITH RECURSIVE w (file_id, authority_id, opened_at, word, rest) AS (
		SELECT id, authority_id, opened_at, '', keywords || char(10) FROM records_file WHERE keywords <> ''
		UNION ALL
		SELECT file_id, authority_id, opened_at, substr(rest, 1, instr(rest, char(10)) - 1), substr(rest, instr(rest, char(10)) + 1) FROM w WHERE rest <> '')
	SELECT DISTINCT file_id, replace(replace(replace(lower(word), 'Ä', 'ä'), 'Ö', 'ö'), 'Ü', 'ü'), authority_id, opened_at FROM w WHERE word <> '';
-- What changes a file elsewhere: it keeps nothing of one that is destroyed, and the day of one that was taken over.
-- +goose StatementBegin
CREATE TRIGGER records_keyword_gone AFTER UPDATE OF keywords ON records_file WHEN NEW.keywords = '' AND OLD.keywords <> '' BEGIN
	DELETE FROM records_keyword WHERE file_id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_keyword_opened AFTER UPDATE OF opened_at ON records_file WHEN NEW.opened_at <> OLD.opened_at BEGIN
	UPDATE records_keyword SET opened_at = NEW.opened_at WHERE file_id = NEW.id;
END;
-- +goose StatementEnd
CREATE INDEX records_file_level ON records_file (authority_id, level, opened_at, id) WHERE level > 0;
CREATE INDEX records_file_of_type ON records_file (authority_id, type_id, opened_at, id) WHERE type_id <> '';

-- +goose Down
DROP INDEX records_file_of_type;
DROP INDEX records_file_level;
DROP TRIGGER records_keyword_opened;
DROP TRIGGER records_keyword_gone;
DROP TABLE records_keyword;
