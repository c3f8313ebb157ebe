package records

import (
	"context"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// TestFileFilters looks for files by keyword, level and type, and sees the keywords follow their files.
func TestFileFilters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		kind := db.NewID()
		tx(t, h, `INSERT INTO records_file_type (id, authority_id, name, fields) VALUES ($1, $2, 'Bau <1>', '[]')`, kind, erfurt)
		tx(t, h, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, identity.From(registrar).Subject)
		lake := h.open(t, erika, Details{Subject: "A", Keywords: "Öffentliches Grün, See", Medium: Paper, Location: "Keller"})
		house := h.open(t, erika, Details{Subject: "B", Keywords: "see\nHaus", Type: kind})
		secret := h.open(t, registrar, Details{Subject: "C", Keywords: "See", Level: access.Confidential})
		found := func(who context.Context, f FileFilter) (out []string) {
			l, err := h.Files(who, f)
			must(t, err)
			for _, x := range l.Items {
				out = append(out, x.Subject)
			}
			return out
		}
		check := func(what string, who context.Context, f FileFilter, want ...string) {
			t.Helper()
			if got := found(who, f); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		check("a keyword", erika, FileFilter{Keyword: " SEE "}, "B", "A")
		check("oldest first", erika, FileFilter{Keyword: "see", Sort: SortOldest}, "A", "B")
		check("by Aktenzeichen", erika, FileFilter{Keyword: "see", Sort: SortReference}, "A", "B")
		check("of the cleared", registrar, FileFilter{Keyword: "see"}, "C", "B", "A")
		check("a keyword of two words", erika, FileFilter{Keyword: "öffentliches grün"}, "A")
		check("a part of a keyword", erika, FileFilter{Keyword: "Grün"})
		check("a level", registrar, FileFilter{Level: "2"}, "C")
		check("the lowest", registrar, FileFilter{Level: "0"}, "B", "A")
		check("one that is too high", erika, FileFilter{Level: "2"})
		check("a type", erika, FileFilter{Type: kind}, "B")
		check("all of it", erika, FileFilter{Type: kind, Keyword: "haus", Level: "0", Unit: "22.31", State: FilesOpen, Query: "b"}, "B")
		check("two pages", erika, FileFilter{Keyword: "see", size: 1}, "B")
		check("the second", erika, FileFilter{Keyword: "see", size: 1, Page: paging.Cursor{After: paging.Time(house.OpenedAt, house.ID)}}, "A")

		d := lake.Details()
		d.Keywords = "Teich"
		must(t, h.ChangeFile(erika, lake.ID, 1, d))
		check("another keyword", erika, FileFilter{Keyword: "teich"}, "A")
		check("and not the former", erika, FileFilter{Keyword: "see"}, "B")
		tx(t, h, `UPDATE records_file SET opened_at = 5 WHERE id = $1`, house.ID) // as an import does
		tx(t, h, `UPDATE records_file SET keywords = '' WHERE id = $1`, secret.ID)
		must(t, h.AddKeyword(erika, lake.ID, 2, "see"))
		check("the order follows", erika, FileFilter{Keyword: "see"}, "A", "B")
		if n := count(t, h, `SELECT count(*) FROM records_keyword WHERE file_id = $1`, secret.ID); n != 0 {
			t.Errorf("%d keywords are left of a file without", n)
		}

		must(t, h.Lend(erika, lake.ID, 3, "Bauamt", soon()))
		page := func(who context.Context, q string) string {
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, httptest.NewRequestWithContext(who, "GET", filesPath+"?"+q, nil))
			return w.Body.String()
		}
		body := page(erika, "schlagwort=TEICH&art="+kind)
		for _, want := range []string{`value="TEICH"`, `<option value="` + kind + `" selected>Bau &lt;1&gt;`, "Filter zurücksetzen"} {
			if !strings.Contains(body, want) {
				t.Errorf("the page does not show %s", want)
			}
		}
		if strings.Contains(body, `name="stufe"`) || !strings.Contains(page(registrar, "stufe=2"), `<option value="2" selected>`) {
			t.Error("levels are for who is cleared for several")
		}
		if body := page(erika, ""); !strings.Contains(body, "Ausgeliehen") {
			t.Error("what is lent is not marked")
		}
		tx(t, h, `UPDATE records_file SET lent_until = 5 WHERE id = $1`, lake.ID)
		if body := page(erika, ""); !strings.Contains(body, "Rückgabe überfällig") {
			t.Error("what is overdue is not marked")
		}
		for _, f := range []FileFilter{{Keyword: "a b"}, {Level: "3"}, {Type: kind}, {Lead: "x", Keyword: "y", Level: "0"}} {
			if got := parseFileFilter(f.values()); got != f {
				t.Errorf("%+v comes back as %+v", f, got)
			}
		}
		if got := parseFileFilter(url.Values{"stufe": {"99"}, "art": {"<x>"}}); got != (FileFilter{}) {
			t.Errorf("what is no filter: %+v", got)
		}
	})
}
