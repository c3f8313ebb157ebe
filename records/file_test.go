package records

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// seat makes a unit of Erfurt with these members.
func (h *house) seat(t *testing.T, unit string, role access.Role, members ...context.Context) {
	t.Helper()
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $3, $3, '', $4, 0)
			ON CONFLICT DO NOTHING`, unit, erfurt, strings.TrimPrefix(unit, "org-"), "/"+unit+"/"); err != nil {
			return err
		}
		for _, m := range members {
			if _, err := tx.Exec(ctx, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, $2, $3, $4, $5)`,
				unit, identity.From(m).Subject, string(role), erfurt, identity.From(m).Name); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (h *house) open(t *testing.T, ctx context.Context, d Details) File {
	t.Helper()
	must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
	f, err := h.OpenFile(ctx, NewFile{Authority: erfurt, Unit: "22.31", Details: d})
	must(t, err)
	return f
}

func TestOpenFile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt}))
		n := NewFile{ID: db.NewID(), Authority: erfurt, Unit: "22.31", Details: Details{Subject: " Hunde \n 2026 ", Keywords: "Hund, hund;Steuer"}}
		f, err := h.OpenFile(erika, n)
		must(t, err)
		again, err := h.OpenFile(erika, n)
		must(t, err)
		if again.Reference != f.Reference || !strings.HasSuffix(f.Reference, "/000001") || f.Subject != "Hunde 2026" || f.Keywords != "Hund\nSteuer" {
			t.Fatalf("%+v, the second time %s", f, again.Reference)
		}
		for name, bad := range map[string]NewFile{
			"subject":  {Authority: erfurt, Unit: "22.31"},
			"unit":     {Authority: erfurt, Unit: "none", Details: Details{Subject: "x"}},
			"lead":     {Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x", Reach: LeadOnly}},
			"level":    {Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x", Level: access.Secret}},
			"location": {Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x", Medium: Paper}},
			"type":     {Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x", Type: "none"}},
		} {
			if _, err := h.OpenFile(erika, bad); !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if f := h.open(t, erika, Details{Subject: "x"}); !strings.HasSuffix(f.Reference, "/000002") {
			t.Errorf("refused files left a gap: %s", f.Reference)
		}
	})
}

func TestOpenCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		part := db.NewID()
		must(t, h.AddPart(erika, f.ID, 1, part, "Planung"))
		must(t, h.AddPart(erika, f.ID, 1, part, "Planung")) // sent twice
		c, err := h.OpenCase(erika, NewCase{ID: db.NewID(), File: f.ID, Part: part, Subject: "Lageplan"})
		must(t, err)
		sub, err := h.OpenCase(erika, NewCase{File: f.ID, Parent: c.ID, Subject: "Vermessung"})
		must(t, err)
		second, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Bau"})
		must(t, err)
		if c.Reference != f.Reference+"-1" || sub.Reference != f.Reference+"-1.1" || second.Reference != f.Reference+"-2" || sub.Part != part {
			t.Errorf("%s, %s, %s", c.Reference, sub.Reference, second.Reference)
		}
		if _, err := h.OpenCase(erika, NewCase{File: f.ID, Parent: sub.ID, Subject: "x"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a case under a sub-case: %v", err)
		}
		if err := h.CloseFile(erika, f.ID, 2); !errs.Is(err, errs.Conflict) {
			t.Errorf("closing with open cases: %v", err)
		}
		for _, c := range []Case{sub, c, second} {
			must(t, h.Close(erika, c.ID, c.Version))
		}
		v, err := h.FilePage(erika, f.ID, paging.Cursor{})
		must(t, err)
		if len(v.Cases.Items) != 3 || len(v.Parts) != 1 || v.File.ClosedAt.IsZero() {
			t.Errorf("%d cases, %d parts, closed %v", len(v.Cases.Items), len(v.Parts), v.File.ClosedAt)
		}
		if _, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "x"}); !errs.Is(err, errs.Conflict) {
			t.Errorf("a case in a closed file: %v", err)
		}
		if err := h.Reopen(erika, f.ID, v.File.Version); !errs.Is(err, errs.Denied) {
			t.Errorf("reopened by who does not manage it: %v", err)
		}
		must(t, h.Reopen(registrar, f.ID, v.File.Version))
		if _, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "x"}); err != nil {
			t.Error(err)
		}
	})
}

var registrar = identity.With(context.Background(), identity.Principal{Subject: "registrar", Name: "Regina", Kind: identity.Staff,
	Grants: []identity.Grant{{Role: identity.Registrar, Authority: erfurt}}})

// TestReach opens files to the authority, to readers and to the leading unit only, and looks at them as each sort of person.
func TestReach(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		member, head, other := clerk("member", erfurt), clerk("head", erfurt), clerk("other", erfurt)
		h.seat(t, "org-20", access.Member, member)
		h.seat(t, "org-20", access.Head, head)
		for reach, want := range map[Reach]map[string]access.May{
			Everybody: {"member": access.Write, "head": access.Write, "other": access.Write, "registrar": access.Write},
			ReadByAll: {"member": access.Write, "head": access.Write, "other": access.Read, "registrar": access.Write},
			LeadOnly:  {"member": access.Write, "head": access.Write, "other": access.Nothing, "registrar": access.Write},
		} {
			f := h.open(t, member, Details{Subject: secret, Lead: "org-20", Reach: reach})
			c, err := h.OpenCase(member, NewCase{File: f.ID, Subject: secret})
			must(t, err)
			for who, ctx := range map[string]context.Context{"member": member, "head": head, "other": other, "registrar": registrar} {
				may := want[who]
				v, err := h.FilePage(ctx, f.ID, paging.Cursor{})
				if got := err == nil; got != (may >= access.Read) || got && v.File.May != may {
					t.Errorf("%s file read by %s: %v, may %d", reach, who, err, v.File.May)
				}
				if _, err := h.Dossier(ctx, c.ID); (err == nil) != (may >= access.Read) {
					t.Errorf("case in %s file read by %s: %v", reach, who, err)
				}
				l, err := h.Inbox(ctx, Filter{Query: c.Reference})
				if err != nil || (len(l.Items) == 1) != (may >= access.Read) {
					t.Errorf("case in %s file listed for %s: %d, %v", reach, who, len(l.Items), err)
				}
				wantErr := map[access.May]errs.Code{access.Nothing: errs.NotFound, access.Read: errs.Denied}[may]
				if err := h.AddNote(ctx, c.ID, db.NewID(), "x"); may < access.Write && !errs.Is(err, wantErr) || may == access.Write && err != nil {
					t.Errorf("case in %s file changed by %s: %v", reach, who, err)
				}
				if err := h.ChangeFile(ctx, f.ID, 99, Details{Subject: "x"}); may < access.Write && !errs.Is(err, wantErr) || may == access.Write && !errs.Is(err, errs.Conflict) {
					t.Errorf("%s file changed by %s: %v", reach, who, err)
				}
			}
			d := f.Details()
			d.Reach = Everybody
			if err := h.ChangeFile(member, f.ID, 1, d); reach != Everybody && !errs.Is(err, errs.Denied) {
				t.Errorf("a member opens a %s file to everybody: %v", reach, err)
			}
			if reach != Everybody {
				must(t, h.ChangeFile(head, f.ID, 1, d))
				if _, err := h.FilePage(other, f.ID, paging.Cursor{}); err != nil {
					t.Errorf("opened to everybody: %v", err)
				}
			}
		}
	})
}

func TestFilePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt}))
		h.seat(t, "org-20", access.Head, erika)
		send := func(method, path string, form url.Values) *httptest.ResponseRecorder {
			t.Helper()
			req := httptest.NewRequestWithContext(erika, method, path, strings.NewReader(form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, req)
			return w
		}
		form := url.Values{"id": {db.NewID()}, "authority": {erfurt}, "unit": {"22.31"}, "subject": {""}, "lead": {"org-20"}, "reach": {"authority"},
			"level": {"0"}, "medium": {"paper"}, "location": {"Keller <3>"}, "keywords": {"a, b"}}
		if w := send("GET", "/akte/akten/neu", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "22.31") {
			t.Fatalf("form: %d", w.Code)
		}
		if w := send("POST", "/akte/akten/neu", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Keller &lt;3&gt;") {
			t.Fatalf("no subject: %d, or what was typed is lost", w.Code)
		}
		form.Set("subject", "Zaunbau")
		w := send("POST", "/akte/akten/neu", form)
		path := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(path, "/akte/akte/") {
			t.Fatalf("%d %s", w.Code, path)
		}
		other := h.open(t, erika, Details{Subject: "Vorher"})
		for _, step := range []struct {
			path string
			form url.Values
			want string
		}{
			{"/teilakte", url.Values{"version": {"1"}, "id": {db.NewID()}, "subject": {"Teil eins"}}, "Teil eins"},
			{"/verweis", url.Values{"version": {"2"}, "reference": {other.Reference}, "kind": {Precedes}}, other.Reference},
			{"/ausleihe", url.Values{"version": {"3"}, "to": {"Bauhof"}, "until": {i18n.ISODate(time.Now().AddDate(0, 0, 3))}}, "Bauhof"},
			{"/merken", url.Values{"on": {"1"}}, "Nicht mehr merken"},
			{"/vorgang", url.Values{"id": {db.NewID()}, "subject": {"Angebote einholen"}, "due": {i18n.ISODate(time.Now().AddDate(0, 0, 3))}}, "Angebote einholen"},
			{"/bearbeiten", url.Values{"version": {"4"}, "subject": {"Zaunbau Nord"}, "lead": {"org-20"}, "reach": {"read"}, "level": {"0"}, "medium": {"hybrid"}, "location": {"Keller"}}, "Zaunbau Nord"},
		} {
			if w := send("POST", path+step.path, step.form); w.Code != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", step.path, w.Code, w.Body)
			}
			if w := send("GET", path, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), step.want) {
				t.Errorf("after %s: %d without %q", step.path, w.Code, step.want)
			}
		}
		if w := send("POST", path+"/bearbeiten", url.Values{"version": {"1"}, "subject": {"Anders"}, "reach": {"authority"}, "level": {"0"}, "medium": {"electronic"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Anders") {
			t.Errorf("an old form: %d, or what was typed is lost", w.Code)
		}
		if w := send("POST", path+"/schliessen", url.Values{"version": {"5"}}); w.Code != http.StatusConflict {
			t.Errorf("closed with an open case: %d", w.Code)
		}
		// A session that has ended loses nothing of what was typed.
		for _, x := range []struct {
			path string
			form url.Values
		}{
			{"/akte/akten/neu", url.Values{"authority": {erfurt}, "unit": {"22.31"}, "subject": {"Nicht <verloren>"}, "level": {"0"}}},
			{path + "/bearbeiten", url.Values{"version": {"5"}, "subject": {"Nicht <verloren>"}, "level": {"0"}}},
			{path + "/vorgang", url.Values{"subject": {"Nicht <verloren>"}}},
			{path + "/teilakte", url.Values{"version": {"5"}, "subject": {"Nicht <verloren>"}}},
		} {
			req := httptest.NewRequestWithContext(t.Context(), "POST", x.path, strings.NewReader(x.form.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, req)
			if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Nicht &lt;verloren&gt;") || !strings.Contains(w.Body.String(), `action="`+x.path+`"`) {
				t.Errorf("%s after the session: %d, or what was typed is lost", x.path, w.Code)
			}
		}
		if w := send("GET", "/akte/akten?liste=gemerkt", nil); !strings.Contains(w.Body.String(), "Zaunbau Nord") || strings.Contains(w.Body.String(), "Vorher") {
			t.Error("the favourites' list is another")
		}
	})
}

func TestPattern(t *testing.T) {
	for pattern, ok := range map[string]bool{
		DefaultPattern: true, "{lead}/{unit}-{number}/{year}": true, "{unit}.{year}.{number:3}": true,
		"": false, "{unit}-{year}": false, "{unit}-{year}/{number}/{number}": false, "{unit}-{year}/{number} {who}": false,
		"{unit:2}-{year}/{number}": false, "{unit}-{year}/{number}{": false, strings.Repeat("x", 80) + DefaultPattern: false,
	} {
		if err := CheckPattern(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	if got := fileReference("{lead}/{unit}-{number:3}/{year}", "22.31", "20", 2026, 7); got != "20/22.31-007/2026" {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) { // different numbers have different references
		width := rapid.SampledFrom([]string{"", ":1", ":6"}).Draw(t, "width")
		a, b := rapid.Int64Range(1, 1e7).Draw(t, "a"), rapid.Int64Range(1, 1e7).Draw(t, "b")
		pattern := "{unit}-{year}/{number" + width + "}"
		if a != b && fileReference(pattern, "1", "", 2026, a) == fileReference(pattern, "1", "", 2026, b) {
			t.Fatal(a, b)
		}
	})
}

// TestConcurrentFiles opens files of one unit from several sides at once: no number is lost or given twice.
func TestConcurrentFiles(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt}))
		const n = 24
		got := make(chan string, n)
		var group sync.WaitGroup
		for range n {
			group.Go(func() {
				f, err := h.OpenFile(erika, NewFile{Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x"}})
				if err != nil {
					t.Error(err)
				}
				got <- f.Reference
			})
		}
		group.Wait()
		close(got)
		seen := map[string]bool{}
		for ref := range got {
			seen[ref] = true
		}
		for i := range n {
			if ref := fileReference(DefaultPattern, "22.31", "", yearOf(time.Now()), int64(i+1)); !seen[ref] {
				t.Errorf("%s is missing", ref)
			}
		}
	})
}

// TestProof takes the bundle of a file, and looks at its history when an entry was changed from outside.
func TestProof(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("s1"))
		must(t, h.AddNote(erika, c.ID, db.NewID(), "x"))
		var bundle bytes.Buffer
		must(t, h.WriteProof(erika, c.FileID, func(File) io.Writer { return &bundle }))
		z, err := zip.NewReader(bytes.NewReader(bundle.Bytes()), int64(bundle.Len()))
		must(t, err)
		if len(z.File) < 5 {
			t.Errorf("%d files in the bundle", len(z.File))
		}
		v, err := h.FileHistory(erika, c.FileID, "")
		must(t, err)
		states := map[audit.State]int{}
		for _, e := range v.Entries {
			states[e.State]++
			if v.Objects[e.Object] == "" {
				t.Errorf("nobody knows what %s is", e.Object)
			}
		}
		if states[audit.Tampered] != 0 || states[audit.Proved] < 3 {
			t.Fatal(states)
		}
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE audit_entry SET actor_name = 'Niemand' WHERE action = 'records.note_added'`)
			return err
		}))
		req := httptest.NewRequestWithContext(erika, "GET", "/akte/akte/"+c.FileID+"/nachweis", nil)
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, req)
		if w.Code != http.StatusOK || strings.Count(w.Body.String(), "verändert") != 1 {
			t.Errorf("page: %d; the changed entry is not named", w.Code)
		}
		found, err := Evidence(t.Context(), h.h.DB, "", v.File.Reference)
		if err != nil || len(found.Documents) != 2 || !slices.Contains(found.Objects, object(c.ID)) {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := Evidence(t.Context(), h.h.DB, "", "none"); !errs.Is(err, errs.NotFound) {
			t.Errorf("evidence of nothing: %v", err)
		}
	})
}
