package filing

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// find are the ids of what the caller finds, all pages.
func (h *house) find(t testing.TB, ctx context.Context, f SearchFilter) []string {
	t.Helper()
	var out []string
	for {
		hits, next, err := h.Search(ctx, f)
		must1(t, err)
		for _, x := range hits {
			out = append(out, x.object())
		}
		if next == 0 {
			slices.Sort(out)
			return out
		}
		f.After = next
	}
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "brief.txt", "Der Dackel Waldi bellt nachts. Bitte um Bescheid.", "bild.png", "x")
		h.settleAll(t)
		doc := "document:" + d[0].ID
		for _, x := range []struct {
			f    SearchFilter
			want []string
		}{
			{SearchFilter{Query: "dackel"}, []string{doc}},
			{SearchFilter{Query: "Dackel Bescheide"}, []string{doc}},
			{SearchFilter{Query: "dackel -waldi"}, nil},
			{SearchFilter{Query: "brief.txt"}, []string{doc}},
			{SearchFilter{Query: "Łucja", Kind: "case"}, []string{"case:" + c.ID}},
			{SearchFilter{Query: c.Reference, Kind: "case"}, []string{"case:" + c.ID}},
			{SearchFilter{Query: strings.TrimSuffix(c.Reference, "-1"), Kind: "file"}, []string{"file:" + c.FileID}},
			{SearchFilter{Query: "dackel", Kind: "file"}, nil},
			{SearchFilter{Query: "dackel", Unit: "22.31"}, []string{doc}},
			{SearchFilter{Query: "dackel", Unit: "11"}, nil},
			{SearchFilter{Query: "dackel", From: time.Now().Add(-time.Hour)}, []string{doc}},
			{SearchFilter{Query: "dackel", Until: time.Now().Add(-time.Hour)}, nil},
			{SearchFilter{Query: ""}, nil},
		} {
			if got := h.find(t, erika, x.f); !slices.Equal(got, x.want) {
				t.Errorf("%+v: %v, want %v", x.f, got, x.want)
			}
		}
		if got := h.find(t, jens, SearchFilter{Query: "dackel"}); len(got) != 0 {
			t.Errorf("another authority finds %v", got)
		}
		body := h.get(erika, searchPath+"?q=dackel").Body.String()
		if !strings.Contains(body, "<mark>Dackel</mark>") {
			t.Error("the hit is not marked")
		}
		if body := h.get(erika, searchPath+"?q=dackel&art=file").Body.String(); !strings.Contains(body, "Ohne die Einschränkung") {
			t.Error("the page does not say why")
		}
		if body := h.get(jens, searchPath+"?q=dackel").Body.String(); !strings.Contains(body, "Nichts von dem") {
			t.Error("the page does not say why to a stranger, or says too much")
		}
		if body := h.get(erika, "/akte/dokument/"+d[0].ID+"/karte?q=waldi").Body.String(); !strings.Contains(body, "<mark>Waldi</mark>") {
			t.Error("the card marks nothing")
		}
	})
}

// What is changed is found as it is now, and only so.
func TestSearchFollows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := h.newCase(t, erfurt, "a1"), h.newCase(t, erfurt, "a2")
		d := h.file(t, erika, a.ID, "brief.txt", "Dackel")
		id := []string{"document:" + d[0].ID}
		h.settleAll(t)
		_, _, err := h.NewVersion(erika, d[0].ID, 1, db.NewID(), h.stored(t, "brief.txt", "Pudel"), "", false)
		must1(t, err)
		subject, words := "Rasseliste", "Zwinger"
		must1(t, h.Mark(erika, a.ID, []string{d[0].ID}, Marks{Subject: &subject, Keywords: &words}))
		h.settleAll(t)
		for q, want := range map[string][]string{"dackel": nil, "pudel": id, "rasseliste": id, "zwinger": id, "zwinger pudel": id} {
			if got := h.find(t, erika, SearchFilter{Query: q}); !slices.Equal(got, want) {
				t.Errorf("%s: %v", q, got)
			}
		}
		read := h.plain.read
		must1(t, h.Move(erika, a.ID, []string{d[0].ID}, b.Reference))
		h.exec(t, `UPDATE records_file SET keywords = 'Hundehalter' WHERE id = $1`, a.FileID)
		h.exec(t, `UPDATE records_case SET subject = 'Kampfhund' WHERE id = $1`, b.ID)
		h.settleAll(t)
		if h.plain.read != read {
			t.Error("a text was read again though its document had not changed")
		}
		for q, want := range map[string][]string{"hundehalter": {"file:" + a.FileID}, "kampfhund": {"case:" + b.ID}} {
			if got := h.find(t, erika, SearchFilter{Query: q}); !slices.Equal(got, want) {
				t.Errorf("%s: %v", q, got)
			}
		}
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			_, err := h.Erase(ctx, tx, []string{b.FileID})
			return err
		})
		h.exec(t, `DELETE FROM records_version WHERE document_id = $1`, d[0].ID)
		h.exec(t, `DELETE FROM records_document WHERE id = $1`, d[0].ID)
		h.settleAll(t)
		if got := h.find(t, erika, SearchFilter{Query: "pudel"}); len(got) != 0 {
			t.Errorf("found after it was destroyed: %v", got)
		}
		for _, table := range []string{"filing_text", "filing_entry"} {
			if n := value[int](t, h, `SELECT count(*) FROM `+table+` WHERE id = $1`, "document:"+d[0].ID); n != 0 {
				t.Errorf("%s still has it", table)
			}
		}
		if n := value[int](t, h, `SELECT count(*) FROM filing_content WHERE document_id = $1`, d[0].ID); n != 0 {
			t.Error("its text is still there")
		}
	})
}

// One document that cannot be read just now keeps no other from being found, and is found by its name.
func TestBrokenMachine(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		h.settleAll(t)
		h.plain.broken["krank.txt"] = errMachine
		d := h.file(t, erika, c.ID, "krank.txt", "Dackel", "gesund.txt", "Dackel")
		_, err := h.relay(t.Context())
		must1(t, err)
		if err := h.h.Queue.Drain(t.Context()); err == nil {
			t.Error("the operator hears nothing")
		}
		if got := h.find(t, erika, SearchFilter{Query: "dackel"}); !slices.Equal(got, []string{"document:" + d[1].ID}) {
			t.Errorf("found: %v", got)
		}
		if got := h.find(t, erika, SearchFilter{Query: "krank"}); !slices.Equal(got, []string{"document:" + d[0].ID}) {
			t.Errorf("by name: %v", got)
		}
	})
}

func TestConfidentialHits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		h.exec(t, `UPDATE records_case SET level = 2 WHERE id = $1`, c.ID)
		h.exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 's:Erika Amt', 'Erika', 2)`, erfurt)
		d := h.file(t, erika, c.ID, "brief.txt", "Dackel")
		h.settleAll(t)
		if got := h.find(t, max_, SearchFilter{Query: "dackel"}); len(got) != 0 {
			t.Errorf("without clearance: %v", got)
		}
		hits, _, err := h.Search(erika, SearchFilter{Query: "dackel"})
		must1(t, err)
		if len(hits) != 1 || hits[0].Document.ID != d[0].ID || hits[0].Shown != nil {
			t.Errorf("with clearance: %+v", hits)
		}
		before := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.read'`)
		for i, path := range []string{"/akte/dokument/" + d[0].ID + "/karte", "/akte/vorgang/" + c.ID + "/dokumente", "/akte/vorgang/" + c.ID + "/dokumente.csv",
			"/akte/dokument/" + d[0].ID + "/fassung/1"} {
			if w := h.get(erika, path); w.Code != http.StatusOK {
				t.Errorf("%s: %d", path, w.Code)
			}
			if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.read'`); n != before+i+1 {
				t.Errorf("%s: %d entries about reading", path, n-before)
			}
			if w := h.get(max_, path); w.Code != http.StatusNotFound {
				t.Errorf("%s without clearance: %d", path, w.Code)
			}
		}
		readings := func() map[string]int {
			of := map[string]int{}
			for _, o := range []string{records.DocumentObject(d[0].ID), records.CaseObject(c.ID), records.FileObject(c.FileID)} {
				of[o] = value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'records.read' AND object = $1`, o)
			}
			return of
		}
		for path, object := range map[string]string{"?q=dackel": "", ".csv?q=dackel": records.DocumentObject(d[0].ID),
			".csv?art=case&q=" + c.Reference: records.CaseObject(c.ID), ".csv?art=file&q=" + strings.TrimSuffix(c.Reference, "-1"): ""} {
			want := readings()
			if object != "" {
				want[object]++
			}
			h.seen(t, erika, searchPath+path)
			if got := readings(); !maps.Equal(got, want) {
				t.Errorf("%s: readings %v, want %v", path, got, want)
			}
		}
	})
}

// For any rights, the search finds exactly the readable documents, cases, files and post with the word: what package access and the
// list of post say one by one.
func TestSearchFindsExactlyTheReadable(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		me := identity.Principal{Subject: "me", Name: "Ich", Kind: identity.Staff}
		h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'A', '', '/u20/', 0),
			('u21', $1, '21', 'B', 'u20', '/u20/u21/', 0), ('u30', $1, '30', 'C', '', '/u30/', 0)`, erfurt)
		var docs []Document
		var files, post []string
		for i := range 4 {
			c := h.newCase(t, []string{erfurt, erfurt, erfurt, jena}[i], fmt.Sprint("p", i))
			who := map[bool]context.Context{true: jens, false: erika}[i == 3]
			files = append(files, c.FileID)
			docs = append(docs, h.file(t, who, c.ID, "a.txt", "Dackel eins", "c.txt", "Dackel und Pudel")...)
			h.exec(t, `INSERT INTO records_note (id, authority_id, case_id, text, created_at, created_by) VALUES ($1, $2, $1, 'Dackel und Pudel', 1, 'E')`, c.ID, c.Authority)
			h.exec(t, `UPDATE records_file SET fields = '{"tier":"Dackel"}' WHERE id = $1`, c.FileID)
			post = append(post, "post"+fmt.Sprint(i))
			h.exec(t, `INSERT INTO filing_incoming (id, authority_id, org_id, source, sender, subject, search, received_at, created_at, created_by, case_id,
				assigned_at, assigned_by) VALUES ($1, $2, '', 'upload', '', 'Dackel', '', 1, 1, '', '', 0, '')`, post[i], c.Authority)
		}
		h.settleAll(t)
		holders := []string{access.Authority, access.Unit("u20"), access.Unit("u21"), access.Unit("u30"), access.RoleIn("u20", access.Head),
			access.RoleIn("u21", access.Member), access.Person("me")}
		rapid.Check(t, func(rt *rapid.T) {
			me.Grants = nil
			for _, g := range []identity.Grant{{Role: identity.Clerk, Authority: erfurt}, {Role: identity.Registrar, Authority: erfurt},
				{Role: identity.Clerk, Authority: jena}, {Role: identity.Clerk, Authority: identity.Everywhere}, {Role: identity.Treasurer, Authority: erfurt}} {
				if rapid.IntRange(0, 3).Draw(rt, string(g.Role)+g.Authority) == 0 {
					me.Grants = append(me.Grants, g)
				}
			}
			h.tx(t, func(ctx context.Context, tx *db.Tx) error {
				i := rapid.IntRange(0, 3).Draw(rt, "file") // the others stay as the draws before left them
				f := files[i]
				for _, statement := range []string{`DELETE FROM records_member`, `DELETE FROM records_clearance`} {
					if _, err := tx.Exec(ctx, statement); err != nil {
						return err
					}
				}
				for _, u := range []string{"u20", "u21", "u30"} {
					role := rapid.SampledFrom([]string{"", "", "member", "head"}).Draw(rt, "role in "+u)
					if role == "" {
						continue
					}
					if _, err := tx.Exec(ctx, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, 'me', $2, $3, 'x')`, u, role, erfurt); err != nil {
						return err
					}
				}
				level := rapid.IntRange(0, 2).Draw(rt, "clearance")
				if _, err := tx.Exec(ctx, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'me', 'x', $2)`, erfurt, level); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE filing_incoming SET org_id = $1, person = $2, registered_by = $3, closed_at = $4 WHERE id = $5`,
					rapid.SampledFrom([]string{"", "u20", "u21", "u30"}).Draw(rt, "post's unit"), rapid.SampledFrom([]string{"", "", "me", "x"}).Draw(rt, "post's person"),
					rapid.SampledFrom([]string{"", "me", "x"}).Draw(rt, "who registered"), rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(rt, "done"), post[i]); err != nil {
					return err
				}
				if !rapid.Bool().Draw(rt, "change its rights") {
					return nil
				}
				if _, err := tx.Exec(ctx, `DELETE FROM records_grant WHERE file_id = $1`, f); err != nil {
					return err
				}
				readers := rapid.SampledFrom(append([]string{""}, holders...)).Draw(rt, "readers")
				if _, err := tx.Exec(ctx, `UPDATE records_file SET readers = $1, writers = $1, level = $2 WHERE id = $3`, readers,
					rapid.IntRange(0, 1).Draw(rt, "level"), f); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE records_case SET level = $1 WHERE file_id = $2`, rapid.IntRange(1, 2).Draw(rt, "level of the case"), f); err != nil {
					return err
				}
				for range rapid.IntRange(0, 2).Draw(rt, "rules") {
					g := access.Grant{Authority: []string{erfurt, erfurt, erfurt, jena}[i], File: f, Holder: rapid.SampledFrom(holders).Draw(rt, "holder"),
						May: access.May(rapid.IntRange(0, 2).Draw(rt, "may"))}
					if err := access.Put(ctx, tx, access.All, g); err != nil {
						return err
					}
				}
				if _, err := access.Dismiss(ctx, tx, access.All, f, ""); err != nil || rapid.Bool().Draw(rt, "no guest") {
					return err
				}
				return access.Admit(ctx, tx, access.All, access.Guest{Authority: []string{erfurt, erfurt, erfurt, jena}[i], Case: docs[2*i].CaseID,
					Holder: rapid.SampledFrom(holders[1:]).Draw(rt, "guest"), Source: f})
			})
			h.settleAll(t)
			ctx := identity.With(context.Background(), me)
			scope, err := access.Load(ctx, h.h.DB.Reader())
			word := rapid.SampledFrom([]string{"dackel", "pudel", "dackel pudel", "dackel -pudel"}).Draw(rt, "query")
			has := map[string][]string{"dackel": {"a.txt", "c.txt", "case", "file", "post"}, "pudel": {"c.txt", "case"}, "dackel pudel": {"c.txt", "case"},
				"dackel -pudel": {"a.txt", "file", "post"}}
			hits, _, searched := h.Search(ctx, SearchFilter{Query: word, size: 50})
			if errs.CodeOf(err) != errs.CodeOf(searched) {
				rt.Fatalf("search: %v, rights: %v", searched, err)
			}
			if err != nil {
				return
			}
			var got, want []string
			for _, x := range hits {
				got = append(got, x.object())
			}
			q := h.h.DB.Reader()
			readable := func(what, object string, err error) {
				if err == nil && slices.Contains(has[word], what) {
					want = append(want, object)
				}
			}
			for i, d := range docs {
				_, err := h.core.DocumentByID(context.Background(), q, scope, d.ID)
				readable(d.Name, "document:"+d.ID, err)
				if i%2 == 0 {
					_, err = h.core.CaseByID(context.Background(), q, scope, d.CaseID, "")
					readable("case", "case:"+d.CaseID, err)
				}
			}
			for _, id := range files {
				_, err := h.core.FileByID(context.Background(), q, scope, id)
				readable("file", "file:"+id, err)
			}
			listed, err := h.store.incomings(context.Background(), q, scope, IncomingFilter{})
			must1(t, err)
			mine, err := h.store.incomings(context.Background(), q, scope, IncomingFilter{Mine: true})
			must1(t, err)
			for _, x := range append(listed.Items, mine.Items...) {
				if x.Open() && !slices.Contains(want, "post:"+x.ID) {
					readable("post", "post:"+x.ID, nil)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				rt.Fatalf("%q: found %q, readable %q", word, got, want)
			}
		})
	})
}

func TestRendition(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		h.plain.missing = true
		d := h.file(t, erika, c.ID, "brief.docx", "Dackel", "bild.png", "x")
		page := "/akte/dokument/" + d[0].ID
		h.settleAll(t)
		if w := h.get(erika, page+"/karte"); !strings.Contains(w.Body.String(), h.h.Site.Texts.T("de", errs.As(extract.ErrNoConverter).Key)) {
			t.Error("the card does not say that there is no converter")
		}
		if w := h.get(erika, page+"/vorschau"); w.Code != http.StatusNotFound {
			t.Errorf("no rendition: %d", w.Code)
		}
		h.plain.missing = false
		if w := h.post(erika, page+"/vorschau", ""); w.Code != http.StatusSeeOther {
			t.Errorf("again: %d", w.Code)
		}
		h.settleAll(t)
		w := h.get(erika, page+"/vorschau")
		if w.Body.String() != "PDF of Dackel" || !strings.Contains(w.Header().Get("Content-Disposition"), "brief.pdf") {
			t.Errorf("rendition: %d %s", w.Code, w.Body)
		}
		card, err := h.Card(erika, d[0].ID)
		must1(t, err)
		if !slices.ContainsFunc(card.History, func(v audit.Verified) bool { return v.Action == "filing.rendered" && len(v.Blobs) == 1 }) {
			t.Error("the log does not vouch for it")
		}
		if w := h.get(jens, page+"/vorschau"); w.Code != http.StatusNotFound {
			t.Errorf("a stranger: %d", w.Code)
		}
		if n := value[int](t, h, `SELECT count(*) FROM filing_rendition WHERE document_id = $1`, d[1].ID); n != 0 {
			t.Error("a picture was rendered")
		}
	})
}

// The tools of the search: what is kept leads back to it, and the file has every hit.
func TestSearchTools(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		var files []string
		for i := range hitsShown + 3 {
			files = append(files, fmt.Sprintf("Dackel %d.txt", i), "ein Dackel")
		}
		h.file(t, erika, c.ID, files...)
		h.settleAll(t)
		must1(t, h.core.SaveView(erika, records.View{List: "search", Name: "Meine Dackel", Query: "art=document&q=dackel"}))
		page := h.get(erika, searchPath+"?q=dackel&art=document").Body.String()
		for _, want := range []string{`href="/akte/suche?art=document&amp;q=dackel" aria-current="page">Meine Dackel`, "<mark>", `href="/akte/suche.csv?art=document&amp;q=dackel"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		must1(t, h.core.KeepColumns(erika, "search", []string{"file"}))
		page = h.get(erika, searchPath+"?q=dackel").Body.String()
		if strings.Contains(page, "<mark>") || !strings.Contains(page, "/akte/akte/"+c.FileID) {
			t.Error("the columns are not those chosen")
		}
		w := h.get(erika, searchPath+"?q=dackel&von=31.2.&bis=heute")
		for _, want := range []string{"Diesen Tag gibt es nicht: 31.2.", `value="31.2."`, "/akte/akte/" + c.FileID} {
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
				t.Errorf("no such day: %d without %s", w.Code, want)
			}
		}
		w = h.get(erika, searchPath+".csv?q=dackel&art=document")
		if n := strings.Count(w.Body.String(), "\r\n"); n != hitsShown+4 || !strings.Contains(w.Body.String(), c.Reference) {
			t.Errorf("%d lines: %s", n, w.Body)
		}
	})
}
