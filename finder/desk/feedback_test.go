package desk

import (
	"context"
	"testing"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

func TestFeedback(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := webtest.New(t, d.mux)
		erfurtPage := c.Get("/ort?ort=Erfurt&weiter=/leistung/"+dog).Want(200, "War diese Seite hilfreich?")
		erfurtPage.Press("Ja").Want(200, "Danke für Ihre Rückmeldung.")
		p := c.Get("/leistung/"+dog).Press("Nein").Want(200, "Was hat nicht geholfen?")
		p.Press("Absenden").Want(422, "Wählen Sie eine Antwort aus.").Choose("Der Text ist schwer zu verstehen").
			Fill("Was sollen wir ändern?", "Was heißt <b>Chip</b>?").Press("Absenden").Want(200, "Danke für Ihre Rückmeldung.")
		webtest.New(t, d.mux).Get("/leistung/" + dog).Press("Nein")
		helped, remarks, err := d.Feedback(as(edda))
		must(t, err)
		if len(helped) != 2 || len(remarks) != 1 || remarks[0].Authority != erfurt {
			t.Fatalf("%+v %+v", helped, remarks)
		}
		for _, h := range helped {
			if h.Authority == erfurt && (h.Yes != 1 || h.No != 1 || h.Reasons["unclear"] != 1) || h.Authority == "" && (h.Yes != 0 || h.No != 1) {
				t.Errorf("%+v", h)
			}
		}
		c.As(lena).Get("/redaktion/rueckmeldungen").Want(200, "Stadt Erfurt", "Der Text ist schwer zu verstehen: 1", "Was heißt <b>Chip</b>?")
		if p := c.As(jens).Get("/redaktion/rueckmeldungen").Want(200); p.Has("Erfurt") || p.Has("Chip") {
			t.Error("Jena's editor reads Erfurt's feedback")
		}
		for _, s := range []identity.Principal{{}, {Subject: "c", Kind: identity.Citizen}} {
			if _, _, err := d.Feedback(as(s)); !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Unauthenticated) {
				t.Errorf("%+v: %v", s, err)
			}
		}
		d.set(time.Now().AddDate(0, 0, remarkDays+1))
		must(t, d.Snapshot(context.Background()))
		if n := count(t, d.h.DB.Reader(), `SELECT count(*) FROM finder_feedback_text`); n != 0 {
			t.Error("an old remark is kept")
		}
	})
}
