package disposal

import (
	"net/http"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// One is not said as many are.
func TestOneAndMany(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		documents := h.documentsOfCase(t, c.ID)
		one := h.as(t, regina)
		for _, x := range []struct{ scope, object, want string }{
			{"document", documents[0], "1 Dokument, 2 Dateien, "}, {"case", c.ID, "1 Vorgang, 1 Dokument, 1 Datei, "}, {"file", f.ID, "0 KB"},
		} {
			e := order(f.ID, x.scope, x.object)
			must(t, h.ProposeErasure(regina, e))
			h.as(t, arne).Get("/akte/loeschung/"+e.ID).Want(http.StatusOK, "spätestens nach etwa einer Stunde").Press("Löschung bestätigen").
				Want(http.StatusOK, "Der Inhalt ist gelöscht.", "spätestens nach etwa einer Stunde")
			one.Get("/akte/akte/"+f.ID+"/aufbewahrung").Want(http.StatusOK, x.want, "spätestens nach etwa einer Stunde")
		}

		due, open := h.closed(t, claudia, erfurt, unitV), h.closed(t, claudia, erfurt, unitV)
		h.exec(t, `UPDATE records_file SET retain_until = 1 WHERE id = '`+due.ID+`'`)
		_, err := h.Offer(regina, Offering{ID: db.NewID(), Authority: erfurt, Steps: 4, Files: []string{due.ID, open.ID}})
		wantCode(t, err, errs.Conflict, "disposal.error.not_due.one")
		_, err = h.Offer(regina, Offering{ID: db.NewID(), Authority: erfurt, Steps: 4, Files: []string{f.ID, open.ID}})
		wantCode(t, err, errs.Conflict, "disposal.error.not_due.other")

		id := h.offer(t, 2, due)
		approval := db.NewID()
		must(t, h.Propose(regina, id, approval))
		must(t, h.Approve(arne, id, approval))
		one.Get(listPath+"/"+id).Want(http.StatusOK, "spätestens nach etwa einer Stunde").Press("Akten vernichten").Want(http.StatusOK, "spätestens nach etwa einer Stunde")
		h.drain(t)
		one.Get(listPath+"/"+id).Want(http.StatusOK, "spätestens nach etwa einer Stunde")
	})
}
