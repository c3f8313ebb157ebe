package disposal

import (
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
)

// Who is not cleared learns how many files are due, and nothing else of them.
func TestDueHidden(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		open, secretFile, other := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitV), h.closed(t, jenny, jena, unitV)
		h.exec(t, `UPDATE records_file SET level = 2, subject = 'Personalsache' WHERE id IN ('`+secretFile.ID+`', '`+other.ID+`')`,
			`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ('`+erfurt+`', '`+identity.From(arne).Subject+`', '', 2)`)
		one := h.as(t, regina)
		if p := one.Get(duePath); strings.Contains(p.Body, "Ermächtigung") {
			t.Error("something is due already")
		}
		h.years(40)
		p := one.Get(duePath).Want(http.StatusOK, open.Reference, "Eine weitere Akte mit abgelaufener Frist, für die Ihnen die Ermächtigung fehlt.")
		if strings.Contains(p.Body, secretFile.Reference) || strings.Contains(p.Body, "Personalsache") {
			t.Error("the list names what its reader is not cleared for")
		}
		one.Get(duePath+"?q=gibtsnicht").Want(http.StatusOK, "Eine weitere Akte") // no filter asks of them
		p = h.as(t, arne).Get(duePath).Want(http.StatusOK, secretFile.Reference)
		if strings.Contains(p.Body, "Ermächtigung fehlt") {
			t.Error("who is cleared is told of files that they cannot see")
		}
	})
}

// A disposal in two steps says which of the chosen files it leaves out, and why, before it begins.
func TestLeftOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		a, b := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitB)
		h.years(40)
		one := h.as(t, regina)
		page := one.Get(duePath).Choose("Alle Akten dieser Auswahl").Press("Abgeben (zweistufig)").
			Want(http.StatusConflict, "Diese Akten gehen nicht mit", b.Reference, "Zuerst bewertet das Archiv")
		if strings.Contains(page.Body, a.Reference) {
			t.Error("a file that goes along is named as left out")
		}
		if l, err := h.Processes(regina, paging.Cursor{}); err != nil || len(l.Items) > 0 {
			t.Error("it has begun")
		}
		page.Press("Ohne diese Akten beginnen").Want(http.StatusOK, "Das Aussonderungsverfahren hat begonnen.", a.Reference)
		if f := h.file(t, b.ID); f.State != "" {
			t.Errorf("the file that was left out is %q", f.State)
		}
		_, err := h.Offer(regina, Offering{ID: db.NewID(), Authority: erfurt, Steps: 2, Files: []string{b.ID}})
		wantCode(t, err, errs.Conflict, "disposal.error.nothing_to_offer")
	})
}

// What is refused is said in the reader's language.
func TestBrokenPackages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		one := h.as(t, jenny)
		for name, want := range map[string]string{"x_y.zip": "beschädigt", db.NewID() + "_Aussonderung.Aussonderung.0503.zip": "beschädigt"} {
			p := one.Get(importPath).Upload("Paket", name, []byte("kein Paket")).Press("Prüfen").Want(http.StatusUnprocessableEntity, "kann nicht eingelesen werden", want)
			for _, english := range []string{"fault", "not a", "xdomea:"} {
				if strings.Contains(p.Body, english) {
					t.Errorf("%s: the page says %q", name, english)
				}
			}
		}
		p := h.as(t, regina).Get(listPath).Upload("Nachricht", "n.xml", []byte("<keine/>")).Press("Einlesen").Want(http.StatusUnprocessableEntity, "Ihr erstes Element „keine“ (Zeile 1) gehört nicht zu xdomea.")
		if strings.Contains(p.Body, "fault") {
			t.Error("English internals")
		}
	})
}
