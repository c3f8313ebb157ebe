package flow

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// store is all SQL of this part. Every method takes the Access before anything it looks for, and puts it into the WHERE
// clause; a statement that inserts asks Own first.
type store struct{}

// never stands in a column of deadlines for none, so that what has no deadline comes last.
const never = int64(1) << 53

func deadline(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return db.Micros(t)
}

func fromDeadline(micros int64) time.Time {
	if micros == never {
		return time.Time{}
	}
	return db.Time(micros)
}

// one is errs.Conflict unless the statement changed exactly one row.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errs.E(errs.Conflict, "flow.error.changed")
}

func count(ctx context.Context, q db.Querier, from string, p db.Params) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT count(*) FROM `+from, p...).Scan(&n)
	return n, err
}

func scanText(r db.Scanner) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// --- circulations ---

const circulationColumns = `x.id, x.authority_id, x.file_id, x.case_id, x.document_id, x.document_version, x.document_hash, x.title, x.state, x.step,
	x.started_by, x.started_name, x.started_at, x.ended_at, x.reason, x.version`

func scanCirculation(r db.Scanner) (x Circulation, err error) {
	var started, ended int64
	err = r.Scan(&x.ID, &x.Authority, &x.File, &x.Case, &x.Document, &x.Content.Version, &x.Content.Hash, &x.Title, &x.State, &x.Step,
		&x.By.Subject, &x.By.Name, &started, &ended, &x.Reason, &x.Version)
	x.StartedAt, x.EndedAt = db.Time(started), db.Time(ended)
	return x, records.NotFound(err)
}

func (store) insertCirculation(ctx context.Context, tx *db.Tx, a access.Access, x Circulation) error {
	if err := a.Own(x.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_circulation (id, authority_id, file_id, case_id, document_id, document_version, document_hash,
		title, state, step, started_by, started_name, started_at, ended_at, reason, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, x.ID, x.Authority, x.File, x.Case, x.Document,
		x.Content.Version, x.Content.Hash, x.Title, string(x.State), x.Step, x.By.Subject, x.By.Name, db.Micros(x.StartedAt),
		db.Micros(x.EndedAt), x.Reason, x.Version)
	return err
}

// updateCirculation stores what may change of a circulation as its next version.
func (store) updateCirculation(ctx context.Context, tx *db.Tx, a access.Access, x Circulation) error {
	var p db.Params
	return one(tx.Exec(ctx, `UPDATE flow_circulation SET version = version + 1, document_version = `+p.Add(x.Content.Version)+
		`, document_hash = `+p.Add(x.Content.Hash)+`, state = `+p.Add(string(x.State))+`, step = `+p.Add(x.Step)+`, ended_at = `+
		p.Add(db.Micros(x.EndedAt))+`, reason = `+p.Add(x.Reason)+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(x.ID)+
		` AND version = `+p.Add(x.Version), p...))
}

func (store) hasCirculation(ctx context.Context, q db.Querier, a access.Access, caseID, id string) (bool, error) {
	var p db.Params
	n, err := count(ctx, q, `flow_circulation WHERE `+a.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND id = `+p.Add(id), p)
	return n > 0, err
}

// caseOf is the case of a circulation that the caller may read.
func (store) caseOf(ctx context.Context, q db.Querier, a access.Access, id string) (string, error) {
	var p db.Params
	caseID, err := scanText(q.QueryRow(ctx, `SELECT x.case_id FROM flow_circulation x WHERE `+a.ReadsInCase("x", &p)+` AND x.id = `+p.Add(id), p...))
	return caseID, records.NotFound(err)
}

// circulation reads a circulation with its tasks.
func (st store) circulation(ctx context.Context, q db.Querier, a access.Access, id string) (Circulation, error) {
	var p db.Params
	x, err := scanCirculation(q.QueryRow(ctx, `SELECT `+circulationColumns+` FROM flow_circulation x WHERE `+a.ReadsInCase("x", &p)+
		` AND x.id = `+p.Add(id), p...))
	if err != nil {
		return x, err
	}
	p = nil
	rows, err := q.Query(ctx, `SELECT `+taskColumns+` FROM flow_task t WHERE `+a.In("t.authority_id", &p)+` AND t.circulation_id = `+p.Add(id)+
		` ORDER BY t.step, t.id`, p...)
	x.Tasks, err = db.All(rows, err, scanTask)
	return x, err
}

// circulations lists those of a case with their tasks, the latest first.
func (store) circulations(ctx context.Context, q db.Querier, a access.Access, caseID string) ([]Circulation, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+circulationColumns+` FROM flow_circulation x WHERE `+a.ReadsInCase("x", &p)+` AND x.case_id = `+
		p.Add(caseID)+` ORDER BY x.started_at DESC, x.id DESC`, p...)
	list, err := db.All(rows, err, scanCirculation)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	p = nil
	rows, err = q.Query(ctx, `SELECT `+taskColumns+` FROM flow_task t WHERE `+a.In("t.authority_id", &p)+` AND t.case_id = `+p.Add(caseID)+
		` ORDER BY t.step, t.id`, p...)
	tasks, err := db.All(rows, err, scanTask)
	of := map[string][]Task{}
	for _, t := range tasks {
		of[t.Circulation] = append(of[t.Circulation], t)
	}
	for i := range list {
		list[i].Tasks = of[list[i].ID]
	}
	return list, err
}

// runningOn lists the running circulations on the document, by id.
func (store) runningOn(ctx context.Context, q db.Querier, a access.Access, document string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT x.id FROM flow_circulation x WHERE `+a.In("x.authority_id", &p)+` AND x.document_id = `+p.Add(document)+
		` AND x.document_id <> '' AND x.state = 'running' ORDER BY x.id`, p...)
	return db.All(rows, err, scanText)
}

// outdated lists running circulations, by id, whose document has a newer version than they know of.
func (store) outdated(ctx context.Context, q db.Querier, a access.Access, after string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT x.id FROM flow_circulation x JOIN records_document d ON d.id = x.document_id WHERE `+
		a.In("x.authority_id", &p)+` AND x.state = 'running' AND x.document_id <> '' AND d.version <> x.document_version AND x.id > `+
		p.Add(after)+` ORDER BY x.id LIMIT 100`, p...)
	return db.All(rows, err, scanText)
}

// --- tasks ---

const taskColumns = `t.id, t.authority_id, t.file_id, t.case_id, t.circulation_id, t.step, t.kind, t.text, t.holder, t.holder_name, t.state,
	t.days, t.date_at, t.opened_at, t.due_at, t.reminders, t.rounds, t.done_at, t.done_by, t.done_name, t.done_for, t.done_for_name, t.answer,
	t.signed_version, t.signed_hash, t.version, t.search, t.from_subject, t.from_name`

func scanTask(r db.Scanner) (t Task, err error) {
	var date, opened, due, done int64
	err = r.Scan(&t.ID, &t.Authority, &t.File, &t.Case, &t.Circulation, &t.Step, &t.Kind, &t.Text, &t.Holder, &t.HolderName, &t.State,
		&t.Days, &date, &opened, &due, &t.Reminders, &t.Rounds, &done, &t.DoneBy.Subject, &t.DoneBy.Name, &t.DoneFor.Subject, &t.DoneFor.Name,
		&t.Answer, &t.Signed.Version, &t.Signed.Hash, &t.Version, &t.search, &t.From.Subject, &t.From.Name)
	t.Date, t.OpenedAt, t.Due, t.DoneAt = db.Time(date), db.Time(opened), fromDeadline(due), db.Time(done)
	return t, records.NotFound(err)
}

func (store) insertTask(ctx context.Context, tx *db.Tx, a access.Access, t Task) error {
	if err := a.Own(t.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_task (id, authority_id, file_id, case_id, circulation_id, step, kind, text, holder, holder_name,
		state, days, date_at, opened_at, due_at, reminders, rounds, done_at, done_by, done_name, done_for, done_for_name, answer, signed_version,
		signed_hash, search, version, from_subject, from_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29)`, t.ID, t.Authority, t.File, t.Case, t.Circulation, t.Step, string(t.Kind), t.Text, t.Holder, t.HolderName,
		string(t.State), t.Days, db.Micros(t.Date), db.Micros(t.OpenedAt), deadline(t.Due), t.Reminders, t.Rounds, db.Micros(t.DoneAt),
		t.DoneBy.Subject, t.DoneBy.Name, t.DoneFor.Subject, t.DoneFor.Name, t.Answer, t.Signed.Version, t.Signed.Hash, t.search, t.Version, t.From.Subject, t.From.Name)
	return err
}

// updateTask stores what may change of a task that has the version.
func (store) updateTask(ctx context.Context, tx *db.Tx, a access.Access, t Task, version int64) error {
	var p db.Params
	return one(tx.Exec(ctx, `UPDATE flow_task SET version = `+p.Add(t.Version)+`, holder = `+p.Add(t.Holder)+`, holder_name = `+p.Add(t.HolderName)+
		`, state = `+p.Add(string(t.State))+`, date_at = `+p.Add(db.Micros(t.Date))+`, opened_at = `+p.Add(db.Micros(t.OpenedAt))+`, due_at = `+p.Add(deadline(t.Due))+
		`, reminders = `+p.Add(t.Reminders)+`, rounds = `+p.Add(t.Rounds)+`, done_at = `+p.Add(db.Micros(t.DoneAt))+`, done_by = `+
		p.Add(t.DoneBy.Subject)+`, done_name = `+p.Add(t.DoneBy.Name)+`, done_for = `+p.Add(t.DoneFor.Subject)+`, done_for_name = `+
		p.Add(t.DoneFor.Name)+`, answer = `+p.Add(t.Answer)+`, signed_version = `+p.Add(t.Signed.Version)+`, signed_hash = `+
		p.Add(t.Signed.Hash)+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(t.ID)+` AND version = `+p.Add(version), p...))
}

// task reads a task of a case that the caller may read.
func (store) task(ctx context.Context, q db.Querier, a access.Access, id string) (Task, error) {
	var p db.Params
	return scanTask(q.QueryRow(ctx, `SELECT `+taskColumns+` FROM flow_task t WHERE `+a.ReadsInCase("t", &p)+` AND t.id = `+p.Add(id), p...))
}

// --- documents and signatures ---

// draft is what a signature has to know of a document.
type draft struct {
	Content
	id, caseID, name, lockedName string
	finalAt                      time.Time
}

func scanDraft(r db.Scanner) (d draft, err error) {
	var final int64
	err = r.Scan(&d.id, &d.caseID, &d.name, &d.Version, &d.Hash, &d.lockedName, &final)
	d.finalAt = db.Time(final)
	return d, records.NotFound(err)
}

const draftColumns = `d.id, d.case_id, d.name, d.version, d.hash, d.locked_name, d.final_at`

// document reads a document; lock is "" or the transaction's ForUpdate.
func (store) document(ctx context.Context, q db.Querier, a access.Access, id, lock string) (draft, error) {
	var p db.Params
	return scanDraft(q.QueryRow(ctx, `SELECT `+draftColumns+` FROM records_document d WHERE `+a.ReadsInCase("d", &p)+` AND d.id = `+p.Add(id)+lock, p...))
}

// drafts lists the documents of a case that circulate or did.
func (store) drafts(ctx context.Context, q db.Querier, a access.Access, caseID string) ([]draft, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+draftColumns+` FROM records_document d WHERE `+a.ReadsInCase("d", &p)+` AND d.case_id = `+p.Add(caseID)+
		` AND d.id IN (SELECT x.document_id FROM flow_circulation x WHERE x.case_id = `+p.Add(caseID)+`) ORDER BY d.id`, p...)
	return db.All(rows, err, scanDraft)
}

// choices lists the newest documents of a case that the caller has read, of those that have each word of the query in name
// or subject, at most so many. How capitals are written small is left to Go: the databases differ in it.
func (store) choices(ctx context.Context, q db.Querier, a access.Access, caseID, query string, most int) (found []draft, err error) {
	var p db.Params
	words := strings.Fields(strings.ToLower(query))
	end := ""
	if len(words) == 0 {
		end = ` LIMIT ` + strconv.Itoa(most)
	}
	rows, err := q.Query(ctx, `SELECT `+draftColumns+`, d.subject FROM records_document d WHERE `+a.In("d.authority_id", &p)+` AND d.case_id = `+p.Add(caseID)+
		` ORDER BY d.created_at DESC, d.id DESC`+end, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for len(found) < most && rows.Next() {
		var d draft
		var final int64
		var subject string
		if err := rows.Scan(&d.id, &d.caseID, &d.name, &d.Version, &d.Hash, &d.lockedName, &final, &subject); err != nil {
			return nil, err
		}
		d.finalAt = db.Time(final)
		in := strings.ToLower(d.name + " " + subject)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(in, w) }) {
			found = append(found, d)
		}
	}
	return found, rows.Err()
}

// countDocuments counts those of a case that the caller has read.
func (store) countDocuments(ctx context.Context, q db.Querier, a access.Access, caseID string) (int, error) {
	var p db.Params
	return count(ctx, q, `records_document d WHERE `+a.In("d.authority_id", &p)+` AND d.case_id = `+p.Add(caseID), p)
}

// documentNames are the names of documents of a case that the caller has read, by id.
func (store) documentNames(ctx context.Context, q db.Querier, a access.Access, caseID string, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id, d.name FROM records_document d WHERE `+a.In("d.authority_id", &p)+` AND d.case_id = `+p.Add(caseID)+
		` AND d.id IN `+p.List(ids), p...)
	_, err = db.All(rows, err, func(r db.Scanner) (id string, err error) {
		var name string
		err = r.Scan(&id, &name)
		out[id] = name
		return id, err
	})
	return out, err
}

// sheet reads one version of a document, without its text.
func (store) sheet(ctx context.Context, q db.Querier, a access.Access, document string, number int64) (s Sheet, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT v.number, v.hash, v.name, v.media_type, v.size FROM records_document d JOIN records_version v ON v.document_id = d.id WHERE `+
		a.ReadsInCase("d", &p)+` AND d.id = `+p.Add(document)+` AND v.number = `+p.Add(number), p...).
		Scan(&s.Version, &s.Hash, &s.Name, &s.MediaType, &s.Size)
	return s, records.NotFound(err)
}

// finalise makes the version of the document its last. errs.Conflict if there is a newer one, somebody edits it, or it
// is final already.
func (st store) finalise(ctx context.Context, tx *db.Tx, a access.Access, id string, c Content, at time.Time) error {
	d, err := st.document(ctx, tx, a, id, "")
	if err != nil {
		return err
	}
	if d.lockedName != "" {
		return errs.E(errs.Conflict, "flow.error.locked", d.lockedName)
	}
	if !d.finalAt.IsZero() {
		return errs.E(errs.Conflict, "flow.error.final")
	}
	var p db.Params
	return one(tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, final_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id)+
		` AND version = `+p.Add(c.Version)+` AND hash = `+p.Add(c.Hash)+` AND final_at = 0`, p...))
}

func (store) insertSignature(ctx context.Context, tx *db.Tx, a access.Access, g Signature) error {
	if err := a.Own(g.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_signature (id, authority_id, case_id, circulation_id, task_id, kind, document_id, document_version,
		hash, signed_by, signed_name, signed_for, signed_for_name, remark, signed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		g.ID, g.Authority, g.Case, g.Circulation, g.Task, string(g.Kind), g.Document, g.Content.Version, g.Content.Hash, g.By.Subject, g.By.Name,
		g.For.Subject, g.For.Name, g.Remark, db.Micros(g.At))
	return err
}

// signatures lists those given in the circulations of a case, in their order.
func (store) signatures(ctx context.Context, q db.Querier, a access.Access, caseID string) ([]Signature, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT g.id, g.authority_id, g.case_id, g.circulation_id, g.task_id, g.kind, g.document_id, g.document_version,
		g.hash, g.signed_by, g.signed_name, g.signed_for, g.signed_for_name, g.remark, g.signed_at FROM flow_signature g WHERE `+a.ReadsInCase("g", &p)+
		` AND g.circulation_id IN (SELECT x.id FROM flow_circulation x WHERE x.case_id = `+p.Add(caseID)+`) ORDER BY g.signed_at, g.id`, p...)
	return db.All(rows, err, func(r db.Scanner) (g Signature, err error) {
		var at int64
		err = r.Scan(&g.ID, &g.Authority, &g.Case, &g.Circulation, &g.Task, &g.Kind, &g.Document, &g.Content.Version, &g.Content.Hash,
			&g.By.Subject, &g.By.Name, &g.For.Subject, &g.For.Name, &g.Remark, &at)
		g.At = db.Time(at)
		return g, err
	})
}

// --- comments ---

func (store) insertComment(ctx context.Context, tx *db.Tx, a access.Access, c Comment) error {
	if err := a.Own(c.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_comment (id, authority_id, case_id, text, created_at, created_by, created_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, c.ID, c.Authority, c.Case, c.Text, db.Micros(c.At), c.By.Subject, c.By.Name)
	return err
}

// comments lists those on a case that the caller may read, in their order.
func (store) comments(ctx context.Context, q db.Querier, a access.Access, caseID string) ([]Comment, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT k.id, k.authority_id, k.case_id, k.text, k.created_at, k.created_by, k.created_name FROM flow_comment k WHERE `+
		a.ReadsInCase("k", &p)+` AND k.case_id = `+p.Add(caseID)+` ORDER BY k.created_at, k.id`, p...)
	return db.All(rows, err, func(r db.Scanner) (c Comment, err error) {
		var at int64
		err = r.Scan(&c.ID, &c.Authority, &c.Case, &c.Text, &at, &c.By.Subject, &c.By.Name)
		c.At = db.Time(at)
		return c, err
	})
}

// documentIDs lists the documents of a case that the caller may read.
func (store) documentIDs(ctx context.Context, q db.Querier, a access.Access, caseID string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT d.id FROM records_document d WHERE `+a.ReadsInCase("d", &p)+` AND d.case_id = `+p.Add(caseID)+` ORDER BY d.id`, p...)
	return db.All(rows, err, scanText)
}
