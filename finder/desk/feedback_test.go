package desk

import (
	"context"
	"testing"
	"time"

	"rennsteig/platform/db"
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
			if _, _, err := d.Feedback(as(s)); !errs.Is(err, errs.Denied) && !errs.Is(err, errs.Unauthenticated) {
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

func TestSearchesShown(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		must(t, d.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO finder_search_count (day, hash, query, times, fruitless, clicks) VALUES
				($1, 'a', 'quarkstrudel', 9, 9, 0), ($1, 'b', 'hund anmelden', 20, 0, 12), ($1, 'c', '', 3, 3, 0), ('2001-01-01', 'd', 'alt', 9, 9, 0)`, d.today())
			return err
		}))
		c := webtest.New(t, d.mux)
		p := c.As(edda).Get("/redaktion/rueckmeldungen").Want(200, "32 Suchen", "quarkstrudel 9 9 0", "hund anmelden 20 0 8")
		if p.Has("alt 9") {
			t.Error("searches of long ago are shown")
		}
		if p := c.As(lena).Get("/redaktion/rueckmeldungen").Want(200); p.Has("quarkstrudel") || p.Has("32 Suchen") {
			t.Error("a local editor sees the searches")
		}
	})
}
