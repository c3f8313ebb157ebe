-- +goose Up
-- Messages that lay here before it was kept whom they went to are read again for that, once.
INSERT INTO filing_due (object, authority_id, times) SELECT 'mail:' || d.id, d.authority_id, 0 FROM records_document d
	JOIN filing_document x ON x.document_id = d.id WHERE d.kind = 'mail' AND x.recipients = '' AND x.copies = '' ON CONFLICT DO NOTHING;
INSERT INTO filing_due (object, authority_id, times) SELECT 'letter:' || d.id, d.authority_id, 0 FROM filing_incoming_document d
	WHERE d.kind = 'mail' AND d.recipients = '' AND d.copies = '' ON CONFLICT DO NOTHING;

-- +goose Down
DELETE FROM filing_due WHERE object LIKE 'mail:%' OR object LIKE 'letter:%';
