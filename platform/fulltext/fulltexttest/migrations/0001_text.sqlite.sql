-- The full text of demo_document. A room copies this with its own name in place of demo_text.
-- +goose Up
CREATE TABLE demo_text (
	n       INTEGER NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	version BIGINT NOT NULL,
	words   TEXT NOT NULL,
	tokens  TEXT NOT NULL
);
CREATE VIRTUAL TABLE demo_text_fts USING fts5 (
	words, tokens, content = 'demo_text', content_rowid = 'n', detail = none, columnsize = 0,
	tokenize = "ascii tokenchars '~^@+|<'"
);
INSERT INTO demo_text_fts (demo_text_fts, rank) VALUES ('secure-delete', 1);
-- +goose StatementBegin
CREATE TRIGGER demo_text_put AFTER INSERT ON demo_text BEGIN
	INSERT INTO demo_text_fts (rowid, words, tokens) VALUES (new.n, new.words, new.tokens);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER demo_text_drop AFTER DELETE ON demo_text BEGIN
	INSERT INTO demo_text_fts (demo_text_fts, rowid, words, tokens) VALUES ('delete', old.n, old.words, old.tokens);
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE demo_text;
DROP TABLE demo_text_fts;
