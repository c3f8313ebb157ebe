package records

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
)

func (h *house) fileView(t *testing.T, id string) FileView {
	t.Helper()
	v, err := h.FilePage(erika, id, paging.Cursor{})
	must(t, err)
	return v
}

// TestCasesByPart reads all pages of a file with cases in parts and in cases: each stands once, in its part, behind the
// case that it is a part of.
func TestCasesByPart(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		plan, build := db.NewID(), db.NewID()
		must(t, h.AddPart(erika, f.ID, 1, plan, "Planung"))
		must(t, h.AddPart(erika, f.ID, 2, build, "Bau"))
		var want []string
		first := map[string]Case{}
		for _, part := range []string{build, "", plan} { // not in their order
			first[part] = h.openCase(t, erika, NewCase{File: f.ID, Part: part})
		}
		for range paging.Size {
			h.openCase(t, erika, NewCase{File: f.ID, Part: plan})
		}
		for _, part := range []string{build, plan} {
			for range 2 {
				h.openCase(t, erika, NewCase{File: f.ID, Parent: first[part].ID})
			}
		}
		line := func(ns ...string) { want = append(want, ns...) }
		line("-2", "-3", "-3.1", "-3.2")
		for n := 4; n < 4+paging.Size; n++ {
			line("-" + strconv.Itoa(n))
		}
		line("-1", "-1.1", "-1.2")
		read := func(page paging.Cursor) (out []string) {
			for {
				v, err := h.FilePage(erika, f.ID, page)
				must(t, err)
				for _, c := range v.Cases.Items {
					out = append(out, strings.TrimPrefix(c.Reference, f.Reference))
				}
				if v.Cases.Next.ID == "" {
					return out
				}
				page = paging.Cursor{After: v.Cases.Next}
			}
		}
		if got := read(paging.Cursor{}); !slices.Equal(got, want) {
			t.Errorf("listed are\n%v, want\n%v", got, want)
		}
		if got := read(h.fileView(t, f.ID).Parts[1].before()); !slices.Equal(got, want[len(want)-3:]) {
			t.Errorf("from the second part on: %v", got)
		}
		// A case that comes into another part takes those in it along.
		d := h.caseNow(t, first[build].ID).Details()
		d.Part = ""
		must(t, h.ChangeCase(erika, first[build].ID, h.caseNow(t, first[build].ID).Version, d))
		if got := read(paging.Cursor{}); !slices.Equal(got[:4], []string{"-1", "-1.1", "-1.2", "-2"}) || len(got) != len(want) {
			t.Errorf("after the case was put out of its part: %v", got)
		}
	})
}

func TestChangePart(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f, other := h.open(t, erika, Details{Subject: "Spielplatz"}), h.open(t, erika, Details{Subject: "Anderswo"})
		id := db.NewID()
		must(t, h.AddPart(erika, f.ID, 1, id, "Planung"))
		c := h.openCase(t, erika, NewCase{File: f.ID, Part: id})
		outside := h.openCase(t, erika, NewCase{File: f.ID})
		code(t, "no subject", h.ChangePart(erika, f.ID, 2, id, " ", false), errs.Invalid, "")
		code(t, "an old form", h.ChangePart(erika, f.ID, 1, id, "x", false), errs.Conflict, "")
		code(t, "another file's", h.ChangePart(erika, other.ID, 1, id, "x", false), errs.NotFound, "")
		code(t, "with an open case", h.ChangePart(erika, f.ID, 2, id, "x", true), errs.Conflict, "records.error.open_in_part")
		must(t, h.ChangePart(erika, f.ID, 2, id, "Planung und Bau", false))
		must(t, h.Close(erika, c.ID, c.Version))
		must(t, h.ChangePart(erika, f.ID, 3, id, "Planung und Bau", true))
		if x := h.fileView(t, f.ID).Parts[0]; x.Subject != "Planung und Bau" || x.ClosedAt.IsZero() || x.Number != 1 {
			t.Errorf("%+v", x)
		}
		_, err := h.OpenCase(erika, NewCase{File: f.ID, Part: id, Subject: "x"})
		code(t, "a case in a closed part", err, errs.Conflict, "records.error.part_closed")
		d := outside.Details()
		d.Part = id
		code(t, "a case into a closed part", h.ChangeCase(erika, outside.ID, outside.Version, d), errs.Conflict, "records.error.part_closed")
		from := h.openCase(t, erika, NewCase{File: other.ID})
		code(t, "from another file", h.MoveCase(erika, from.ID, from.Version, Move{Reference: f.Reference, Part: id, Reason: "x"}), errs.Conflict, "records.error.part_closed")
		code(t, "taken up again", h.ReopenCase(registrar, c.ID, c.Version+1, "x"), errs.Conflict, "records.error.part_closed")
		must(t, h.ChangePart(erika, f.ID, 4, id, "Planung und Bau", false))
		h.openCase(t, erika, NewCase{File: f.ID, Part: id})
		if n := count(t, h, `SELECT count(*) FROM audit_entry WHERE action = 'records.part_changed'`); n != 3 {
			t.Errorf("%d entries", n)
		}
	})
}

// TestPartsWithFile closes a file with one part open and one closed before, and takes it up again: only the first comes
// back.
func TestPartsWithFile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for what, finish := range map[string]func(f File, c Case) error{
			"for itself": func(f File, c Case) error {
				must(t, h.Close(erika, c.ID, 1))
				must(t, h.Reopen(registrar, f.ID, 5))
				return h.CloseFile(erika, f.ID, 6)
			},
			"with its last case": func(_ File, c Case) error { return h.Close(erika, c.ID, 1) },
		} {
			f := h.open(t, erika, Details{Subject: "Spielplatz"})
			open, closed := db.NewID(), db.NewID()
			must(t, h.AddPart(erika, f.ID, 1, open, "A"))
			must(t, h.AddPart(erika, f.ID, 2, closed, "B"))
			must(t, h.ChangePart(erika, f.ID, 3, closed, "B", true))
			tx(t, h, `UPDATE records_part SET closed_at = 5 WHERE id = $1`, closed)
			must(t, h.AddPart(erika, f.ID, 4, db.NewID(), "C"))
			must(t, finish(f, h.openCase(t, erika, NewCase{File: f.ID, Part: open})))
			v := h.fileView(t, f.ID)
			for _, x := range v.Parts {
				if v.File.ClosedAt.IsZero() || x.ClosedAt.IsZero() {
					t.Errorf("closed %s: part %d is open", what, x.Number)
				}
			}
			must(t, h.Reopen(registrar, f.ID, v.File.Version))
			for _, x := range h.fileView(t, f.ID).Parts {
				if x.ClosedAt.IsZero() == (x.ID == closed) {
					t.Errorf("taken up again %s: part %d closed at %v", what, x.Number, x.ClosedAt)
				}
			}
		}
	})
}

func count(t *testing.T, h *house, q string, args ...any) (n int) {
	t.Helper()
	must(t, h.h.DB.Reader().QueryRow(t.Context(), q, args...).Scan(&n))
	return n
}

func TestPartPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		send := func(ctx context.Context, method, path string, form url.Values) *httptest.ResponseRecorder {
			t.Helper()
			req := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, req)
			return w
		}
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		id := db.NewID()
		must(t, h.AddPart(erika, f.ID, 1, id, "Planung <1>"))
		c := h.openCase(t, erika, NewCase{File: f.ID, Part: id, Subject: "Lageplan"})
		outside := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Bau"})
		file, part := "/akte/akte/"+f.ID, "/akte/akte/"+f.ID+"/teilakte/"+id
		page := send(erika, "GET", file, nil).Body.String()
		for _, want := range []string{"Teilakte 1 Planung &lt;1&gt;", "Ohne Teilakte", part} {
			if !strings.Contains(page, want) {
				t.Errorf("the file's page does not show %s", want)
			}
		}
		if page := send(erika, "GET", "/akte/vorgang/"+c.ID, nil).Body.String(); !strings.Contains(page, "Teilakte 1 Planung &lt;1&gt;") {
			t.Error("the case does not name its part")
		}
		if w := send(erika, "GET", part, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Planung &lt;1&gt;") {
			t.Errorf("the part's form: %d", w.Code)
		}
		form := url.Values{"version": {"2"}, "subject": {"Neu"}, "state": {"geschlossen"}}
		if w := send(erika, "POST", part, form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "noch offene Vorg") {
			t.Errorf("closed with an open case: %d", w.Code)
		}
		form.Set("state", "offen")
		if w := send(erika, "POST", part, form); w.Code != http.StatusSeeOther || h.fileView(t, f.ID).Parts[0].Subject != "Neu" {
			t.Errorf("renamed: %d", w.Code)
		}
		// A case in a case: named by Aktenzeichen or number, or from the page of the case.
		for _, named := range []string{c.Reference, " 1 "} {
			w := send(erika, "POST", file+"/vorgang", url.Values{"subject": {"Vermessung"}, "parent": {named}})
			sub := h.caseNow(t, strings.TrimPrefix(w.Header().Get("Location"), "/akte/vorgang/"))
			if w.Code != http.StatusSeeOther || sub.Parent != c.ID || sub.Part != id {
				t.Errorf("under %q: %d, %+v", named, w.Code, sub)
			}
		}
		if w := send(erika, "POST", file+"/vorgang", url.Values{"subject": {"Vermessung"}, "parent": {"99"}}); w.Code != http.StatusUnprocessableEntity ||
			!strings.Contains(w.Body.String(), "keinen Vorgang mit diesem Aktenzeichen") {
			t.Errorf("under a case that there is not: %d", w.Code)
		}
		if w := send(erika, "GET", file+"/vorgang?zu="+outside.ID, nil); !strings.Contains(w.Body.String(), "Untervorgang von "+outside.Reference) {
			t.Error("the form does not say of what the case becomes a part")
		}
		w := send(erika, "POST", file+"/vorgang", url.Values{"subject": {"Statik"}, "zu": {outside.ID}})
		if sub := h.caseNow(t, strings.TrimPrefix(w.Header().Get("Location"), "/akte/vorgang/")); sub.Parent != outside.ID {
			t.Errorf("from the case's page: %+v", sub)
		}
	})
}
