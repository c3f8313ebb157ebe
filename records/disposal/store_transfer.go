package disposal

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

const importColumns = `id, authority_id, process_id, message, sender, name, hash, size, summary, state, unit, created_by, created_at, taken_by, taken_at`

func scanImport(r db.Scanner) (i Import, err error) {
	var message, summary, state string
	var at, taken int64
	if err := r.Scan(&i.ID, &i.Authority, &i.Process, &message, &i.Sender, &i.Name, &i.Hash, &i.Size, &summary, &state, &i.Unit, &i.By, &at,
		&i.TakenBy, &taken); err != nil {
		return i, one(err)
	}
	i.Message, i.Taken, i.At, i.TakenAt = xdomea.Message(message), state == "taken", db.Time(at), db.Time(taken)
	return i, json.Unmarshal([]byte(summary), &i.Summary)
}

// imported reads an import; lock is "" or the transaction's ForUpdate.
func (store) imported(ctx context.Context, q db.Querier, a access.Access, id, lock string) (Import, error) {
	var p db.Params
	return scanImport(q.QueryRow(ctx, `SELECT `+importColumns+` FROM disposal_import WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id)+lock, p...))
}

func (store) imports(ctx context.Context, q db.Querier, a access.Access, c paging.Cursor) (paging.Listing[Import], error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+importColumns+` FROM disposal_import WHERE `+keeper(a, "authority_id", &p)+
		newestOrder.SQL(&p, c), p...)
	list, err := db.All(rows, err, scanImport)
	return paging.Of(list, newestOrder, c, func(i Import) paging.Key { return paging.Time(i.At, i.ID) }), err
}

// taken reports whether the authority took over what came with this ProzessID.
func (store) taken(ctx context.Context, q db.Querier, a access.Access, authority, process string) (bool, error) {
	var p db.Params
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM disposal_import WHERE `+keeper(a, "authority_id", &p)+` AND authority_id = `+p.Add(authority)+
		` AND process_id = `+p.Add(process)+` AND state = 'taken'`, p...).Scan(&n)
	return n > 0, err
}

func (store) insertImport(ctx context.Context, tx *db.Tx, a access.Access, i Import) error {
	if err := a.Own(i.Authority); err != nil {
		return err
	}
	summary, err := json.Marshal(i.Summary)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO disposal_import (`+importColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'checked', '', $10, $11, '', 0)`,
		i.ID, i.Authority, i.Process, string(i.Message), i.Sender, i.Name, i.Hash, i.Size, string(summary), i.By, db.Micros(i.At))
	return err
}

// take notes that an import was taken over. The summary goes with the package: it names what was in it.
func (store) take(ctx context.Context, tx *db.Tx, a access.Access, i Import) error {
	i.Summary.First, i.Summary.Warnings = nil, nil
	summary, err := json.Marshal(i.Summary)
	if err != nil {
		return err
	}
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE disposal_import SET state = 'taken', unit = `+p.Add(i.Unit)+`, summary = `+p.Add(string(summary))+`, taken_by = `+
		p.Add(i.TakenBy)+`, taken_at = `+p.Add(db.Micros(i.TakenAt))+` WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(i.ID)+` AND state = 'checked'`, p...))
}

// dropChecked deletes the imports that were checked before that time and not taken over, and returns them.
func (store) dropChecked(ctx context.Context, tx *db.Tx, a access.Access, before time.Time) ([]Import, error) {
	var p db.Params
	rows, err := tx.Query(ctx, `DELETE FROM disposal_import WHERE `+a.In("authority_id", &p)+` AND state = 'checked' AND created_at < `+p.Add(db.Micros(before))+
		` RETURNING `+importColumns, p...)
	return db.All(rows, err, scanImport)
}

func (store) insertOrigin(ctx context.Context, tx *db.Tx, a access.Access, i Import, file string, o Origin) error {
	if err := a.Own(i.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO disposal_origin (object, authority_id, file_id, import_id, origin_id, reference, sender)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, o.Object, i.Authority, file, i.ID, o.ID, o.Reference, o.Sender)
	return err
}

// origins say where a file, and nothing in it, came from.
func (store) origins(ctx context.Context, q db.Querier, a access.Access, file string) ([]Origin, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT object, origin_id, reference, sender FROM disposal_origin WHERE `+a.In("authority_id", &p)+` AND object = `+
		p.Add(records.FileObject(file))+` AND EXISTS (SELECT 1 FROM records_file f WHERE f.id = disposal_origin.file_id AND `+a.Reads("f", &p)+`)`, p...)
	return db.All(rows, err, func(r db.Scanner) (o Origin, err error) {
		err = r.Scan(&o.Object, &o.ID, &o.Reference, &o.Sender)
		return o, err
	})
}

func (store) insertPart(ctx context.Context, tx *db.Tx, a access.Access, f records.File, x partRow) error {
	if err := a.Own(f.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_part (id, authority_id, file_id, number, subject, opened_at, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		x.id, f.Authority, f.ID, x.number, x.subject, db.Micros(x.opened), db.Micros(x.closed))
	return err
}

func (store) closePart(ctx context.Context, tx *db.Tx, a access.Access, f records.File, id string, at time.Time) error {
	var p db.Params
	return exactly(tx.Exec(ctx, `UPDATE records_part SET closed_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND file_id = `+p.Add(f.ID)+
		` AND id = `+p.Add(id), p...))
}

// originCase gives a case that was taken over what it had: dates, Aktenzeichen, and who opened it; nobody here has worked
// on it yet.
func (store) originCase(ctx context.Context, tx *db.Tx, a access.Access, i Import, c caseDates) error {
	var p db.Params
	state := records.StateNew
	if !c.closed.IsZero() {
		state = records.StateClosed
	}
	set := `state = ` + p.Add(string(state)) + `, assigned_to = '', assigned_name = '', source = ` + p.Add(records.TakenOverSource+c.id) +
		`, opened_by = ` + p.Add(i.Sender) + `, former = ` + p.Add(c.former) + `, search = search || ` + p.Add(" "+strings.ToLower(c.former)) +
		`, closed_at = ` + p.Add(db.Micros(c.closed))
	if !c.received.IsZero() {
		set += `, received_at = ` + p.Add(db.Micros(c.received))
	}
	return exactly(tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, `+set+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(c.id), p...))
}

// originFile gives a file that was taken over its own dates and its former Aktenzeichen.
func (store) originFile(ctx context.Context, tx *db.Tx, a access.Access, id, former string, opened, closed time.Time) error {
	var p db.Params
	set := `closed_at = ` + p.Add(db.Micros(closed)) + `, former = ` + p.Add(former) + `, search = search || ` + p.Add(" "+strings.ToLower(former))
	if !opened.IsZero() {
		set += `, opened_at = ` + p.Add(db.Micros(opened))
	}
	return exactly(tx.Change(ctx, "file", `UPDATE records_file SET revision = revision + 1, `+set+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(id), p...))
}

// cameOrder is the order of what came with an import.
var cameOrder = paging.Order{Column: "f.reference", ID: "f.id", Text: true}

// came lists the files that came with an import, of those that the caller may read.
func (store) came(ctx context.Context, q db.Querier, a access.Access, id string, c paging.Cursor) (paging.Listing[Came], error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT f.id, f.reference, f.former, f.subject, f.level, (SELECT count(*) FROM records_case k WHERE k.file_id = f.id)
		FROM disposal_origin o JOIN records_file f ON f.id = o.file_id WHERE `+keeper(a, "o.authority_id", &p)+` AND o.import_id = `+p.Add(id)+
		` AND o.object = 'file:' || f.id AND f.state NOT IN ('archived', 'destroyed') AND `+a.Reads("f", &p)+cameOrder.SQL(&p, c), p...)
	list, err := db.All(rows, err, func(r db.Scanner) (x Came, err error) {
		err = r.Scan(&x.ID, &x.Reference, &x.Former, &x.Subject, &x.Level, &x.Cases)
		return x, err
	})
	return paging.Of(list, cameOrder, c, func(x Came) paging.Key { return paging.Key{Sort: x.Reference, ID: x.ID} }), err
}

// insertVersion adds a version to a document that was taken over; the document is what its last version is.
func (store) insertVersion(ctx context.Context, tx *db.Tx, a access.Access, authority string, v laterVersion) error {
	if err := a.Own(authority); err != nil {
		return err
	}
	name := v.name
	var p db.Params
	if err := exactly(tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, version = `+p.Add(v.number)+`, name = `+p.Add(name)+`, hash = `+p.Add(v.blob.hash)+
		`, size = `+p.Add(v.blob.size)+`, media_type = `+p.Add(mediaType(name))+` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(v.document), p...)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9)`, v.document, v.number, authority, name, v.blob.hash, v.blob.size, mediaType(name), db.Micros(v.at), v.by)
	return err
}

// rule is the rule of a unit in the file plan of an authority; a unit that is gone keeps for ever.
func (store) rule(ctx context.Context, q db.Querier, a access.Access, authority, unit string) (Rule, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT retention_years, transfer_years FROM records_unit WHERE `+a.In("authority_id", &p)+` AND authority_id = `+
		p.Add(authority)+` AND code = `+p.Add(unit), p...)
	rules, err := db.All(rows, err, func(r db.Scanner) (x Rule, err error) {
		err = r.Scan(&x.RetentionYears, &x.TransferYears)
		return x, err
	})
	if err != nil || len(rules) == 0 {
		return Rule{RetentionYears: -1}, err
	}
	return rules[0], nil
}
