package records

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// visitor calls the room's pages as somebody.
type visitor struct {
	t   *testing.T
	h   *house
	ctx context.Context
}

func (b visitor) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	req := httptest.NewRequestWithContext(b.ctx, method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	b.h.mux.ServeHTTP(w, req)
	if strings.Contains(w.Body.String(), "[records.") {
		b.t.Errorf("%s %s lacks a text: %s", method, path, regexp.MustCompile(`\[records\.[^\]]*\]`).FindString(w.Body.String()))
	}
	return w
}

func (b visitor) get(path string) string {
	b.t.Helper()
	w := b.do(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d %s", path, w.Code, w.Header().Get("Location"))
	}
	return w.Body.String()
}

var input = regexp.MustCompile(`<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"`)

// form are the values of the first form on the page that is sent to an address that ends so.
func (b visitor) form(page, action string) url.Values {
	b.t.Helper()
	at := regexp.MustCompile(`action="[^"]*` + action + `"`).FindStringIndex(page)
	if at == nil {
		b.t.Fatalf("no form to %s in %s", action, page)
	}
	body, _, _ := strings.Cut(page[at[1]:], "</form>")
	v := url.Values{}
	for _, m := range input.FindAllStringSubmatch(body, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// post sends a form and returns where it leads.
func (b visitor) post(path string, v url.Values) string {
	b.t.Helper()
	w := b.do(http.MethodPost, path, v)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("POST %s: %d %s", path, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, x := range v {
		out[k] = x
	}
	for k, x := range web.Values(pairs...) {
		out[k] = x
	}
	return out
}

func contains1(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.h.Site.CheckPages())
		c := h.file(t, dog("w"))
		b := visitor{t, h, erika}
		inbox := b.get("/akte?q=m%C3%BCller&wer=free")
		contains1(t, inbox, c.Reference, "Łucja Müller", "Hund anmelden", "neu")

		// Take from the list: back to the list, with the filter.
		contains1(t, inbox, `formaction="/akte/vorgang/`+c.ID+`/uebernehmen" name="version" value="1"`)
		one, _, _ := strings.Cut(inbox[strings.Index(inbox, `id="einzeln"`):], "<table")
		taken := url.Values{"version": {"1"}}
		for _, m := range input.FindAllStringSubmatch(one, -1) {
			taken.Set(m[1], html.UnescapeString(m[2]))
		}
		to := b.post("/akte/vorgang/"+c.ID+"/uebernehmen", taken)
		if to != "/akte?q=m%C3%BCller&wer=free" {
			t.Errorf("after taking: %s", to)
		}
		if strings.Contains(b.get(to), c.Reference) {
			t.Error("a case that was taken is still free")
		}
		path := Filter{Who: WhoMine}.casePath(c.ID, "")
		page := b.get(path)
		contains1(t, page, "Bello &lt;b&gt;", "Dackel", c.Reference, `href="/akte?wer=mine"`, "Erika Amt", "RS-2026-w")
		if n := strings.Count(page, "<h1"); n != 1 {
			t.Errorf("%d h1", n)
		}

		// A note, twice: one note. An empty one: 422, and the field says what to do.
		note := with(b.form(page, "/notiz"), "note", "Angerufen <i>")
		b.post("/akte/vorgang/"+c.ID+"/notiz", note)
		if to := b.post("/akte/vorgang/"+c.ID+"/notiz", note); to != path {
			t.Errorf("after the note: %s", to)
		}
		page = b.get(path)
		if strings.Count(page, "Angerufen &lt;i&gt;") != 1 {
			t.Error("not one note")
		}
		w := b.do(http.MethodPost, "/akte/vorgang/"+c.ID+"/notiz", with(b.form(page, "/notiz"), "note", " "))
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("an empty note: %d", w.Code)
		}
		contains1(t, w.Body.String(), "Bitte schreiben Sie die Notiz", `href="#note"`, "<details open>")

		// Ask.
		ask := with(b.form(page, "/nachforderung"), "question", "Bitte den Impfpass.")
		if ask.Get("due") == "" {
			t.Fatalf("no proposed day for the answer: %v", ask)
		}
		b.post("/akte/vorgang/"+c.ID+"/nachforderung", ask)
		page = b.get(path)
		contains1(t, page, "wartet auf Antwort", "Bitte den Impfpass.")

		// A colleague was faster: notes add up.
		stale := with(b.form(page, "/notiz"), "note", "Mein langer Text")
		must(t, h.AddNote(clerk("Max Amt", erfurt), c.ID, db.NewID(), "schneller"))
		b.post("/akte/vorgang/"+c.ID+"/notiz", stale)
		contains1(t, b.get(path), "Mein langer Text", "schneller")
	})
}

func TestDecidePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("w"))
		b := visitor{t, h, erika}
		page := b.get("/akte/vorgang/" + c.ID)
		contains1(t, page, "/entscheidung?ergebnis=stattgeben", "/entscheidung?ergebnis=ablehnen")
		address := "/akte/vorgang/" + c.ID + "/entscheidung"
		refuse := b.get(address + "?ergebnis=ablehnen")
		if f := b.form(refuse, "/entscheidung"); f.Get("decision") != "" || f.Has("amount") || f.Get("ergebnis") != refuseWord {
			t.Errorf("the form of a refusal has %v", f)
		}
		form := b.form(b.get(address+"?ergebnis=stattgeben"), "/entscheidung")
		if form.Get("amount") != "120,00" || !strings.Contains(form.Get("decision"), "Hund anmelden") {
			t.Errorf("the form proposes %v", form)
		}
		contains1(t, b.get(address), "Demowert")

		w := b.do(http.MethodPost, address, with(form, "schritt", "pruefen", "amount", "viel"))
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no amount: %d", w.Code)
		}
		contains1(t, w.Body.String(), `value="viel"`, form.Get("decision"))

		w = b.do(http.MethodPost, address, with(form, "schritt", "pruefen", "reasons", "Weil <b>."))
		check := w.Body.String()
		contains1(t, check, "wird beim Erlass vergeben", "Weil &lt;b&gt;.", "Rechtsbehelfsbelehrung", "120,00 € (Demowert)")
		if w.Code != http.StatusOK || strings.Count(check, "<h1") != 1 {
			t.Errorf("check page: %d", w.Code)
		}
		// Back to the form: nothing is lost.
		back := b.do(http.MethodPost, address, with(b.form(check, "/entscheidung"), "schritt", "aendern"))
		contains1(t, back.Body.String(), "Weil &lt;b&gt;.", "120,00")

		// A colleague adds a note meanwhile: the notice is not issued over it, and the text is still there.
		must(t, h.AddNote(clerk("Max Amt", erfurt), c.ID, db.NewID(), "Halt, da fehlt etwas"))
		for _, stale := range []string{check, back.Body.String()} {
			w = b.do(http.MethodPost, address, with(b.form(stale, "/entscheidung"), "schritt", "erlassen"))
			if w.Code != http.StatusConflict {
				t.Errorf("a stale decision: %d", w.Code)
			}
			contains1(t, w.Body.String(), "inzwischen geändert", "Max Amt", "Weil &lt;b&gt;.", "Halt, da fehlt etwas")
		}
		final := with(b.form(w.Body.String(), "/entscheidung"), "schritt", "erlassen")
		if to := b.post(address, final); to != "/akte/vorgang/"+c.ID {
			t.Errorf("after deciding: %s", to)
		}
		b.post(address, final) // a double click
		h.drain(t)
		if n := len(seen[Decided](h)); n != 1 {
			t.Errorf("decided %d times", n)
		}
		page = b.get("/akte/vorgang/" + c.ID)
		contains1(t, page, "entschieden", "Stattgegeben", "noch offen", "KZ-4711", "Bescheid (PDF)")

		// Somebody else's decision comes too late, and is told so with the text kept.
		w = visitor{t, h, clerk("Max Amt", erfurt)}.do(http.MethodPost, address, with(form, "schritt", "erlassen", "id", db.NewID()))
		if w.Code != http.StatusConflict {
			t.Errorf("a second decision: %d", w.Code)
		}
		contains1(t, w.Body.String(), "schon entschieden", "Erika Amt", form.Get("decision"))

		b.form(page, "/zda") // leads to the page that says what it means
		b.post("/akte/vorgang/"+c.ID+"/zda", b.form(b.get("/akte/vorgang/"+c.ID+"/zda"), "/zda"))
		contains1(t, b.get("/akte/vorgang/"+c.ID), "zu den Akten", "nicht mehr bearbeitet")
		contains1(t, b.get("/akte/akte/"+c.FileID), "Hundesteuer", c.Reference, fmt.Sprintf("31.12.%d", yearOf(time.Now())+10))
		contains1(t, b.get("/akte/akten?q=hund&einheit=22.31"), strings.TrimSuffix(c.Reference, "-1"))
	})
}

func TestDownload(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader("<script>alert(1)</script>"), 100)
		must(t, err)
		in := dog("w")
		in.Attachments = []Attachment{{Name: "Größe\".html", Hash: ref.Hash, Size: ref.Size, Type: "text/html"}}
		c := h.file(t, in)
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		w := visitor{t, h, erika}.do(http.MethodGet, "/akte/dokument/"+d.Documents[1].ID, nil)
		for name, want := range map[string]string{
			"Content-Disposition": "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe_.html", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Type": "text/html", "Content-Length": "25",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if w.Body.String() != "<script>alert(1)</script>" {
			t.Errorf("content %q", w.Body)
		}
		must(t, h.h.Blobs.Delete(t.Context(), ref.Hash))
		if w := (visitor{t, h, erika}).do(http.MethodGet, "/akte/dokument/"+d.Documents[1].ID, nil); w.Code != http.StatusInternalServerError {
			t.Errorf("a lost blob: %d", w.Code)
		}
	})
}

// TestPaging walks the inbox forth and back in every order, beside another authority's cases.
func TestPaging(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const n = 2*paging.Size + 7
		must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for i := range n + 20 {
				in := dog(fmt.Sprintf("p%d", i))
				if i >= n {
					in.Authority = jena
				}
				in.SentAt = in.SentAt.Add(time.Duration(i/3) * time.Hour) // three share a moment: the id decides
				f, err := h.openFile(ctx, tx, in, time.Now())
				if err != nil {
					return err
				}
				if err := h.store.insertCase(ctx, tx, access.At(in.Authority), in.newCase(f, time.Now())); err != nil {
					return err
				}
			}
			return nil
		}))
		b := visitor{t, h, erika}
		row := regexp.MustCompile(`<th scope="row"[^>]*><a[^>]*>([^<]+)</a>`)
		references := func(page string) (out []string) {
			for _, m := range row.FindAllStringSubmatch(page, -1) {
				out = append(out, m[1])
			}
			return out
		}
		link := func(page, rel string) string {
			if m := regexp.MustCompile(`href="([^"]+)" rel="` + rel + `"`).FindStringSubmatch(page); m != nil {
				return html.UnescapeString(m[1])
			}
			return ""
		}
		for _, start := range []string{"/akte", "/akte?sortierung=newest", "/akte?sortierung=due", "/akte?stand=all&q=hund+m%C3%BCller", "/akte/akten"} {
			var pages []string
			seenRefs := map[string]bool{}
			path := start
			for path != "" {
				page := b.get(path)
				refs := references(page)
				for _, ref := range refs {
					if seenRefs[ref] {
						t.Fatalf("%s: %s twice", path, ref)
					}
					seenRefs[ref] = true
				}
				pages = append(pages, fmt.Sprint(refs))
				if path = link(page, "next"); path == "" {
					path = link(page, "prev")
					break
				}
			}
			if len(seenRefs) != n || len(pages) != 3 {
				t.Errorf("%s: %d entries on %d pages", start, len(seenRefs), len(pages))
			}
			for i := len(pages) - 2; i >= 0; i-- {
				page := b.get(path)
				if got := fmt.Sprint(references(page)); got != pages[i] {
					t.Errorf("%s: page %d looks different on the way back", start, i)
				}
				path = link(page, "prev")
			}
			if path != "" {
				t.Errorf("%s: there is something before the first page: %s", start, path)
			}
		}
	})
}

func TestNextOfList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first, second := dog("n1"), dog("n2")
		second.SentAt = first.SentAt.Add(time.Hour)
		a, z := h.file(t, first), h.file(t, second)
		b := visitor{t, h, erika}
		if to := b.do(http.MethodGet, Filter{Query: "dog"}.casePath(a.ID, "/weiter"), nil).Header().Get("Location"); to != "/akte?q=dog" {
			t.Errorf("at the end of the list: %s", to)
		}
		if to := b.do(http.MethodGet, Filter{Query: "hund"}.casePath(a.ID, "/weiter"), nil).Header().Get("Location"); to != (Filter{Query: "hund"}).casePath(z.ID, "") {
			t.Errorf("next: %s", to)
		}
	})
}

func TestBadAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("w"))
		b := visitor{t, h, erika}
		for _, path := range []string{"/akte/vorgang/x", "/akte/vorgang/%00", "/akte/vorgang/%ff", "/akte/akte/" + c.ID, "/akte/dokument/" + c.ID,
			"/akte/vorgang/" + db.NewID(), "/akte/vorgang/" + strings.Repeat("a", 5000)} {
			if w := b.do(http.MethodGet, path, nil); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		for _, path := range []string{"/akte?q=%00%ff%25_!", "/akte?nach=x&stand=%00&wer=%ff", "/akte?q=" + strings.Repeat("a", 10000),
			"/akte/akten?q=%25&einheit=%00", "/akte/vorgang/" + c.ID + "?liste=%3Bq%3D%25zz"} {
			b.get(path)
		}
		if page := b.get("/akte?q=%25"); strings.Contains(page, c.Reference) {
			t.Error("a percent sign finds everything")
		}
		w := b.do(http.MethodPost, "/akte/vorgang/"+c.ID+"/notiz", url.Values{"note": {strings.Repeat("x", formLimit)}})
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("an oversize form: %d", w.Code)
		}
		w = b.do(http.MethodPost, "/akte/vorgang/"+c.ID+"/notiz", url.Values{"note": {"\xff"}, "version": {"1"}})
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no text: %d", w.Code)
		}
	})
}

// The session has ended while somebody was typing: nothing is lost, and it can be sent again from the very answer.
func TestExpiredSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("w"))
		b, nobody := visitor{t, h, erika}, visitor{t, h, context.Background()}
		page := b.get("/akte/vorgang/" + c.ID)
		decide := with(b.form(b.get("/akte/vorgang/"+c.ID+"/entscheidung"), "/entscheidung"), "schritt", "erlassen", "reasons", "Lange <b> Gründe", "due", "2026-12-24")
		for path, form := range map[string]url.Values{
			"/akte/vorgang/" + c.ID + "/notiz":        with(b.form(page, "/notiz"), "note", "Eine Stunde Arbeit"),
			"/akte/vorgang/" + c.ID + "/entscheidung": decide,
		} {
			w := nobody.do(http.MethodPost, path, form)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %d", path, w.Code)
			}
			kept := nobody.form(w.Body.String(), path)
			for name := range form {
				if kept.Get(name) != form.Get(name) {
					t.Errorf("%s: %s was %q, is %q", path, name, form.Get(name), kept.Get(name))
				}
			}
		}
		kept := nobody.do(http.MethodPost, "/akte/vorgang/"+c.ID+"/entscheidung", decide)
		b.post("/akte/vorgang/"+c.ID+"/entscheidung", nobody.form(kept.Body.String(), "/entscheidung"))
		if h.bySource(t, "w").State != StateDecided {
			t.Error("not decided")
		}
	})
}
