package records

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

func TestMoveCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		from, to := h.open(t, erika, Details{Subject: "Falsch"}), h.open(t, erika, Details{Subject: "Richtig"})
		part := db.NewID()
		must(t, h.AddPart(erika, to.ID, 1, part, "Planung"))
		c := h.openCase(t, erika, NewCase{File: from.ID, Subject: "Rutsche"})
		sub := h.openCase(t, erika, NewCase{File: from.ID, Parent: c.ID})
		stays := h.openCase(t, erika, NewCase{File: to.ID})
		must(t, h.MarkCase(erika, c.ID, true))
		must(t, h.h.DB.Tx(erika, func(ctx context.Context, tx *db.Tx) error {
			return h.FileDocuments(ctx, tx, c, "records.test_filed", []Document{{Kind: AttachmentKind, Name: "a.txt", Hash: strings.Repeat("a", 64)}})
		}))
		var told []string
		h.OnMove(func(_ context.Context, _ *db.Tx, m Moved) error {
			told = append(told, fmt.Sprint(m.Reference, " ", m.Case.Reference, " ", m.From == from.ID, m.File.ID == to.ID, m.Case.FileID == to.ID))
			return nil
		})
		m := Move{Reference: to.Reference, Part: part, Reason: "falsch abgelegt"}
		elsewhere := h.open(t, registrar, Details{Subject: "Nicht zu sehen"})
		tx(t, h, `UPDATE records_file SET level = 3 WHERE id = $1`, elsewhere.ID)
		for what, x := range map[string]struct {
			id      string
			version int64
			m       Move
			code    errs.Code
		}{
			"no such file":     {c.ID, 1, Move{Reference: "none", Reason: "x"}, errs.Invalid},
			"a hidden file":    {c.ID, 1, Move{Reference: elsewhere.Reference, Reason: "x"}, errs.Invalid},
			"the same file":    {c.ID, 1, Move{Reference: from.Reference, Reason: "x"}, errs.Invalid},
			"no reason":        {c.ID, 1, Move{Reference: to.Reference}, errs.Invalid},
			"no part chosen":   {c.ID, 1, Move{Reference: to.Reference, Reason: "x"}, errs.Invalid},
			"another's part":   {c.ID, 1, Move{Reference: to.Reference, Part: "none", Reason: "x"}, errs.Invalid},
			"an old form":      {c.ID, 9, m, errs.Conflict},
			"a part of a case": {sub.ID, 1, m, errs.Conflict},
		} {
			code(t, what, h.MoveCase(erika, x.id, x.version, x.m), x.code, "")
		}
		for range 2 { // a double click
			must(t, h.MoveCase(erika, c.ID, 1, m))
		}
		now, below := h.caseNow(t, c.ID), h.caseNow(t, sub.ID)
		if now.Reference != to.Reference+"-2" || below.Reference != to.Reference+"-2.1" || now.FileID != to.ID || below.FileID != to.ID ||
			now.Former != c.Reference || below.Former != sub.Reference || now.Part != part || below.Part != part || now.Version != 2 {
			t.Errorf("%+v\n%+v", now, below)
		}
		if want := []string{c.Reference + " " + now.Reference + " true true true", sub.Reference + " " + below.Reference + " true true true"}; fmt.Sprint(told) != fmt.Sprint(want) {
			t.Errorf("told of %v, want %v", told, want)
		}
		for _, table := range []string{"records_document WHERE case_id", "records_favourite WHERE object"} {
			id := c.ID
			if strings.Contains(table, "favourite") {
				id = CaseObject(c.ID)
			}
			if got := query1(t, h, `SELECT file_id FROM `+table+` = $1`, id); got != to.ID+"|\n" {
				t.Errorf("%s: %s", table, got)
			}
		}
		// It is found by both, and its old number is not given again.
		for _, reference := range []string{c.Reference, now.Reference} {
			if l, err := h.Inbox(erika, Filter{Query: reference, State: StateAll}); err != nil || len(l.Items) != 2 {
				t.Errorf("%d under %s, %v", len(l.Items), reference, err)
			}
		}
		if next := h.openCase(t, erika, NewCase{File: from.ID}); next.Reference != from.Reference+"-2" {
			t.Errorf("the next case there is %s", next.Reference)
		}
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if len(d.Notes) != 1 || !strings.Contains(d.Notes[0].Text, c.Reference+" wurde "+now.Reference) || h.entries(t, "records.case_moved") != 3 {
			t.Errorf("%+v", d.Notes)
		}
		var said int // of the reason, which not everybody may know who reads one of the files
		must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action = 'records.case_moved' AND changes LIKE '%"reason"%'`).Scan(&said))
		if said != 1 {
			t.Errorf("%d entries give the reason", said)
		}
		// Into closed files, and files in disposal, nothing goes; a closed case stays.
		must(t, h.Close(erika, stays.ID, 1))
		tx(t, h, `UPDATE records_file SET state = 'disposal' WHERE id = $1`, from.ID)
		code(t, "into disposal", h.MoveCase(erika, c.ID, 2, Move{Reference: from.Reference, Reason: "x"}), errs.Conflict, "records.error.in_disposal")
		tx(t, h, `UPDATE records_file SET state = '', closed_at = 5 WHERE id = $1`, from.ID)
		code(t, "into a closed file", h.MoveCase(erika, c.ID, 2, Move{Reference: from.Reference, Reason: "x"}), errs.Conflict, "records.error.file_closed")
		code(t, "a closed case", h.MoveCase(erika, stays.ID, 2, m), errs.Conflict, "records.error.closed")
		// What fails in another part undoes all of it.
		tx(t, h, `UPDATE records_file SET closed_at = 0 WHERE id = $1`, from.ID)
		h.OnMove(func(context.Context, *db.Tx, Moved) error {
			return errs.E(errs.Conflict, "records.error.move_holder", "Birgit")
		})
		before := dump(t, h)
		code(t, "held back", h.MoveCase(erika, c.ID, 2, Move{Reference: from.Reference, Reason: "x"}), errs.Conflict, "records.error.move_holder")
		if dump(t, h) != before {
			t.Error("something was moved all the same")
		}
	})
}

// TestMoveKeepsLevels moves a case between files of different confidentiality: it never becomes less confidential.
func TestMoveKeepsLevels(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tx(t, h, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, identity.From(erika).Subject)
		low, high := h.open(t, erika, Details{Subject: "x"}), h.open(t, erika, Details{Subject: "y", Level: access.Confidential})
		c := h.openCase(t, erika, NewCase{File: low.ID, Level: access.Restricted})
		must(t, h.MoveCase(erika, c.ID, 1, Move{Reference: high.Reference, Reason: "x"}))
		if now := h.caseNow(t, c.ID); now.Level != access.Confidential {
			t.Errorf("level %d", now.Level)
		}
		must(t, h.MoveCase(erika, c.ID, 2, Move{Reference: low.Reference, Reason: "x"}))
		if now := h.caseNow(t, c.ID); now.Level != access.Confidential || now.Reference != low.Reference+"-2" {
			t.Errorf("back: level %d, %s", now.Level, now.Reference)
		}
	})
}

// TestMovesAtOnce moves cases crosswise between two files, again and again, while others are opened: no Aktenzeichen is
// given twice, now or ever.
func TestMovesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := h.open(t, erika, Details{Subject: "a"}), h.open(t, erika, Details{Subject: "b"})
		var group sync.WaitGroup
		for i := range 6 {
			here, there := a, b
			if i%2 == 1 {
				here, there = b, a
			}
			c := h.openCase(t, erika, NewCase{File: here.ID})
			group.Go(func() {
				if err := h.MoveCase(erika, c.ID, 1, Move{Reference: there.Reference, Reason: "x"}); err != nil {
					t.Error(err)
				}
				if err := h.MoveCase(erika, c.ID, 2, Move{Reference: here.Reference, Reason: "x"}); err != nil {
					t.Error(err)
				}
			})
			group.Go(func() {
				if _, err := h.OpenCase(erika, NewCase{File: there.ID, Subject: "x"}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		h.noneTwice(t)
	})
}

// noneTwice checks that no Aktenzeichen, present or former, belongs to two cases or two files.
func (h *house) noneTwice(t interface{ Errorf(string, ...any) }) {
	for _, table := range []string{"records_case", "records_file"} {
		rows, err := h.h.DB.Reader().Query(context.Background(), `SELECT id, reference, former FROM `+table)
		all, err := db.All(rows, err, func(r db.Scanner) (x [3]string, err error) { return x, r.Scan(&x[0], &x[1], &x[2]) })
		if err != nil {
			t.Errorf("%v", err)
		}
		whose := map[string]string{}
		for _, x := range all {
			for _, reference := range append(Formers(x[2]), x[1]) {
				if other := whose[reference]; other != "" && other != x[0] {
					t.Errorf("%s is given twice in %s", reference, table)
				}
				whose[reference] = x[0]
			}
		}
	}
}

func TestReassignUnit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		c := h.openCase(t, erika, NewCase{File: f.ID})
		sub := h.openCase(t, erika, NewCase{File: f.ID, Parent: c.ID})
		gone := h.openCase(t, erika, NewCase{File: f.ID})
		must(t, h.Close(erika, gone.ID, 1))
		var told []string
		h.OnMove(func(_ context.Context, _ *db.Tx, m Moved) error {
			told = append(told, fmt.Sprint(m.Reference, " ", m.Case.Reference, " ", m.From == m.Case.FileID))
			return nil
		})
		const unit = "00.10"
		code(t, "by a clerk", h.ReassignUnit(erika, f.ID, 1, unit, "x"), errs.Denied, "records.error.manage")
		code(t, "an old form", h.ReassignUnit(registrar, f.ID, 9, unit, "x"), errs.Conflict, "")
		code(t, "no such unit", h.ReassignUnit(registrar, f.ID, 1, "99.99", "x"), errs.Invalid, "")
		code(t, "the same unit", h.ReassignUnit(registrar, f.ID, 1, "22.31", "x"), errs.Invalid, "")
		code(t, "no reason", h.ReassignUnit(registrar, f.ID, 1, unit, ""), errs.Invalid, "")
		for range 2 { // a double click
			must(t, h.ReassignUnit(registrar, f.ID, 1, unit, "fehlgeleitet"))
		}
		now := h.fileNow(t, f.ID)
		want := fileReference(DefaultPattern, unit, "", yearOf(time.Now()), 1)
		if now.Reference != want || now.Unit.Code != unit || now.Former != f.Reference || now.Version != 2 {
			t.Errorf("%+v", now)
		}
		for id, reference := range map[string]string{c.ID: want + "-1", sub.ID: want + "-1.1", gone.ID: want + "-2"} {
			if x := h.caseNow(t, id); x.Reference != reference || x.Former == "" || x.FileID != f.ID {
				t.Errorf("%s, before %s, want %s", x.Reference, x.Former, reference)
			}
		}
		if len(told) != 3 || told[0] != c.Reference+" "+want+"-1 true" {
			t.Errorf("told of %v", told)
		}
		if a, b := h.entries(t, "records.file_reassigned"), h.entries(t, "records.case_renumbered"); a != 1 || b != 3 {
			t.Errorf("%d and %d entries", a, b)
		}
		for _, reference := range []string{f.Reference, want} {
			if l, err := h.Files(erika, FileFilter{Query: reference}); err != nil || len(l.Items) != 1 {
				t.Errorf("%d files under %s, %v", len(l.Items), reference, err)
			}
		}
		// The next file there has the next number, and the next one in the old place too.
		next, err := h.OpenFile(erika, NewFile{Authority: erfurt, Unit: unit, Details: Details{Subject: "x"}})
		must(t, err)
		if old := h.open(t, erika, Details{Subject: "x"}); !strings.HasSuffix(next.Reference, "/000002") || !strings.HasSuffix(old.Reference, "/000002") {
			t.Errorf("%s, %s", next.Reference, old.Reference)
		}
		// A case goes there under the Aktenzeichen that the file had.
		moving := h.openCase(t, erika, NewCase{File: next.ID})
		must(t, h.MoveCase(erika, moving.ID, 1, Move{Reference: f.Reference, Reason: "x"}))
		// What was typed about it stays with it, and what is closed or in disposal stays where it is.
		must(t, h.ChangeFile(registrar, f.ID, 2, Details{Subject: "Spielplatz Nord"}))
		if l, err := h.Files(erika, FileFilter{Query: f.Reference}); err != nil || len(l.Items) != 1 {
			t.Errorf("the former Aktenzeichen is lost: %d, %v", len(l.Items), err)
		}
		tx(t, h, `UPDATE records_file SET closed_at = 5 WHERE id = $1`, f.ID)
		code(t, "closed", h.ReassignUnit(registrar, f.ID, 3, "22.31", "x"), errs.Conflict, "records.error.file_closed")
		tx(t, h, `UPDATE records_file SET state = 'disposal' WHERE id = $1`, f.ID)
		code(t, "in disposal", h.ReassignUnit(registrar, f.ID, 3, "22.31", "x"), errs.Conflict, "records.error.in_disposal")
	})
}

// TestMovingProperty moves, renumbers, opens and closes at random: every Aktenzeichen belongs to one thing for ever, a case
// is called after its file and its place there, and documents lie where their case does.
func TestMovingProperty(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
		rapid.Check(t, func(rt *rapid.T) {
			fail := func(err error) {
				if err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Invalid) {
					rt.Fatal(err)
				}
			}
			var files, cases []string
			for range 2 {
				f, err := h.OpenFile(registrar, NewFile{Authority: erfurt, Unit: "22.31", Details: Details{Subject: "x"}})
				fail(err)
				files = append(files, f.ID)
			}
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				file := h.fileNow(t, rapid.SampledFrom(files).Draw(rt, "file"))
				var c Case
				if len(cases) > 0 {
					c = h.caseNow(t, rapid.SampledFrom(cases).Draw(rt, "case"))
				}
				switch rapid.IntRange(0, 4).Draw(rt, "action") {
				case 0, 1:
					n := NewCase{File: file.ID, Subject: "x"}
					if c.ID != "" && c.FileID == file.ID && c.Parent == "" && rapid.Bool().Draw(rt, "sub") {
						n.Parent = c.ID
					}
					opened, err := h.OpenCase(registrar, n)
					if fail(err); err == nil {
						cases = append(cases, opened.ID)
					}
				case 2:
					if c.ID != "" {
						fail(h.MoveCase(registrar, c.ID, c.Version, Move{Reference: file.Reference, Reason: "x"}))
					}
				case 3:
					fail(h.ReassignUnit(registrar, file.ID, file.Version, rapid.SampledFrom([]string{"22.31", "00.10"}).Draw(rt, "unit"), "x"))
				case 4:
					if c.ID != "" {
						fail(h.Close(registrar, c.ID, c.Version))
					}
				}
			}
			h.noneTwice(rt)
			for _, id := range cases {
				c := h.caseNow(t, id)
				above := h.fileNow(t, c.FileID).Reference
				if c.Parent != "" {
					p := h.caseNow(t, c.Parent)
					if above = p.Reference; p.FileID != c.FileID {
						rt.Errorf("%s lies elsewhere than %s", c.Reference, p.Reference)
					}
					if p.State == StateClosed && c.State != StateClosed {
						rt.Errorf("%s is open in a closed case", c.Reference)
					}
				}
				if c.Reference != caseReference(above, c.Parent != "", c.Number) {
					rt.Errorf("%s lies in %s as number %d", c.Reference, above, c.Number)
				}
			}
		})
	})
}

// Which part file of the other file a case moves into is asked if that has open ones; what was chosen for another file is not.
func TestMoveIntoParts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		from, to, plain := h.open(t, erika, Details{Subject: "Falsch"}), h.open(t, erika, Details{Subject: "Richtig"}), h.open(t, erika, Details{Subject: "Ungeteilt"})
		one, two := db.NewID(), db.NewID()
		must(t, h.AddPart(erika, to.ID, 1, one, "Planung <1>"))
		must(t, h.AddPart(erika, to.ID, 2, two, "Bau"))
		must(t, h.ChangePart(erika, to.ID, 3, two, "Bau", true))
		moved := func(m Move) (Case, error) {
			c := h.openCase(t, erika, NewCase{File: from.ID, Subject: "x"})
			m.Reason = "x"
			err := h.MoveCase(erika, c.ID, 1, m)
			return h.caseNow(t, c.ID), err
		}
		for what, x := range map[string]struct {
			m    Move
			code errs.Code
			key  string
			part string
		}{
			"not asked":              {Move{Reference: to.Reference}, errs.Invalid, "", ""},
			"another file's":         {Move{Reference: to.Reference, Part: plain.ID}, errs.Invalid, "", ""},
			"a closed one":           {Move{Reference: to.Reference, Part: two}, errs.Conflict, "records.error.part_closed", ""},
			"the open one":           {Move{Reference: to.Reference, Part: one}, "", "", one},
			"none of them":           {Move{Reference: to.Reference, Part: to.ID}, "", "", ""},
			"where there are none":   {Move{Reference: plain.Reference}, "", "", ""},
			"chosen for another one": {Move{Reference: plain.Reference, Part: one}, "", "", ""},
		} {
			c, err := moved(x.m)
			if x.code != "" {
				code(t, what, err, x.code, x.key)
				continue
			}
			must(t, err)
			if c.Part != x.part || c.FileID == from.ID {
				t.Errorf("%s: lies in part %q of %s", what, c.Part, c.FileID)
			}
		}

		c := h.openCase(t, erika, NewCase{File: from.ID, Subject: "Rutsche"})
		b, path := visitor{t, h, erika}, "/akte/vorgang/"+c.ID+"/verschieben"
		form := b.form(b.get(path), "/verschieben")
		if form.Has("part") {
			t.Error("a part is asked for before the file is named")
		}
		w := b.do(http.MethodPost, path, with(form, "reference", to.Reference, "reason", "x"))
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no part chosen: %d", w.Code)
		}
		contains1(t, w.Body.String(), "Bitte wählen Sie, wohin der Vorgang kommt", "1 Planung &lt;1&gt;", `<option value="`+to.ID+`" selected>keine`)
		if strings.Contains(w.Body.String(), two) {
			t.Error("a closed part is offered")
		}
		b.post(path, with(b.form(w.Body.String(), "/verschieben"), "part", one))
		if now := h.caseNow(t, c.ID); now.Part != one || now.FileID != to.ID {
			t.Errorf("%+v", now)
		}
	})
}

func TestMovePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		from, to := h.open(t, erika, Details{Subject: "Falsch"}), h.open(t, erika, Details{Subject: "Richtig"})
		c := h.openCase(t, erika, NewCase{File: from.ID, Subject: "Rutsche <1>"})
		b, r := visitor{t, h, erika}, visitor{t, h, registrar}
		path := "/akte/vorgang/" + c.ID
		contains1(t, b.get(path), path+"/verschieben", path+"/zuweisen", path+"/bearbeiten", "Untervorgang anlegen")
		form := b.form(b.get(path+"/verschieben"), "/verschieben")
		w := b.do(http.MethodPost, path+"/verschieben", with(form, "reference", "99", "reason", "Weil <b>"))
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no such file: %d", w.Code)
		}
		contains1(t, w.Body.String(), `value="99"`, "Weil &lt;b&gt;", `href="#reference"`)
		if to := b.post(path+"/verschieben", with(b.form(w.Body.String(), "/verschieben"), "reference", to.Reference)); to != path {
			t.Errorf("after moving: %s", to)
		}
		contains1(t, b.get(path), "Früheres Aktenzeichen", c.Reference, to.Reference+"-1", "Weil &lt;b&gt;")

		filePath := "/akte/akte/" + to.ID
		if strings.Contains(b.get(filePath), "/einheit") {
			t.Error("a clerk is offered what only the registry does")
		}
		if w := b.do(http.MethodGet, filePath+"/einheit", nil); w.Code != http.StatusForbidden {
			t.Errorf("a clerk: %d", w.Code)
		}
		contains1(t, r.get(filePath), filePath+"/einheit")
		form = r.form(r.get(filePath+"/einheit"), "/einheit")
		if w := r.do(http.MethodPost, filePath+"/einheit", with(form, "reason", "Weil <b>")); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Weil &lt;b&gt;") {
			t.Errorf("no unit: %d", w.Code)
		}
		must(t, h.ChangeFile(erika, to.ID, 1, Details{Subject: "Anders"}))
		w = r.do(http.MethodPost, filePath+"/einheit", with(form, "unit", "00.10", "reason", "Weil <b>"))
		if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Weil &lt;b&gt;") {
			t.Errorf("an old form: %d", w.Code)
		}
		r.post(filePath+"/einheit", with(r.form(w.Body.String(), "/einheit"), "unit", "00.10"))
		contains1(t, r.get(filePath), "00.10-", "Früheres Aktenzeichen", to.Reference)

		// Put to the files and taken up again.
		must(t, h.Close(erika, c.ID, h.caseNow(t, c.ID).Version))
		if strings.Contains(b.get(path), "/wiederaufnehmen") {
			t.Error("a clerk is offered what only the registry does")
		}
		for who, want := range map[*visitor]int{&b: http.StatusForbidden, &r: http.StatusOK} {
			if w := who.do(http.MethodGet, path+"/wiederaufnehmen", nil); w.Code != want {
				t.Errorf("the form: %d, want %d", w.Code, want)
			}
		}
		for _, page := range []string{"/bearbeiten", "/zuweisen", "/verschieben"} {
			if w := b.do(http.MethodGet, path+page, nil); w.Code != http.StatusConflict {
				t.Errorf("%s of a closed case: %d", page, w.Code)
			}
		}
		contains1(t, r.get(path), path+"/wiederaufnehmen")
		r.post(path+"/wiederaufnehmen", with(r.form(r.get(path+"/wiederaufnehmen"), "/wiederaufnehmen"), "reason", "Einspruch"))
		contains1(t, b.get(path), "in Bearbeitung", "Einspruch")
		if w := r.do(http.MethodGet, path+"/wiederaufnehmen", nil); w.Code != http.StatusConflict {
			t.Errorf("an open case: %d", w.Code)
		}
		// A session that has ended loses nothing of what was typed.
		for _, x := range []string{path + "/verschieben", path + "/bearbeiten", path + "/wiederaufnehmen", filePath + "/einheit"} {
			w := visitor{t, h, context.Background()}.do(http.MethodPost, x, url.Values{"reason": {"Nicht <verloren>"}, "subject": {"Nicht <verloren>"}, "due": {i18n.ISODate(time.Now())}})
			if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Nicht &lt;verloren&gt;") {
				t.Errorf("%s after the session: %d", x, w.Code)
			}
		}
	})
}
