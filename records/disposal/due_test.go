package disposal

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
)

// The work list is a list like the others: sorted either way, with columns, kept searches and a file of all of it, of which
// the log says what it names that is confidential.
func TestDueList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		var files []records.File
		for i := range paging.Size + 2 {
			f := h.closed(t, claudia, erfurt, unitV)
			h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE records_file SET retain_until = $1, location = 'Keller' WHERE id = $2`, i+1, f.ID)
				return err
			})
			files = append(files, f)
		}
		first, last := files[0], files[len(files)-1]
		h.exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ('`+erfurt+`', '`+identity.From(regina).Subject+`', '', 2)`,
			`UPDATE records_file SET level = 2 WHERE id = '`+first.ID+`'`)
		one := h.as(t, regina)
		shows := func(path string, there, absent records.File) {
			t.Helper()
			if p := one.Get(path).Want(http.StatusOK, there.Reference); strings.Contains(p.Body, absent.Reference) {
				t.Errorf("%s shows %s", path, absent.Reference)
			}
		}
		shows(duePath, first, last)
		shows(duePath+"?sortierung=zuletzt", last, first)
		page := one.Get(duePath).Want(http.StatusOK)
		for _, s := range []string{"sortierung=zuletzt", `aria-sort="ascending"`, `data-choose="Alle auf dieser Seite auswählen"`, duePath + ".csv", "list.js"} {
			if !strings.Contains(page.Body, s) {
				t.Errorf("the list has no %s", s)
			}
		}
		for _, sort := range []bool{false, true} { // all of them, page by page, both ways
			seen := map[string]bool{}
			f := DueFilter{Latest: sort}
			for range 2 {
				l, err := h.Due(regina, f)
				must(t, err)
				for _, x := range l.Items {
					seen[x.ID] = true
				}
				f.Page = paging.Cursor{After: l.Next}
			}
			if len(seen) != len(files) {
				t.Errorf("latest first %v: %d of %d files", sort, len(seen), len(files))
			}
		}

		must(t, h.core.SaveView(regina, records.View{List: "due", Name: "Neueste", Query: "sortierung=zuletzt"}))
		must(t, h.core.KeepColumns(regina, "due", []string{"location"}))
		one.Get(duePath).Want(http.StatusOK, "Neueste", "Keller")

		csv := one.Get(duePath+".csv?q="+url.QueryEscape(secret)).Want(http.StatusOK, "Aufbewahren bis", "Keller", first.Reference, last.Reference)
		if n := strings.Count(strings.TrimSpace(csv.Body), "\r\n"); n != len(files) {
			t.Errorf("%d lines below the head, want %d", n, len(files))
		}
		if n := strings.Count(h.dump(t, "audit_entry"), `"list":"due"`); n != 1 {
			t.Errorf("the log says %d times that something confidential was read", n)
		}
		h.as(t, claudia).Get(duePath + ".csv").Want(http.StatusForbidden)
		if p := h.as(t, jenny).Get(duePath + ".csv").Want(http.StatusOK); strings.Contains(p.Body, first.Reference) {
			t.Error("another authority's registrar gets the list")
		}

		// What was ticked stays ticked when it is refused.
		h.exec(t, `DELETE FROM disposal_setting WHERE authority_id = '`+erfurt+`'`)
		p := one.Get(duePath).Choose(first.Reference+" auswählen").Press("Anbieten (vierstufig)").Want(http.StatusConflict, "welchem Archiv")
		if !strings.Contains(p.Body, `value="`+first.ID+`" aria-label="`+first.Reference+` auswählen" checked`) {
			t.Error("nothing is ticked any more")
		}
	})
}
