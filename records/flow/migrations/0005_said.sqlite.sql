-- What is written in the course of business is words of the case: see the column said.
-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER flow_circulation_new AFTER INSERT ON flow_circulation BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_circulation_changed AFTER UPDATE OF title, reason ON flow_circulation WHEN (OLD.title <> NEW.title OR OLD.reason <> NEW.reason) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_circulation_gone AFTER DELETE ON flow_circulation BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_task_new AFTER INSERT ON flow_task BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_task_changed AFTER UPDATE OF text, answer ON flow_task WHEN (OLD.text <> NEW.text OR OLD.answer <> NEW.answer) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_task_gone AFTER DELETE ON flow_task BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_signature_new AFTER INSERT ON flow_signature BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_signature_changed AFTER UPDATE OF remark ON flow_signature WHEN (OLD.remark <> NEW.remark) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_signature_gone AFTER DELETE ON flow_signature BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_comment_new AFTER INSERT ON flow_comment BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_comment_changed AFTER UPDATE OF text ON flow_comment WHEN (OLD.text <> NEW.text) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER flow_comment_gone AFTER DELETE ON flow_comment BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER flow_comment_gone;
DROP TRIGGER flow_comment_changed;
DROP TRIGGER flow_comment_new;
DROP TRIGGER flow_signature_gone;
DROP TRIGGER flow_signature_changed;
DROP TRIGGER flow_signature_new;
DROP TRIGGER flow_task_gone;
DROP TRIGGER flow_task_changed;
DROP TRIGGER flow_task_new;
DROP TRIGGER flow_circulation_gone;
DROP TRIGGER flow_circulation_changed;
DROP TRIGGER flow_circulation_new;
