package fulltext_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/fulltext/fulltexttest"
	"rennsteig/platform/german"
)

// vocabulary of the random texts: small, so that much is found, with relatives, compounds and awkward letters.
var vocabulary = strings.Fields(`Hund Hunde Hundes Steuer Hundesteuer Hundesteuerbescheid Bescheid Bescheide Wohngeld Wohngeldantrag Antrag
	beantragen der die und mit 17 000017 2026 2026/17 22.31-2026/000017-1 RS-2026-ABC E-Mail Email Hundesteuer-Bescheid Müller
	Mueller Привет приветы 日本語 ß x abc abcd abcde abcdef abcdefg abcdefghi prüfen geprüft Prüfung`)

func randomText(t *rapid.T, name string) string {
	return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(vocabulary), rapid.SampledFrom(vocabulary),
		rapid.SampledFrom([]string{",", "-\n", ".", "«", "\xff", "'", `\`, "%", "_"}), rapid.StringN(0, 6, 12)), 0, 30).Draw(t, name), " ")
}

func randomQuery(t *rapid.T) string {
	term := rapid.Custom(func(t *rapid.T) string {
		words := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 3).Draw(t, "words"), " ")
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return `"` + words + `"`
		case 1:
			return "-" + words
		case 2:
			return `-"` + words + `"`
		case 3:
			return words[:rapid.IntRange(0, len(words)).Draw(t, "letters")] + "*"
		case 4:
			return rapid.String().Draw(t, "anything")
		}
		return words
	})
	return strings.Join(rapid.SliceOfN(term, 0, 3).Draw(t, "query"), " ")
}

// TestAlike puts, changes and deletes random documents in both databases and asks both the same: they answer the same,
// in the same order, in one go and page by page; and phrases, beginnings and exclusions as plain reading has it.
func TestAlike(t *testing.T) {
	lite, pg := dbtest.Open(t, db.SQLite, fulltexttest.Migrations...), dbtest.Open(t, db.Postgres, fulltexttest.Migrations...)
	labels := []string{"a", "b", "c"}
	rapid.Check(t, func(r *rapid.T) {
		type change struct {
			document fulltext.Document
			delete   bool
			label    bool
		}
		changes := make([]change, rapid.IntRange(1, 12).Draw(r, "changes"))
		for i := range changes {
			c := &changes[i]
			c.document = fulltext.Document{ID: fmt.Sprint(rapid.IntRange(0, 8).Draw(r, "id")), At: time.UnixMilli(rapid.Int64Range(-1, 3).Draw(r, "at")),
				Labels: rapid.SliceOfN(rapid.SampledFrom(labels), 0, 3).Draw(r, "labels")}
			for range rapid.IntRange(0, 2).Draw(r, "texts") {
				c.document.Texts = append(c.document.Texts, randomText(r, "text"))
			}
			c.delete, c.label = rapid.IntRange(0, 4).Draw(r, "delete") == 0, rapid.IntRange(0, 4).Draw(r, "label") == 0
		}
		state := map[string]fulltext.Document{}
		for _, d := range []*db.DB{lite, pg} {
			x := fulltexttest.Index(d)
			clear(state)
			in(t, d, func(ctx context.Context, tx *db.Tx) error {
				if _, err := tx.Exec(ctx, `DELETE FROM demo_text`); err != nil {
					return err
				}
				for _, c := range changes {
					var err error
					switch old, known := state[c.document.ID]; {
					case c.delete:
						delete(state, c.document.ID)
						err = x.Delete(ctx, tx, c.document.ID)
					case c.label:
						err = x.Label(ctx, tx, c.document.ID, c.document.Labels...)
						if known {
							old.Labels = c.document.Labels
							state[c.document.ID] = old
						}
					default:
						state[c.document.ID] = c.document
						err = x.Put(ctx, tx, c.document)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		check(t, lite)
		for range 4 {
			query := randomQuery(r)
			s := fulltext.Search{Query: fulltext.Parse(query), Labels: rapid.SliceOfN(rapid.SampledFrom(labels), 0, 2).Draw(r, "asked labels"), Limit: 100}
			want, keys := find(t, lite, s)
			if got, k := find(t, pg, s); !slices.Equal(got, want) || !slices.Equal(k, keys) {
				r.Fatalf("%q: PostgreSQL finds %q, SQLite %q", query, got, want)
			}
			for _, d := range []*db.DB{lite, pg} {
				if got := pages(t, d, s); !slices.Equal(got, want) {
					r.Fatalf("%q: page by page %q, in one go %q", query, got, want)
				}
			}
			plain := plainQuery(r)
			s.Query = fulltext.Parse(plain.String())
			want = nil
			for id, d := range state {
				if plain.meets(d) && (len(s.Labels) == 0 || slices.ContainsFunc(s.Labels, func(l string) bool { return slices.Contains(d.Labels, l) })) {
					want = append(want, id)
				}
			}
			got, _ := find(t, lite, s)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				r.Fatalf("%s: found %q, want %q", plain, got, want)
			}
		}
	})
}

// pages asks for two documents at a time.
func pages(t *testing.T, d *db.DB, s fulltext.Search) (ids []string) {
	t.Helper()
	for s.Limit = 2; ; {
		page, keys := find(t, d, s)
		ids = append(ids, page...)
		if len(page) < 2 || len(ids) > 100 {
			return ids
		}
		s.Before = keys[1]
	}
}

// plain is a query of phrases, which are compared letter by letter.
type plain []plainTerm

type plainTerm struct {
	words         []string
	open, without bool
}

func plainQuery(t *rapid.T) plain {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) plainTerm {
		words := plainWords(strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 3).Draw(t, "words"), " "))
		p := plainTerm{words: words, open: rapid.Bool().Draw(t, "open"), without: rapid.Bool().Draw(t, "without")}
		if last := []rune(words[len(words)-1]); p.open {
			words[len(words)-1] = string(last[:rapid.IntRange(1, len(last)).Draw(t, "letters")])
		}
		return p
	}), 1, 3).Draw(t, "plain query")
}

func (q plain) String() string {
	var b strings.Builder
	for _, t := range q {
		if t.without {
			b.WriteString("-")
		}
		b.WriteString(`"` + strings.Join(t.words, " "))
		if t.open {
			b.WriteString("*")
		}
		b.WriteString(`" `)
	}
	return b.String()
}

var wordPattern = regexp.MustCompile(`[\p{L}\p{Nd}]+`)

func plainWords(text string) []string { return wordPattern.FindAllString(german.Fold(text), -1) }

func (q plain) meets(d fulltext.Document) bool {
	for _, t := range q {
		if slices.ContainsFunc(d.Texts, func(text string) bool { return t.in(plainWords(text)) }) == t.without {
			return false
		}
	}
	return true
}

func (t plainTerm) in(words []string) bool {
	last := t.words[len(t.words)-1]
	open := t.open && len(last) >= 4
	for i := range len(words) - len(t.words) + 1 {
		here := words[i : i+len(t.words)]
		end := here[len(here)-1]
		if slices.Equal(here[:len(here)-1], t.words[:len(here)-1]) && (end == last || open && strings.HasPrefix(end, last)) {
			return true
		}
	}
	return false
}

// FuzzQuery asks both databases whatever somebody may type: never an error, and the same answer.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{`Bescheid "Hund und" -Katze Steu* 22.31-2026/000017-1`, `"`, `-"`, `\' OR 1=1`, `a* NEAR(b) AND {x}: ^`, "E-Mail-Müller", "\x00\xff", "'':*|&!<->"} {
		f.Add(s)
	}
	databases := []*db.DB{dbtest.Open(f, db.SQLite, fulltexttest.Migrations...), dbtest.Open(f, db.Postgres, fulltexttest.Migrations...)}
	for _, d := range databases {
		for i, w := range vocabulary {
			put(f, d, fmt.Sprint(i), int64(i), w+" "+vocabulary[(i*7+3)%len(vocabulary)])
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := found(t, databases[0], s)
		if got := found(t, databases[1], s); !slices.Equal(got, want) {
			t.Errorf("%q: PostgreSQL finds %q, SQLite %q", s, got, want)
		}
		for _, id := range want {
			fulltext.Snippet(id+" "+s, fulltext.Parse(s), 20)
		}
	})
}
