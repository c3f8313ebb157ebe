-- What is written in the course of business is words of the case: see the column said.
-- +goose Up
CREATE TRIGGER flow_circulation_new AFTER INSERT ON flow_circulation FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_circulation_changed AFTER UPDATE OF title, reason ON flow_circulation FOR EACH ROW WHEN (OLD.title <> NEW.title OR OLD.reason <> NEW.reason) EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_circulation_gone AFTER DELETE ON flow_circulation FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_task_new AFTER INSERT ON flow_task FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_task_changed AFTER UPDATE OF text, answer ON flow_task FOR EACH ROW WHEN (OLD.text <> NEW.text OR OLD.answer <> NEW.answer) EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_task_gone AFTER DELETE ON flow_task FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_signature_new AFTER INSERT ON flow_signature FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_signature_changed AFTER UPDATE OF remark ON flow_signature FOR EACH ROW WHEN (OLD.remark <> NEW.remark) EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_signature_gone AFTER DELETE ON flow_signature FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_comment_new AFTER INSERT ON flow_comment FOR EACH ROW EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_comment_changed AFTER UPDATE OF text ON flow_comment FOR EACH ROW WHEN (OLD.text <> NEW.text) EXECUTE FUNCTION records_said();
CREATE TRIGGER flow_comment_gone AFTER DELETE ON flow_comment FOR EACH ROW EXECUTE FUNCTION records_said();

-- +goose Down
DROP TRIGGER flow_comment_gone ON flow_comment;
DROP TRIGGER flow_comment_changed ON flow_comment;
DROP TRIGGER flow_comment_new ON flow_comment;
DROP TRIGGER flow_signature_gone ON flow_signature;
DROP TRIGGER flow_signature_changed ON flow_signature;
DROP TRIGGER flow_signature_new ON flow_signature;
DROP TRIGGER flow_task_gone ON flow_task;
DROP TRIGGER flow_task_changed ON flow_task;
DROP TRIGGER flow_task_new ON flow_task;
DROP TRIGGER flow_circulation_gone ON flow_circulation;
DROP TRIGGER flow_circulation_changed ON flow_circulation;
DROP TRIGGER flow_circulation_new ON flow_circulation;
