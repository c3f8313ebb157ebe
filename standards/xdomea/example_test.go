package xdomea_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"time"

	"rennsteig/standards/xdomea"
)

var (
	day     = time.Date(2016, 12, 31, 0, 0, 0, 0, time.UTC)
	process = "0b0c6f4e-8a35-4f3c-9b0e-3d1f4c5a6b70"
	head    = xdomea.Head{
		ProcessID: process,
		Created:   time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC),
		Sender:    xdomea.Contact{Organisation: "Stadt Musterstadt"},
		Recipient: xdomea.Contact{Organisation: "Musterarchiv"},
	}
)

// An offer (0501) is written record by record.
func ExampleNewPackageWriter_offer() {
	h := head
	h.Message, h.WantsReceipt = xdomea.Offer, true
	var out bytes.Buffer
	p, err := xdomea.NewPackageWriter(&out, h)
	if err != nil {
		log.Fatal(err)
	}
	err = p.Write(&xdomea.File{
		ID:        "7c6b5a49-3827-4160-9f8e-7d6c5b4a3928",
		General:   xdomea.General{Subject: "Hundesteuer", Reference: "22.31-7/2016", LeadUnit: "Kämmerei", Medium: xdomea.Electronic},
		Retention: xdomea.Retention{Keep: xdomea.Years(10), Appraisal: xdomea.Appraise, Proposal: xdomea.ProposeDestroy, End: day.AddDate(10, 0, 0)},
		Period:    xdomea.Period{From: day.AddDate(-1, 0, 1), To: day},
		Closed:    true, ClosedOn: day,
	})
	if err == nil {
		err = p.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(xdomea.PackageName(h))
	// Output: 0b0c6f4e-8a35-4f3c-9b0e-3d1f4c5a6b70_Aussonderung.Anbieteverzeichnis.0501.zip
}

// A disposal (0503) has the records first, then their files; it is read in the same order.
func ExampleNewPackageWriter() {
	h := head
	h.Message, h.WantsArchiveIDs = xdomea.Disposal, true
	var out bytes.Buffer
	p, err := xdomea.NewPackageWriter(&out, h)
	if err != nil {
		log.Fatal(err)
	}
	format, name := xdomea.FormatOf("txt")
	err = p.Write(&xdomea.Case{
		ID:        "7c6b5a49-3827-4160-9f8e-7d6c5b4a3928",
		Retention: xdomea.Retention{Keep: xdomea.Years(10), Appraisal: xdomea.Archive, End: day.AddDate(10, 0, 0)},
		Documents: []xdomea.Document{{
			ID: "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d",
			Versions: []xdomea.Version{{Label: "1", Formats: []xdomea.Format{{
				Format: format, OtherName: name, OriginalName: "Bescheid Hund.txt",
				FileName: xdomea.FileName("5f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0", "Bescheid", "txt"),
			}}}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range p.Missing() {
		if err := p.AddFile(name, strings.NewReader("Guten Tag")); err != nil {
			log.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		log.Fatal(err)
	}

	in, err := xdomea.OpenPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), xdomea.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for item, err := range in.Items() {
		if err != nil {
			log.Fatal(err)
		}
		if c, ok := item.(*xdomea.Case); ok {
			file := c.Documents[0].Versions[0].Formats[0].FileName
			fmt.Println(c.ID, file, in.Size(file))
		}
	}
	if err := in.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: 7c6b5a49-3827-4160-9f8e-7d6c5b4a3928 5f2d1c3b-4a59-4e68-8776-95a4b3c2d1e0_Bescheid.txt 9
}

// What the archive decided (0502) comes in a package, or as the message alone.
func ExampleNewReader() {
	r, err := xdomea.NewReader(strings.NewReader(`<xdomea:Aussonderung.Bewertungsverzeichnis.0502 xmlns:xdomea="urn:xoev-de:xdomea:schema:3.1.0">
<xdomea:Kopf>
<xdomea:ProzessID>0b0c6f4e-8a35-4f3c-9b0e-3d1f4c5a6b70</xdomea:ProzessID>
<xdomea:Nachrichtentyp><code>0502</code></xdomea:Nachrichtentyp>
<xdomea:Erstellungszeitpunkt>2026-12-01T08:00:00+01:00</xdomea:Erstellungszeitpunkt>
<xdomea:Absender/><xdomea:Empfaenger/>
<xdomea:Empfangsbestaetigung>1</xdomea:Empfangsbestaetigung>
</xdomea:Kopf>
<xdomea:BewertetesObjekt>
<xdomea:ID>7c6b5a49-3827-4160-9f8e-7d6c5b4a3928</xdomea:ID>
<xdomea:Aussonderungsart><xdomea:Aussonderungsart><code>A</code></xdomea:Aussonderungsart></xdomea:Aussonderungsart>
</xdomea:BewertetesObjekt>
</xdomea:Aussonderung.Bewertungsverzeichnis.0502>`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Head().Message, r.Head().WantsReceipt)
	for item, err := range r.Items() {
		if err != nil {
			log.Fatal(err)
		}
		if a, ok := item.(*xdomea.Appraised); ok {
			fmt.Println(a.ID, a.Appraisal == xdomea.Archive)
		}
	}
	// Output:
	// Aussonderung.Bewertungsverzeichnis.0502 true
	// 7c6b5a49-3827-4160-9f8e-7d6c5b4a3928 true
}
