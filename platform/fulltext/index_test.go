package fulltext_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/fulltext/fulltexttest"
)

func each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, fulltexttest.Migrations, f)
}

func in(t testing.TB, d *db.DB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// put makes a document findable, at so many milliseconds.
func put(t testing.TB, d *db.DB, id string, at int64, texts ...string) {
	t.Helper()
	in(t, d, func(ctx context.Context, tx *db.Tx) error {
		return fulltexttest.Index(d).Put(ctx, tx, fulltext.Document{ID: id, At: time.UnixMilli(at), Texts: texts})
	})
}

// find is the ids that are found, newest first.
func find(t testing.TB, d *db.DB, s fulltext.Search) (ids []string, keys []int64) {
	t.Helper()
	s.Limit = max(s.Limit, 1)
	hits, err := fulltext.Newest(t.Context(), fulltexttest.Index(d), d.Reader(), s, func(m fulltext.Match) (string, db.Params) {
		var p db.Params
		return `SELECT t.n, d.id FROM ` + m.From("demo_text d", "d.id", &p) + m.Newest(&p), p
	}, func(r db.Scanner) (h fulltexttest.Hit, err error) {
		err = r.Scan(&h.Key, &h.ID)
		return h, err
	})
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	for _, h := range hits {
		ids, keys = append(ids, h.ID), append(keys, h.Key)
	}
	return ids, keys
}

func found(t testing.TB, d *db.DB, query string) []string {
	t.Helper()
	ids, _ := find(t, d, fulltext.Search{Query: fulltext.Parse(query), Limit: 1000})
	return ids
}

func TestFinds(t *testing.T) {
	texts := map[string]string{
		"compound":  "Der Hundesteuerbescheid ist da.",
		"apart":     "Der Bescheid über die Hundesteuer liegt bei.",
		"far":       "Der Hund. Die Steuer.",
		"hyphen":    "Hundesteuer-Bescheide per E-Mail",
		"line":      "Antrag auf Genehmi-\ngung und ein Wohn-\n geldantrag",
		"reference": "Ihr Zeichen 22.31-2026/000017-1, unser Zeichen RS-2026-ABC",
		"umlaut":    "Straße, Müller, Fuehrerschein, PRÜFUNG, geprüft",
		"mail":      "Schreiben Sie an max.muster@erfurt.example, Tel. 0361/12 34",
		"unknown":   "Zwölf Bürostühle, Dackelsteuer",
		"other":     "Łódź & Привет, ein'fach \"Anführung\" \\ | ~ ^ 100%_",
	}
	queries := map[string]string{
		"Bescheid Hundesteuer":           "apart compound hyphen",
		"Bescheide":                      "apart compound hyphen",
		"Hundesteuerbescheide":           "apart compound hyphen",
		"Hundesteuer-Bescheid":           "apart compound hyphen",
		"Hundesteuer":                    "apart compound hyphen",
		"Hund Steuer":                    "apart compound far hyphen",
		"Steuerbescheid":                 "compound hyphen",
		`"Bescheid über"`:                "apart",
		`"Bescheide"`:                    "hyphen",
		`„Hundesteuer liegt“`:            "apart",
		`"Hund Steuer"`:                  "",
		`"Hund. die STEUER"`:             "far",
		"Hund -liegt":                    "compound far hyphen",
		`Hund -"Steuer liegt"`:           "apart compound far hyphen",
		`Hund -"die Hundesteuer"`:        "compound far hyphen",
		"-Hund -Zeichen":                 "line mail other umlaut unknown",
		"Hundest*":                       "apart compound hyphen",
		"Steuerbesch*":                   "",
		"Stühle":                         "unknown",
		"Bürostuhl":                      "unknown",
		"Stuhl Büro":                     "unknown",
		"Dackelsteuern":                  "unknown",
		"Pudelsteuer":                    "",
		`"der Hundest*"`:                 "compound",
		"be*":                            "", // too short to be a beginning, and no word here
		"Email":                          "hyphen",
		"e-mails":                        "hyphen",
		"Genehmigung":                    "line",
		"Wohngeld":                       "line",
		"22.31-2026/000017-1":            "reference",
		"22.31-2026/000017":              "reference",
		"2026/000017":                    "reference",
		"22.31-2026/0000*":               "reference",
		"17":                             "reference",
		"000017":                         "reference",
		"2026/17":                        "",
		"22.31-2026/000018-1":            "",
		"RS-2026-ABC":                    "reference",
		"rs 2026 abc":                    "reference",
		`"RS-2026"`:                      "reference",
		"2026-RS":                        "",
		"strasse":                        "umlaut",
		"STRASSE mueller führerschein":   "umlaut",
		"prüfen":                         "umlaut",
		"max.muster@erfurt.example":      "mail",
		"muster@erfurt":                  "mail",
		"0361/12":                        "mail",
		"lodz":                           "other",
		"ПРИВЕТ":                         "other",
		"ein'fach":                       "other",
		"der":                            "apart compound far",
		"der Hund":                       "apart compound far hyphen",
		"die der":                        "apart far",
		`" "`:                            strings.Join(sorted(texts), " "),
		"":                               strings.Join(sorted(texts), " "),
		"Katze":                          "",
		"Hund Katze":                     "",
		"Hund OR Katze":                  "",
		`"`:                              strings.Join(sorted(texts), " "),
		`Hund"Steuer`:                    "far",
		"'; DROP TABLE demo_text; --":    "",
		"words:Hund":                     "",
		"NEAR(Hund Steuer)":              "",
		"^Hund + {Steuer}":               "apart compound far hyphen",
		"Hund:* & !Steuer | 'x'":         "",
		"*":                              strings.Join(sorted(texts), " "),
		"(((":                            strings.Join(sorted(texts), " "),
		strings.Repeat("Hund ", 10_000):  "apart compound far hyphen",
		strings.Repeat("\"Hund", 10_000): "far",
	}
	each(t, func(t *testing.T, d *db.DB) {
		for id, text := range texts {
			put(t, d, id, 1, text)
		}
		for query, want := range queries {
			got := found(t, d, query)
			slices.Sort(got)
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%.60q finds %q, want %q", query, s, want)
			}
		}
	})
}

func sorted(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// A phrase does not run from one text into the next.
func TestTextsApart(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "a", 1, "Antrag von Max", "Muster und Co", "", "Ende")
		for query, want := range map[string]int{`"Max Muster"`: 0, "Max Muster": 1, `"Muster und"`: 1, `"Co Ende"`: 0} {
			if got := found(t, d, query); len(got) != want {
				t.Errorf("%s finds %v", query, got)
			}
		}
	})
}

// count is a number from the database.
func count(t testing.TB, d *db.DB, query string) (n int) {
	t.Helper()
	if err := d.Reader().QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPutAgainAndDelete(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		x := fulltexttest.Index(d)
		put(t, d, "old", 1000, "Kater")
		put(t, d, "a", 2000, "Hund und Katze")
		_, before := find(t, d, fulltext.Search{Limit: 9})
		put(t, d, "a", 2000, "Hund und Katze")
		put(t, d, "a", 2000, "Maus")
		if _, after := find(t, d, fulltext.Search{Limit: 9}); !slices.Equal(before, after) {
			t.Errorf("the order was %v and is %v", before, after)
		}
		if got := [][]string{found(t, d, "Hund"), found(t, d, "Katze"), found(t, d, "Maus")}; !cmp.Equal(got, [][]string{nil, nil, {"a"}}) {
			t.Errorf("after the change %q", got)
		}
		put(t, d, "a", 500, "Maus")
		if got := found(t, d, ""); !slices.Equal(got, []string{"old", "a"}) {
			t.Errorf("after the change of time %q", got)
		}
		in(t, d, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(x.Delete(ctx, tx, "a"), x.Delete(ctx, tx, "old"), x.Delete(ctx, tx, "never"))
		})
		if got := found(t, d, ""); got != nil {
			t.Errorf("after deleting %q", got)
		}
		if n := count(t, d, `SELECT count(*) FROM demo_text`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		if d.Dialect() == db.SQLite { // PostgreSQL removes the tokens of deleted rows with the rows, by its vacuum
			if _, err := d.SQL().ExecContext(t.Context(), `CREATE VIRTUAL TABLE vocabulary USING fts5vocab (demo_text_fts, row)`); err != nil {
				t.Fatal(err)
			}
			if n := count(t, d, `SELECT count(*) FROM vocabulary`); n != 0 {
				t.Errorf("%d tokens are left", n)
			}
			if n := count(t, d, `SELECT count(*) FROM demo_text_fts_data WHERE instr(block, CAST('maus' AS BLOB)) + instr(block, CAST('katz' AS BLOB)) > 0`); n != 0 {
				t.Errorf("%d blocks still have a token", n)
			}
		}
	})
}

func TestLabels(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		x := fulltexttest.Index(d)
		for i, labels := range [][]string{nil, {"a"}, {"b", "c"}, {"a", "b"}} {
			in(t, d, func(ctx context.Context, tx *db.Tx) error {
				return x.Put(ctx, tx, fulltext.Document{ID: fmt.Sprint(i), At: time.UnixMilli(int64(i)), Texts: []string{"Hund"}, Labels: labels})
			})
		}
		by := func(labels ...string) string {
			ids, _ := find(t, d, fulltext.Search{Query: fulltext.Parse("Hund"), Labels: labels, Limit: 9})
			return strings.Join(ids, " ")
		}
		many := make([]string, 200)
		for i := range many {
			many[i] = fmt.Sprint("label ", i)
		}
		if got := []string{by(), by("a"), by("c"), by("c", "a"), by("x"), by(append(many[1:], "a")...), by(append(many, "a")...)}; !slices.Equal(got,
			[]string{"3 2 1 0", "3 1", "2", "3 2 1", "", "3 1", "3 2 1 0"}) {
			t.Errorf("found %q", got)
		}
		if got := found(t, d, "a"); got != nil {
			t.Errorf("a label was found as a word: %q", got)
		}
		in(t, d, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(x.Label(ctx, tx, "1", "x", "c"), x.Label(ctx, tx, "3"), x.Label(ctx, tx, "never", "x"))
		})
		if got := []string{by(), by("a"), by("c"), by("x")}; !slices.Equal(got, []string{"3 2 1 0", "", "2 1", "1"}) {
			t.Errorf("after the change %q", got)
		}
	})
}

// Documents of the same millisecond keep the order of Put, even more than fit into one.
func TestSameMoment(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		x := fulltexttest.Index(d)
		var want []string
		in(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range 200 {
				want = append(want, fmt.Sprint(i))
				if err := x.Put(ctx, tx, fulltext.Document{ID: fmt.Sprint(i), At: time.UnixMilli(5), Texts: []string{"Hund"}}); err != nil {
					return err
				}
			}
			return nil
		})
		slices.Reverse(want)
		if got := found(t, d, "Hund"); !slices.Equal(got, want) {
			t.Errorf("found %q", got)
		}
		put(t, d, "150", 5, "Hund") // keeps its place
		if got := found(t, d, "Hund"); !slices.Equal(got, want) {
			t.Errorf("put again, found %q", got)
		}
	})
}

// Transactions that put the same document, or others at the same moment, do not disturb each other.
func TestPutTogether(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		x := fulltexttest.Index(d)
		var group sync.WaitGroup
		for k := range 8 {
			group.Go(func() {
				for i := range 10 {
					err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						at := time.UnixMilli(7)
						if err := x.Put(ctx, tx, fulltext.Document{ID: "shared", At: at, Texts: []string{fmt.Sprintf("Hund k%d", k)}}); err != nil {
							return err
						}
						return x.Put(ctx, tx, fulltext.Document{ID: fmt.Sprint(k, "-", i), At: at, Texts: []string{"Katze"}})
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if got := found(t, d, "Hund"); len(got) != 1 {
			t.Errorf("found %q", got)
		}
		if got := found(t, d, "Katze"); len(got) != 80 {
			t.Errorf("found %d of 80", len(got))
		}
		if d.Dialect() == db.SQLite {
			check(t, d)
		}
	})
}

// check compares SQLite's index with the table.
func check(t testing.TB, d *db.DB) {
	t.Helper()
	if _, err := d.SQL().ExecContext(context.Background(), `INSERT INTO demo_text_fts (demo_text_fts, rank) VALUES ('integrity-check', 1)`); err != nil {
		t.Error(err)
	}
}

// A document of any size can be put; the words at its beginning are found.
func TestHugeText(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var b strings.Builder
		b.WriteString("Anfang ")
		for i := range 150_000 {
			fmt.Fprintf(&b, "wort%dende ", i)
		}
		put(t, d, "a", 1, b.String()+"Schluss", "Titel")
		if got := [][]string{found(t, d, "Anfang"), found(t, d, "wort2000ende"), found(t, d, "Schluss")}; !cmp.Equal(got, [][]string{{"a"}, {"a"}, nil}) {
			t.Errorf("found %q", got)
		}
		put(t, d, "b", 2, strings.Repeat("x", 5<<20), strings.Repeat("Hund Hund ", 300_000))
		if got := found(t, d, "Hund"); !slices.Equal(got, []string{"b"}) {
			t.Errorf("found %q", got)
		}
	})
}
