-- +goose Up
-- What was looked for about a person (Art. 15 DSGVO), how far the search has come, and where it found them. No content is
-- copied: a hit is the id of a row. A search is forgotten some weeks later, with its hits.
CREATE TABLE disposal_search (
	id           TEXT PRIMARY KEY,
	authority_id TEXT NOT NULL,
	name         TEXT NOT NULL,
	mail         TEXT NOT NULL,
	address      TEXT NOT NULL,
	born         TEXT NOT NULL, -- 1980-01-31; "" if it is not known
	citizen      TEXT NOT NULL,
	staff        BOOLEAN NOT NULL, -- also as somebody who works there
	place        BIGINT NOT NULL, -- how many places were searched
	after_key    TEXT NOT NULL, -- up to here the next one was
	complete     BOOLEAN NOT NULL, -- all hits are kept
	unread       BIGINT NOT NULL, -- documents that nobody could read
	created_by   TEXT NOT NULL,
	created_name TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL
);
CREATE INDEX disposal_search_created ON disposal_search (authority_id, created_at, id);
CREATE TABLE disposal_hit (
	search_id    TEXT NOT NULL REFERENCES disposal_search (id) ON DELETE CASCADE,
	sort         TEXT NOT NULL, -- file, case, document, place and row
	authority_id TEXT NOT NULL,
	place        TEXT NOT NULL,
	row_id       TEXT NOT NULL,
	file_id      TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	document_id  TEXT NOT NULL,
	chosen       BOOLEAN NOT NULL, -- it is about the person
	PRIMARY KEY (search_id, sort)
);

-- +goose Down
DROP TABLE disposal_hit;
DROP TABLE disposal_search;
