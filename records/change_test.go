package records

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

func TestChangeCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seat(t, "org-20", access.Head, clerk("Doris Leitung", erfurt))
		max, head := clerk("Max Amt", erfurt), clerk("Doris Leitung", erfurt)
		for _, who := range []string{"clerk:Max Amt", "clerk:Doris Leitung"} {
			tx(t, h, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, who)
		}
		f := h.open(t, erika, Details{Subject: "Spielplatz", Lead: "org-20"})
		part := db.NewID()
		must(t, h.AddPart(erika, f.ID, 1, part, "Planung"))
		c := h.openCase(t, erika, NewCase{File: f.ID})
		sub := h.openCase(t, erika, NewCase{File: f.ID, Parent: c.ID})
		d := CaseDetails{Subject: " Große \n Rutsche ", Applicant: "Elternbeirat", Due: time.Now().AddDate(0, 2, 0), Level: access.Restricted, Part: part, Org: "org-20"}
		for what, x := range map[string]struct {
			change func(d *CaseDetails)
			field  string
		}{
			"no subject":      {func(d *CaseDetails) { d.Subject = " " }, "subject"},
			"no day":          {func(d *CaseDetails) { d.Due = time.Time{} }, "due"},
			"no level":        {func(d *CaseDetails) { d.Level = 9 }, "level"},
			"not cleared":     {func(d *CaseDetails) { d.Level = access.Secret }, "level"},
			"another's part":  {func(d *CaseDetails) { d.Part = "none" }, "part"},
			"no such unit":    {func(d *CaseDetails) { d.Org = "none" }, "org"},
			"a long concerns": {func(d *CaseDetails) { d.Applicant = strings.Repeat("ä", maxApplicant+1) }, "applicant"},
		} {
			bad := d
			x.change(&bad)
			if err := h.ChangeCase(max, c.ID, 1, bad); !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != x.field {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, h.ChangeCase(max, c.ID, 1, d))
		must(t, h.ChangeCase(max, c.ID, 1, CaseDetails{"Große Rutsche", "Elternbeirat", d.Due.Truncate(time.Microsecond), access.Restricted, part, "org-20"})) // a double click
		now, below := h.caseNow(t, c.ID), h.caseNow(t, sub.ID)
		if now.Subject != "Große Rutsche" || now.Applicant != "Elternbeirat" || now.Level != access.Restricted || now.Part != part || now.Org != "org-20" || now.Version != 2 {
			t.Errorf("%+v", now)
		}
		if below.Level != access.Restricted || below.Part != part {
			t.Errorf("below: %+v", below)
		}
		if l, err := h.Inbox(max, Filter{Query: "elternbeirat rutsche"}); err != nil || len(l.Items) != 1 {
			t.Errorf("found %d, %v", len(l.Items), err)
		}
		log := query1(t, h, `SELECT changes FROM audit_entry WHERE action = 'records.case_changed'`)
		for _, want := range []string{`"level":[0,1]`, `"part":["","` + part + `"]`, `"org":["","org-20"]`, Digest("Große Rutsche"), i18n.ISODate(d.Due)} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %s: %s", want, log)
			}
		}
		if strings.Contains(log, "Eltern") || strings.Count(log, "\n") != 1 {
			t.Errorf("the log holds names, or is not one entry: %s", log)
		}
		code(t, "an old form", h.ChangeCase(max, c.ID, 1, c.Details()), errs.Conflict, "records.error.changed")
		// Less confidential only by who manages the file, and not below what it lies in.
		lower := now.Details()
		lower.Level = access.Open
		code(t, "lowered by a clerk", h.ChangeCase(max, c.ID, 2, lower), errs.Denied, "records.error.lower_level")
		low := below.Details()
		low.Level = access.Open
		code(t, "below its case", h.ChangeCase(head, sub.ID, 1, low), errs.Invalid, "")
		must(t, h.ChangeCase(head, c.ID, 2, lower))
		moved := below.Details()
		moved.Part = ""
		code(t, "out of its case's part", h.ChangeCase(head, sub.ID, 1, moved), errs.Invalid, "")
		// Who applied stays who applied.
		a := h.file(t, dog("c"))
		ad := a.Details()
		ad.Applicant = "Wer anders"
		code(t, "an application's", h.ChangeCase(erika, a.ID, 1, ad), errs.Invalid, "")
		must(t, h.Close(erika, h.openCase(t, erika, NewCase{File: f.ID}).ID, 1))
	})
}

func TestAssignUnit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seat(t, "org-20", access.Member, erika)
		h.seat(t, "org-30", access.Member, clerk("Cem Satzung", erfurt))
		f := h.open(t, erika, Details{Subject: "x", Lead: "org-20", Reach: ReadByAll})
		c := h.openCase(t, erika, NewCase{File: f.ID})
		code(t, "to who cannot", h.AssignUnit(erika, c.ID, 1, "org-30"), errs.Denied, "records.error.unit_cannot")
		code(t, "to none", h.AssignUnit(erika, c.ID, 1, "none"), errs.Invalid, "")
		code(t, "an old form", h.AssignUnit(erika, c.ID, 9, "org-20"), errs.Conflict, "records.error.changed")
		for range 2 { // a double click
			must(t, h.AssignUnit(erika, c.ID, 1, "org-20"))
		}
		if now := h.caseNow(t, c.ID); now.Org != "org-20" || now.AssignedTo != "" || now.Version != 2 || now.State != StateInWork {
			t.Errorf("%+v", now)
		}
		if l, err := h.Inbox(erika, Filter{Who: WhoFree}); err != nil || len(l.Items) != 1 {
			t.Errorf("%d are free, %v", len(l.Items), err)
		}
		if n := h.entries(t, "records.case_assigned"); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestChangePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seat(t, "org-20", access.Member, erika)
		h.seat(t, "org-20", access.Member, clerk("Max Amt", erfurt))
		tx(t, h, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, identity.From(erika).Subject)
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		b := visitor{t, h, erika}
		// A case can be more confidential than its file from the start.
		newCase := b.get("/akte/akte/" + f.ID + "/vorgang")
		contains1(t, newCase, "vertraulicher sein als seine Akte", "vertraulich")
		to := b.post("/akte/akte/"+f.ID+"/vorgang", with(b.form(newCase, "/vorgang"), "subject", "Rutsche", "level", "2"))
		id := strings.TrimPrefix(to, "/akte/vorgang/")
		if c := h.caseNow(t, id); c.Level != access.Confidential {
			t.Fatalf("level %d", c.Level)
		}
		path := to
		form := with(b.form(b.get(path+"/bearbeiten"), "/bearbeiten"), "level", "2", "org", "org-20")
		w := b.do(http.MethodPost, path+"/bearbeiten", with(form, "subject", " "))
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#subject"`) {
			t.Errorf("no subject: %d", w.Code)
		}
		// A colleague was faster: said by name, with what was typed; sent again it is stored.
		tx(t, h, `UPDATE records_case SET version = version + 1, changed_by = 'Max Amt' WHERE id = $1`, id)
		w = b.do(http.MethodPost, path+"/bearbeiten", with(form, "subject", "Rutsche <neu>", "applicant", "Elternbeirat"))
		if w.Code != http.StatusConflict {
			t.Errorf("an old form: %d", w.Code)
		}
		contains1(t, w.Body.String(), "inzwischen geändert", "Max Amt", "Rutsche &lt;neu&gt;")
		b.post(path+"/bearbeiten", with(b.form(w.Body.String(), "/bearbeiten"), "level", "2", "org", "org-20"))
		contains1(t, b.get(path), "Rutsche &lt;neu&gt;", "Betrifft", "Elternbeirat", "vertraulich", "20 20")
		// Less confidential is not the clerk's to say: what was typed stays.
		w = b.do(http.MethodPost, path+"/bearbeiten", with(b.form(b.get(path+"/bearbeiten"), "/bearbeiten"), "level", "0", "subject", "Getippt"))
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Getippt") {
			t.Errorf("lowered: %d", w.Code)
		}

		form = b.form(b.get(path+"/zuweisen"), "/zuweisen")
		if w := b.do(http.MethodPost, path+"/zuweisen", form); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("to nobody: %d", w.Code)
		}
		if w := b.do(http.MethodPost, path+"/zuweisen", with(form, "to", toPerson+"clerk:Max Amt")); w.Code != http.StatusForbidden { // not cleared
			t.Errorf("to who may not see it: %d", w.Code)
		}
		b.post(path+"/zuweisen", with(form, "to", toUnit+"org-20"))
		contains1(t, b.get(path), "noch niemand")
		tx(t, h, `UPDATE records_case SET level = 0 WHERE id = $1`, id)
		b.post(path+"/zuweisen", with(b.form(b.get(path+"/zuweisen"), "/zuweisen"), "to", toPerson+"clerk:Max Amt"))
		contains1(t, b.get(path), "Max Amt")

		// Who may only read is offered nothing, and gets nothing.
		g := h.open(t, erika, Details{Subject: "Nur lesen", Lead: "org-20", Reach: ReadByAll})
		c := h.openCase(t, erika, NewCase{File: g.ID})
		r := visitor{t, h, clerk("Otto Leser", erfurt)}
		path = "/akte/vorgang/" + c.ID
		page := r.get(path)
		contains1(t, page, "lesen, aber nicht ändern")
		for _, form := range []string{"/zda", "/bearbeiten", "/zuweisen", "/verschieben"} {
			if strings.Contains(page, path+form) {
				t.Errorf("the page offers %s", form)
			}
			if w := r.do(http.MethodGet, path+form, nil); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", form, w.Code)
			}
		}
	})
}
