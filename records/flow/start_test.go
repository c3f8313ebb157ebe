package flow

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
)

// TestStartFromDocument: any document of a case can be circulated, however many there are: from its card, or looked for.
func TestStartFromDocument(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		oldest := h.newDocument(c)
		h.exec(`UPDATE records_document SET name = 'Übersicht 1998.pdf', subject = 'Stellplätze' WHERE id = $1`, oldest)
		path := "/akte/vorgang/" + c.ID + "/geschaeftsgang"
		if _, page := h.get("claudia", path); strings.Contains(page, "Dokument suchen") {
			t.Error("looked for where all are offered")
		}
		for i := range offered {
			h.exec(`UPDATE records_document SET created_at = 2, name = $1 WHERE id = $2`, fmt.Sprintf("Anlage %d.pdf", i), h.newDocument(c))
		}
		option := func(page, id string) bool { return strings.Contains(page, `<option value="`+id+`"`) }
		chosen := func(page, id string) bool { return strings.Contains(page, `<option value="`+id+`" selected`) }
		_, page := h.get("claudia", path)
		contains(t, page, "Der Vorgang hat 51 Dokumente, zur Auswahl stehen die neuesten 50.")
		if option(page, oldest) {
			t.Fatal("all are offered")
		}
		form := url.Values{"id": {db.NewID()}, "tun": {"suchen"}, "suche": {"übersicht STELLPLÄTZE"}, "title": {"Abstimmung"}, "step-1-kind": {"cosign"}, "step-1-to-1": {"Birgit (20)"}}
		status, page := h.do("claudia", http.MethodPost, path, form)
		if status != http.StatusOK || !option(page, oldest) {
			t.Fatalf("looked for: %d", status)
		}
		contains(t, page, "1 von 51 Dokumenten gefunden", `value="Abstimmung"`, `value="Birgit (20)"`, `value="übersicht STELLPLÄTZE"`)
		form.Set("suche", "gibtsnicht")
		form.Set("document", oldest) // what was chosen stays
		if _, page = h.do("claudia", http.MethodPost, path, form); !chosen(page, oldest) {
			t.Error("what was chosen is gone")
		}
		contains(t, page, "0 von 51 Dokumenten gefunden")
		if _, page = h.get("claudia", path+"?dokument="+oldest); !chosen(page, oldest) || !strings.Contains(page, `<details id="starten" open>`) {
			t.Error("not chosen from its card")
		}
		other := h.newDocument(h.newCase(nil))
		if _, page = h.get("claudia", path+"?dokument="+other); option(page, other) {
			t.Error("a document of another case is offered")
		}
		form.Set("tun", "starten")
		if status, page = h.do("claudia", http.MethodPost, path, form); status != http.StatusSeeOther {
			t.Fatalf("started: %d %s", status, page)
		}
		h.must200("birgit", path, "Übersicht 1998.pdf, Fassung 1")
		h.must200("birgit", "/akte/vorgang/"+c.ID+"/verlauf", "Dokument: Übersicht 1998.pdf")
		h.revise(oldest)
		h.must200("birgit", path, "Übersicht 1998.pdf, Fassung 2")
	})
}

// TestStartAgain: what was refused or withdrawn is started again with its steps.
func TestStartAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		first, later, dated := step(CoSign, "birgit", "sabine"), step(Resubmit, "claudia"), step(Resubmit, "doris")
		first.Days, first.Text, later.Days = 3, "Bitte prüfen", 7
		dated.Date = h.now.AddDate(0, 0, 2)
		id := h.start(c, doc, first, later, dated, step(Sign, "doris"))
		path := "/akte/vorgang/" + c.ID + "/geschaeftsgang"
		if _, page := h.get("claudia", path); strings.Contains(page, "Erneut starten") {
			t.Error("offered while it runs")
		}
		k := h.task(id, "birgit")
		must(t, h.Refuse(as("birgit"), k.ID, k.Version, "Zahlen fehlen"))
		h.must200("claudia", path, "Erneut starten", path+"?erneut="+id+"#starten")
		h.must200("claudia", path+"?erneut="+id, `<option value="`+doc+`" selected`, `value="Birgit (20)"`, `value="Sabine (20.1)"`, `value="Bitte prüfen"`, "25.11.2026")
		h.now = h.now.AddDate(0, 0, 5)
		got := ""
		for _, s := range h.circulation(id).again(h.now) {
			got += fmt.Sprint(s.Kind, s.To, s.Days, s.Text, s.Date.IsZero(), ";")
		}
		same(t, "steps", got, "cosign[person:birgit person:sabine] 3Bitte prüfentrue;resubmit[person:claudia] 7true;resubmit[person:doris] 0true;sign[person:doris] 0true;")
		h.exec(`UPDATE records_file SET readers = 'authority' WHERE id = $1`, c.FileID)
		if status, page := h.get("cem", path); status != http.StatusOK || strings.Contains(page, "Erneut starten") {
			t.Errorf("offered to who only reads: %d", status)
		}
	})
}
