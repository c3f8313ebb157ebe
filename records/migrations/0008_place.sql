-- +goose Up
-- Where a case stands in its file: the number of its part file, then that of the case, then that of the case in it.
ALTER TABLE records_case ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
UPDATE records_case SET place = coalesce((SELECT p.number FROM records_part p WHERE p.id = records_case.part_id), 0) * 1000000000000000
	+ CASE WHEN parent_id = '' THEN number * 1000000
	ELSE coalesce((SELECT c.number FROM records_case c WHERE c.id = records_case.parent_id), 0) * 1000000 + number END;
CREATE INDEX records_case_place ON records_case (file_id, place, id);

-- +goose Down
DROP INDEX records_case_place;
ALTER TABLE records_case DROP COLUMN place;
