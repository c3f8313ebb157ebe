-- Counts what is written in a case: whoever keeps words of cases sees from it that they are others.
-- +goose Up
ALTER TABLE records_case ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
-- For tables with a case_id, of any part.
-- +goose StatementBegin
CREATE FUNCTION records_said() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
	UPDATE records_case c SET said = c.said + 1 WHERE c.id = CASE TG_OP WHEN 'DELETE' THEN OLD.case_id ELSE NEW.case_id END;
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER records_note_new AFTER INSERT ON records_note FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER records_note_changed AFTER UPDATE OF text ON records_note FOR EACH ROW WHEN (OLD.text <> NEW.text) EXECUTE FUNCTION records_said();
CREATE TRIGGER records_note_gone AFTER DELETE ON records_note FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER records_question_new AFTER INSERT ON records_question FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER records_question_changed AFTER UPDATE OF text, answer ON records_question FOR EACH ROW WHEN (OLD.text <> NEW.text OR OLD.answer <> NEW.answer) EXECUTE FUNCTION records_said();
CREATE TRIGGER records_question_gone AFTER DELETE ON records_question FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER records_decision_new AFTER INSERT ON records_decision FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER records_decision_changed AFTER UPDATE OF title, decision, reasons, remedy ON records_decision FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.decision <> NEW.decision OR OLD.reasons <> NEW.reasons OR OLD.remedy <> NEW.remedy) EXECUTE FUNCTION records_said();
CREATE TRIGGER records_decision_gone AFTER DELETE ON records_decision FOR EACH ROW EXECUTE FUNCTION records_said();

-- +goose Down
DROP TRIGGER records_decision_gone ON records_decision;
DROP TRIGGER records_decision_changed ON records_decision;
DROP TRIGGER records_decision_new ON records_decision;
DROP TRIGGER records_question_gone ON records_question;
DROP TRIGGER records_question_changed ON records_question;
DROP TRIGGER records_question_new ON records_question;
DROP TRIGGER records_note_gone ON records_note;
DROP TRIGGER records_note_changed ON records_note;
DROP TRIGGER records_note_new ON records_note;
DROP FUNCTION records_said();
ALTER TABLE records_case DROP COLUMN said;
