package records

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/money"
)

func TestDecideAtTheSameTime(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("c"))
		decide := func(id func(i int) string) (ok, conflicts int) {
			var wg sync.WaitGroup
			results := make([]error, 8)
			for i := range results {
				wg.Go(func() { results[i] = h.Decide(erika, c.ID, 1, grant(id(i))) })
			}
			wg.Wait()
			for _, err := range results {
				switch {
				case err == nil:
					ok++
				case errs.Is(err, errs.Conflict):
					conflicts++
				default:
					t.Error(err)
				}
			}
			return ok, conflicts
		}
		if ok, conflicts := decide(func(int) string { return db.NewID() }); ok != 1 || conflicts != 7 {
			t.Errorf("eight decisions: %d made, %d conflicts", ok, conflicts)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if ok, _ := decide(func(int) string { return d.Decision.ID }); ok != 8 { // double clicks on the one that was made
			t.Errorf("%d of 8 double clicks were taken for what they are", ok)
		}
		h.drain(t)
		if n := len(seen[Decided](h)); n != 1 {
			t.Errorf("decided %d times", n)
		}
		if n := len(seen[NoticeRendered](h)); n != 1 {
			t.Errorf("rendered %d times", n)
		}
		if d, err = h.Dossier(erika, c.ID); err != nil || len(d.Documents) != 4 {
			t.Errorf("%d documents, %v", len(d.Documents), err)
		}
	})
}

func TestOldVersionConflicts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("v"))
		must(t, h.Take(erika, c.ID, 1))
		due := time.Now().AddDate(0, 0, 3)
		for name, f := range map[string]func(version int64) error{
			"ask":    func(v int64) error { return h.Ask(erika, c.ID, v, db.NewID(), "x", due) },
			"decide": func(v int64) error { return h.Decide(erika, c.ID, v, grant(db.NewID())) },
			"take":   func(v int64) error { return h.Take(clerk("Max Amt", erfurt), c.ID, v) },
		} {
			for _, version := range []int64{0, 1, 3} {
				if err := f(version); !errs.Is(err, errs.Conflict) {
					t.Errorf("%s on version %d: %v", name, version, err)
				}
			}
		}
		if now := h.bySource(t, "v"); now.Version != 2 || now.AssignedName != "Erika Amt" {
			t.Errorf("the case was changed: %+v", now)
		}
		h.drain(t)
		if len(seen[Asked](h))+len(seen[Decided](h)) != 0 {
			t.Error("an event came of a conflict")
		}
	})
}

func TestDecideChecks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("k"))
		free := dog("m")
		free.LeikaKey = certificate
		m := h.file(t, free)
		future := time.Now().AddDate(0, 1, 0)
		for name, x := range map[string]struct {
			id    string
			v     Verdict
			field string
		}{
			"no text":            {c.ID, Verdict{Granted: true, Reasons: "x"}, "decision"},
			"only spaces":        {c.ID, Verdict{Granted: true, Decision: " \r\n ", Reasons: "x"}, "decision"},
			"no reasons":         {c.ID, Verdict{Granted: true, Decision: "x"}, "reasons"},
			"too long":           {c.ID, Verdict{Granted: true, Decision: strings.Repeat("ä", maxDecision+1), Reasons: "x"}, "decision"},
			"refused with money": {c.ID, Verdict{Decision: "x", Reasons: "x", Amount: 1, Due: future}, "amount"},
			"no notice service":  {m.ID, Verdict{Granted: true, Decision: "x", Reasons: "x", Amount: 1, Due: future}, "amount"},
			"negative":           {c.ID, Verdict{Granted: true, Decision: "x", Reasons: "x", Amount: -1, Due: future}, "amount"},
			"too much":           {c.ID, Verdict{Granted: true, Decision: "x", Reasons: "x", Amount: maxAmount + 1, Due: future}, "amount"},
			"due yesterday":      {c.ID, Verdict{Granted: true, Decision: "x", Reasons: "x", Amount: 1, Due: time.Now().AddDate(0, 0, -1)}, "due"},
			"due never":          {c.ID, Verdict{Granted: true, Decision: "x", Reasons: "x", Amount: 1}, "due"},
		} {
			for what, err := range map[string]error{
				"decide": h.Decide(erika, x.id, 1, x.v),
				"preview": func() error {
					_, err := h.Preview(erika, x.id, x.v)
					return err
				}(),
			} {
				var e *errs.Error
				if !errors.As(err, &e) || e.Code != errs.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != x.field {
					t.Errorf("%s, %s: %v", what, name, err)
				}
			}
		}
		if len(h.orders) != 0 {
			t.Errorf("money was demanded: %+v", h.orders)
		}
	})
}

func (h *house) blob(t *testing.T, hash string) string {
	t.Helper()
	r, err := h.h.Blobs.Open(t.Context(), hash)
	must(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must(t, err)
	return string(b)
}

func TestNotice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("n"))
		v := grant(db.NewID())
		v.Decision = "Für den Hund <Bello> wird festgesetzt:\n\n120 Euro."
		preview, err := h.Preview(erika, c.ID, v)
		must(t, err)
		page, err := h.html(preview)
		must(t, err)
		if !bytes.Contains(page, []byte("wird beim Erlass vergeben")) || bytes.Contains(page, []byte("KZ-4711")) {
			t.Error("the preview has a Kassenzeichen")
		}
		if len(h.orders) != 0 {
			t.Error("the preview demands money")
		}
		must(t, h.Decide(erika, c.ID, 1, v))
		h.drain(t)
		if o := h.orders[0]; o.Source != "case:"+c.ID || o.Amount != 12000 || len(o.Purpose) > 27 || o.Authority != erfurt ||
			o.ReturnPath != "/antrag/n" {
			t.Errorf("order %+v", o)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		var html string
		for _, x := range d.Documents {
			switch x.Kind {
			case NoticeHTML:
				html = h.blob(t, x.Hash)
			case NoticePDF:
				if !strings.HasPrefix(h.blob(t, x.Hash), "%PDF-") || seen[NoticeRendered](h)[0].Hash != x.Hash {
					t.Error("the notice's PDF is none, or another was announced")
				}
			}
		}
		for _, want := range []string{
			"Stadtverwaltung Erfurt", germanDate(time.Now()), c.Reference, "Łucja Müller", "Hund anmelden", "RS-2026-n",
			"<p class=\"kern-body\">120 Euro.</p>", "&lt;Bello&gt;", "Sie halten einen Hund.", "120,00 € (Demowert)", "KZ-4711",
			germanDate(v.Due), "Rechtsbehelfsbelehrung", "innerhalb eines Monats nach Bekanntgabe Widerspruch", "§§ 68, 70 VwGO",
			"keine aufschiebende Wirkung", "Im Auftrag", "Erika Amt",
		} {
			if !strings.Contains(html, want) {
				t.Errorf("the notice lacks %q", want)
			}
		}
		for _, alien := range []string{"[records.", "<link", "<script", "src=", "href=", "http"} {
			if strings.Contains(html, alien) {
				t.Errorf("the notice has %q: it must need nothing beside it", alien)
			}
		}
		e := seen[Decided](h)[0]
		if e.Source != "n" || e.Amount != money.Cents(12000) || !e.Demo || e.Kassenzeichen != "KZ-4711" || e.PayPath != "/zahlen/p1" ||
			e.CaseReference != c.Reference || !e.Granted || !strings.Contains(e.Remedy, "Stadtverwaltung Erfurt") || e.Date.IsZero() {
			t.Errorf("event %+v", e)
		}
	})
}

func TestRefusalDemandsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("r"))
		must(t, h.Decide(erika, c.ID, 1, Verdict{ID: db.NewID(), Decision: "Der Antrag wird abgelehnt.", Reasons: "Kein Hund."}))
		h.drain(t)
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		l := h.letter(d.Case, *d.Decision)
		if l.Title != "Ablehnungsbescheid" || len(l.Sections) != 3 || len(h.orders) != 0 || strings.Contains(d.Decision.Remedy, "§ 80") {
			t.Errorf("letter %+v, orders %v", l, h.orders)
		}
		if e := seen[Decided](h)[0]; e.Granted || e.Amount != 0 || e.Kassenzeichen != "" || e.Demo {
			t.Errorf("event %+v", e)
		}
	})
}

func TestPaid(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.file(t, dog("p"))
		must(t, h.Decide(erika, c.ID, 1, grant(db.NewID())))
		paid := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		for range 3 {
			h.publish(t, "test.paid", paidBody{"case:" + c.ID, "KZ-4711", paid})
		}
		h.drain(t)
		if p := seen[NoticePaid](h); len(p) != 1 || p[0] != (NoticePaid{"p", paid}) {
			t.Errorf("paid %+v", p)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if !d.Decision.PaidAt.Equal(paid) {
			t.Errorf("paid at %s", d.Decision.PaidAt)
		}
		for _, wrong := range []paidBody{{"case:" + c.ID, "KZ-0", paid}, {"case:" + db.NewID(), "KZ-4711", paid}, {"apply:p", "KZ-4711", paid}} {
			h.publish(t, "test.paid", wrong)
			if err := h.h.Queue.Drain(t.Context()); err == nil {
				t.Errorf("%+v was taken", wrong)
			}
		}
	})
}
