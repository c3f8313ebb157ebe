-- More to be found: what was written in cases, what cases and files were called before, the fields of files, and post that lies in no case.
-- +goose Up
ALTER TABLE filing_entry ADD COLUMN incoming_id TEXT NOT NULL DEFAULT ''; -- of post; then none of the other three is set
-- +goose StatementBegin
CREATE TRIGGER filing_case_said AFTER UPDATE OF said ON records_case
WHEN OLD.said <> NEW.said BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('case:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
DROP TRIGGER filing_case_changed;
-- +goose StatementBegin
CREATE TRIGGER filing_case_changed AFTER UPDATE OF reference, subject, applicant, file_id, former ON records_case
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.applicant <> NEW.applicant OR OLD.file_id <> NEW.file_id OR OLD.former <> NEW.former BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('case:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
DROP TRIGGER filing_file_changed;
-- +goose StatementBegin
CREATE TRIGGER filing_file_changed AFTER UPDATE OF reference, subject, keywords, fields, former ON records_file
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.keywords <> NEW.keywords OR OLD.fields <> NEW.fields OR OLD.former <> NEW.former BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('file:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_post_new AFTER INSERT ON filing_incoming
WHEN NOT EXISTS (SELECT 1 FROM filing_entry WHERE id = 'post:' || NEW.id) BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('post:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_post_changed AFTER UPDATE OF sender, subject, received_at, org_id, person, registered_by, case_id, closed_at ON filing_incoming
WHEN OLD.sender <> NEW.sender OR OLD.subject <> NEW.subject OR OLD.received_at <> NEW.received_at OR OLD.org_id <> NEW.org_id OR OLD.person <> NEW.person OR OLD.registered_by <> NEW.registered_by OR OLD.case_id <> NEW.case_id OR OLD.closed_at <> NEW.closed_at BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('post:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_post_gone AFTER DELETE ON filing_incoming BEGIN
	DELETE FROM filing_text WHERE id = 'post:' || OLD.id;
	DELETE FROM filing_entry WHERE id = 'post:' || OLD.id;
	DELETE FROM filing_due WHERE object = 'post:' || OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_post_read AFTER UPDATE OF text ON filing_incoming_document
WHEN OLD.text <> NEW.text BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('post:' || NEW.incoming_id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- What lies here already is read in the background.
INSERT INTO filing_due (object, authority_id, times) SELECT 'case:' || id, authority_id, 0 FROM records_case WHERE true ON CONFLICT (object) DO NOTHING;
INSERT INTO filing_due (object, authority_id, times) SELECT 'file:' || id, authority_id, 0 FROM records_file WHERE fields <> '{}' OR former <> '' ON CONFLICT (object) DO NOTHING;
INSERT INTO filing_due (object, authority_id, times) SELECT 'post:' || id, authority_id, 0 FROM filing_incoming WHERE case_id = '' AND closed_at = 0 ON CONFLICT (object) DO NOTHING;
-- Of post registered before migration 0004 nobody has read the documents.
INSERT INTO filing_due (object, authority_id, times) SELECT 'unread:' || i.id, i.authority_id, 0 FROM filing_incoming i WHERE i.case_id = '' AND i.closed_at = 0 AND NOT EXISTS (
	SELECT 1 FROM filing_incoming_document d WHERE d.incoming_id = i.id AND d.how <> '');

-- +goose Down
DELETE FROM filing_due WHERE object LIKE 'post:%' OR object LIKE 'unread:%';
DELETE FROM filing_text WHERE id LIKE 'post:%';
DELETE FROM filing_entry WHERE kind = 'post';
DROP TRIGGER filing_post_read;
DROP TRIGGER filing_post_gone;
DROP TRIGGER filing_post_changed;
DROP TRIGGER filing_post_new;
DROP TRIGGER filing_file_changed;
DROP TRIGGER filing_case_changed;
DROP TRIGGER filing_case_said;
-- +goose StatementBegin
CREATE TRIGGER filing_file_changed AFTER UPDATE OF reference, subject, keywords ON records_file
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.keywords <> NEW.keywords BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('file:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER filing_case_changed AFTER UPDATE OF reference, subject, applicant, file_id ON records_case
WHEN OLD.reference <> NEW.reference OR OLD.subject <> NEW.subject OR OLD.applicant <> NEW.applicant OR OLD.file_id <> NEW.file_id BEGIN
	INSERT INTO filing_due (object, authority_id, times) VALUES ('case:' || NEW.id, NEW.authority_id, 1)
		ON CONFLICT (object) DO UPDATE SET times = filing_due.times + 1;
END;
-- +goose StatementEnd
ALTER TABLE filing_entry DROP COLUMN incoming_id;
