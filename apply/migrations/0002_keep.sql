-- +goose Up
-- Which stored files an application names: asked before the office's file is destroyed.
CREATE INDEX apply_attachment_blob ON apply_attachment (blob_hash);
CREATE INDEX apply_application_receipt ON apply_application (receipt_hash) WHERE receipt_hash <> '';
CREATE INDEX apply_application_notice ON apply_application (notice_hash) WHERE notice_hash <> '';

-- +goose Down
DROP INDEX apply_application_notice;
DROP INDEX apply_application_receipt;
DROP INDEX apply_attachment_blob;
