package disposal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// courses are those of cases, by id.
type courses map[string]Course

func (c courses) Course(_ context.Context, _ db.Querier, _ access.Access, caseID string) (Course, error) {
	return c[caseID], nil
}

// messages say who wrote to whom, by the document's id.
type messages map[string][3]string

func (m messages) Correspondents(context.Context, db.Querier, access.Access, string) (map[string][3]string, error) {
	return m, nil
}

var signedOn = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// course is one of all kinds: two circulations on a document, one of them with a signature that was taken back, and one
// on the whole case that somebody withdrew.
func course(document string) Course {
	hash := func(s string) string { return strings.Repeat(s, 64) }
	circulation := func(state, about string, steps ...CourseStep) Circulation {
		return Circulation{ID: db.NewID(), Document: about, Title: "Entwurf", State: state, By: "Claudia Amtmann", Started: signedOn.Add(-48 * time.Hour), Steps: steps}
	}
	cosign := CourseStep{State: "done", Order: "Mitzeichnung", To: "Birgit Steuer", Person: true, Due: signedOn.Add(24 * time.Hour), Done: signedOn,
		By: "Cem Satzung", For: "Birgit Steuer", Answer: "mit Änderung", Signed: Signed{2, hash("b")}}
	void := cosign
	void.Signed, void.Void = Signed{1, hash("a")}, true
	withdrawn := circulation("withdrawn", "", CourseStep{State: "stopped", Order: "zur Kenntnis", To: "20 Kämmerei", Text: "bis Montag"},
		CourseStep{State: "waiting", Order: "Wiedervorlage", To: "Claudia Amtmann", Person: true})
	withdrawn.Reason = "doppelt"
	return Course{Circulations: []Circulation{
		circulation("completed", document, void, cosign),
		circulation("rejected", document, CourseStep{State: "refused", Order: "Schlusszeichnung", To: "Doris Leitung", Person: true, Done: signedOn, By: "Doris Leitung", Answer: "nein"}),
		withdrawn, circulation("running", "elsewhere", CourseStep{State: "open", Order: "z. w. V.", To: "Cem Satzung", Person: true})},
		Comments: []Comment{{Text: "Bitte bald, " + secret, By: "Doris Leitung", At: signedOn}}}
}

// items are what is in a package.
func items(t testing.TB, b []byte) []xdomea.Item {
	t.Helper()
	p, err := xdomea.OpenPackage(bytes.NewReader(b), int64(len(b)), xdomea.Options{})
	must(t, err)
	defer p.Close() //nolint:errcheck // it was only read
	var out []xdomea.Item
	for item, err := range p.Items() {
		must(t, err)
		out = append(out, item)
	}
	return out
}

// The course of business goes along to the archive as types of xdomea and as a sheet, and comes out of the package at
// another authority as a sheet.
func TestCourseGoesAlong(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitA)
		document := h.documentsOfCase(t, c.ID)[0]
		h.Courses, h.Messages = courses{c.ID: course(document)}, messages{document: {"Erika <erika@example.org>", "Stadt <stadt@example.org>", "Ute Kopie"}}
		must(t, h.core.Close(claudia, c.ID, h.caseVersion(t, c.ID)))
		must(t, h.Reckon(t.Context()))
		h.years(32)
		k, b := h.packageOf(t, h.offer(t, 2, h.file(t, f.ID)), xdomea.Disposal)
		sound(t, k, b)

		sent := items(t, b)[0].(*xdomea.File).Cases[0]
		if w := sent.Workflow; w == nil || len(w.Steps) != 3 || w.Steps[0].Status != xdomea.StepSkipped || w.Steps[0].To.Unit != "20 Kämmerei" ||
			w.Steps[0].Note != "Entwurf\nbis Montag\nzurückgezogen: doppelt" || w.Steps[1].Status != xdomea.StepAhead || w.Steps[2].Status != xdomea.StepCurrent {
			t.Errorf("the case has %+v", w)
		}
		var about *xdomea.Workflow
		for _, d := range sent.Documents {
			if d.ID == document {
				about = d.Workflow
				if len(d.Senders) != 1 || len(d.Recipients) != 1 || len(d.Contacts) != 1 || d.Senders[0].FamilyName != "Erika <erika@example.org>" ||
					d.Recipients[0].FamilyName != "Stadt <stadt@example.org>" || d.Contacts[0].FamilyName != "Ute Kopie" {
					t.Errorf("who wrote to whom: %+v, %+v, %+v", d.Senders, d.Recipients, d.Contacts)
				}
			}
		}
		if about == nil || len(about.Steps) != 3 || about.ID == h.Courses.(courses)[c.ID].Circulations[0].ID {
			t.Fatalf("the document has %+v", about)
		}
		var got []string
		for _, s := range about.Steps {
			got = append(got, fmt.Sprintf("%s %s %s %s→%s %s %s %s %s %q %q", s.Number, s.Status, s.Order, s.From.FamilyName, s.To.FamilyName, s.Ordered.Format(time.DateOnly),
				s.Done.On.Format(time.DateOnly), s.Done.At, s.Done.By.FamilyName, s.Done.Mark, s.Done.Note))
		}
		want := []string{
			`1 003 Mitzeichnung Claudia Amtmann→Birgit Steuer 2026-11-18 2026-11-20 10:30:00+01:00 Cem Satzung "erledigt, durch eine neue Fassung aufgehoben, i. V. für Birgit Steuer" "mit Änderung\nFassung 1, SHA-256 ` + strings.Repeat("a", 64) + `"`,
			`2 003 Mitzeichnung Claudia Amtmann→Birgit Steuer 2026-11-18 2026-11-20 10:30:00+01:00 Cem Satzung "erledigt, i. V. für Birgit Steuer" "mit Änderung\nFassung 2, SHA-256 ` + strings.Repeat("b", 64) + `"`,
			`3 003 Schlusszeichnung Claudia Amtmann→Doris Leitung 2026-11-18 2026-11-20 10:30:00+01:00 Doris Leitung "abgelehnt" "nein"`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("steps:\n%s", strings.Join(got, "\n"))
		}
		sheet := h.sheetIn(t, b, "Vorgangsblatt")
		for _, s := range []string{"Bitte bald", "doppelt", strings.Repeat("b", 64), "durch eine neue Fassung aufgehoben", "zurückgezogen", "20 Kämmerei"} {
			if !strings.Contains(sheet, s) {
				t.Errorf("the sheet lacks %q:\n%s", s, sheet)
			}
		}

		in := bytes.NewReader(b)
		i, err := h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		must(t, err)
		must(t, h.TakeOver(jenny, i.ID, here(unitA)))
		l, err := h.core.Files(jenny, records.FileFilter{})
		must(t, err)
		taken := h.casesOf(t, l.Items[0].ID)
		text := ""
		for _, id := range h.documentsOfCase(t, taken[0].ID) {
			d, content, err := h.core.OpenDocument(jenny, id)
			must(t, err)
			b, err := io.ReadAll(content)
			must(t, err)
			must(t, content.Close())
			if d.Subject == "Angaben der abgebenden Stelle" {
				text += string(b)
			}
		}
		for _, s := range []string{"1. Mitzeichnung, Birgit Steuer", "Fassung 2, SHA-256 " + strings.Repeat("b", 64), "zurückgezogen: doppelt", "10:30:00&#43;01:00", "Schritt wurde übersprungen",
			"Stadtverwaltung Erfurt", "Akte " + f.Reference, "Vorgang abgeschlossen", "erika@example.org", "Ute Kopie", "2. Wiedervorlage, Claudia Amtmann"} {
			if !strings.Contains(text, s) {
				t.Errorf("what was taken over lacks %q:\n%s", s, text)
			}
		}
		h.verify(t)
	})
}

// sheetIn is the text of the file in a package whose name holds the word.
func (h *house) sheetIn(t testing.TB, b []byte, word string) string {
	t.Helper()
	p, err := xdomea.OpenPackage(bytes.NewReader(b), int64(len(b)), xdomea.Options{})
	must(t, err)
	defer p.Close() //nolint:errcheck // it was only read
	out := ""
	for _, item := range items(t, b) {
		for _, c := range item.(*xdomea.File).Cases {
			for _, d := range c.Documents {
				for _, v := range d.Versions {
					if name := v.Formats[0].FileName; strings.Contains(name, word) {
						r, err := p.Open(name)
						must(t, err)
						content, err := io.ReadAll(r)
						must(t, err)
						out += string(content)
					}
				}
			}
		}
	}
	return out
}

// Whatever a package of another program holds is in the electronic file afterwards: every stored file, and all that was
// said.
func TestNothingIsLostOnTheWay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		head := xdomea.Head{ProcessID: db.NewID(), Message: xdomea.Transfer, Created: h.h.Now(), Sender: xdomea.Contact{Organisation: "Landratsamt"}}
		name := func(ending string) string { return xdomea.FileName(db.NewID(), "", ending) }
		document := func(subject string, formats ...xdomea.Format) xdomea.Document {
			for i := range formats {
				formats[i].Format, formats[i].FileName = "045", name("txt")
			}
			return xdomea.Document{ID: db.NewID(), General: xdomea.General{Subject: subject}, Versions: []xdomea.Version{{Label: "1", Formats: formats}}}
		}
		flow := func(mark string) *xdomea.Workflow {
			return &xdomea.Workflow{ID: db.NewID(), Steps: []xdomea.Step{{Number: "1", Status: xdomea.StepDone, Ordered: signedOn, DueAt: "12:00:00", Due: signedOn,
				Done: &xdomea.Done{On: signedOn, Mark: mark, Attachments: []xdomea.Document{document("Stellungnahme "+mark, xdomea.Format{})}}}}}
		}
		odd := document("Formate", xdomea.Format{SignatureFiles: []string{name("p7s")}}, xdomea.Format{}, xdomea.Format{})
		odd.Workflow, odd.Senders = flow("am Dokument"), []xdomea.Contact{{FamilyName: "Muster", Lines: []xdomea.AddressLines{{Line1: "Zeile eins"}}}}
		odd.Extra = []xdomea.Extension{{Name: "Fachverfahren", Groups: []xdomea.FieldGroup{{Name: "Gruppe", Fields: []xdomea.Field{{Name: "Feld", Value: "Wert 4711"}}}}}}
		letter := xdomea.CoverLetter{Document: document("Anschreiben", xdomea.Format{})}
		var out bytes.Buffer
		w, err := xdomea.NewPackageWriter(&out, head)
		must(t, err)
		for _, x := range []xdomea.Item{&letter,
			&xdomea.File{ID: db.NewID(), General: xdomea.General{Subject: "Akte mit allem", Remark: "Bemerkung zur Akte"}, Workflow: flow("an der Akte"),
				Cases: []xdomea.Case{{ID: db.NewID(), Workflow: flow("am Vorgang"), SubCases: []xdomea.Case{{ID: db.NewID(), Documents: []xdomea.Document{odd}}}}},
				Parts: []xdomea.File{{ID: db.NewID(), Workflow: flow("an der Teilakte"), Links: []xdomea.Link{{Kind: xdomea.KindFile, Reference: "AZ 99"}}}}},
			&xdomea.File{ID: db.NewID(), General: xdomea.General{Subject: "Leere Akte"}, History: []xdomea.Change{{Action: "Geändert", At: signedOn, Actor: "jemand", Old: "alt", New: "neu"}}},
		} {
			must(t, w.Write(x))
		}
		sent := w.Missing()
		for _, n := range sent {
			must(t, w.AddFile(n, strings.NewReader("Inhalt von "+n)))
		}
		must(t, w.Close())
		in := bytes.NewReader(out.Bytes())
		sound(t, Package{Name: xdomea.PackageName(head)}, out.Bytes())
		i, err := h.Check(jenny, in, in.Size(), xdomea.PackageName(head), jena, db.NewID())
		must(t, err)
		if len(sent) != 9 || i.Summary.Stored != len(sent) {
			t.Errorf("%d files, %d in the summary", len(sent), i.Summary.Stored)
		}
		must(t, h.TakeOver(jenny, i.ID, here(unitV)))
		l, err := h.core.Files(jenny, records.FileFilter{})
		must(t, err)
		all := ""
		for _, f := range l.Items {
			for _, c := range h.casesOf(t, f.ID) {
				for _, id := range h.documentsOfCase(t, c.ID) {
					d, content, err := h.core.OpenDocument(jenny, id)
					must(t, err)
					b, err := io.ReadAll(content)
					must(t, err)
					must(t, content.Close())
					all += d.Subject + "\n" + string(b) + "\n"
				}
			}
		}
		want := []string{"Bemerkung zur Akte", "am Dokument", "an der Akte", "am Vorgang", "an der Teilakte", "AZ 99", "Muster", "Zeile eins", "Wert 4711", "alt → neu", "12:00:00", "Anschreiben"}
		for _, n := range sent {
			want = append(want, "Inhalt von "+n)
		}
		for _, s := range want {
			if !strings.Contains(all, s) {
				t.Errorf("lost: %s", s)
			}
		}
		sheet, err := h.originSheet(head, nil, &xdomea.Case{ExtraXML: `<Antrag xmlns="urn:bau">Halle</Antrag>`})
		if must(t, err); !strings.Contains(sheet, "&lt;Antrag xmlns=&#34;urn:bau&#34;&gt;Halle&lt;/Antrag&gt;") {
			t.Errorf("XML of others is lost: %s", sheet)
		}
		if len(l.Items) != 2 || t.Failed() {
			t.Errorf("%d files:\n%s", len(l.Items), all)
		}
	})
}
