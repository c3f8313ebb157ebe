package disposal

import (
	"net/http"
	"testing"

	"rennsteig/platform/errs"
)

// A court orders that a file goes whose paper somebody has: nothing goes until it is back, and the record says where it
// lies. What is only a part of the file goes at once: the file goes on saying who has the paper.
func TestErasureOfPaper(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		h.exec(t, `UPDATE records_file SET medium = 'hybrid', location = 'Keller, Regal 7' WHERE id = '`+f.ID+`'`)
		lend := func() {
			must(t, h.core.Lend(claudia, f.ID, h.file(t, f.ID).Version, "Rechtsamt", h.h.Now().AddDate(0, 0, 9)))
		}
		back := func() { must(t, h.core.Return(regina, f.ID, h.file(t, f.ID).Version)) }
		lend()
		one, two := h.as(t, regina), h.as(t, arne)
		const part, whole, lent = "Was hiervon auf Papier in der Akte liegt, ist gesondert herauszunehmen und zu vernichten. Standort: Keller, Regal 7.",
			"Das Papier der Akte ist gesondert zu vernichten. Standort: Keller, Regal 7.", "Zurzeit ausgeliehen an Rechtsamt."
		propose := "/akte/akte/" + f.ID + "/loeschung"
		one.Get(propose).Want(http.StatusOK, part, lent).Fill("Was ist zu löschen?", "Akte "+f.Reference).Fill("Gericht", "Verwaltungsgericht").
			Fill("Aktenzeichen des Gerichts", "1 K 23/26").Fill("Begründung", "Angeordnet.").Press("Löschung beantragen").
			Want(http.StatusConflict, "Das Papier der Akte ist ausgeliehen an: Rechtsamt.")

		e := order(f.ID, "case", c.ID)
		must(t, h.ProposeErasure(regina, e))
		two.Get("/akte/loeschung/"+e.ID).Want(http.StatusOK, part, lent).Press("Löschung bestätigen").Want(http.StatusOK, "Der Inhalt ist gelöscht.", part, lent)

		back()
		e = order(f.ID, "file", f.ID)
		must(t, h.ProposeErasure(regina, e))
		lend() // while it waits for the second person
		wantCode(t, h.Erase(arne, e.ID), errs.Conflict, "disposal.error.paper_lent")
		if f := h.file(t, f.ID); f.State != "" || f.LentTo != "Rechtsamt" {
			t.Errorf("refused, but %q, lent to %q", f.State, f.LentTo)
		}
		two.Get("/akte/loeschung/"+e.ID).Want(http.StatusOK, whole, lent).Press("Löschung bestätigen").Want(http.StatusConflict, "ausgeliehen an: Rechtsamt")
		back()
		two.Get("/akte/loeschung/"+e.ID).Press("Löschung bestätigen").Want(http.StatusOK, "Der Inhalt ist gelöscht.", whole)
		for _, path := range []string{"/akte/akte/" + f.ID, "/akte/akte/" + f.ID + "/aufbewahrung"} {
			one.Get(path).Want(http.StatusOK, whole, part)
		}
		h.nothingLeft(t, secret)
	})
}

// What becomes of the paper is in the record of a disposal, too: the archive gets it, or it is destroyed.
func TestDestructionOfPaper(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, v := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitV)
		h.exec(t, `UPDATE records_file SET medium = 'paper', location = 'Keller' WHERE id = '`+a.ID+`'`, `UPDATE records_file SET medium = 'paper' WHERE id = '`+v.ID+`'`)
		h.years(40)
		h.disposed(t, a, v)
		one := h.as(t, regina)
		one.Get("/akte/akte/"+a.ID).Want(http.StatusOK, "Das Papier der Akte geht gesondert an das Archiv. Standort: Keller.")
		one.Get("/akte/akte/"+v.ID).Want(http.StatusOK, "Das Papier der Akte ist gesondert zu vernichten. Standort: nicht angegeben.")
	})
}
