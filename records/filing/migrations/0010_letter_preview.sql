-- +goose Up
-- PDFs are made of documents of post too, under the id that they keep when they are filed: a row need not be of a document in a case.
CREATE TABLE filing_rendition_of_any (
	document_id  TEXT NOT NULL,
	version      BIGINT NOT NULL,
	authority_id TEXT NOT NULL,
	state        TEXT NOT NULL, -- "made", "failed", "unavailable"
	hash         TEXT NOT NULL,
	size         BIGINT NOT NULL,
	note         TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	PRIMARY KEY (document_id, version)
);
INSERT INTO filing_rendition_of_any (document_id, version, authority_id, state, hash, size, note, made_at)
	SELECT document_id, version, authority_id, state, hash, size, note, made_at FROM filing_rendition;
DROP TABLE filing_rendition;
ALTER TABLE filing_rendition_of_any RENAME TO filing_rendition;
-- What lies here already is read again.
INSERT INTO filing_due (object, authority_id, times) SELECT 'unread:' || i.id, i.authority_id, 0 FROM filing_incoming i WHERE i.case_id = '' AND i.closed_at = 0
	AND EXISTS (SELECT 1 FROM filing_incoming_document d WHERE d.incoming_id = i.id AND (lower(d.name) LIKE '%.do__' OR lower(d.name) LIKE '%.do_'
	OR lower(d.name) LIKE '%.odt' OR lower(d.name) LIKE '%.ott' OR lower(d.name) LIKE '%.fodt' OR lower(d.name) LIKE '%.rtf')) ON CONFLICT DO NOTHING;

-- +goose Down
DELETE FROM filing_rendition WHERE document_id NOT IN (SELECT id FROM records_document);
