package apply

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/money"
)

const applicationColumns = `id, authority_id, form_id, form_version, leika_key, ars, lang, state, subject, secret_hash,
	code_hash, reference, draft, answers, fee_cents, fee_demo, kassenzeichen, pay_path, pay_ended, case_reference,
	receipt_hash, notice_hash, created_at, changed_at, sent_at, fee_paid_at, filed_at, decided_at, notice_paid_at`

type scanner interface{ Scan(dest ...any) error }

func scanApplication(row scanner) (*application, error) {
	var a application
	var draft, answers string
	var fee, created, changed, sent, feePaid, filed, decided, noticePaid int64
	err := row.Scan(&a.id, &a.authority, &a.form, &a.version, &a.leika, &a.ars, &a.lang, &a.state, &a.subject, &a.secretHash,
		&a.codeHash, &a.reference, &draft, &answers, &fee, &a.feeDemo, &a.kassenzeichen, &a.payPath, &a.payEnded, &a.caseReference,
		&a.receiptHash, &a.noticeHash, &created, &changed, &sent, &feePaid, &filed, &decided, &noticePaid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	a.fee = money.Cents(fee)
	a.created, a.changed, a.sent, a.feePaid = db.Time(created), db.Time(changed), db.Time(sent), db.Time(feePaid)
	a.filedAt, a.decidedAt, a.noticePaid = db.Time(filed), db.Time(decided), db.Time(noticePaid)
	if draft != "" {
		if err := json.Unmarshal([]byte(draft), &a.draft); err != nil {
			return nil, err
		}
	}
	if answers != "" {
		if err := json.Unmarshal([]byte(answers), &a.answers); err != nil {
			return nil, err
		}
	}
	return &a, nil
}

// own is the predicate of a holder on apply_application, with the arguments $1 to $3. See holder.holds, which is
// asked again in constant time.
const own = `(subject <> '' AND subject = $1 OR subject = '' AND secret_hash = $2 OR code_hash = $3)`

func (h holder) args() []any {
	// A hash that is not there must equal nothing: no hash has one byte.
	none := []byte{0}
	secret, code := h.secretHash, h.codeHash
	if len(secret) == 0 {
		secret = none
	}
	if len(code) == 0 {
		code = none
	}
	return []any{h.subject, secret, code}
}

func ownByID(ctx context.Context, q db.Querier, h holder, id, lock string) (*application, error) {
	a, err := scanApplication(q.QueryRow(ctx, `SELECT `+applicationColumns+` FROM apply_application WHERE `+own+
		` AND id = $4`+lock, append(h.args(), id)...))
	if err != nil {
		return nil, err
	}
	if !h.holds(a) {
		return nil, notFound()
	}
	return a, nil
}

func ownByReference(ctx context.Context, q db.Querier, h holder, ref Reference, lock string) (*application, error) {
	a, err := scanApplication(q.QueryRow(ctx, `SELECT `+applicationColumns+` FROM apply_application WHERE `+own+
		` AND reference = $4 AND reference <> ''`+lock, append(h.args(), string(ref))...))
	if err != nil {
		return nil, err
	}
	if !h.holds(a) {
		return nil, notFound()
	}
	return a, nil
}

// referenceTaken looks across all authorities: the number must be the only one of its kind.
func referenceTaken(ctx context.Context, tx *db.Tx, ref Reference) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM apply_application WHERE reference = $1 AND reference <> ''`, string(ref)).Scan(&n)
	return n > 0, err
}

// byID is for jobs, whose caller is the system.
func byID(ctx context.Context, q db.Querier, id, lock string) (*application, error) {
	return scanApplication(q.QueryRow(ctx, `SELECT `+applicationColumns+` FROM apply_application WHERE id = $1`+lock, id))
}

// held lists the holder's applications, newest first, n of them from the one before "before" ("" for the newest).
func held(ctx context.Context, q db.Querier, subject, before string, n int) ([]*application, error) {
	if before == "" {
		before = "g" // after every id, in every collation
	}
	rows, err := q.Query(ctx, `SELECT `+applicationColumns+` FROM apply_application
		WHERE subject = $1 AND subject <> '' AND id < $2 ORDER BY id DESC LIMIT $3`, subject, before, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*application
	for rows.Next() {
		a, err := scanApplication(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

func insertDraft(ctx context.Context, tx *db.Tx, a *application) error {
	b, err := json.Marshal(a.draft)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO apply_application (id, authority_id, form_id, form_version, leika_key, ars, lang, state,
		subject, secret_hash, code_hash, draft, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`,
		a.id, a.authority, a.form, a.version, a.leika, a.ars, a.lang, Draft, a.subject, a.secretHash, []byte{}, string(b), db.Micros(a.created))
	return err
}

// saveDraft writes the answers and the holder of a draft.
func saveDraft(ctx context.Context, tx *db.Tx, a *application, now time.Time) error {
	b, err := json.Marshal(a.draft)
	if err != nil {
		return err
	}
	return one(tx.Exec(ctx, `UPDATE apply_application SET draft = $1, changed_at = $2, subject = $3
		WHERE id = $4 AND authority_id = $5 AND state = $6`, string(b), db.Micros(now), a.subject, a.id, a.authority, Draft))
}

func deleteDraft(ctx context.Context, tx *db.Tx, a *application) error {
	return one(tx.Exec(ctx, `DELETE FROM apply_application WHERE id = $1 AND authority_id = $2 AND state = $3`, a.id, a.authority, Draft))
}

// update writes all that changes after a draft was begun, if the state is still old.
func update(ctx context.Context, tx *db.Tx, a *application, old State, now time.Time) error {
	if a.state == Draft {
		return errors.New("apply: a draft is saved by saveDraft")
	}
	b, err := json.Marshal(a.answers)
	if err != nil {
		return err
	}
	if a.codeHash == nil { // SQLite gives an empty value back as nil, which would become NULL
		a.codeHash = []byte{}
	}
	return one(tx.Exec(ctx, `UPDATE apply_application SET state = $1, code_hash = $2, reference = $3, subject = $4, draft = '', answers = $5,
		fee_cents = $6, fee_demo = $7, kassenzeichen = $8, pay_path = $9, pay_ended = $10, case_reference = $11, receipt_hash = $12,
		notice_hash = $13, changed_at = $14, sent_at = $15, fee_paid_at = $16, filed_at = $17, decided_at = $18, notice_paid_at = $19
		WHERE id = $20 AND authority_id = $21 AND state = $22`,
		a.state, a.codeHash, string(a.reference), a.subject, string(b),
		int64(a.fee), a.feeDemo, a.kassenzeichen, a.payPath, a.payEnded, a.caseReference, a.receiptHash,
		a.noticeHash, db.Micros(now), db.Micros(a.sent), db.Micros(a.feePaid), db.Micros(a.filedAt), db.Micros(a.decidedAt),
		db.Micros(a.noticePaid), a.id, a.authority, old))
}

// one turns a change that met no row into Conflict: somebody else was faster.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return errs.E(errs.Conflict, "errs.conflict")
	}
	return nil
}

const attachmentColumns = `id, message_id, field, name, blob_hash, size, media_type, created_at`

// attachments lists all files of an application and of its answers, in the order they came.
func attachments(ctx context.Context, q db.Querier, authority, application string) ([]attachment, error) {
	rows, err := q.Query(ctx, `SELECT `+attachmentColumns+` FROM apply_attachment
		WHERE application_id = $1 AND authority_id = $2 ORDER BY id`, application, authority)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []attachment
	for rows.Next() {
		var f attachment
		var created int64
		if err := rows.Scan(&f.id, &f.message, &f.field, &f.name, &f.hash, &f.size, &f.mediaType, &created); err != nil {
			return nil, err
		}
		f.created = db.Time(created)
		out = append(out, f)
	}
	return out, rows.Err()
}

func insertAttachment(ctx context.Context, tx *db.Tx, authority, application string, f attachment) error {
	_, err := tx.Exec(ctx, `INSERT INTO apply_attachment (id, authority_id, application_id, message_id, field, name, blob_hash, size,
		media_type, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.id, authority, application, f.message, f.field, f.name, f.hash, f.size, f.mediaType, db.Micros(f.created))
	return err
}

func deleteAttachment(ctx context.Context, tx *db.Tx, authority, application, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM apply_attachment WHERE id = $1 AND application_id = $2 AND authority_id = $3`,
		id, application, authority)
	return err
}

// messages lists questions and answers in the order they came; of the same moment, questions first.
func messages(ctx context.Context, q db.Querier, authority, application string) ([]message, error) {
	rows, err := q.Query(ctx, `SELECT id, kind, question_id, body, due_at, created_at, answered_at FROM apply_message
		WHERE application_id = $1 AND authority_id = $2 ORDER BY created_at, kind DESC, id`, application, authority)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []message
	for rows.Next() {
		var m message
		var due, created, answered int64
		if err := rows.Scan(&m.id, &m.kind, &m.question, &m.body, &due, &created, &answered); err != nil {
			return nil, err
		}
		m.due, m.created, m.answered = db.Time(due), db.Time(created), db.Time(answered)
		out = append(out, m)
	}
	return out, rows.Err()
}

// insertMessage reports false if a message with that id is there already.
func insertMessage(ctx context.Context, tx *db.Tx, authority, application string, m message) (bool, error) {
	res, err := tx.Exec(ctx, `INSERT INTO apply_message (id, authority_id, application_id, kind, question_id, body, due_at, created_at,
		answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		m.id, authority, application, m.kind, m.question, m.body, db.Micros(m.due), db.Micros(m.created), db.Micros(m.answered))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// closeQuestion reports false if the question has been answered already.
func closeQuestion(ctx context.Context, tx *db.Tx, authority, application, id string, now time.Time) (bool, error) {
	res, err := tx.Exec(ctx, `UPDATE apply_message SET answered_at = $1
		WHERE id = $2 AND application_id = $3 AND authority_id = $4 AND kind = $5 AND answered_at = 0`,
		db.Micros(now), id, application, authority, kindQuestion)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// applicationOfMessage is for jobs, whose caller is the system.
func applicationOfMessage(ctx context.Context, q db.Querier, id string) (string, error) {
	var application string
	err := q.QueryRow(ctx, `SELECT application_id FROM apply_message WHERE id = $1`, id).Scan(&application)
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound()
	}
	return application, err
}

// insertNotice reports false if the application has a decision already.
func insertNotice(ctx context.Context, tx *db.Tx, authority string, n Notice) (bool, error) {
	res, err := tx.Exec(ctx, `INSERT INTO apply_notice (application_id, authority_id, decided_on, granted, title, decision, reasons,
		remedy, amount_cents, amount_demo, kassenzeichen, pay_path, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (application_id) DO NOTHING`,
		n.Application, authority, db.Micros(n.Date), n.Granted, n.Title, n.Decision, n.Reasons,
		n.Remedy, int64(n.Amount), n.Demo, n.Kassenzeichen, n.PayPath, db.Micros(n.Due))
	if err != nil {
		return false, err
	}
	rows, err := res.RowsAffected()
	return rows == 1, err
}

// noticeOf returns the decision; nil if there is none.
func noticeOf(ctx context.Context, q db.Querier, a *application) (*Notice, error) {
	n := Notice{Application: a.id, Authority: a.authority, CaseReference: a.caseReference}
	var date, amount, due int64
	err := q.QueryRow(ctx, `SELECT decided_on, granted, title, decision, reasons, remedy, amount_cents, amount_demo, kassenzeichen,
		pay_path, due_at FROM apply_notice WHERE application_id = $1 AND authority_id = $2`, a.id, a.authority).Scan(
		&date, &n.Granted, &n.Title, &n.Decision, &n.Reasons, &n.Remedy, &amount, &n.Demo, &n.Kassenzeichen, &n.PayPath, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n.Date, n.Amount, n.Due = db.Time(date), money.Cents(amount), db.Time(due)
	return &n, nil
}

func insertOffer(ctx context.Context, tx *db.Tx, authority, form string, now time.Time) (bool, error) {
	res, err := tx.Exec(ctx, `INSERT INTO apply_offer (authority_id, form_id, offered_at) VALUES ($1, $2, $3)
		ON CONFLICT (authority_id, form_id) DO NOTHING`, authority, form, db.Micros(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func deleteOffer(ctx context.Context, tx *db.Tx, authority, form string) (bool, error) {
	res, err := tx.Exec(ctx, `DELETE FROM apply_offer WHERE authority_id = $1 AND form_id = $2`, authority, form)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// allOffers is read into memory by every process; who offers what is public.
func allOffers(ctx context.Context, q db.Querier) (map[offer]bool, error) {
	rows, err := q.Query(ctx, `SELECT authority_id, form_id FROM apply_offer`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[offer]bool{}
	for rows.Next() {
		var o offer
		if err := rows.Scan(&o.authority, &o.form); err != nil {
			return nil, err
		}
		out[o] = true
	}
	return out, rows.Err()
}

// BlobHashes calls f with the hash of every stored file that this room needs, for a sweep of what nothing needs.
func (r *Room) BlobHashes(ctx context.Context, f func(hash string) error) error {
	if err := asSystem(ctx); err != nil {
		return err
	}
	rows, err := r.h.DB.Reader().Query(ctx, `SELECT blob_hash FROM apply_attachment
		UNION SELECT receipt_hash FROM apply_application WHERE receipt_hash <> ''
		UNION SELECT notice_hash FROM apply_application WHERE notice_hash <> ''`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hash string
		if err := rows.Scan(&hash); err != nil {
			return err
		}
		if err := f(hash); err != nil {
			return err
		}
	}
	return rows.Err()
}
