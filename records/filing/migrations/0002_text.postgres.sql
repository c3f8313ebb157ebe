-- The full text, as platform/fulltext says, and what keeps it up to date.
-- +goose Up
CREATE TABLE filing_text (
	n       BIGINT NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	version BIGINT NOT NULL,
	words   TEXT NOT NULL,
	tokens  TEXT NOT NULL
) WITH (toast_tuple_target = 128); -- the texts elsewhere, so that many keys fit on a page
-- The cost tells the planner that reading the whole table is no alternative to the index.
-- +goose StatementBegin
CREATE FUNCTION filing_text_vector(words TEXT, tokens TEXT) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
BEGIN
	RETURN array_to_tsvector(array_remove(string_to_array(words || ' ' || tokens, ' '), ''));
END
$$;
-- +goose StatementEnd
CREATE INDEX filing_text_vector ON filing_text USING gin (filing_text_vector(words, tokens)) WITH (fastupdate = off);
ALTER INDEX filing_text_vector ALTER COLUMN 1 SET STATISTICS 0;

-- What can be found: a row for each file, case and document whose words were read.
CREATE TABLE filing_entry (
	id           TEXT PRIMARY KEY, -- "file:ID", "case:ID", "document:ID", as in filing_text
	authority_id TEXT NOT NULL,
	kind         TEXT NOT NULL,
	file_id      TEXT NOT NULL, -- one of these three is set
	case_id      TEXT NOT NULL,
	document_id  TEXT NOT NULL,
	labels       TEXT NOT NULL, -- those of the index, separated by line ends
	at           BIGINT NOT NULL
);
-- What a document says, for the place that is shown of it.
CREATE TABLE filing_content (
	document_id  TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	version      BIGINT NOT NULL,
	hash         TEXT NOT NULL,
	how          TEXT NOT NULL,
	read_at      BIGINT NOT NULL,
	text         TEXT NOT NULL
);
-- What was changed and is to be read again: "file:ID", "case:ID", "document:ID", or "rights:ID" of a file.
CREATE TABLE filing_due (
	object       TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	times        BIGINT NOT NULL
);
-- How far a rebuilding of the index has come.
CREATE TABLE filing_rebuild (
	kind         TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL, -- "*": it is for all
	after_id     TEXT NOT NULL,
	begun_at     BIGINT NOT NULL
);
INSERT INTO filing_due (object, authority_id, times) SELECT 'file:' || id, authority_id, 0 FROM records_file;
INSERT INTO filing_due (object, authority_id, times) SELECT 'case:' || id, authority_id, 0 FROM records_case;
INSERT INTO filing_due (object, authority_id, times) SELECT 'document:' || id, authority_id, 0 FROM records_document;

-- Whoever changes a file, a case or a document: what can be found is to follow. A note that is there is locked by writing
-- it again, so that it is not taken before this change is seen. What is restored from a backup is read already.
-- +goose StatementBegin
CREATE FUNCTION filing_note(what TEXT, authority TEXT) RETURNS VOID LANGUAGE sql AS $$
	INSERT INTO filing_due (object, authority_id, times) VALUES (what, authority, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1
$$;
-- +goose StatementEnd
-- Arguments: what kind of thing is noted, the column that has its id, and a third where it is noted only if it was not read before.
-- +goose StatementBegin
CREATE FUNCTION filing_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
	object TEXT := TG_ARGV[0] || ':' || (to_jsonb(NEW) ->> TG_ARGV[1]);
BEGIN
	IF TG_NARGS = 2 OR NOT EXISTS (SELECT 1 FROM filing_entry e WHERE e.id = object) THEN
		PERFORM filing_note(object, NEW.authority_id);
	END IF;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION filing_gone() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
	gone TEXT := TG_ARGV[0] || ':' || OLD.id;
BEGIN
	DELETE FROM filing_text t WHERE t.id = gone;
	DELETE FROM filing_entry e WHERE e.id = gone;
	DELETE FROM filing_due d WHERE d.object = gone;
	DELETE FROM filing_content c WHERE TG_ARGV[0] = 'document' AND c.document_id = OLD.id;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER filing_document_new AFTER INSERT ON records_document FOR EACH ROW EXECUTE FUNCTION filing_changed('document', 'id', 'once');
CREATE TRIGGER filing_document_changed AFTER UPDATE OF name, subject, version, case_id ON records_document FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.subject <> NEW.subject OR OLD.version <> NEW.version OR OLD.case_id <> NEW.case_id) EXECUTE FUNCTION filing_changed('document', 'id');
CREATE TRIGGER filing_described_new AFTER INSERT ON filing_document FOR EACH ROW EXECUTE FUNCTION filing_changed('document', 'document_id');
CREATE TRIGGER filing_described AFTER UPDATE ON filing_document FOR EACH ROW EXECUTE FUNCTION filing_changed('document', 'document_id');
CREATE TRIGGER filing_case_new AFTER INSERT ON records_case FOR EACH ROW EXECUTE FUNCTION filing_changed('case', 'id', 'once');
CREATE TRIGGER filing_case_changed AFTER UPDATE OF reference, subject, applicant, file_id ON records_case FOR EACH ROW WHEN (OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.applicant <> NEW.applicant OR OLD.file_id <> NEW.file_id) EXECUTE FUNCTION filing_changed('case', 'id');
CREATE TRIGGER filing_file_new AFTER INSERT ON records_file FOR EACH ROW EXECUTE FUNCTION filing_changed('file', 'id', 'once');
CREATE TRIGGER filing_file_changed AFTER UPDATE OF reference, subject, keywords ON records_file FOR EACH ROW WHEN (OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.keywords <> NEW.keywords) EXECUTE FUNCTION filing_changed('file', 'id');
CREATE TRIGGER filing_rights_changed AFTER UPDATE OF readers, writers ON records_file FOR EACH ROW WHEN (OLD.readers <> NEW.readers OR OLD.writers <> NEW.writers) EXECUTE FUNCTION filing_changed('rights', 'id');
CREATE TRIGGER filing_grant_new AFTER INSERT ON records_grant FOR EACH ROW EXECUTE FUNCTION filing_changed('rights', 'file_id');
CREATE TRIGGER filing_grant_changed AFTER UPDATE ON records_grant FOR EACH ROW EXECUTE FUNCTION filing_changed('rights', 'file_id');
CREATE TRIGGER filing_document_gone AFTER DELETE ON records_document FOR EACH ROW EXECUTE FUNCTION filing_gone('document');
CREATE TRIGGER filing_case_gone AFTER DELETE ON records_case FOR EACH ROW EXECUTE FUNCTION filing_gone('case');
CREATE TRIGGER filing_file_gone AFTER DELETE ON records_file FOR EACH ROW EXECUTE FUNCTION filing_gone('file');

-- +goose Down
DROP TRIGGER filing_file_gone ON records_file;
DROP TRIGGER filing_case_gone ON records_case;
DROP TRIGGER filing_document_gone ON records_document;
DROP TRIGGER filing_grant_changed ON records_grant;
DROP TRIGGER filing_grant_new ON records_grant;
DROP TRIGGER filing_rights_changed ON records_file;
DROP TRIGGER filing_file_changed ON records_file;
DROP TRIGGER filing_file_new ON records_file;
DROP TRIGGER filing_case_changed ON records_case;
DROP TRIGGER filing_case_new ON records_case;
DROP TRIGGER filing_described ON filing_document;
DROP TRIGGER filing_described_new ON filing_document;
DROP TRIGGER filing_document_changed ON records_document;
DROP TRIGGER filing_document_new ON records_document;
DROP FUNCTION filing_gone();
DROP FUNCTION filing_changed();
DROP FUNCTION filing_note(TEXT, TEXT);
DROP TABLE filing_rebuild;
DROP TABLE filing_due;
DROP TABLE filing_content;
DROP TABLE filing_entry;
DROP TABLE filing_text;
DROP FUNCTION filing_text_vector(TEXT, TEXT);
