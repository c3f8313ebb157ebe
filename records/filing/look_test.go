package filing

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rennsteig/e2e/browser"
	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestLook opens every page in a real browser, as it is after each step of the work: axe in light and dark, wide and
// narrow, valid HTML, and a picture of each.
func TestLook(t *testing.T) {
	p := housetest.New(t, db.SQLite, rooms...)
	assets, err := web.LoadAssets()
	must1(t, err)
	p.Site.Assets = assets
	h := newHouse(t, p)
	c, other := h.newCase(t, erfurt, "look1"), h.newCase(t, erfurt, "look2")
	h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'Kämmerei und Steuern', '', '/u20/', 0)`, erfurt)
	d := h.file(t, erika, c.ID, "Impfpass und Versicherungsnachweis Dackel-Schäferhund-Mischling.docx", "Der Dackel Waldi ist geimpft. Um Bescheid wird gebeten.",
		"nachricht.eml", post, "scan.pdf", "Ein Scan")
	var many []string
	for range paging.Size {
		many = append(many, "Anlage.txt", "Anlage")
	}
	h.file(t, erika, c.ID, many...)
	subject, words := "Impfpass", "Hund, Steuer"
	must1(t, h.Mark(erika, c.ID, []string{d[0].ID}, Marks{Subject: &subject, Keywords: &words}))
	_, _, err = h.NewVersion(erika, d[0].ID, 1, db.NewID(), h.stored(t, d[0].Name, "Fassung zwei"), "Satz ergänzt", false)
	must1(t, err)
	_, _, err = h.NewVersion(max_, d[0].ID, 1, db.NewID(), h.stored(t, d[0].Name, "Fassung drei"), "", false)
	must1(t, err)
	must1(t, h.Lock(erika, d[3].ID))
	h.exec(t, `UPDATE records_document SET final_at = $1 WHERE id = $2`, db.Micros(time.Now()), d[2].ID)
	h.extractor = drawn{h.plain}
	incoming := h.register(t, erika, "", h.stored(t, "brief.eml", post))
	letter := h.register(t, erika, "", h.stored(t, "Schreiben wegen "+strings.ReplaceAll(c.Reference, "/", "_")+".pdf", "Zu "+c.Reference+"\fzwei\fdrei\fvier"), h.stored(t, "b.txt", "x"))
	finished := h.register(t, erika, "", h.stored(t, "katalog.pdf", "Katalog"))
	must1(t, h.Finish(erika, finished, 1, Other, "An den Absender zurück"))
	h.exec(t, `INSERT INTO filing_scan_failure (id, authority_id, name, reason, failed_at, done_at, done_name) VALUES ('x', $1, 'kaputt.pdf', 'Der Inhalt der Datei passt nicht zu ihrem Namen, oder sie ist beschädigt.', $2, 0, '')`,
		erfurt, db.Micros(time.Now()))
	must1(t, h.core.SaveView(erika, records.View{List: "search", Name: "Meine Dackel", Query: "q=dackel"}))
	h.settleAll(t)

	who := identity.From(erika)
	p.Site.Routes(h.mux)
	inner := p.Site.Mux(h.mux)
	server := httptest.NewServer(p.Site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(identity.With(r.Context(), who)))
	})))
	defer server.Close()
	b := browser.New(t)
	look := func(name string, status int) {
		t.Helper()
		if b.Status() != status {
			t.Errorf("%s: status %d, want %d", name, b.Status(), status)
		}
		b.Check()
		b.View(1280, false)
		b.Shot("filing-" + name)
		b.View(320, true)
		b.Shot("filing-" + name + "-320-dark")
		b.View(1280, false)
	}
	list := "/akte/vorgang/" + c.ID + "/dokumente"
	for _, page := range []struct{ name, path string }{
		{"documents", list}, {"documents-none", list + "?q=gibtsnicht"}, {"card", "/akte/dokument/" + d[0].ID + "/karte?q=fassung&pruefen=1"},
		{"card-mail", "/akte/dokument/" + d[1].ID + "/karte"}, {"card-final", "/akte/dokument/" + d[2].ID + "/karte"}, {"card-locked", "/akte/dokument/" + d[3].ID + "/karte"},
		{"incomings", incomingPath}, {"incoming", incomingPath + "/" + incoming},
		{"incoming-letter", incomingPath + "/" + letter}, {"incoming-found", incomingPath + "/" + letter + "?suche=impfpass"}, {"incoming-nothing", incomingPath + "/" + letter + "?suche=gibtsnicht"},
		{"incoming-finished", incomingPath + "/" + finished}, {"incomings-mine", incomingPath + "?stand=meine"},
		{"look", records.LookPath(d[2].ID, 1)}, {"look-mail", records.LookPath(d[1].ID, 1)}, {"look-old", records.LookPath(d[0].ID, 1)}, {"look-rendition", records.LookPath(d[0].ID, 2)},
		{"search", searchPath + "?q=impfpass"},
		{"search-nothing", searchPath + "?q=gibtsnicht&art=case"}, {"search-start", searchPath},
	} {
		b.Open(server.URL + page.path)
		look(page.name, http.StatusOK)
	}
	b.Open(server.URL + incomingPath + "/" + incoming)
	b.Press("Dem Vorgang zuordnen")
	look("incoming-error", http.StatusUnprocessableEntity)
	b.Fill("Vorgang", other.Reference)
	b.Press("Dem Vorgang zuordnen")
	look("assigned", http.StatusOK)
	b.Open(server.URL + incomingPath + "/" + letter)
	b.Unfold("Ohne Vorgang erledigen")
	b.Press("Ohne Vorgang erledigen")
	look("incoming-no-reason", http.StatusUnprocessableEntity)
	who = identity.From(registrar)
	b.Open(server.URL + incomingPath)
	look("incomings-failures", http.StatusOK)
	who = identity.From(max_)
	b.Open(server.URL + "/akte/dokument/" + d[0].ID + "/karte")
	look("conflict", http.StatusOK)
	b.Press("Meine als nächste Fassung ablegen")
	look("settled", http.StatusOK)
	h.tx(t, func(ctx context.Context, tx *db.Tx) error {
		return access.Put(ctx, tx, access.All, access.Grant{Authority: erfurt, File: c.FileID, Holder: access.Person("s:Max Amt"), May: access.Read})
	})
	b.Open(server.URL + "/akte/dokument/" + d[0].ID + "/karte")
	look("card-reader", http.StatusOK)
}

// drawn is plain with pages that a browser can show.
type drawn struct{ *plain }

func (drawn) Sheet(_ context.Context, _, _ string, _ io.ReaderAt, _ int64, _, width int) ([]byte, extract.How, error) {
	m := image.NewGray(image.Rect(0, 0, width, width*1414/1000))
	for i := range m.Pix {
		if m.Pix[i] = 255; i/m.Stride%50 < 8 && i%m.Stride > width/10 && i%m.Stride < width*9/10 {
			m.Pix[i] = 90 // lines of writing
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), extract.Read, err
}
