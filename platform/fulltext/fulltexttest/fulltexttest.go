// Package fulltexttest has a small room with a full text, for the tests of package fulltext and for measuring it.
package fulltexttest

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/fulltext"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations makes the tables.
var Migrations = []db.Migration{{Room: "demo", FS: files}}

// Index is the full text of the documents.
func Index(d *db.DB) fulltext.Index { return fulltext.New(d.Dialect(), "demo_text") }

// The documents lie in files of units; who is of the unit may see them.
const (
	authority = "16051000"
	perFile   = 20
	units     = 200
)

// Unit is that of the i-th document: one in 200 is of each.
func Unit(i int) string { return "unit-" + strconv.Itoa(i/perFile%units) }

// label marks the documents of a unit.
func label(unit string) string { return authority + "/" + unit }

// Reader is somebody who searches.
type Reader struct {
	Name   string
	Unit   string // whose documents he may see
	All    bool   // or all of them
	Labels []string
}

// Readers are a clerk who may see everything, one who may see 1 in 200, one who may see nothing; and the last two
// as if the room had no labels for their rights.
var Readers = []Reader{
	{Name: "everything", All: true},
	{Name: "1 in 200", Unit: "unit-7", Labels: []string{label("unit-7")}},
	{Name: "nothing", Unit: "none", Labels: []string{label("none")}},
	{Name: "1 in 200, no labels", Unit: "unit-7"},
	{Name: "nothing, no labels", Unit: "none"},
}

// Hit is a document that was found.
type Hit struct {
	Key int64
	ID  string
}

// Find is the search of the room: text and rights in one query.
func Find(ctx context.Context, d *db.DB, q db.Querier, r Reader, query string, before int64, limit int) ([]Hit, error) {
	s := fulltext.Search{Query: fulltext.Parse(query), Labels: r.Labels, Before: before, Limit: limit}
	return fulltext.Newest(ctx, Index(d), q, s, func(m fulltext.Match) (string, db.Params) {
		var p db.Params
		return `SELECT t.n, d.id FROM ` + m.From("demo_document d", "d.id") + ` JOIN demo_file f ON f.id = d.file_id WHERE ` + m.Where(&p) +
			` AND f.authority_id IN (` + p.Add(authority) + `) AND f.level <= ` + p.Add(2) + ` AND CASE f.reach WHEN 'unit' THEN ` + p.Add(r.All) +
			` OR f.unit = ` + p.Add(r.Unit) + ` OR EXISTS (SELECT 1 FROM demo_grant g WHERE g.file_id = f.id AND g.person = ` + p.Add(r.Name) +
			`) ELSE false END` + m.Newest(&p), p
	}, func(row db.Scanner) (h Hit, err error) {
		err = row.Scan(&h.Key, &h.ID)
		return h, err
	})
}

// Begin is when the first document is filed; the others follow by quarters of an hour.
var Begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Fill files documents of 300 words, 100 in a transaction, and returns how long the transactions took, the analysis of
// the texts in them.
func Fill(ctx context.Context, d *db.DB, from, to int) (time.Duration, error) {
	w := NewWriter(uint64(from), Vocabulary(20_000))
	x := Index(d)
	var took time.Duration
	for from < to {
		n := min(100, to-from)
		texts := make([]string, n)
		for i := range texts {
			texts[i] = w.Text(300)
		}
		began := time.Now()
		err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i, text := range texts {
				if err := file(ctx, tx, x, from+i, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return took, err
		}
		took += time.Since(began)
		from += n
	}
	return took, nil
}

func file(ctx context.Context, tx *db.Tx, x fulltext.Index, i int, text string) error {
	fileID := fmt.Sprintf("file-%d", i/perFile)
	if i%perFile == 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO demo_file (id, authority_id, unit, reach, level) VALUES ($1, $2, $3, 'unit', 1)`,
			fileID, authority, Unit(i)); err != nil {
			return err
		}
	}
	id := fmt.Sprintf("019ab3f0-0000-7000-8000-%012d", i)
	if _, err := tx.Exec(ctx, `INSERT INTO demo_document (id, authority_id, file_id, name) VALUES ($1, $2, $3, $4)`,
		id, authority, fileID, Reference(i)); err != nil {
		return err
	}
	return x.Put(ctx, tx, fulltext.Document{ID: id, At: Begin.Add(time.Duration(i) * 15 * time.Minute),
		Labels: []string{label(Unit(i))}, Texts: []string{Reference(i), text}})
}
