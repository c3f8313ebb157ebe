-- +goose Up
-- A guest of a case finds it: what lies in its file gets new labels.
-- +goose StatementBegin
CREATE FUNCTION filing_admitted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
	PERFORM filing_note('rights:' || c.file_id, c.authority_id) FROM records_case c WHERE c.id = NEW.case_id;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER filing_guest_new AFTER INSERT ON records_guest FOR EACH ROW EXECUTE FUNCTION filing_admitted();

-- +goose Down
DROP TRIGGER filing_guest_new ON records_guest;
DROP FUNCTION filing_admitted();
