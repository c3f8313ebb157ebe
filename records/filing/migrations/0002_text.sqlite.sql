-- The full text, as platform/fulltext says, and what keeps it up to date.
-- +goose Up
CREATE TABLE filing_text (
	n       INTEGER NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	version BIGINT NOT NULL,
	words   TEXT NOT NULL,
	tokens  TEXT NOT NULL
);
CREATE VIRTUAL TABLE filing_text_fts USING fts5 (
	words, tokens, content = 'filing_text', content_rowid = 'n', detail = none, columnsize = 0,
	tokenize = "ascii tokenchars '~^@+|<'"
);
INSERT INTO filing_text_fts (filing_text_fts, rank) VALUES ('secure-delete', 1);
-- +goose StatementBegin
CREATE TRIGGER filing_text_put AFTER INSERT ON filing_text BEGIN
	INSERT INTO filing_text_fts (rowid, words, tokens) VALUES (new.n, new.words, new.tokens);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_text_drop AFTER DELETE ON filing_text BEGIN
	INSERT INTO filing_text_fts (filing_text_fts, rowid, words, tokens) VALUES ('delete', old.n, old.words, old.tokens);
END;
-- +goose StatementEnd

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
CREATE TRIGGER filing_document_new AFTER INSERT ON records_document
WHEN NOT EXISTS (SELECT 1 FROM filing_entry WHERE id = 'document:' || NEW.id) BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('document:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_document_changed AFTER UPDATE OF name, subject, version, case_id ON records_document
WHEN OLD.name <> NEW.name OR OLD.subject <> NEW.subject OR OLD.version <> NEW.version OR OLD.case_id <> NEW.case_id BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('document:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_described_new AFTER INSERT ON filing_document BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('document:' || NEW.document_id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_described AFTER UPDATE ON filing_document BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('document:' || NEW.document_id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_case_new AFTER INSERT ON records_case
WHEN NOT EXISTS (SELECT 1 FROM filing_entry WHERE id = 'case:' || NEW.id) BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('case:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_case_changed AFTER UPDATE OF reference, subject, applicant, file_id ON records_case
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.applicant <> NEW.applicant OR OLD.file_id <> NEW.file_id BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('case:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_file_new AFTER INSERT ON records_file
WHEN NOT EXISTS (SELECT 1 FROM filing_entry WHERE id = 'file:' || NEW.id) BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('file:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_file_changed AFTER UPDATE OF reference, subject, keywords ON records_file
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.keywords <> NEW.keywords BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('file:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_rights_changed AFTER UPDATE OF readers, writers ON records_file
WHEN OLD.readers <> NEW.readers OR OLD.writers <> NEW.writers BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('rights:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_grant_new AFTER INSERT ON records_grant BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('rights:' || NEW.file_id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_grant_changed AFTER UPDATE ON records_grant BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('rights:' || NEW.file_id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_document_gone AFTER DELETE ON records_document BEGIN
	DELETE FROM filing_text WHERE id = 'document:' || OLD.id;
	DELETE FROM filing_entry WHERE id = 'document:' || OLD.id;
	DELETE FROM filing_due WHERE object = 'document:' || OLD.id;
	DELETE FROM filing_content WHERE document_id = OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_case_gone AFTER DELETE ON records_case BEGIN
	DELETE FROM filing_text WHERE id = 'case:' || OLD.id;
	DELETE FROM filing_entry WHERE id = 'case:' || OLD.id;
	DELETE FROM filing_due WHERE object = 'case:' || OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_file_gone AFTER DELETE ON records_file BEGIN
	DELETE FROM filing_text WHERE id = 'file:' || OLD.id;
	DELETE FROM filing_entry WHERE id = 'file:' || OLD.id;
	DELETE FROM filing_due WHERE object = 'file:' || OLD.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER filing_file_gone;
DROP TRIGGER filing_case_gone;
DROP TRIGGER filing_document_gone;
DROP TRIGGER filing_grant_changed;
DROP TRIGGER filing_grant_new;
DROP TRIGGER filing_rights_changed;
DROP TRIGGER filing_file_changed;
DROP TRIGGER filing_file_new;
DROP TRIGGER filing_case_changed;
DROP TRIGGER filing_case_new;
DROP TRIGGER filing_described;
DROP TRIGGER filing_described_new;
DROP TRIGGER filing_document_changed;
DROP TRIGGER filing_document_new;
DROP TABLE filing_rebuild;
DROP TABLE filing_due;
DROP TABLE filing_content;
DROP TABLE filing_entry;
DROP TABLE filing_text;
DROP TABLE filing_text_fts;
