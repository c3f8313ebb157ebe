package filing

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

const writtenMail = "From: Erika <script>alert(1)</script> <erika@example.org>\r\nTo: Stadt <stadt@example.org>\r\nCc: \"Amt, 20\" <amt@example.org>\r\n" +
	"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nSubject: <b>Widerspruch</b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\n\r\nHiermit <i>widerspreche</i> ich.\r\n--b\r\nContent-Type: application/pdf; name=Bild.pdf\r\n\r\n%PDF\r\n--b--\r\n"

// seen asks for a page and wants texts on it.
func (h *house) seen(t *testing.T, ctx context.Context, path string, wants ...string) string {
	t.Helper()
	w := h.get(ctx, path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, w.Code)
	}
	for _, want := range wants {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	return w.Body.String()
}

// All pages are seen, twenty at once, with their text for who cannot see them, and the way to the documents beside.
func TestLookAtPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		d := h.file(t, erika, c.ID, "a.txt", "Erstes", "Plan.pdf", strings.Repeat("Blatt\f", 24)+"Ende", "z.xlsx", "Zahlen")
		for _, x := range d { // one after the other
			h.exec(t, `UPDATE records_document SET created_at = created_at + $1 WHERE id = $2`, int64(map[string]int{"a.txt": 0, "Plan.pdf": 1, "z.xlsx": 2}[x.Name])*1000, x.ID)
		}
		plan := d[1]
		address := records.LookPath(plan.ID, 1)
		body := h.seen(t, erika, address, "Der Text dieser Fassung liegt nicht vor", "Seiten 1 bis 20 von 25", `alt="Seite 20 von 25: Plan.pdf"`, `loading="lazy"`,
			`width="1200" height="1698"`, records.SheetPath(plan.ID, 1, 20, false), "?ab=21", ">a.txt</a>", ">z.xlsx</a>", "1 (aktuell)</dd>")
		if n := strings.Count(body, "<img"); n != 20 {
			t.Errorf("%d pictures", n)
		}
		h.settleAll(t)
		body = h.seen(t, erika, address+"?ab=21", "Seiten 21 bis 25 von 25", "?ab=1", "Ende", "Als Text lesen")
		if n := strings.Count(body, "<img"); n != 5 {
			t.Errorf("%d pictures on the second page", n)
		}
		h.seen(t, erika, address+"?ab=zwei", "Seiten 1 bis 20")
		w := h.get(erika, records.SheetPath(plan.ID, 1, 25, false))
		if got := w.Body.String(); w.Code != http.StatusOK || got != "1200: Ende" || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			w.Header().Get("Content-Disposition") != "inline" || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private, ") {
			t.Errorf("page 25: %d %q %v", w.Code, got, w.Header())
		}
		if w := h.get(erika, records.SheetPath(plan.ID, 1, 1, true)); w.Body.String() != "400: Blatt" {
			t.Errorf("small: %q", w.Body)
		}
		for _, path := range []string{records.SheetPath(plan.ID, 1, 26, false), records.SheetPath(plan.ID, 1, 0, false), records.SheetPath(plan.ID, 2, 1, false),
			records.SheetPath(d[0].ID, 1, 1, false), strings.TrimSuffix(records.SheetPath(plan.ID, 1, 1, false), ".png"), records.LookPath(plan.ID, 2),
			"/akte/dokument/" + plan.ID + "/fassung/x/ansehen", "/akte/dokument/" + plan.ID + "/fassung/1/seite/99999999999999999999.png"} {
			if w := h.get(erika, path); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		h.seen(t, erika, records.LookPath(d[2].ID, 1), "lassen sich hier keine Seiten zeigen", "Zahlen", ">Plan.pdf</a>")
		body = h.seen(t, erika, records.LookPath(d[0].ID, 1), "Erstes")
		if strings.Contains(body, "keine Seiten") || strings.Contains(body, "<img") {
			t.Error("a text has no pages to miss")
		}
		h.seen(t, erika, "/akte/dokument/"+plan.ID+"/karte", records.SheetPath(plan.ID, 1, 1, true), address)
		h.seen(t, erika, "/akte/vorgang/"+c.ID+"/dokumente", address)
	})
}

// An office document is seen as its version's rendition; where there is none, that is said, and why.
func TestLookAtRendition(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		d := h.file(t, erika, c.ID, "Brief.docx", "eins")[0]
		h.seen(t, erika, records.LookPath(d.ID, 1), "Die PDF-Vorschau wird erstellt", "eins") // its text is read at once
		_, _, err := h.NewVersion(erika, d.ID, 1, db.NewID(), h.stored(t, "Brief.docx", "zwei"), "", false)
		must1(t, err)
		h.settleAll(t)
		body := h.seen(t, erika, records.LookPath(d.ID, 2), "Seite 1 von 1", "zwei")
		if strings.Contains(body, "PDF-Vorschau") {
			t.Error("something is said to be missing")
		}
		if w := h.get(erika, records.SheetPath(d.ID, 2, 1, false)); w.Body.String() != "1200: PDF of zwei" {
			t.Errorf("%q", w.Body)
		}
		body = h.seen(t, erika, records.LookPath(d.ID, 1), "Von dieser älteren Fassung gibt es keine PDF-Ansicht", "eins", "nicht aktuell, das ist Fassung 2")
		if strings.Contains(body, "zwei") {
			t.Error("the text of another version")
		}
		h.plain.missing = true
		e := h.file(t, erika, c.ID, "Neu.docx", "drei")[0]
		h.settleAll(t)
		h.seen(t, erika, records.LookPath(e.ID, 1), "LibreOffice auf dem Server nicht installiert", "drei")
		x := h.file(t, erika, c.ID, "kaputt.pdf", "damaged")[0]
		h.seen(t, erika, records.LookPath(x.ID, 1), "Das Dokument ist beschädigt")
		if w := h.get(erika, records.SheetPath(x.ID, 1, 1, false)); w.Code != http.StatusNotFound {
			t.Errorf("a page of it: %d", w.Code)
		}
		rotten := h.file(t, erika, c.ID, "faul.pdf", "gut")[0]
		must1(t, h.h.Blobs.Delete(t.Context(), rotten.Hash))
		if w := h.get(erika, records.LookPath(rotten.ID, 1)); w.Code != http.StatusInternalServerError {
			t.Errorf("what is not there: %d", w.Code)
		}
	})
}

// A mail is seen as a text with its head, nothing in it as anything else; post that is not assigned likewise.
func TestLookAtMail(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		d := h.file(t, erika, c.ID, "brief.eml", writtenMail)
		id := h.register(t, erika, "", h.stored(t, "brief.eml", writtenMail), h.stored(t, "a.docx", "Text"), h.stored(t, "b.pdf", "eins\fzwei"))
		_, papers, err := h.Incoming(erika, id)
		must1(t, err)
		at := map[string]string{}
		for _, p := range papers {
			at[p.Name] = incomingLookPath(id, p.ID)
		}
		for _, path := range []string{records.LookPath(d[0].ID, 1), at["brief.eml"]} {
			body := h.seen(t, erika, path, "stadt@example.org", "amt@example.org", "02.03.2026", "&lt;b&gt;Widerspruch", "Hiermit &lt;i&gt;widerspreche", "Bild.pdf")
			if strings.Contains(body, "<script>alert") || strings.Contains(body, "<i>widerspreche") || strings.Contains(body, "keine Seiten") {
				t.Error("the mail is not taken for a text")
			}
		}
		h.seen(t, erika, "/akte/dokument/"+d[0].ID+"/karte", "stadt@example.org", "amt@example.org", records.LookPath(d[0].ID, 1))
		h.seen(t, erika, at["a.docx"], "Die PDF-Vorschau wird erstellt", "Text")
		h.seen(t, erika, at["b.pdf"], "Seite 2 von 2", "/seite/2.png")
		if w := h.get(erika, strings.Replace(at["b.pdf"], "/ansehen", "/seite/2.png", 1)); w.Body.String() != "1200: zwei" || w.Header().Get("Content-Type") != "image/png" {
			t.Errorf("its second page: %q", w.Body)
		}
		if w := h.get(erika, strings.Replace(at["a.docx"], "/ansehen", "/seite/1.png", 1)); w.Code != http.StatusNotFound {
			t.Errorf("a page of what has none: %d", w.Code)
		}
	})
}

// The pages of an office document are seen while it is post; filed, it goes on with the PDF that is made, and back with it.
func TestLookAtOfficePost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		id := h.register(t, erika, "", h.stored(t, "Brief.docx", "eins"), h.stored(t, "Plan.pdf", "zwei"))
		h.settleAll(t)
		_, papers, err := h.Incoming(erika, id)
		must1(t, err)
		look := incomingLookPath(id, papers[0].ID)
		sheet := strings.Replace(look, "/ansehen", "/seite/1.png", 1)
		seen := func(when string) {
			t.Helper()
			if body := h.seen(t, erika, look, "Seite 1 von 1", "eins"); strings.Contains(body, "PDF-Vorschau") {
				t.Errorf("%s something is said to be missing", when)
			}
			if w := h.get(erika, sheet); w.Body.String() != "1200: PDF of eins" {
				t.Errorf("%s: %q", when, w.Body)
			}
			if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.rendered'`); n != 1 {
				t.Errorf("%s %d PDFs are made", when, n)
			}
		}
		seen("as post")
		if n := h.entries(t, "filing.rendered", id); n != 1 {
			t.Errorf("the log says %d times of the post that a PDF was made", n)
		}
		if w := h.get(jens, sheet); w.Code != http.StatusNotFound {
			t.Errorf("a stranger: %d", w.Code)
		}
		_, err = h.Assign(erika, id, Target{Case: c.Reference})
		must1(t, err)
		h.settleAll(t)
		seen("in the case")
		if w := h.get(erika, records.SheetPath(papers[0].ID, 1, 1, false)); w.Body.String() != "1200: PDF of eins" {
			t.Errorf("as a document: %q", w.Body)
		}
		must1(t, h.Unassign(erika, id))
		h.settleAll(t)
		seen("as post again")

		// What lay here before the upgrade, and where LibreOffice is missing.
		h.exec(t, `DELETE FROM filing_rendition`)
		h.plain.missing = true
		h.noteAll(t, "0010_letter_preview", "-- What lies here already")
		if n := value[int](t, h, `SELECT count(*) FROM filing_due`); n != 1 {
			t.Errorf("%d notes", n)
		}
		h.settleAll(t)
		h.seen(t, erika, look, "LibreOffice auf dem Server nicht installiert", "eins")
	})
}

// A look at something confidential is in the log once; a picture that was called for by itself, too.
func TestLookIsLogged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		d := h.file(t, erika, c.ID, "a.pdf", "eins\fzwei")[0]
		level := access.Level(2)
		if !level.Sensitive() {
			t.Fatal("not confidential")
		}
		for _, who := range []string{"s:Erika Amt", "s:Max Amt"} {
			h.exec(t, `INSERT INTO records_clearance (subject, authority_id, level, name) VALUES ($1, $2, $3, 'x')`, who, erfurt, int64(level))
		}
		h.exec(t, `UPDATE records_case SET level = $1 WHERE id = $2`, int64(level), c.ID)
		entries := func() int {
			return value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.read' AND object = $1`, records.DocumentObject(d.ID))
		}
		for i, step := range []struct {
			ctx  context.Context
			path string
			more int
		}{
			{erika, records.LookPath(d.ID, 1), 1}, {erika, records.SheetPath(d.ID, 1, 1, false), 0}, {erika, records.SheetPath(d.ID, 1, 2, false), 0},
			{max_, records.SheetPath(d.ID, 1, 1, false), 1}, {max_, records.SheetPath(d.ID, 1, 2, false), 0}, {erika, records.LookPath(d.ID, 1), 1},
		} {
			before := entries()
			w := h.get(step.ctx, step.path)
			if got := entries() - before; w.Code != http.StatusOK || got != step.more || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("step %d: %d, %d entries, want %d", i, w.Code, got, step.more)
			}
		}
		h.exec(t, `INSERT INTO records_clearance (subject, authority_id, level, name) VALUES ('s:Ina Amt', $1, $2, 'x')`, erfurt, int64(level))
		ina := clerk("Ina Amt", erfurt)
		must1(t, h.core.NoteReading(ina, "flow.read", erfurt, records.DocumentObject(d.ID), level, nil)) // a task's page, and the picture on it
		if h.get(ina, records.SheetPath(d.ID, 1, 1, false)); value[int](t, h, `SELECT count(*) FROM audit_entry WHERE actor = 's:Ina Amt'`) != 1 {
			t.Error("a picture on another part's page is a second entry")
		}
		h.exec(t, `UPDATE audit_entry SET at = at - $1 WHERE object = $2`, int64(lookCovers/1000)+1_000_000, records.DocumentObject(d.ID)) // later
		before := entries()
		h.get(erika, records.SheetPath(d.ID, 1, 1, false))
		if got := entries() - before; got != 1 {
			t.Errorf("%d entries afterwards", got)
		}
		if changes := value[string](t, h, `SELECT changes FROM audit_entry WHERE action = 'filing.read' AND actor = 's:Max Amt'`); !strings.Contains(changes, `"page"`) {
			t.Errorf("the entry says no page: %s", changes)
		}
	})
}
