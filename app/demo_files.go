package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/provider"
	"rennsteig/platform/pdf"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
)

// demoID is the id of something in the demo town's files: the same each time, so that it is made once.
func demoID(n int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012d", n) }

// demoUnit is the id of the unit with that code.
func demoUnit(code string) string {
	i := slices.IndexFunc(demoUnits, func(u demoUnitWithMembers) bool { return u.Code == code })
	return demoUnits[i].ID
}

// demoFile is a file of the demo town. Days count back from now.
type demoFile struct {
	id    int
	by    string // subject of who opened it
	unit  string
	days  int // ago it was opened
	parts []string
	records.Details
	cases []demoCase
}

// demoCase is a case in it.
type demoCase struct {
	id, part, parent int // part counts from 1; parent is an id; 0 is none
	by, subject      string
	days             int // ago it was opened
	due              int // days from now
	documents        []demoDocument
	closed           int // days ago it was put to the files; 0 is open
}

// demoDocument is a document with these lines: a PDF, or a text if its name says so.
type demoDocument struct {
	name  string
	title string
	text  []string
}

// demoNote stands in each document of the demo.
const demoNote = "Demodaten: frei erfunden"

// The demo's things that others refer to.
const (
	demoType      = 100
	demoAward     = 113 // case
	demoBudget    = 141 // case
	demoPaper     = 130 // file
	demoAwardFile = 1131
)

var demoFiles = []demoFile{
	{id: 110, by: "demo-clerk", unit: "67", days: 210, parts: []string{"Planung", "Ausführung"},
		Details: records.Details{Subject: "Neugestaltung eines Spielplatzes", Keywords: "Spielplatz, Bau", Type: demoID(demoType),
			Fields: `{"kostenrahmen":"80.000 Euro (Demowert)","stand":"Ausführung"}`},
		cases: []demoCase{
			{id: 111, part: 1, by: "demo-clerk", subject: "Entwurf und Beteiligung", days: 200, due: 20, documents: []demoDocument{
				{"Entwurf.pdf", "Entwurf", []string{"Der Spielplatz bekommt eine Kletteranlage, eine Nestschaukel und Sitzbänke.", "Alle Wege sind ohne Stufen."}},
				{"Ortstermin.txt", "Vermerk", []string{"Ortstermin: Zaun ist zu ersetzen, die Linde bleibt."}}}},
			{id: 112, parent: 111, by: "demo-clerk2", subject: "Beteiligung der Kinder", days: 190, due: 6, documents: []demoDocument{
				{"Wünsche.txt", "Vermerk", []string{"Gewünscht: Nestschaukel (14), Seilbahn (9), Wasser (7)."}}}},
			{id: demoAward, part: 2, by: "demo-clerk", subject: "Vergabe der Spielgeräte", days: 30, due: 9, documents: []demoDocument{
				{"Vergabevermerk.pdf", "Vergabevermerk", []string{"Drei Angebote lagen vor. Der Zuschlag soll auf das wirtschaftlichste Angebot erteilt werden.",
					"Die Mittel stehen im Haushalt bereit."}}}},
		}},
	{id: 120, by: "demo-clerk3", unit: "00.50", days: 60,
		Details: records.Details{Subject: "Prüfung einer Datenpanne", Keywords: "Datenschutz", Lead: demoUnit("30"), Reach: records.LeadOnly, Level: access.Confidential},
		cases: []demoCase{{id: 121, by: "demo-clerk3", subject: "Meldung an die Aufsicht", days: 58, due: 4, documents: []demoDocument{
			{"Sachverhalt.txt", "Sachverhalt", []string{"Eine Liste lag eine Stunde lang offen im Netz. Betroffen sind erfundene Personen."}}}}}},
	{id: demoPaper, by: "demo-registrar", unit: "00.21", days: 900,
		Details: records.Details{Subject: "Pachtverträge, Altbestand", Keywords: "Verträge", Lead: demoUnit("10"), Reach: records.ReadByAll, Medium: records.Paper, Location: "Archivkeller, Regal 4"}},
	{id: 140, by: "demo-clerk2", unit: "20.10", days: 75,
		Details: records.Details{Subject: "Haushaltsplan für das kommende Jahr", Keywords: "Haushalt", Lead: demoUnit("20"), Reach: records.ReadByAll, Medium: records.Hybrid, Location: "Kämmerei, Schrank 2"},
		cases: []demoCase{{id: demoBudget, by: "demo-clerk2", subject: "Anmeldungen der Fachbereiche", days: 40, due: 3, documents: []demoDocument{
			{"Anmeldungen.txt", "Übersicht", []string{"Spielplatz: 80.000 Euro (Demowert)", "Bücherei: 12.000 Euro (Demowert)"}}}}}},
	{id: 150, by: "demo-clerk", unit: "20.20", days: 16 * 366,
		Details: records.Details{Subject: "Zuschuss für ein Vereinsfest", Keywords: "Zuschuss", Lead: demoUnit("20")},
		cases: []demoCase{{id: 151, by: "demo-clerk", subject: "Antrag und Bescheid", days: 16 * 366, closed: 15 * 366, documents: []demoDocument{
			{"Bescheid.txt", "Bescheid", []string{"Der Zuschuss wird bewilligt."}}}}}},
	{id: 160, by: "demo-clerk2", unit: "02.30", days: 10 * 366,
		Details: records.Details{Subject: "Fortbildung zur doppischen Buchführung", Keywords: "Fortbildung", Lead: demoUnit("20")},
		cases: []demoCase{{id: 161, by: "demo-clerk2", subject: "Anmeldung", days: 10 * 366, closed: 9 * 366, documents: []demoDocument{
			{"Zusage.txt", "Zusage", []string{"Die Plätze sind gebucht."}}}}}},
}

// as is the demo's person with that subject.
func as(ctx context.Context, subject string) context.Context {
	i := slices.IndexFunc(people, func(x provider.Person) bool { return x.Subject == subject })
	x := people[i]
	return identity.With(ctx, identity.Principal{Subject: x.Subject, Name: x.Name, Kind: x.Kind, Grants: x.Grants})
}

// ago runs f as if it were so many days ago.
func (p *program) ago(days int, f func() error) error {
	now := p.house.Now
	defer func() { p.house.Now = now }()
	p.house.Now = func() time.Time { return now().AddDate(0, 0, -days) }
	return f()
}

// demoRecords fills the demo town's files as its people would: a file with part files and a running circulation, one that
// is confidential, one of paper that is lent, some whose retention is over, and post.
func (p *program) demoRecords(ctx context.Context) error {
	regina := as(ctx, "demo-registrar")
	if err := p.office.PutType(regina, records.FileType{ID: demoID(demoType), Authority: erfurt, Name: "Bauvorhaben (Demo)", Fields: []records.TypeField{
		{Name: "kostenrahmen", Label: "Kostenrahmen", Kind: "text"}, {Name: "baubeginn", Label: "Baubeginn", Kind: "date"},
		{Name: "stand", Label: "Stand", Kind: "select", Options: []string{"Planung", "Ausführung", "fertig"}}}}); err != nil {
		return err
	}
	if err := p.office.Clear(regina, erfurt, "demo-clerk3", access.Confidential); err != nil {
		return err
	}
	for _, f := range demoFiles {
		if err := p.demoFile(ctx, f); err != nil {
			return fmt.Errorf("file %s: %w", f.Subject, err)
		}
	}
	for _, f := range []func(context.Context) error{p.demoLoan, p.demoFlow, p.demoPost, p.disposal.Reckon} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) demoFile(ctx context.Context, f demoFile) error {
	f.Keywords = "Demodaten, " + f.Keywords
	var file records.File
	if err := p.ago(f.days, func() (err error) {
		file, err = p.records.OpenFile(as(ctx, f.by), records.NewFile{ID: demoID(f.id), Authority: erfurt, Unit: f.unit, Details: f.Details})
		for i, subject := range f.parts {
			if err == nil {
				err = p.records.AddPart(as(ctx, f.by), file.ID, file.Version+int64(i), demoID(f.id*10+i+1), subject)
			}
		}
		return err
	}); err != nil {
		return err
	}
	for _, c := range f.cases {
		if err := p.ago(c.days, func() error { return p.demoCase(ctx, f, c) }); err != nil {
			return fmt.Errorf("case %s: %w", c.subject, err)
		}
		if c.closed == 0 {
			continue
		}
		if err := p.ago(c.closed, func() error { return p.records.Close(as(ctx, c.by), demoID(c.id), 1) }); err != nil {
			return fmt.Errorf("case %s: %w", c.subject, err)
		}
	}
	return nil
}

func (p *program) demoCase(ctx context.Context, f demoFile, c demoCase) error {
	n := records.NewCase{ID: demoID(c.id), File: demoID(f.id), Subject: c.subject, Due: time.Now().AddDate(0, 0, c.due)}
	if c.part > 0 {
		n.Part = demoID(f.id*10 + c.part)
	}
	if c.parent > 0 {
		n.Parent = demoID(c.parent)
	}
	made, err := p.records.OpenCase(as(ctx, c.by), n)
	if err != nil || made.State == records.StateClosed {
		return err
	}
	for i, d := range c.documents {
		file, err := p.demoStored(ctx, d)
		if err != nil {
			return err
		}
		if _, err := p.filing.File(as(ctx, c.by), made.ID, demoID(c.id*10+i+1), []filing.Stored{file}, false); err != nil {
			return err
		}
	}
	return nil
}

// demoStored stores a document.
func (p *program) demoStored(ctx context.Context, d demoDocument) (filing.Stored, error) {
	var b bytes.Buffer
	kind := "text/plain; charset=utf-8"
	if filepath.Ext(d.name) == ".pdf" {
		kind = "application/pdf"
		doc := pdf.Doc{Lang: "de", Title: d.title, Sender: p.house.AuthorityName(erfurt) + " (Demo)", Created: p.house.Now(), Note: demoNote}
		for _, line := range d.text {
			doc.Blocks = append(doc.Blocks, pdf.Text(line))
		}
		if err := pdf.Write(&b, doc); err != nil {
			return filing.Stored{}, err
		}
	} else {
		for _, line := range append([]string{d.title, demoNote, ""}, d.text...) {
			b.WriteString(line + "\n")
		}
	}
	return p.demoBlob(ctx, d.name, kind, b.Bytes())
}

func (p *program) demoBlob(ctx context.Context, name, kind string, content []byte) (filing.Stored, error) {
	var ref blob.Ref
	ref, err := p.house.Blobs.Put(ctx, bytes.NewReader(content), int64(len(content)))
	return filing.Stored{Ref: ref, Name: name, MediaType: kind}, err
}

// demoLoan lends the paper of a file for some days more.
func (p *program) demoLoan(ctx context.Context) error {
	f, err := p.records.FileByID(ctx, p.house.DB.Reader(), access.At(erfurt), demoID(demoPaper))
	if err != nil || f.LentTo != "" || f.Version > 1 { // lent, or back again
		return err
	}
	return p.ago(10, func() error {
		return p.records.Lend(as(ctx, "demo-registrar"), f.ID, f.Version, "Rechnungsprüfung", p.house.Now().AddDate(0, 0, 24))
	})
}

// demoFlow has work go from desk to desk, some of it late and some for who is away.
func (p *program) demoFlow(ctx context.Context) error {
	person := access.Person
	if err := p.flow.SaveTemplate(as(ctx, "demo-head"), flow.Template{ID: demoID(170), Authority: erfurt, Name: "Vergabe: prüfen und zeichnen (Demo)",
		CaseType: string(records.General), Steps: []flow.Step{{Kind: flow.CoSign, To: []string{person("demo-clerk2"), person("demo-clerk3")}, Days: 3},
			{Kind: flow.Sign, To: []string{person("demo-head")}, Days: 5}}}); err != nil {
		return err
	}
	now := p.house.Now()
	if err := p.flow.RecordAbsence(as(ctx, "demo-registrar2"), flow.Absence{ID: demoID(171), Authority: erfurt, Subject: "demo-registrar2", Name: "Arne Altakte",
		Deputy: "demo-registrar", From: now.AddDate(0, 0, -1), Until: now.AddDate(0, 0, 12)}); err != nil {
		return err
	}
	if err := p.ago(9, func() error {
		return p.flow.Start(as(ctx, "demo-clerk"), demoID(demoAward), flow.Order{ID: demoID(172), Title: "Vergabe der Spielgeräte", Document: demoID(demoAwardFile),
			Steps: []flow.Step{{Kind: flow.CoSign, To: []string{person("demo-clerk2")}, Days: 3},
				{Kind: flow.Sign, To: []string{person("demo-head")}, Days: 5}}})
	}); err != nil {
		return err
	}
	return p.ago(1, func() error {
		return p.flow.Start(as(ctx, "demo-clerk2"), demoID(demoBudget), flow.Order{ID: demoID(173), Title: "Anmeldungen abstimmen",
			Steps: []flow.Step{{Kind: flow.Know, To: []string{person("demo-registrar2")}, Days: 7},
				{Kind: flow.Free, To: []string{person("demo-clerk")}, Days: 5, Text: "Bitte die Zahlen für den Spielplatz ergänzen."}}})
	})
}

// demoMail is post that came as a mail.
const demoMail = "From: Erika Beispiel <erika@example.org>\r\nTo: stadt@example.org\r\nSubject: Frage zur Hundesteuer (Demo)\r\nDate: %s\r\n" +
	"Message-ID: <demo-1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Guten Tag,\r\n\r\nmuss ich meinen Hund abmelden, wenn ich umziehe?\r\n\r\n" + demoNote + "\r\n"

// demoPost puts a letter, a mail and a scan into the post.
func (p *program) demoPost(ctx context.Context) error {
	day := p.house.Now().AddDate(0, 0, -2)
	mail, err := p.demoBlob(ctx, "frage.eml", "message/rfc822", fmt.Appendf(nil, demoMail, day.Format(time.RFC1123Z)))
	if err != nil {
		return err
	}
	letter, err := p.demoStored(ctx, demoDocument{"Angebot.txt", "Angebot", []string{"Wir bieten Ihnen zwölf Sitzbänke an."}})
	if err != nil {
		return err
	}
	for _, x := range []struct {
		by   string
		post filing.Post
		file filing.Stored
	}{
		{"demo-clerk", filing.Post{ID: demoID(180), Org: demoUnit("20")}, mail},
		{"demo-registrar", filing.Post{ID: demoID(181), Org: demoUnit("20"), Sender: "Sitzbank Muster GmbH (Demo)", Subject: "Angebot für Sitzbänke"}, letter},
	} {
		x.post.Authority, x.post.ReceivedAt = erfurt, day
		if err := p.filing.Register(as(ctx, x.by), x.post, []filing.Stored{x.file}); err != nil {
			return err
		}
	}
	return p.demoScan(ctx)
}

// demoScan has the scan intake take a sheet, once: it knows what it has taken.
func (p *program) demoScan(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "rennsteig-demo-")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(dir)) }()
	var b bytes.Buffer
	err = pdf.Write(&b, pdf.Doc{Lang: "de", Title: "Unterschriften für eine Bücherei", Sender: "Initiative Musterviertel", Note: demoNote,
		Created: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), Blocks: []pdf.Block{pdf.Text("Wir bitten darum, dass die Bücherei bleibt.")}})
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, erfurt), 0o700)
	}
	for name, content := range map[string][]byte{"scan-0001.json": []byte(`{"operator": "Scanstelle (Demo)", "device": "Demo-Scanner", "scanned_at": "2026-11-02T10:00:00+01:00",
		"pages": 1, "check": "vollständig", "sender": "Initiative Musterviertel (Demo)", "subject": "Unterschriften für die Bücherei"}`), "scan-0001.pdf": b.Bytes()} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, erfurt, name), content, 0o600)
		}
	}
	intake := p.filing.Scans(dir)
	for range 2 { // first it sees whether the file still grows
		err = cmp.Or(err, intake.Look(ctx))
	}
	return err
}
