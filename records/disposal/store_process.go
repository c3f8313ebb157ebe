package disposal

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// keeper is the predicate that the caller keeps the records of the row's authority; the program itself does for all of
// its access.
func keeper(a access.Access, column string, p *db.Params) string {
	if a.Subject == "" {
		return a.In(column, p)
	}
	return a.Registry().In(column, p)
}

// inBatches calls f with at most 50 of the values at a time: SQLite's driver takes time for arguments that grows with
// the square of their number.
func inBatches(values []string, f func([]string) error) error {
	for chunk := range slices.Chunk(values, 50) {
		if err := f(chunk); err != nil {
			return err
		}
	}
	return nil
}

// --- work list ---

const dueColumns = `f.id, f.authority_id, f.reference, f.subject, f.unit, u.title, f.closed_at, f.retain_until, u.appraisal, f.level, f.medium, f.location, f.lent_to`

func scanDue(r db.Scanner) (f DueFile, err error) {
	var closed, until int64
	err = r.Scan(&f.ID, &f.Authority, &f.Reference, &f.Subject, &f.Unit, &f.UnitTitle, &closed, &until, &f.Proposal, &f.Level, &f.Medium, &f.Location, &f.LentTo)
	f.ClosedAt, f.RetainUntil = db.Time(closed), db.Time(until)
	return f, err
}

// dueWhere is the predicate of files whose retention is over and that the caller may read.
func dueWhere(a access.Access, p *db.Params, f DueFilter, over time.Time) string {
	where := keeper(a, "f.authority_id", p) + ` AND f.state = '' AND f.retain_until > 0 AND f.closed_at > 0 AND f.retain_until < ` +
		p.Add(db.Micros(over)) + ` AND ` + a.Reads("f", p)
	if f.Query != "" {
		where += p.Words("f.search", f.Query)
	}
	if f.Unit != "" {
		where += ` AND f.unit = ` + p.Add(f.Unit)
	}
	if f.Proposal != "" {
		where += ` AND u.appraisal = ` + p.Add(f.Proposal)
	}
	return where
}

// newestOrder is that of what is listed by when it was made.
var newestOrder = paging.Order{Column: "created_at", ID: "id", Descending: true}

func (store) due(ctx context.Context, q db.Querier, a access.Access, f DueFilter, over time.Time) (paging.Listing[DueFile], error) {
	var p db.Params
	where := dueWhere(a, &p, f, over)
	rows, err := q.Query(ctx, `SELECT `+dueColumns+unitOfFile+`WHERE `+where+f.order().SQL(&p, f.Page), p...)
	files, err := db.All(rows, err, scanDue)
	return paging.Of(files, f.order(), f.Page, func(f DueFile) paging.Key { return paging.Time(f.RetainUntil, f.ID) }), err
}

// dueHidden counts the files whose retention is over and that the caller is not cleared for.
func (store) dueHidden(ctx context.Context, q db.Querier, a access.Access, over time.Time) (n int64, err error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT f.authority_id, f.level, count(*) FROM records_file f WHERE `+keeper(a, "f.authority_id", &p)+
		` AND f.state = '' AND f.retain_until > 0 AND f.level > 0 AND f.closed_at > 0 AND f.retain_until < `+p.Add(db.Micros(over))+
		` GROUP BY f.authority_id, f.level`, p...)
	_, err = db.All(rows, err, func(r db.Scanner) (some int64, err error) {
		var authority string
		var level access.Level
		if err = r.Scan(&authority, &level, &some); err == nil && !a.Cleared(authority, level) {
			n += some
		}
		return some, err
	})
	return n, err
}

// dueToOffer locks the files that an offering names.
func (store) dueToOffer(ctx context.Context, tx *db.Tx, a access.Access, o Offering, over time.Time, most int) ([]DueFile, error) {
	read := func(more func(p *db.Params) string) ([]DueFile, error) {
		var p db.Params
		f := o.Filter
		if o.Files != nil {
			f = DueFilter{}
		}
		where := dueWhere(a, &p, f, over) + ` AND f.authority_id = ` + p.Add(o.Authority) + more(&p)
		rows, err := tx.Query(ctx, `SELECT `+dueColumns+unitOfFile+`WHERE `+where+` ORDER BY f.id LIMIT `+p.Add(most)+tx.ForUpdate(), p...)
		return db.All(rows, err, scanDue)
	}
	if o.Files == nil {
		return read(func(*db.Params) string { return "" })
	}
	var out []DueFile
	err := inBatches(o.Files, func(ids []string) error {
		files, err := read(func(p *db.Params) string { return ` AND f.id IN ` + p.List(ids) })
		out = append(out, files...)
		return err
	})
	return out, err
}

// lent are the references of those of the files whose paper somebody has.
func (store) lent(ctx context.Context, q db.Querier, a access.Access, files []string) (out []string, err error) {
	err = inBatches(files, func(ids []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT f.reference FROM records_file f WHERE `+keeper(a, "f.authority_id", &p)+` AND f.lent_to <> '' AND f.id IN `+
			p.List(ids)+` ORDER BY f.reference`, p...)
		some, err := db.All(rows, err, text)
		out = append(out, some...)
		return err
	})
	return out, err
}

// --- processes ---

const processColumns = `id, authority_id, steps, state, archive, created_name, created_at`

func scanProcess(r db.Scanner) (p Process, err error) {
	var state string
	var at int64
	err = r.Scan(&p.ID, &p.Authority, &p.Steps, &state, &p.Archive, &p.By, &at)
	p.Ended, p.At = state == "ended", db.Time(at)
	return p, one(err)
}

// process reads a process; lock is "" or the transaction's ForUpdate.
func (store) process(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Process, error) {
	var p db.Params
	return scanProcess(q.QueryRow(ctx, `SELECT `+processColumns+` FROM disposal_process WHERE `+keeper(a, "authority_id", &p)+
		` AND id = `+p.Add(id)+lock, p...))
}

func (store) processes(ctx context.Context, q db.Querier, a access.Access, c paging.Cursor) (paging.Listing[Process], error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+processColumns+` FROM disposal_process WHERE `+keeper(a, "authority_id", &p)+
		newestOrder.SQL(&p, c), p...)
	list, err := db.All(rows, err, scanProcess)
	return paging.Of(list, newestOrder, c, func(p Process) paging.Key { return paging.Time(p.At, p.ID) }), err
}

func (store) insertProcess(ctx context.Context, tx *db.Tx, a access.Access, p Process, by string) error {
	if err := a.Own(p.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_process (id, authority_id, steps, state, archive, created_by, created_name, created_at)
		VALUES ($1, $2, $3, 'open', $4, $5, $6, $7)`, p.ID, p.Authority, p.Steps, p.Archive, by, p.By, db.Micros(p.At))
	return err
}

// endProcess ends a process that has nothing left to do, and reports whether it did.
func (store) endProcess(ctx context.Context, tx *db.Tx, a access.Access, id string) (bool, error) {
	var p db.Params
	n, err := count(tx.Exec(ctx, `UPDATE disposal_process SET state = 'ended' WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id)+
		` AND state = 'open' AND NOT EXISTS (SELECT 1 FROM disposal_item i WHERE i.process_id = disposal_process.id
		AND i.state NOT IN ('destroyed', 'withdrawn'))`, p...))
	return n == 1, err
}

// --- items ---

// insertItems puts files into a process, and says so in the files.
func (store) insertItems(ctx context.Context, tx *db.Tx, a access.Access, p Process, items []Item) error {
	if err := a.Own(p.Authority); err != nil {
		return err
	}
	b := db.Bulk{Into: `disposal_item (process_id, file_id, authority_id, state, proposal, decision, package_id, approval_id, content, error, archive_id, changed_at)`}
	for _, it := range items {
		if err := b.Add(ctx, tx, p.ID, it.File, p.Authority, string(it.State), string(it.Proposal), string(it.Decision), it.packageID, "", "", "",
			"", db.Micros(p.At)); err != nil {
			return err
		}
	}
	if err := b.Flush(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, state = 'offered', version = version + 1, changed_at = $1, changed_by = $2
		WHERE authority_id = $3 AND state = '' AND id IN (SELECT file_id FROM disposal_item WHERE process_id = $4)`,
		db.Micros(p.At), p.By, p.Authority, p.ID)
	return err
}

const itemColumns = `i.file_id, f.reference, f.subject, i.state, i.proposal, i.decision, i.error, i.archive_id, i.changed_at, i.package_id, i.content`

const itemTables = ` FROM disposal_item i JOIN records_file f ON f.id = i.file_id `

func scanItem(r db.Scanner) (it Item, err error) {
	var at int64
	err = r.Scan(&it.File, &it.Reference, &it.Subject, &it.State, &it.Proposal, &it.Decision, &it.Error, &it.ArchiveID, &at, &it.packageID, &it.content)
	it.ChangedAt = db.Time(at)
	return it, one(err)
}

// items lists those of a process that the caller may read, by file id.
func (store) items(ctx context.Context, q db.Querier, a access.Access, process string, state ItemState, after string, most int) ([]Item, error) {
	var p db.Params
	where := keeper(a, "i.authority_id", &p) + ` AND i.process_id = ` + p.Add(process) + ` AND i.file_id > ` + p.Add(after)
	if state != "" {
		where += ` AND i.state = ` + p.Add(string(state))
	}
	rows, err := q.Query(ctx, `SELECT `+itemColumns+itemTables+`WHERE `+where+` AND `+a.Reads("f", &p)+` ORDER BY i.file_id LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanItem)
}

// itemOfFile is what is left to do with a file, or was done: the latest item of it.
func (store) itemOfFile(ctx context.Context, q db.Querier, a access.Access, file string) (it Item, process string, err error) {
	var p db.Params
	var at int64
	err = q.QueryRow(ctx, `SELECT i.process_id, i.file_id, f.reference, f.subject, i.state, i.proposal, i.decision, i.error, i.archive_id, i.changed_at`+
		itemTables+`WHERE `+a.In("i.authority_id", &p)+` AND i.file_id = `+p.Add(file)+` AND `+a.Reads("f", &p)+
		` ORDER BY i.changed_at DESC, i.process_id DESC LIMIT 1`, p...).
		Scan(&process, &it.File, &it.Reference, &it.Subject, &it.State, &it.Proposal, &it.Decision, &it.Error, &it.ArchiveID, &at)
	it.ChangedAt = db.Time(at)
	return it, process, one(err)
}

// hidden reports whether a file of the process is not for the caller.
func (store) hidden(ctx context.Context, q db.Querier, a access.Access, process string) (bool, error) {
	var p db.Params
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1`+itemTables+`WHERE i.process_id = `+p.Add(process)+` AND NOT (`+a.Reads("f", &p)+
		`) LIMIT 1) x`, p...).Scan(&n)
	return n > 0, err
}

func (store) itemCounts(ctx context.Context, q db.Querier, a access.Access, process string) (map[ItemState]int64, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT state, count(*) FROM disposal_item WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
		` GROUP BY state`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[ItemState]int64{}
	for rows.Next() {
		var s ItemState
		var n int64
		if err := rows.Scan(&s, &n); err != nil {
			return nil, err
		}
		out[s] = n
	}
	return out, rows.Err()
}

// allItems are the items of a process by file id, for a message that speaks of them.
func (store) allItems(ctx context.Context, q db.Querier, a access.Access, process string) (map[string]Item, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+itemColumns+itemTables+`WHERE `+keeper(a, "i.authority_id", &p)+` AND i.process_id = `+p.Add(process), p...)
	items, err := db.All(rows, err, scanItem)
	out := make(map[string]Item, len(items))
	for _, it := range items {
		out[it.File] = it
	}
	return out, err
}

// fileOfCase is the file in the process that the case lies in; "" if there is none.
func (store) fileOfCase(ctx context.Context, q db.Querier, a access.Access, process, id string) (string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT i.file_id FROM records_case c JOIN disposal_item i ON i.file_id = c.file_id WHERE `+
		keeper(a, "i.authority_id", &p)+` AND c.id = `+p.Add(id)+` AND i.process_id = `+p.Add(process), p...)
	files, err := db.All(rows, err, text)
	if len(files) == 0 {
		return "", err
	}
	return files[0], err
}

// move brings items of a process from one state into the next, with what else is to be set; Conflict if one of them
// has moved meanwhile.
func (store) move(ctx context.Context, tx *db.Tx, a access.Access, process string, files []string, from []ItemState, to ItemState, at time.Time,
	set func(p *db.Params) string) error {
	return inBatches(files, func(ids []string) error {
		var p db.Params
		states := make([]string, len(from))
		for i, s := range from {
			states[i] = string(s)
		}
		n, err := count(tx.Exec(ctx, `UPDATE disposal_item SET state = `+p.Add(string(to))+`, changed_at = `+p.Add(db.Micros(at))+set(&p)+` WHERE `+
			keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+` AND state IN `+p.List(states)+` AND file_id IN `+p.List(ids), p...))
		if err == nil && n != int64(len(ids)) {
			return errs.E(errs.Conflict, "disposal.error.changed")
		}
		return err
	})
}

// toHandOver is the condition of items that go to the archive next.
const toHandOver = ` AND decision = 'A' AND state IN ('appraised', 'failed')`

func (store) itemsToHandOver(ctx context.Context, tx *db.Tx, a access.Access, process string) ([]string, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `SELECT file_id FROM disposal_item WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
		toHandOver+` ORDER BY file_id`, p...)
	return db.All(rows, err, text)
}

func (store) handOver(ctx context.Context, tx *db.Tx, a access.Access, process, packageID string, at time.Time) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE disposal_item SET state = 'handed_over', package_id = `+p.Add(packageID)+`, error = '', content = '', changed_at = `+
		p.Add(db.Micros(at))+` WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+toHandOver, p...)
	return err
}

// withdraw takes a file out of a process and reports whether that was still possible; false too if it was done before.
func (store) withdraw(ctx context.Context, tx *db.Tx, a access.Access, process, file string, at time.Time) (bool, error) {
	var p db.Params
	n, err := count(tx.Exec(ctx, `UPDATE disposal_item SET state = 'withdrawn', package_id = '', changed_at = `+p.Add(db.Micros(at))+` WHERE `+
		keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+` AND file_id = `+p.Add(file)+
		` AND state IN ('offered', 'appraised', 'failed')`, p...))
	if err != nil {
		return false, err
	}
	if n == 0 {
		p = nil
		var state ItemState
		err := tx.QueryRow(ctx, `SELECT state FROM disposal_item WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
			` AND file_id = `+p.Add(file), p...).Scan(&state)
		if err == nil && state != Withdrawn {
			err = errs.E(errs.Conflict, "disposal.error.too_late")
		}
		return false, one(err)
	}
	p = nil
	_, err = tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, state = '', version = version + 1, changed_at = `+p.Add(db.Micros(at))+`, changed_by = `+
		p.Add(identity.From(ctx).Name)+` WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(file), p...)
	return true, err
}

// --- packages ---

const packageColumns = `id, process_id, authority_id, direction, message, name, state, hash, size, objects, created_by, created_at, written_at, fetched_by, fetched_at`

func scanPackage(r db.Scanner) (k Package, err error) {
	var direction, message string
	var at, written, fetched int64
	err = r.Scan(&k.ID, &k.Process, &k.Authority, &direction, &message, &k.Name, &k.State, &k.Hash, &k.Size, &k.Objects, &k.By, &at, &written,
		&k.FetchedBy, &fetched)
	k.Out, k.Message, k.At, k.WrittenAt, k.FetchedAt = direction == "out", xdomea.Message(message), db.Time(at), db.Time(written), db.Time(fetched)
	return k, one(err)
}

func (store) insertPackage(ctx context.Context, tx *db.Tx, a access.Access, k Package) error {
	if err := a.Own(k.Authority); err != nil {
		return err
	}
	direction := "in"
	if k.Out {
		direction = "out"
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_package (`+packageColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		k.ID, k.Process, k.Authority, direction, string(k.Message), k.Name, k.State, k.Hash, k.Size, k.Objects, k.By, db.Micros(k.At), db.Micros(k.WrittenAt), k.FetchedBy,
		db.Micros(k.FetchedAt))
	return err
}

func (store) packageByID(ctx context.Context, q db.Querier, a access.Access, id string) (Package, error) {
	var p db.Params
	return scanPackage(q.QueryRow(ctx, `SELECT `+packageColumns+` FROM disposal_package WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id), p...))
}

func (store) packages(ctx context.Context, q db.Querier, a access.Access, process string) ([]Package, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+packageColumns+` FROM disposal_package WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
		` ORDER BY created_at, id`, p...)
	return db.All(rows, err, scanPackage)
}

// fetched notes who took a package out.
func (store) fetched(ctx context.Context, tx *db.Tx, a access.Access, k Package) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_package SET fetched_by = `+p.Add(k.FetchedBy)+`, fetched_at = `+p.Add(db.Micros(k.FetchedAt))+
		` WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(k.ID), p...))
}

// written notes a package that was stored and reports whether it was still to be.
func (store) written(ctx context.Context, tx *db.Tx, a access.Access, k Package) (bool, error) {
	var p db.Params
	n, err := count(tx.Exec(ctx, `UPDATE disposal_package SET state = 'written', hash = `+p.Add(k.Hash)+`, size = `+p.Add(k.Size)+`, written_at = `+
		p.Add(db.Micros(k.WrittenAt))+` WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(k.ID)+` AND state = 'planned'`, p...))
	return n == 1, err
}

// packagesToErase are the stored packages of a process that hold what was destroyed: each 0503 none of whose files still
// waits for the archive, and all that was sent once the process is over.
func (store) packagesToErase(ctx context.Context, tx *db.Tx, a access.Access, process string, ended bool) ([]Package, error) {
	var p db.Params
	where := ` AND message = '0503' AND NOT EXISTS (SELECT 1 FROM disposal_item i WHERE i.package_id = disposal_package.id
		AND i.state NOT IN ('destroyed', 'withdrawn', 'failed'))`
	if ended {
		where = ""
	}
	rows, err := tx.Query(ctx, `SELECT `+packageColumns+` FROM disposal_package WHERE `+keeper(a, "authority_id", &p)+` AND process_id = `+p.Add(process)+
		` AND direction = 'out' AND state = 'written'`+where, p...)
	return db.All(rows, err, scanPackage)
}

func (store) erasePackage(ctx context.Context, tx *db.Tx, a access.Access, id string) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_package SET state = 'erased' WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id)+
		` AND state = 'written'`, p...))
}

// fileByReference is the id of a file that the caller may read.
func (store) fileByReference(ctx context.Context, q db.Querier, a access.Access, authority, reference string) (string, error) {
	var p db.Params
	id, err := text(q.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+keeper(a, "f.authority_id", &p)+` AND f.authority_id = `+p.Add(authority)+
		` AND f.reference = `+p.Add(reference)+` AND `+a.Reads("f", &p), p...))
	return id, one(err)
}
