package disposal

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

func TestPagesAreSound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.h.Site.CheckPages())
		must(t, h.h.Site.Texts.Check())
	})
}

// body is a message of the archive as bytes.
func body(t testing.TB, in *bytes.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(in)
	must(t, err)
	return b
}

// download gets what a link leads to as bytes.
func (h *house) download(t testing.TB, who identity.Principal, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	h.h.Site.Middleware(h.h.Site.Mux(h.mux)).ServeHTTP(w, req.WithContext(identity.With(req.Context(), who)))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: status %d", path, w.Code)
	}
	return w.Body.Bytes()
}

// The whole way through the pages, as two registrars and a clerk walk it.
func TestJourneyThroughPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.core.EnsurePlan(t.Context(), []string{erfurt, jena}))
		kept, broken, gone := h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitV)
		one, two, clerk := h.as(t, regina), h.as(t, arne), h.as(t, claudia)

		one.Get(duePath).Want(http.StatusOK, "Bei keiner Akte ist die Aufbewahrungsfrist abgelaufen.")
		h.years(12)
		clerk.Get("/akte/akte/"+kept.ID+"/aufbewahrung").Want(http.StatusOK, "B – vom Archiv zu bewerten", "nicht in der Aussonderung")
		clerk.Get(duePath).Want(http.StatusForbidden)
		due := one.Get(duePath).Want(http.StatusOK, kept.Reference, broken.Reference, gone.Reference)
		for _, f := range []records.File{kept, broken, gone} {
			due.Choose(f.Reference + " auswählen")
		}
		due.Press("Anbieten (vierstufig)").Want(http.StatusConflict, "welchem Archiv angeboten wird")
		one.Get(listPath).Fill("Archiv", "").Press("Vereinbarung speichern").Want(http.StatusUnprocessableEntity, "Nennen Sie das Archiv")
		one.Get(listPath).Fill("Archiv", "Stadtarchiv").Press("Vereinbarung speichern").Want(http.StatusOK, "Die Vereinbarung ist gespeichert.")
		one.Get(duePath).Press("Anbieten (vierstufig)").Want(http.StatusUnprocessableEntity, "Sie haben nichts ausgewählt.")
		due = one.Get(duePath)
		for _, f := range []records.File{kept, broken, gone} {
			due.Choose(f.Reference + " auswählen")
		}
		process := due.Press("Anbieten (vierstufig)").Want(http.StatusOK, "Das Aussonderungsverfahren hat begonnen.", "wird geschrieben")
		path := process.Path
		again := due.Press("Anbieten (vierstufig)").Want(http.StatusOK) // a double click
		if again.Path != path {
			t.Errorf("the form sent twice led to %s and %s", path, again.Path)
		}
		one.Get(duePath).Want(http.StatusOK, "Bei keiner Akte")
		h.drain(t)
		id := path[len(listPath)+1:]
		process = one.Get(path).Want(http.StatusOK, "0501 Anbieteverzeichnis", "noch nicht abgeholt", "Bewertung steht aus: 3")
		k, _ := h.packageOf(t, id, xdomea.Offer)
		process.Click("0501 Anbieteverzeichnis").Want(http.StatusOK)
		one.Get(path).Want(http.StatusOK, "abgeholt von Regina Ablage, ", "noch nicht bestätigt")
		b := h.download(t, identity.From(regina), duePath+"/paket/"+k.ID)
		if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Error(err)
		}

		upload := func(m xdomea.Message, items ...xdomea.Item) *webtest.Page {
			return one.Get(listPath).Upload("Nachricht", "antwort.xml", body(t, message(t, id, m, items...))).Press("Einlesen")
		}
		upload(xdomea.OfferReceipt).Want(http.StatusOK, "Die Empfangsbestätigung ist eingelesen.", "vom Archiv bestätigt, ")
		appraisal := append(appraised("A", kept, broken), appraised("V", gone)...)
		upload(xdomea.AppraisalList, appraisal...).Want(http.StatusOK, "Die Bewertung ist eingelesen.", "bewertet: 3")
		one.Get(path).Press("Akten an das Archiv abgeben").Want(http.StatusOK, "Die Abgabe wird geschrieben.")
		h.drain(t)
		upload(xdomea.DisposalResult, append(result(true, kept), result(false, broken)...)...).
			Want(http.StatusOK, "Datei nicht lesbar", "ARCHIV-1", "fehlgeschlagen: 1", "vom Archiv übernommen: 1")

		one.Get(path).Press("Vernichtung vorschlagen").Want(http.StatusOK, "Eine zweite Person muss zustimmen.")
		one.Get(path).Want(http.StatusOK, "Eine andere Person muss zustimmen.")
		two.Get(path).Press("Vernichtung freigeben").Want(http.StatusOK, "Die Vernichtung ist freigegeben.")
		one.Get(path).Press("Akten vernichten").Want(http.StatusOK, "Die Akten werden vernichtet.")
		h.drain(t)
		one.Get(path).Want(http.StatusOK, "vernichtet: 2", "fehlgeschlagen: 1")
		clerk.Get("/akte/akte/"+kept.ID+"/aufbewahrung").Want(http.StatusOK, "im Archiv, hier vernichtet", "Vernichtungsnachweis", "ARCHIV-1")
		clerk.Get("/akte/akte/"+gone.ID+"/aufbewahrung").Want(http.StatusOK, "Regina Ablage und Arne Altakte")

		one.Get(path).Press("Fehlgeschlagene erneut abgeben").Want(http.StatusOK)
		h.drain(t)
		upload(xdomea.DisposalResult, result(true, broken)...).Want(http.StatusOK, "vom Archiv übernommen: 1")
		one.Get(path).Press("Akten vernichten").Want(http.StatusOK)
		h.drain(t)
		one.Get(path).Want(http.StatusOK, "abgeschlossen", "mit den Akten gelöscht", "vernichtet: 3")
		h.nothingLeft(t, secret)
	})
}

func TestTwoStepsThroughPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, b, v := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitB), h.closed(t, claudia, erfurt, unitV)
		h.years(32)
		one, two := h.as(t, regina), h.as(t, arne)
		one.Get(duePath+"?bewertung=A").Want(http.StatusOK, a.Reference)
		if p := one.Get(duePath + "?bewertung=A"); p.Has(v.Reference) || p.Has(b.Reference) {
			t.Error("the filter shows other files")
		}
		due := one.Get(duePath).Want(http.StatusOK, a.Reference, b.Reference, v.Reference)
		process := due.Choose("Alle Akten dieser Auswahl").Press("Abgeben (zweistufig)").Want(http.StatusConflict, "Diese Akten gehen nicht mit").
			Press("Ohne diese Akten beginnen").Want(http.StatusOK, "Übernahme steht aus: 1", "bewertet: 1")
		id := process.Path[len(listPath)+1:]
		h.drain(t)
		k, content := h.packageOf(t, id, xdomea.Disposal)
		sound(t, k, content)
		one.Get(duePath).Want(http.StatusOK, b.Reference) // that one is for the archive to appraise
		one.Get(process.Path).Press("Vernichtung vorschlagen").Want(http.StatusOK)
		two.Get(process.Path).Press("Ablehnen").Want(http.StatusOK, "Der Vorschlag ist abgelehnt.")
		one.Get(process.Path).Press("Vernichtung vorschlagen").Want(http.StatusOK)
		two.Get(process.Path).Press("Vernichtung freigeben").Want(http.StatusOK)
		one.Get(listPath).Upload("Nachricht", "0506.xml", body(t, message(t, id, xdomea.DisposalResult, result(true, a)...))).Press("Einlesen").
			Want(http.StatusOK, "vom Archiv übernommen: 1")
		one.Get(process.Path).Press("Akten vernichten").Want(http.StatusOK)
		h.drain(t)
		one.Get(process.Path).Want(http.StatusOK, "vernichtet: 2", "abgeschlossen")
	})
}

func TestUploadOfNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		one := h.as(t, regina)
		one.Get(listPath).Press("Einlesen").Want(http.StatusUnprocessableEntity, "Wählen Sie eine Datei.")
		one.Get(listPath).Upload("Nachricht", "x.xml", []byte("<kein")).Press("Einlesen").Want(http.StatusUnprocessableEntity, "kann nicht eingelesen werden")
		one.Get(listPath).Upload("Nachricht", "x.zip", []byte("PK\x03\x04kaputt")).Press("Einlesen").Want(http.StatusUnprocessableEntity, "kann nicht eingelesen werden")
		one.Get(importPath).Press("Prüfen").Want(http.StatusUnprocessableEntity, "Wählen Sie eine Datei.")
	})
}

// post sends a form as somebody.
func (h *house) post(t testing.TB, who identity.Principal, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.h.Site.Middleware(h.h.Site.Mux(h.mux)).ServeHTTP(w, req.WithContext(identity.With(req.Context(), who)))
	return w
}
