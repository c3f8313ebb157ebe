package records

import (
	"context"
	"fmt"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// --- part files ---

const partColumns = `id, number, subject, opened_at, closed_at`

func scanPart(r db.Scanner) (x Part, err error) {
	var opened, closed int64
	err = r.Scan(&x.ID, &x.Number, &x.Subject, &opened, &closed)
	x.OpenedAt, x.ClosedAt = db.Time(opened), db.Time(closed)
	return x, NotFound(err)
}

func (store) insertPart(ctx context.Context, tx *db.Tx, s access.Access, f File, x Part) (n int64, err error) {
	if err := s.Own(f.Authority); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `INSERT INTO records_part (id, authority_id, file_id, number, subject, opened_at, closed_at)
		SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, 0 FROM records_part WHERE file_id = $3 RETURNING number`,
		x.ID, f.Authority, f.ID, x.Subject, db.Micros(x.OpenedAt)).Scan(&n)
	return n, err
}

func (store) updatePart(ctx context.Context, tx *db.Tx, s access.Access, file string, x Part) error {
	var p db.Params
	ok, err := db.Changed(tx.Exec(ctx, `UPDATE records_part SET subject = `+p.Add(x.Subject)+`, closed_at = `+p.Add(db.Micros(x.ClosedAt))+` WHERE `+
		s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+` AND id = `+p.Add(x.ID), p...))
	if err == nil && !ok {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

// closeParts closes the parts of a file with it.
func (store) closeParts(ctx context.Context, tx *db.Tx, s access.Access, file string, at time.Time) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE records_part SET closed_at = `+p.Add(db.Micros(at))+` WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND closed_at = 0`, p...)
	return err
}

// reopenParts takes up again the parts that were closed with their file at that time.
func (store) reopenParts(ctx context.Context, tx *db.Tx, s access.Access, file string, at time.Time) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE records_part SET closed_at = 0 WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND closed_at = `+p.Add(db.Micros(at)), p...)
	return err
}

func (store) part(ctx context.Context, q db.Querier, s access.Access, file, id string) (Part, error) {
	var p db.Params
	return scanPart(q.QueryRow(ctx, `SELECT `+partColumns+` FROM records_part WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+
		` AND id = `+p.Add(id), p...))
}

func (store) parts(ctx context.Context, q db.Querier, s access.Access, file string) ([]Part, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+partColumns+` FROM records_part WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+` ORDER BY number`, p...)
	return db.All(rows, err, scanPart)
}

// openInPart counts the cases of the part that are not closed.
func (store) openInPart(ctx context.Context, q db.Querier, s access.Access, file, part string) (n int, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM records_case WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(file)+` AND part_id = `+p.Add(part)+
		` AND state <> 'closed'`, p...).Scan(&n)
	return n, err
}

// --- the cases of a file ---

// casesOrder is that of a file's cases: by part file, each with the cases in it behind it.
var casesOrder = paging.Order{Column: "c.place", ID: "c.id"}

// placeOf is the place in its file of a case, as SQL.
func placeOf(c Case, p *db.Params) string {
	place := fmt.Sprintf("coalesce((SELECT x.number FROM records_part x WHERE x.id = %s), 0) * %d", p.Add(c.Part), int64(placeOfPart))
	if c.Parent == "" {
		return place + " + " + p.Add(c.Number*placeOfCase)
	}
	return place + fmt.Sprintf(" + coalesce((SELECT y.number FROM records_case y WHERE y.id = %s), 0) * %d + ", p.Add(c.Parent), placeOfCase) + p.Add(c.Number)
}

func (store) casesOfFile(ctx context.Context, q db.Querier, s access.Access, fileID string, page paging.Cursor) (paging.Listing[Case], error) {
	statement, p := casesOfFileQuery(s, fileID, page)
	rows, err := q.Query(ctx, statement, p...)
	places := map[string]int64{}
	cases, err := db.All(rows, err, func(r db.Scanner) (Case, error) {
		var place int64
		c, err := scanCase(andMore{r, &place})
		places[c.ID] = place
		return c, err
	})
	return paging.Of(cases, casesOrder, page, func(c Case) paging.Key { return paging.Number(places[c.ID], c.ID) }), err
}

// casesOfFileQuery is one query along an index, as inboxQuery is.
func casesOfFileQuery(s access.Access, file string, page paging.Cursor) (string, db.Params) {
	var p db.Params
	return `SELECT ` + caseColumns + `, 0, place FROM records_case c WHERE ` + s.ReadsCase("c", &p) + ` AND c.file_id = ` + p.Add(file) + casesOrder.SQL(&p, page), p
}

// andMore scans what stands in a row behind the columns that are asked for.
type andMore struct {
	db.Scanner
	more any
}

// Scan scans a row.
func (a andMore) Scan(dest ...any) error { return a.Scanner.Scan(append(dest, a.more)...) }

// caseNamed is the id of the case in the file that has this Aktenzeichen.
func (store) caseNamed(ctx context.Context, q db.Querier, s access.Access, file, reference string) (id string, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT c.id FROM records_case c WHERE `+s.ReadsCase("c", &p)+` AND c.file_id = `+p.Add(file)+` AND c.reference = `+p.Add(reference), p...).Scan(&id)
	return id, NotFound(err)
}
