// Package fulltexttest has a small room with a full text, for the tests of package fulltext and for measuring it.
package fulltexttest

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"
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

// The documents lie in cases of files of units; who is of the unit may read them.
const (
	authority = "16051000"
	perCase   = 5
	perFile   = 20
	units     = 200
)

// holder is the unit that may read the i-th document: one in 200 is of each.
func holder(i int) string { return "unit:" + strconv.Itoa(i/perFile%units) }

// label marks the documents that a unit may read.
func label(holder string) string { return authority + "/" + holder }

// Reader is somebody who searches.
type Reader struct {
	Name      string
	Keys      []string // holders of rights that he is
	Registrar bool     // reads all
	Labels    []string
}

// Readers are a clerk who may see everything, one who may see 1 in 200, and one who may see nothing.
var Readers = []Reader{
	{Name: "everything", Registrar: true},
	{Name: "1 in 200", Keys: []string{"unit:7", "person:x"}, Labels: []string{label("unit:7"), label("person:x")}},
	{Name: "nothing", Keys: []string{"unit:none"}, Labels: []string{label("unit:none")}},
}

// Unlabelled are the last two, as if the room had no labels for their rights.
var Unlabelled = []Reader{
	{Name: "1 in 200, no labels", Keys: Readers[1].Keys},
	{Name: "nothing, no labels", Keys: Readers[2].Keys},
}

// reads is the predicate that the reader may read the row d of demo_document.
func (r Reader) reads(p *db.Params) string {
	in := func(values ...string) string {
		marks := make([]string, len(values))
		for i, v := range values {
			marks[i] = p.Add(v)
		}
		return "(" + strings.Join(marks, ", ") + ")"
	}
	return `d.authority_id IN ` + in(authority) + ` AND EXISTS (SELECT 1 FROM demo_case c WHERE c.id = d.case_id AND c.authority_id IN ` + in(authority) +
		` AND c.level <= ` + p.Add(2) + ` AND EXISTS (SELECT 1 FROM demo_file f WHERE f.id = c.file_id AND f.authority_id IN ` + in(authority) +
		` AND f.level <= ` + p.Add(2) + ` AND COALESCE((SELECT MAX(g.weight) FROM demo_grant g WHERE g.file_id = f.id AND g.holder IN ` +
		in(append(r.Keys, "person:"+r.Name)...) + `), CASE WHEN ` + p.Add(r.Registrar) + ` THEN 0 WHEN f.readers IN ` + in(append(r.Keys, "")...) +
		` THEN 1 ELSE 2 END) % 3 < 2))`
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
		return `SELECT t.n, d.id FROM ` + m.From("demo_document d", "d.id", &p) + ` WHERE ` + r.reads(&p) + m.Newest(&p), p
	}, func(row db.Scanner) (h Hit, err error) {
		err = row.Scan(&h.Key, &h.ID)
		return h, err
	})
}

// Begin is when the first document is filed; the others follow by quarters of an hour.
var Begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Fill files documents of 300 words, so many in a transaction, and returns how long the transactions took, with the
// analysis of the texts.
func Fill(ctx context.Context, d *db.DB, from, to, each int) (time.Duration, error) {
	w := NewWriter(uint64(from), Vocabulary(20_000))
	var took time.Duration
	for from < to {
		texts := make([]string, min(each, to-from))
		for i := range texts {
			texts[i] = w.Text(300)
		}
		began := time.Now()
		err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i, text := range texts {
				if err := file(ctx, tx, Index(d), from+i, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return took, err
		}
		took += time.Since(began)
		from += len(texts)
	}
	return took, nil
}

func file(ctx context.Context, tx *db.Tx, x fulltext.Index, i int, text string) error {
	fileID, caseID := fmt.Sprintf("file-%d", i/perFile), fmt.Sprintf("case-%d", i/perCase)
	if i%perFile == 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO demo_file (id, authority_id, readers, level) VALUES ($1, $2, $3, 1)`,
			fileID, authority, holder(i)); err != nil {
			return err
		}
	}
	if i%perCase == 0 {
		if _, err := tx.Exec(ctx, `INSERT INTO demo_case (id, authority_id, file_id, level) VALUES ($1, $2, $3, 1)`,
			caseID, authority, fileID); err != nil {
			return err
		}
	}
	id := fmt.Sprintf("019ab3f0-0000-7000-8000-%012d", i)
	if _, err := tx.Exec(ctx, `INSERT INTO demo_document (id, authority_id, case_id, name) VALUES ($1, $2, $3, $4)`,
		id, authority, caseID, Reference(i)); err != nil {
		return err
	}
	return x.Put(ctx, tx, fulltext.Document{ID: id, At: Begin.Add(time.Duration(i) * 15 * time.Minute),
		Labels: []string{label(holder(i))}, Texts: []string{Reference(i), text}})
}
