package records

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// --- documents ---

const documentColumns = `id, authority_id, file_id, case_id, kind, name, hash, size, media_type, created_at, created_by, version,
	parent_id, subject, locked_by, locked_name, locked_at, final_at`

func scanDocument(r db.Scanner) (d Document, err error) {
	var created, locked, final int64
	err = r.Scan(&d.ID, &d.Authority, &d.FileID, &d.CaseID, &d.Kind, &d.Name, &d.Hash, &d.Size, &d.MediaType, &created, &d.CreatedBy,
		&d.Version, &d.Parent, &d.Subject, &d.LockedBy, &d.LockedName, &locked, &final)
	d.CreatedAt, d.LockedAt, d.FinalAt = db.Time(created), db.Time(locked), db.Time(final)
	return d, NotFound(err)
}

func (st store) insertDocuments(ctx context.Context, tx *db.Tx, s access.Access, documents []Document) error {
	n, err := st.insertMade(ctx, tx, s, documents)
	if err == nil && n != int64(len(documents)) {
		return errs.E(errs.Internal, "errs.internal", errors.New("a document is filed already"))
	}
	return err
}

// insertMade files documents and reports how many were new: of those that a job makes there is one a case.
func (store) insertMade(ctx context.Context, tx *db.Tx, s access.Access, documents []Document) (int64, error) {
	b := db.Bulk{Into: `records_document (` + documentColumns + `)`, Skip: true}
	for _, d := range documents {
		if err := s.Own(d.Authority); err != nil {
			return 0, err
		}
		if err := b.Add(ctx, tx, d.ID, d.Authority, d.FileID, d.CaseID, string(d.Kind), d.Name, d.Hash, d.Size, d.MediaType,
			db.Micros(d.CreatedAt), d.CreatedBy, 1, d.Parent, d.Subject, "", "", 0, 0); err != nil {
			return 0, err
		}
	}
	if err := b.Flush(ctx, tx); err != nil || b.Count == 0 {
		return 0, err
	}
	for _, d := range documents {
		tx.Touch(DocumentObject(d.ID))
	}
	return b.Count, firstVersions(ctx, tx, documents)
}

// firstVersions keeps what was just filed as version 1.
func firstVersions(ctx context.Context, tx *db.Tx, documents []Document) error {
	b := db.Bulk{Into: `records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)`, Skip: true}
	for _, d := range documents {
		if err := b.Add(ctx, tx, d.ID, 1, d.Authority, d.Name, d.Hash, d.Size, d.MediaType, "", db.Micros(d.CreatedAt), d.CreatedBy); err != nil {
			return err
		}
	}
	return b.Flush(ctx, tx)
}

// documents are the newest documents of the case, the newest first.
func (store) documents(ctx context.Context, q db.Querier, s access.Access, caseID string, most int) ([]Document, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+` FROM records_document WHERE `+s.In("authority_id", &p)+
		` AND case_id = `+p.Add(caseID)+` ORDER BY created_at DESC, id DESC LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanDocument)
}

func (store) documentByID(ctx context.Context, q db.Querier, s access.Access, id string) (Document, error) {
	var p db.Params
	return scanDocument(q.QueryRow(ctx, `SELECT `+documentColumns+` FROM records_document d WHERE `+s.ReadsInCase("d", &p)+
		` AND id = `+p.Add(id), p...))
}

// --- notes ---

func (store) insertNote(ctx context.Context, tx *db.Tx, s access.Access, c Case, n Note) error {
	if err := s.Own(c.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_note (id, authority_id, case_id, text, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6)`, n.ID, c.Authority, c.ID, n.Text, db.Micros(n.At), n.By)
	return err
}

func (store) hasNote(ctx context.Context, q db.Querier, s access.Access, caseID, id string) (bool, error) {
	var p db.Params
	return exists(ctx, q, `records_note WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND id = `+p.Add(id), p)
}

func exists(ctx context.Context, q db.Querier, from string, p db.Params) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM `+from, p...).Scan(&n)
	return n > 0, err
}

func (store) notes(ctx context.Context, q db.Querier, s access.Access, caseID string) ([]Note, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, text, created_by, created_at FROM records_note WHERE `+s.In("authority_id", &p)+
		` AND case_id = `+p.Add(caseID)+` ORDER BY created_at, id`, p...)
	return db.All(rows, err, func(r db.Scanner) (n Note, err error) {
		var created int64
		err = r.Scan(&n.ID, &n.Text, &n.By, &created)
		n.At = db.Time(created)
		return n, err
	})
}

// --- questions ---

func (store) insertQuestion(ctx context.Context, tx *db.Tx, s access.Access, c Case, q Question) error {
	if err := s.Own(c.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_question (id, authority_id, case_id, text, due_at, asked_at, asked_by, answer,
		answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)`, q.ID, c.Authority, c.ID, q.Text, db.Micros(q.Due),
		db.Micros(q.AskedAt), q.AskedBy)
	return err
}

func (store) hasQuestion(ctx context.Context, q db.Querier, s access.Access, caseID, id string) (bool, error) {
	var p db.Params
	return exists(ctx, q, `records_question WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND id = `+p.Add(id), p)
}

// answerQuestion notes the answer and reports whether it is the first; errs.NotFound if nothing was asked so.
func (st store) answerQuestion(ctx context.Context, tx *db.Tx, s access.Access, caseID string, a Answer) (bool, error) {
	var p db.Params
	fresh, err := db.Changed(tx.Exec(ctx, `UPDATE records_question SET answer = `+p.Add(a.Text)+`, answered_at = `+p.Add(db.Micros(a.At))+
		` WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND id = `+p.Add(a.Question)+` AND answered_at = 0`, p...))
	if fresh || err != nil {
		return fresh, err
	}
	asked, err := st.hasQuestion(ctx, tx, s, caseID, a.Question)
	if err == nil && !asked {
		return false, errs.E(errs.NotFound, "records.error.not_found")
	}
	return false, err
}

func (store) questions(ctx context.Context, q db.Querier, s access.Access, caseID string) ([]Question, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT id, text, due_at, asked_at, asked_by, answer, answered_at FROM records_question WHERE `+
		s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` ORDER BY asked_at, id`, p...)
	return db.All(rows, err, func(r db.Scanner) (x Question, err error) {
		var due, asked, answered int64
		err = r.Scan(&x.ID, &x.Text, &due, &asked, &x.AskedBy, &x.Answer, &answered)
		x.Due, x.AskedAt, x.AnsweredAt = db.Time(due), db.Time(asked), db.Time(answered)
		return x, err
	})
}

// --- decisions ---

func (store) insertDecision(ctx context.Context, tx *db.Tx, s access.Access, c Case, d Decision) error {
	if err := s.Own(c.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_decision (id, authority_id, case_id, granted, title, decision, reasons, remedy, amount,
		demo, kassenzeichen, pay_path, pay_due_at, paid_at, decided_at, decided_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15)`, d.ID, c.Authority, c.ID, d.Granted, d.Title,
		d.Decision, d.Reasons, d.Remedy, int64(d.Amount), d.Demo, d.Kassenzeichen, d.PayPath, db.Micros(d.Due),
		db.Micros(d.DecidedAt), d.DecidedBy)
	return err
}

// decision is the case's decision; nil while there is none.
func (store) decision(ctx context.Context, q db.Querier, s access.Access, caseID string) (*Decision, error) {
	var p db.Params
	var d Decision
	var due, paid, decided int64
	err := q.QueryRow(ctx, `SELECT id, granted, title, decision, reasons, remedy, amount, demo, kassenzeichen, pay_path, pay_due_at,
		paid_at, decided_at, decided_by FROM records_decision WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID), p...).
		Scan(&d.ID, &d.Granted, &d.Title, &d.Decision, &d.Reasons, &d.Remedy, &d.Amount, &d.Demo, &d.Kassenzeichen, &d.PayPath, &due,
			&paid, &decided, &d.DecidedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	d.Due, d.PaidAt, d.DecidedAt = db.Time(due), db.Time(paid), db.Time(decided)
	return &d, err
}

// markPaid notes the payment and reports whether that was new; errs.NotFound if no such Kassenzeichen was issued.
func (store) markPaid(ctx context.Context, tx *db.Tx, s access.Access, caseID, kassenzeichen string, paidAt time.Time) (bool, error) {
	var p db.Params
	fresh, err := db.Changed(tx.Exec(ctx, `UPDATE records_decision SET paid_at = `+p.Add(db.Micros(paidAt))+` WHERE `+
		s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND kassenzeichen = `+p.Add(kassenzeichen)+` AND paid_at = 0`, p...))
	if fresh || err != nil {
		return fresh, err
	}
	p = nil
	known, err := exists(ctx, tx, `records_decision WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+
		` AND kassenzeichen = `+p.Add(kassenzeichen), p)
	if err == nil && !known {
		return false, errs.E(errs.NotFound, "records.error.not_found")
	}
	return false, err
}
