-- +goose Up
-- Whom a message went to, and how often what is said of a document was changed, for who changes it.
ALTER TABLE filing_document ADD COLUMN recipients TEXT NOT NULL DEFAULT ''; -- in one line, as the next
ALTER TABLE filing_document ADD COLUMN copies TEXT NOT NULL DEFAULT '';
ALTER TABLE filing_document ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE filing_incoming_document ADD COLUMN recipients TEXT NOT NULL DEFAULT '';
ALTER TABLE filing_incoming_document ADD COLUMN copies TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE filing_incoming_document DROP COLUMN copies;
ALTER TABLE filing_incoming_document DROP COLUMN recipients;
ALTER TABLE filing_document DROP COLUMN revision;
ALTER TABLE filing_document DROP COLUMN copies;
ALTER TABLE filing_document DROP COLUMN recipients;
