package flow

import (
	"context"
	"strconv"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// --- who is who ---

func scanSeat(r db.Scanner) (s seat, err error) {
	err = r.Scan(&s.Subject, &s.Name, &s.unit, &s.role)
	return s, err
}

// seats lists everybody's at the authority, by name.
func (store) seats(ctx context.Context, q db.Querier, a access.Access, authority string) ([]seat, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT m.subject, m.name, m.org_id, m.role FROM records_org o JOIN records_member m ON m.org_id = o.id WHERE `+
		a.In("o.authority_id", &p)+` AND o.authority_id = `+p.Add(authority)+` AND o.ended_at = 0 ORDER BY m.name, m.subject, m.org_id`, p...)
	return db.All(rows, err, scanSeat)
}

// seatsOf lists the seats of one person.
func (store) seatsOf(ctx context.Context, q db.Querier, a access.Access, subject string) ([]seat, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT m.subject, m.name, m.org_id, m.role FROM records_member m WHERE `+a.In("m.authority_id", &p)+
		` AND m.subject = `+p.Add(subject)+` ORDER BY m.org_id`, p...)
	return db.All(rows, err, scanSeat)
}

// units lists those of the authority that there are still, by their code.
func (store) units(ctx context.Context, q db.Querier, a access.Access, authority string) ([]unit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT o.id, o.code, o.name, o.path FROM records_org o WHERE `+a.In("o.authority_id", &p)+
		` AND o.authority_id = `+p.Add(authority)+` AND o.ended_at = 0 ORDER BY o.code`, p...)
	return db.All(rows, err, func(r db.Scanner) (u unit, err error) {
		err = r.Scan(&u.id, &u.code, &u.name, &u.path)
		return u, err
	})
}

// --- absences ---

const absenceColumns = `b.id, b.authority_id, b.subject, b.name, b.deputy, b.deputy_name, b.from_at, b.until_at, b.ended_at, b.recorded_by, b.recorded_at`

func scanAbsence(r db.Scanner) (b Absence, err error) {
	var from, until, ended, at int64
	err = r.Scan(&b.ID, &b.Authority, &b.Subject, &b.Name, &b.Deputy, &b.DeputyName, &from, &until, &ended, &b.RecordedBy, &at)
	b.From, b.Until, b.EndedAt, b.RecordedAt = db.Time(from), db.Time(until), db.Time(ended), db.Time(at)
	return b, records.NotFound(err)
}

func (store) insertAbsence(ctx context.Context, tx *db.Tx, a access.Access, b Absence) error {
	if err := a.Own(b.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by,
		recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)`, b.ID, b.Authority, b.Subject, b.Name, b.Deputy, b.DeputyName,
		db.Micros(b.From), db.Micros(b.Until), b.RecordedBy, db.Micros(b.RecordedAt))
	return err
}

func (store) absence(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Absence, error) {
	var p db.Params
	return scanAbsence(q.QueryRow(ctx, `SELECT `+absenceColumns+` FROM flow_absence b WHERE `+a.In("b.authority_id", &p)+` AND b.id = `+p.Add(id)+lock, p...))
}

func (store) endAbsence(ctx context.Context, tx *db.Tx, a access.Access, id string, at time.Time) error {
	var p db.Params
	return one(tx.Exec(ctx, `UPDATE flow_absence SET ended_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id)+
		` AND ended_at = 0`, p...))
}

// overlapping counts the absences of the person that share a moment with the span.
func (store) overlapping(ctx context.Context, q db.Querier, a access.Access, b Absence) (int, error) {
	var p db.Params
	return count(ctx, q, `flow_absence WHERE `+a.In("authority_id", &p)+` AND subject = `+p.Add(b.Subject)+` AND authority_id = `+p.Add(b.Authority)+
		` AND ended_at = 0 AND from_at < `+p.Add(db.Micros(b.Until))+` AND until_at > `+p.Add(db.Micros(b.From)), p)
}

// absent lists who is absent from the authority at that moment.
func (store) absent(ctx context.Context, q db.Querier, a access.Access, authority string, at time.Time) ([]Absence, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+absenceColumns+` FROM flow_absence b WHERE `+a.In("b.authority_id", &p)+` AND b.authority_id = `+
		p.Add(authority)+` AND b.ended_at = 0 AND b.until_at > `+p.Add(db.Micros(at))+` AND b.from_at <= `+p.Add(db.Micros(at))+` ORDER BY b.id`, p...)
	return db.All(rows, err, scanAbsence)
}

// awayAt lists who is absent at that moment from any authority of the caller's.
func (store) awayAt(ctx context.Context, q db.Querier, a access.Access, at time.Time) ([]Absence, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+absenceColumns+` FROM flow_absence b WHERE `+a.In("b.authority_id", &p)+
		` AND b.ended_at = 0 AND b.until_at > `+p.Add(db.Micros(at))+` AND b.from_at <= `+p.Add(db.Micros(at))+` ORDER BY b.id`, p...)
	return db.All(rows, err, scanAbsence)
}

// absences lists those that are not over.
func (store) absences(ctx context.Context, q db.Querier, a access.Access, after time.Time) ([]Absence, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+absenceColumns+` FROM flow_absence b WHERE `+a.In("b.authority_id", &p)+` AND b.ended_at = 0 AND b.until_at > `+
		p.Add(db.Micros(after))+` ORDER BY b.from_at, b.id LIMIT 1000`, p...)
	return db.All(rows, err, scanAbsence)
}

// unreadOf lists open tasks of a holder by id that the reader cannot read, a few at a time.
func (store) unreadOf(ctx context.Context, q db.Querier, a, reader access.Access, holder, after string) ([]Task, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+taskColumns+` FROM flow_task t WHERE `+a.In("t.authority_id", &p)+` AND t.holder = `+p.Add(holder)+
		` AND t.state = 'open' AND t.id > `+p.Add(after)+` AND NOT (`+reader.ReadsInCase("t", &p)+`) ORDER BY t.id LIMIT 50`, p...)
	return db.All(rows, err, scanTask)
}

// standIns lists who is a guest for the sake of somebody absent.
func (store) standIns(ctx context.Context, q db.Querier, a access.Access) ([]standIn, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT DISTINCT g.holder, substr(g.source, `+p.Add(len(absencePrefix)+1)+`) FROM records_guest g WHERE `+
		a.In("g.authority_id", &p)+` AND g.source >= 'absence:' AND g.source < 'absence;' ORDER BY 1, 2`, p...)
	return db.All(rows, err, func(r db.Scanner) (x standIn, err error) { return x, r.Scan(&x.Holder, &x.Subject) })
}

// --- handing over ---

func scanHandover(r db.Scanner) (x Handover, err error) {
	var started, ended int64
	err = r.Scan(&x.ID, &x.Authority, &x.From.Subject, &x.From.Name, &x.To.Subject, &x.To.Name, &x.By.Subject, &x.By.Name,
		&started, &ended, &x.lastCase, &x.Tasks, &x.Cases, &x.Kept)
	x.StartedAt, x.EndedAt = db.Time(started), db.Time(ended)
	return x, records.NotFound(err)
}

const handoverColumns = `y.id, y.authority_id, y.from_subject, y.from_name, y.to_subject, y.to_name, y.by_subject, y.by_name, y.started_at, y.ended_at, y.last_case, y.tasks, y.cases, y.kept`

func (store) insertHandover(ctx context.Context, tx *db.Tx, a access.Access, x Handover) error {
	if err := a.Own(x.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_handover (id, authority_id, from_subject, from_name, to_subject, to_name, by_subject, by_name,
		started_at, ended_at, last_case, tasks, cases, kept) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', 0, 0, 0)`,
		x.ID, x.Authority, x.From.Subject, x.From.Name, x.To.Subject, x.To.Name, x.By.Subject, x.By.Name, db.Micros(x.StartedAt))
	return err
}

func (store) updateHandover(ctx context.Context, tx *db.Tx, a access.Access, x Handover) error {
	var p db.Params
	return one(tx.Exec(ctx, `UPDATE flow_handover SET ended_at = `+p.Add(db.Micros(x.EndedAt))+`, last_case = `+p.Add(x.lastCase)+`, tasks = `+
		p.Add(x.Tasks)+`, cases = `+p.Add(x.Cases)+`, kept = `+p.Add(x.Kept)+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(x.ID), p...))
}

func (store) handover(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Handover, error) {
	var p db.Params
	return scanHandover(q.QueryRow(ctx, `SELECT `+handoverColumns+` FROM flow_handover y WHERE `+a.In("y.authority_id", &p)+` AND y.id = `+p.Add(id)+lock, p...))
}

// handovers lists the latest.
func (store) handovers(ctx context.Context, q db.Querier, a access.Access) ([]Handover, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+handoverColumns+` FROM flow_handover y WHERE `+a.In("y.authority_id", &p)+` ORDER BY y.started_at DESC, y.id DESC LIMIT 20`, p...)
	return db.All(rows, err, scanHandover)
}

// keepBack notes that a case was not handed over.
func (store) keepBack(ctx context.Context, tx *db.Tx, a access.Access, x Handover, caseID string) error {
	if err := a.Own(x.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_handover_kept (handover_id, case_id, authority_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, x.ID, caseID, x.Authority)
	return err
}

// keptCases lists the first of those that a hand-over kept back, as far as the caller may read them.
func (store) keptCases(ctx context.Context, q db.Querier, a access.Access, handover string) ([]KeptCase, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT c.id, c.reference, c.subject FROM flow_handover_kept k JOIN records_case c ON c.id = k.case_id WHERE k.handover_id = `+p.Add(handover)+
		` AND `+a.ReadsCase("c", &p)+` ORDER BY c.reference, c.id LIMIT `+strconv.Itoa(keptShown), p...)
	return db.All(rows, err, func(r db.Scanner) (c KeptCase, err error) { return c, r.Scan(&c.ID, &c.Reference, &c.Subject) })
}

// casesOfDesk lists the cases, by id, in which the person has a task still to be done or which are assigned to them.
func (store) casesOfDesk(ctx context.Context, q db.Querier, a access.Access, subject, after string, limit int) ([]string, error) {
	var p db.Params
	scope, holder, who, from := a.In("authority_id", &p), p.Add(access.Person(subject)), p.Add(subject), p.Add(after)
	rows, err := q.Query(ctx, `SELECT case_id FROM (SELECT case_id FROM flow_task WHERE `+scope+` AND holder = `+holder+
		` AND state IN ('waiting', 'later', 'open') AND case_id > `+from+` UNION SELECT id FROM records_case WHERE `+scope+
		` AND assigned_to = `+who+` AND state <> 'closed' AND id > `+from+`) d ORDER BY case_id LIMIT `+strconv.Itoa(limit), p...)
	return db.All(rows, err, scanText)
}

// handTasks gives the person's tasks of a case that are still to be done to the other one, and names the circulation of each.
func (store) handTasks(ctx context.Context, tx *db.Tx, a access.Access, caseID, from string, to Person) ([]string, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `UPDATE flow_task SET version = version + 1, holder = `+p.Add(access.Person(to.Subject))+`, holder_name = `+p.Add(to.Name)+
		` WHERE `+a.In("authority_id", &p)+` AND case_id = `+p.Add(caseID)+` AND holder = `+p.Add(access.Person(from))+
		` AND state IN ('waiting', 'later', 'open') RETURNING circulation_id`, p...)
	return db.All(rows, err, scanText)
}

// assign gives a case that is assigned to the one person to the other.
func (store) assign(ctx context.Context, tx *db.Tx, a access.Access, caseID, from string, to Person, by string, at time.Time) (int64, error) {
	var p db.Params
	res, err := tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, version = version + 1, assigned_to = `+p.Add(to.Subject)+`, assigned_name = `+p.Add(to.Name)+
		`, changed_by = `+p.Add(by)+`, changed_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(caseID)+
		` AND assigned_to = `+p.Add(from)+` AND state <> 'closed'`, p...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// --- templates ---

const templateColumns = `v.id, v.authority_id, v.name, v.case_type, v.steps, v.version, v.changed_by, v.changed_at`

func scanTemplate(r db.Scanner) (t Template, err error) {
	var steps string
	var at int64
	if err = r.Scan(&t.ID, &t.Authority, &t.Name, &t.CaseType, &steps, &t.Version, &t.ChangedBy, &at); err != nil {
		return t, records.NotFound(err)
	}
	t.ChangedAt = db.Time(at)
	t.Steps, err = readSteps(steps)
	return t, err
}

func (store) insertTemplate(ctx context.Context, tx *db.Tx, a access.Access, t Template, steps string) error {
	if err := a.Own(t.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO flow_template (id, authority_id, name, case_type, steps, version, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`, t.ID, t.Authority, t.Name, t.CaseType, steps, t.ChangedBy, db.Micros(t.ChangedAt))
	return err
}

func (store) updateTemplate(ctx context.Context, tx *db.Tx, a access.Access, t Template, steps string) error {
	var p db.Params
	return one(tx.Exec(ctx, `UPDATE flow_template SET version = version + 1, name = `+p.Add(t.Name)+`, case_type = `+p.Add(t.CaseType)+`, steps = `+
		p.Add(steps)+`, changed_by = `+p.Add(t.ChangedBy)+`, changed_at = `+p.Add(db.Micros(t.ChangedAt))+` WHERE `+a.In("authority_id", &p)+
		` AND id = `+p.Add(t.ID)+` AND version = `+p.Add(t.Version), p...))
}

func (store) dropTemplate(ctx context.Context, tx *db.Tx, a access.Access, id string, version int64) error {
	var p db.Params
	return one(tx.Exec(ctx, `DELETE FROM flow_template WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id)+` AND version = `+p.Add(version), p...))
}

func (store) template(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Template, error) {
	var p db.Params
	return scanTemplate(q.QueryRow(ctx, `SELECT `+templateColumns+` FROM flow_template v WHERE `+a.In("v.authority_id", &p)+` AND v.id = `+p.Add(id)+lock, p...))
}

// templates lists those of the authorities, by name.
func (store) templates(ctx context.Context, q db.Querier, a access.Access) ([]Template, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+templateColumns+` FROM flow_template v WHERE `+a.In("v.authority_id", &p)+` ORDER BY v.name, v.id`, p...)
	return db.All(rows, err, scanTemplate)
}

// caseTypes lists the services (LeiKa keys) that the authority has a place in its file plan for.
func (store) caseTypes(ctx context.Context, q db.Querier, a access.Access, authority string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT DISTINCT leika_key FROM records_routing WHERE `+a.In("authority_id", &p)+` AND authority_id = `+p.Add(authority)+
		` AND leika_key <> '*' ORDER BY leika_key`, p...)
	return db.All(rows, err, scanText)
}

// hasName reports whether another template of the authority has that name.
func (store) hasName(ctx context.Context, q db.Querier, a access.Access, t Template) (bool, error) {
	var p db.Params
	n, err := count(ctx, q, `flow_template WHERE `+a.In("authority_id", &p)+` AND authority_id = `+p.Add(t.Authority)+` AND name = `+p.Add(t.Name)+
		` AND id <> `+p.Add(t.ID), p)
	return n > 0, err
}
