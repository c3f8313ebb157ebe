package flow

import (
	"fmt"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// What leaves with a case is all that was asked for, with the signatures that a new version took back.
func TestExportCourse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		h.absent("birgit", "cem", 5)
		id := h.start(c, doc, step(CoSign, "birgit"), step(Sign, "doris"))
		first := h.content(doc)
		must(t, h.sign("cem", h.task(id, "birgit"), doc))
		h.revise(doc)
		_, err := h.Refresh(t.Context())
		must(t, err)
		must(t, h.sign("cem", h.task(id, "birgit"), doc))
		must(t, h.sign("doris", h.task(id, "doris"), doc))
		other := h.start(c, "", step(Act, "birgit", access.Unit("20")), step(Know, "claudia"))
		b := h.task(other, "birgit")
		must(t, h.Refuse(as("birgit"), b.ID, b.Version, "nicht zuständig"))
		must(t, h.AddComment(as("doris"), c.ID, db.NewID(), "Bitte bald"))

		e, err := h.ExportCourse(t.Context(), h.h.DB.Reader(), access.At(erfurt), c.ID)
		must(t, err)
		var lines []string
		for _, x := range e.Circulations {
			lines = append(lines, fmt.Sprintf("%s by %s, %v", x.State, x.By, x.Document == doc))
			for _, s := range x.Steps {
				lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s: %s by %s for %s v%d void %v %s", s.Step, s.Order, s.To, s.State, s.By, s.For, s.Signed.Version,
					s.Void, s.Answer)))
			}
		}
		same(t, "course", strings.Join(lines, "\n"), `completed by Claudia, true
1 Mitzeichnung Birgit: done by Cem for Birgit v1 void true
1 Mitzeichnung Birgit: done by Cem for Birgit v2 void false
2 Schlusszeichnung Doris: done by Doris for  v2 void false
rejected by Claudia, false
1 zur weiteren Veranlassung (z. w. V.) Birgit: refused by Birgit for  v0 void false nicht zuständig
1 zur weiteren Veranlassung (z. w. V.) 20 Kämmerei: stopped by  for  v0 void false
2 zur Kenntnis (z. K.) Claudia: stopped by  for  v0 void false
0 Rücklauf Claudia: open by  for  v0 void false`)
		steps := e.Circulations[0].Steps
		if steps[0].Signed != first || steps[1].Signed != h.content(doc) || !steps[0].Person || e.Circulations[1].Steps[1].Person || steps[0].Done.IsZero() {
			t.Errorf("%+v", e.Circulations)
		}
		if len(e.Comments) != 1 || e.Comments[0].Text != "Bitte bald" {
			t.Errorf("comments %+v", e.Comments)
		}
		for what, a := range map[string]access.Access{"a stranger": access.At(jena), "nobody": {}} {
			if e, err := h.ExportCourse(t.Context(), h.h.DB.Reader(), a, c.ID); len(e.Circulations)+len(e.Comments) > 0 || err != nil && !errs.Is(err, errs.NotFound) {
				t.Errorf("%s gets %+v, %v", what, e, err)
			}
		}
	})
}
