package disposal

import (
	"context"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// --- searches ---

const searchColumns = `id, authority_id, name, mail, address, born, citizen, staff, place, after_key, complete, unread, created_by, created_name, created_at, ended_at`

func scanSearch(r db.Scanner) (s Search, err error) {
	var at, ended int64
	p := &s.Person
	err = r.Scan(&s.ID, &p.Authority, &p.Name, &p.Mail, &p.Address, &p.Born, &p.Citizen, &p.Staff, &s.Place, &s.after, &s.Complete, &s.Unread,
		&s.by, &s.By, &at, &ended)
	s.At, s.Ended = db.Time(at), db.Time(ended)
	return s, one(err)
}

// insertSearch reports whether it is new.
func (store) insertSearch(ctx context.Context, tx *db.Tx, a access.Access, s Search) (bool, error) {
	p := s.Person
	if err := a.Own(p.Authority); err != nil {
		return false, err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO disposal_search (`+searchColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9, 0, $10, $11, $12, 0)
		ON CONFLICT (id) DO NOTHING`, s.ID, p.Authority, p.Name, p.Mail, p.Address, p.Born, p.Citizen, p.Staff, true, s.by, s.By, db.Micros(s.At)))
}

func (store) search(ctx context.Context, q db.Querier, a access.Access, id string) (Search, error) {
	var p db.Params
	return scanSearch(q.QueryRow(ctx, `SELECT `+searchColumns+` FROM disposal_search WHERE `+keeper(a, "authority_id", &p)+` AND id = `+p.Add(id), p...))
}

func (store) searches(ctx context.Context, q db.Querier, a access.Access, most int) ([]Search, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+searchColumns+` FROM disposal_search WHERE `+keeper(a, "authority_id", &p)+` ORDER BY created_at DESC, id DESC LIMIT `+
		p.Add(most), p...)
	return db.All(rows, err, scanSearch)
}

// advance moves a search on, and reports false if somebody else has done so.
func (store) advance(ctx context.Context, tx *db.Tx, a access.Access, s Search, place int64, after string, complete bool) (bool, error) {
	var p db.Params
	return db.Changed(tx.Exec(ctx, `UPDATE disposal_search SET place = `+p.Add(place)+`, after_key = `+p.Add(after)+`, complete = `+p.Add(complete)+
		` WHERE `+a.In("authority_id", &p)+` AND id = `+p.Add(s.ID)+` AND place = `+p.Add(s.Place)+` AND after_key = `+p.Add(s.after)+` AND ended_at = 0`, p...))
}

func (store) endSearch(ctx context.Context, tx *db.Tx, a access.Access, id string, unread int64, at time.Time) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE disposal_search SET ended_at = `+p.Add(db.Micros(at))+`, unread = `+p.Add(unread)+` WHERE `+a.In("authority_id", &p)+
		` AND id = `+p.Add(id)+` AND ended_at = 0`, p...)
	return err
}

// forgetSearches deletes those begun before, with their hits.
func (store) forgetSearches(ctx context.Context, tx *db.Tx, a access.Access, before time.Time) error {
	for _, statement := range []string{`DELETE FROM disposal_hit WHERE search_id IN (SELECT id FROM disposal_search WHERE `, `DELETE FROM disposal_search WHERE (`} {
		var p db.Params
		if _, err := tx.Exec(ctx, statement+a.In("authority_id", &p)+` AND created_at < `+p.Add(db.Micros(before))+`)`, p...); err != nil {
			return err
		}
	}
	return nil
}

// --- places ---

// placeRow is a row of a place.
type placeRow struct {
	id, file, caseID, document string
	at                         time.Time
	text                       string
}

// windowRows is how many rows of a table are looked at in one statement.
const windowRows = 20_000

// windowEnd is the last key of the next window of a place's table, "" if there is nothing left.
func windowEnd(ctx context.Context, q db.Querier, place PersonPlace, after string) (string, error) {
	for _, offset := range []int{windowRows, 0} {
		var p db.Params
		order := ` ORDER BY ` + place.Key + ` LIMIT 1 OFFSET ` + p.Add(offset)
		if offset == 0 {
			p = nil
			order = ` ORDER BY ` + place.Key + ` DESC LIMIT 1`
		}
		rows, err := q.Query(ctx, `SELECT `+place.Key+` FROM `+place.Table+` t WHERE `+place.Key+` > `+p.Add(after)+order, p...)
		if keys, err := db.All(rows, err, text); err != nil || len(keys) > 0 {
			return strings.Join(keys, ""), err
		}
	}
	return "", nil
}

// window are the rows of a place up to a key that may match.
func (store) window(ctx context.Context, q db.Querier, a access.Access, place PersonPlace, staff bool, authority string, t terms, after, until string) ([]placeRow, error) {
	return placeRows(ctx, q, a, place, staff, authority, func(p *db.Params) string {
		where := ` AND ` + place.Key + ` > ` + p.Add(after) + ` AND ` + place.Key + ` <= ` + p.Add(until)
		var ways []string
		for _, x := range t.finds {
			all := "TRUE"
			for _, pattern := range x.patterns() {
				all += ` AND lower(` + said(place, staff) + `) LIKE ` + p.Add(pattern)
			}
			ways = append(ways, "("+all+")")
		}
		return where + ` AND (` + strings.Join(ways, " OR ") + `)`
	})
}

// rowsOf are the rows of a place with these ids.
func (store) rowsOf(ctx context.Context, q db.Querier, a access.Access, place PersonPlace, staff bool, authority string, ids []string) (out []placeRow, err error) {
	err = inBatches(ids, func(some []string) error {
		rows, err := placeRows(ctx, q, a, place, staff, authority, func(p *db.Params) string {
			keys := make([]string, len(some))
			for i, id := range some {
				keys[i], _, _ = strings.Cut(id, " ")
			}
			slices.Sort(keys)
			return ` AND ` + place.Key + ` IN ` + p.List(slices.Compact(keys)) + ` AND ` + place.ID + ` IN ` + p.List(some)
		})
		out = append(out, rows...)
		return err
	})
	return out, err
}

func placeRows(ctx context.Context, q db.Querier, a access.Access, place PersonPlace, staff bool, authority string, more func(p *db.Params) string) ([]placeRow, error) {
	var p db.Params
	where := ""
	if place.Where != "" {
		where = ` AND ` + place.Where
	}
	rows, err := q.Query(ctx, `SELECT `+place.ID+`, `+place.File+`, `+place.Case+`, `+place.Document+`, `+place.At+`, `+said(place, staff)+` FROM `+place.Table+` t`+
		place.Joins+` WHERE `+a.In(place.Authority, &p)+` AND `+place.Authority+` = `+p.Add(authority)+where+more(&p)+` ORDER BY `+place.Key, p...)
	return db.All(rows, err, func(r db.Scanner) (x placeRow, err error) {
		var at int64
		err = r.Scan(&x.id, &x.file, &x.caseID, &x.document, &at, &x.text)
		x.at = db.Time(at)
		return x, err
	})
}

// said is the text of a row: its columns, each in a line.
func said(place PersonPlace, staff bool) string {
	columns := place.Texts
	if staff {
		columns = slices.Concat(columns, place.Staff)
	}
	return strings.Join(columns, " || '\n' || ")
}

// storedOf are the stored files that belong to rows of a place.
func (store) storedOf(ctx context.Context, q db.Querier, a access.Access, place PersonPlace, id string) ([]storedFile, error) {
	var p db.Params
	rows, err := q.Query(ctx, place.Stored+` `+p.Add(id)+` AND `+a.In("authority_id", &p), p...)
	return db.All(rows, err, func(r db.Scanner) (f storedFile, err error) {
		err = r.Scan(&f.name, &f.hash, &f.size)
		return f, err
	})
}

// casesOfSources are the cases that applications became.
func (store) casesOfSources(ctx context.Context, q db.Querier, a access.Access, authority string, sources []string) (out []placeRow, err error) {
	err = inBatches(sources, func(some []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT x.id, x.file_id FROM records_case x WHERE `+a.In("x.authority_id", &p)+` AND x.authority_id = `+p.Add(authority)+
			` AND x.source IN `+p.List(some), p...)
		cases, err := db.All(rows, err, func(r db.Scanner) (x placeRow, err error) {
			err = r.Scan(&x.id, &x.file)
			x.caseID = x.id
			return x, err
		})
		out = append(out, cases...)
		return err
	})
	return out, err
}

// --- hits ---

// hit is a row in which a person was found.
type hit struct {
	sort, place, row, file, caseID, document string
	chosen                                   bool
}

// newHit has its place in the order: by file, case, document.
func newHit(place string, x placeRow) hit {
	return hit{sort: strings.Join([]string{x.file, x.caseID, x.document, place, x.id}, "/"), place: place, row: x.id, file: x.file, caseID: x.caseID, document: x.document}
}

func (store) insertHits(ctx context.Context, tx *db.Tx, a access.Access, s Search, hits []hit) error {
	if err := a.Own(s.Person.Authority); err != nil {
		return err
	}
	for _, h := range hits {
		if _, err := tx.Exec(ctx, `INSERT INTO disposal_hit (search_id, sort, authority_id, place, row_id, file_id, case_id, document_id, chosen)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, s.ID, h.sort, s.Person.Authority, h.place, h.row, h.file, h.caseID, h.document, h.chosen); err != nil {
			return err
		}
	}
	return nil
}

func (store) countHits(ctx context.Context, q db.Querier, a access.Access, search string) (n int, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM disposal_hit WHERE `+a.In("authority_id", &p)+` AND search_id = `+p.Add(search)+` AND place <> '`+placeWhole+`'`, p...).Scan(&n)
	return n, err
}

// readsHit is the predicate that the caller may read where the hit lies; what is gone is for nobody.
func readsHit(a access.Access, p *db.Params) string {
	return `(h.case_id <> '' AND EXISTS (SELECT 1 FROM records_case hc WHERE hc.id = h.case_id AND ` + a.ReadsCase("hc", p) +
		`) OR h.case_id = '' AND h.file_id <> '' AND EXISTS (SELECT 1 FROM records_file hf WHERE hf.id = h.file_id AND ` + a.Reads("hf", p) +
		`) OR h.case_id = '' AND h.file_id = '')`
}

const hitColumns = `h.sort, h.place, h.row_id, h.file_id, h.case_id, h.document_id, h.chosen`

func scanHit(r db.Scanner) (h hit, err error) {
	err = r.Scan(&h.sort, &h.place, &h.row, &h.file, &h.caseID, &h.document, &h.chosen)
	return h, err
}

// hits are some that the caller may read, in their order.
func (store) hits(ctx context.Context, q db.Querier, a access.Access, search, after string, most int) ([]hit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+hitColumns+` FROM disposal_hit h WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+
		` AND h.place <> '`+placeWhole+`' AND h.sort > `+p.Add(after)+` AND `+readsHit(a, &p)+` ORDER BY h.sort LIMIT `+p.Add(most), p...)
	return db.All(rows, err, scanHit)
}

// chosen are all hits that were chosen and that the caller may read, and cases that are to be given out as a whole.
func (store) chosen(ctx context.Context, q db.Querier, a access.Access, search string) ([]hit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+hitColumns+` FROM disposal_hit h WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+
		` AND h.chosen = `+p.Add(true)+` AND `+readsHit(a, &p)+` ORDER BY h.sort`, p...)
	return db.All(rows, err, scanHit)
}

// hiddenFiles counts the files in which there are hits that the caller may not read.
func (store) hiddenFiles(ctx context.Context, q db.Querier, a access.Access, search string) (n int64, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(DISTINCT h.file_id) FROM disposal_hit h WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+
		` AND NOT `+readsHit(a, &p)+` AND (h.case_id = '' OR EXISTS (SELECT 1 FROM records_case x WHERE x.id = h.case_id AND x.authority_id = h.authority_id))`, p...).Scan(&n)
	return n, err
}

// choose notes of hits whether they are about the person: those with these values in a column ("sort", "document_id").
func (store) choose(ctx context.Context, tx *db.Tx, a access.Access, search, column string, values []string, chosen bool) error {
	return inBatches(values, func(some []string) error {
		var p db.Params
		_, err := tx.Exec(ctx, `UPDATE disposal_hit AS h SET chosen = `+p.Add(chosen)+` WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+
			` AND h.`+column+` IN `+p.List(some)+` AND `+readsHit(a, &p), p...)
		return err
	})
}

// chooseWhole notes whether a case that has hits is to be given out as a whole.
func (store) chooseWhole(ctx context.Context, tx *db.Tx, a access.Access, search, caseID string, chosen bool) error {
	var p db.Params
	_, err := tx.Exec(ctx, `INSERT INTO disposal_hit (search_id, sort, authority_id, place, row_id, file_id, case_id, document_id, chosen)
		SELECT h.search_id, h.file_id || '/' || h.case_id || '//' || '`+placeWhole+`', h.authority_id, '`+placeWhole+`',
		h.case_id, h.file_id, h.case_id, '', CAST(`+p.Add(chosen)+` AS BOOLEAN)
		FROM disposal_hit h WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+` AND h.case_id = `+p.Add(caseID)+
		` AND h.place <> '`+placeWhole+`' AND `+readsHit(a, &p)+` ORDER BY h.sort LIMIT 1 ON CONFLICT (search_id, sort) DO UPDATE SET chosen = excluded.chosen`, p...)
	return err
}

// wholes are those of the cases that are to be given out as a whole.
func (store) wholes(ctx context.Context, q db.Querier, a access.Access, search string) ([]string, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT h.case_id FROM disposal_hit h WHERE `+keeper(a, "h.authority_id", &p)+` AND h.search_id = `+p.Add(search)+
		` AND h.place = '`+placeWhole+`' AND h.chosen = `+p.Add(true), p...)
	return db.All(rows, err, text)
}

// --- what hits lie in ---

// heading is what a file, a case or a document is called.
type heading struct {
	id, reference, subject, applicant string
	level                             access.Level
}

func scanHeading(r db.Scanner) (h heading, err error) {
	err = r.Scan(&h.id, &h.reference, &h.subject, &h.applicant, &h.level)
	return h, err
}

// headings are those of the files, cases and documents that the caller may read, by id.
func (store) headings(ctx context.Context, q db.Querier, a access.Access, files, cases, documents []string) (map[string]heading, error) {
	out := map[string]heading{}
	for _, x := range []struct {
		ids         []string
		what, table string
		reads       func(alias string, p *db.Params) string
	}{
		{files, `x.id, x.reference, x.subject, '', x.level`, "records_file x", a.Reads},
		{cases, `x.id, x.reference, x.subject, x.applicant, CASE WHEN f.level > x.level THEN f.level ELSE x.level END`, "records_case x JOIN records_file f ON f.id = x.file_id", a.ReadsCase},
		{documents, `x.id, '', x.name, '', 0`, "records_document x", a.ReadsInCase},
	} {
		if err := inBatches(x.ids, func(some []string) error {
			var p db.Params
			rows, err := q.Query(ctx, `SELECT `+x.what+` FROM `+x.table+` WHERE x.id IN `+p.List(some)+` AND `+x.reads("x", &p), p...)
			found, err := db.All(rows, err, scanHeading)
			for _, h := range found {
				out[h.id] = h
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (store) casesToDisclose(ctx context.Context, q db.Querier, a access.Access, authority string, ids []string) (out []caseRow, err error) {
	err = inBatches(ids, func(some []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT `+caseColumns+` FROM records_case x WHERE `+keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+
			p.Add(authority)+` AND x.id IN `+p.List(some)+` AND `+a.ReadsCase("x", &p)+` ORDER BY x.received_at, x.id`, p...)
		cases, err := db.All(rows, err, scanCase)
		out = append(out, cases...)
		return err
	})
	return out, err
}

func (store) documentsToDisclose(ctx context.Context, q db.Querier, a access.Access, authority string, ids []string) (out []documentRow, err error) {
	err = inBatches(ids, func(some []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT `+documentColumns+` FROM records_document x JOIN records_version v ON v.document_id = x.id WHERE `+
			keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+p.Add(authority)+` AND x.id IN `+p.List(some)+` AND `+a.ReadsInCase("x", &p)+documentOrder, p...)
		found, err := scanDocuments(rows, err)
		for _, d := range found {
			out = append(out, d...)
		}
		return err
	})
	slices.SortFunc(out, func(x, y documentRow) int { return strings.Compare(x.id, y.id) })
	return out, err
}

// documentsOf are the documents of a case with all their versions.
func (store) documentsOf(ctx context.Context, q db.Querier, a access.Access, id string) ([]documentRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+` FROM records_document x JOIN records_version v ON v.document_id = x.id WHERE `+
		a.ReadsInCase("x", &p)+` AND x.case_id = `+p.Add(id)+documentOrder, p...)
	found, err := scanDocuments(rows, err)
	return found[id], err
}
