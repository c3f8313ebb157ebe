-- +goose Up
-- Who opened a case at the desk and who put it to the files ("" is not known), and what cases and files were called before
-- they were moved: Aktenzeichen on lines of their own, the latest last.
ALTER TABLE records_case ADD COLUMN opened_by TEXT NOT NULL DEFAULT '';
ALTER TABLE records_case ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE records_case ADD COLUMN former TEXT NOT NULL DEFAULT '';
ALTER TABLE records_file ADD COLUMN former TEXT NOT NULL DEFAULT '';
-- The highest number of a case that was in the file and is not any more: it is not given again.
ALTER TABLE records_file ADD COLUMN gone BIGINT NOT NULL DEFAULT 0;
CREATE INDEX records_file_former ON records_file (authority_id, id) WHERE former <> '';
CREATE INDEX records_case_parent ON records_case (parent_id, number) WHERE parent_id <> '';

-- +goose Down
DROP INDEX records_case_parent;
DROP INDEX records_file_former;
ALTER TABLE records_file DROP COLUMN gone;
ALTER TABLE records_file DROP COLUMN former;
ALTER TABLE records_case DROP COLUMN former;
ALTER TABLE records_case DROP COLUMN closed_by;
ALTER TABLE records_case DROP COLUMN opened_by;
