-- +goose Up
-- A guest of a case finds it: what lies in its file gets new labels.
-- +goose StatementBegin
CREATE TRIGGER filing_guest_new AFTER INSERT ON records_guest BEGIN
	INSERT INTO filing_due (object, authority_id, times) SELECT 'rights:' || c.file_id, c.authority_id, 1 FROM records_case c WHERE c.id = NEW.case_id
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER filing_guest_new;
