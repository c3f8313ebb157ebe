-- Counts what is written in a case: whoever keeps words of cases sees from it that they are others.
-- +goose Up
ALTER TABLE records_case ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
-- +goose StatementBegin
CREATE TRIGGER records_note_new AFTER INSERT ON records_note BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_note_changed AFTER UPDATE OF text ON records_note WHEN (OLD.text <> NEW.text) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_note_gone AFTER DELETE ON records_note BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_question_new AFTER INSERT ON records_question BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_question_changed AFTER UPDATE OF text, answer ON records_question WHEN (OLD.text <> NEW.text OR OLD.answer <> NEW.answer) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_question_gone AFTER DELETE ON records_question BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_decision_new AFTER INSERT ON records_decision BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_decision_changed AFTER UPDATE OF title, decision, reasons, remedy ON records_decision WHEN (OLD.title <> NEW.title OR OLD.decision <> NEW.decision OR OLD.reasons <> NEW.reasons OR OLD.remedy <> NEW.remedy) BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = NEW.case_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER records_decision_gone AFTER DELETE ON records_decision BEGIN
	UPDATE records_case SET said = said + 1 WHERE id = OLD.case_id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER records_decision_gone;
DROP TRIGGER records_decision_changed;
DROP TRIGGER records_decision_new;
DROP TRIGGER records_question_gone;
DROP TRIGGER records_question_changed;
DROP TRIGGER records_question_new;
DROP TRIGGER records_note_gone;
DROP TRIGGER records_note_changed;
DROP TRIGGER records_note_new;
ALTER TABLE records_case DROP COLUMN said;
