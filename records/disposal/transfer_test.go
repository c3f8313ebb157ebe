package disposal

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// handedOver is a package with the files of two files of Erfurt, one of them with a part file and a case in a case.
func (h *house) handedOver(t testing.TB) (Package, []byte, []records.File) {
	t.Helper()
	f, c := h.open(t, claudia, erfurt, unitA)
	part := db.NewID()
	must(t, h.core.AddPart(claudia, f.ID, h.file(t, f.ID).Version, part, "Band 1"))
	inPart, err := h.core.OpenCase(claudia, records.NewCase{File: f.ID, Part: part, Subject: "Im Band"})
	must(t, err)
	sub, err := h.core.OpenCase(claudia, records.NewCase{File: f.ID, Parent: c.ID, Subject: "Teilvorgang"})
	must(t, err)
	for _, id := range []string{sub.ID, inPart.ID, c.ID} {
		must(t, h.core.Close(claudia, id, h.caseVersion(t, id)))
	}
	if h.file(t, f.ID).ClosedAt.IsZero() {
		must(t, h.core.CloseFile(claudia, f.ID, h.file(t, f.ID).Version))
	}
	must(t, h.Reckon(t.Context()))
	second := h.closed(t, claudia, erfurt, unitA)
	h.years(32)
	files := []records.File{h.file(t, f.ID), second}
	id := h.offer(t, 2, files...)
	k, b := h.packageOf(t, id, xdomea.Disposal)
	sound(t, k, b)
	return k, b, files
}

func TestTakingOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		k, b, files := h.handedOver(t)
		in := bytes.NewReader(b)
		id := db.NewID()
		_, err := h.Check(regina, in, in.Size(), k.Name, jena, id)
		wantCode(t, err, errs.NotFound, "")
		_, err = h.Check(claudia, in, in.Size(), k.Name, erfurt, id)
		wantCode(t, err, errs.Denied, "")
		_, err = h.Check(jenny, in, in.Size(), "umbenannt.zip", jena, id)
		wantCode(t, err, errs.Invalid, "disposal.error.unreadable.name")
		i, err := h.Check(jenny, in, in.Size(), k.Name, jena, id)
		must(t, err)
		_, err = h.Check(jenny, in, in.Size(), k.Name, jena, id) // a double click
		must(t, err)
		if s := i.Summary; s.Files != 2 || s.Cases != 4 || s.Documents != 6 || s.Stored != 8 || len(s.First) != 2 || i.Sender != "Stadtverwaltung Erfurt" {
			t.Errorf("summary %+v from %s", s, i.Sender)
		}
		if l, err := h.core.Files(jenny, records.FileFilter{}); err != nil || len(l.Items) != 0 {
			t.Fatalf("a check took something over: %v %v", l.Items, err)
		}
		before := h.state(t)
		wantCode(t, h.TakeOver(jenny, id, here("99.99")), errs.Invalid, "")
		wantCode(t, h.TakeOver(regina, id, here(unitA)), errs.NotFound, "")
		if h.state(t) != before {
			t.Error("half a package was taken over")
		}
		must(t, h.TakeOver(jenny, id, here(unitA)))
		must(t, h.TakeOver(jenny, id, here(unitA))) // a double click
		l, err := h.core.Files(jenny, records.FileFilter{})
		must(t, err)
		if len(l.Items) != 2 {
			t.Fatalf("%d files", len(l.Items))
		}
		var taken records.File
		for _, f := range l.Items {
			v, err := h.Retention(jenny, f.ID)
			must(t, err)
			if len(v.Origins) != 1 || v.Origins[0].Sender != "Stadtverwaltung Erfurt" || !strings.HasPrefix(f.Reference, unitA+"-") {
				t.Errorf("origin of %s: %+v", f.Reference, v.Origins)
			}
			if v.Origins[0].ID == files[0].ID {
				taken = f
				if v.Origins[0].Reference != files[0].Reference {
					t.Errorf("origin %+v, want %s", v.Origins[0], files[0].Reference)
				}
			}
		}
		cases := h.casesOf(t, taken.ID)
		if len(cases) != 3 {
			t.Fatalf("%d cases", len(cases))
		}
		versions, children, parts := 0, 0, 0
		for _, c := range cases {
			if c.State != records.StateClosed {
				t.Errorf("%s is %s", c.Reference, c.State)
			}
			if c.Parent != "" {
				children++
			}
			if c.Part != "" {
				parts++
			}
			for _, d := range h.documentsOfCase(t, c.ID) {
				x, err := h.core.DocumentByID(t.Context(), h.h.DB.Reader(), access.All, d)
				must(t, err)
				if x.Version == 2 {
					versions++
					if x.Name != "Bescheid.pdf" || !strings.Contains(h.content(t, x.Hash), "zweite") {
						t.Errorf("document %+v", x)
					}
				}
			}
		}
		if versions != 1 || children != 1 || parts != 1 {
			t.Errorf("%d documents with versions, %d cases in cases, %d in parts", versions, children, parts)
		}
		if v, err := h.core.FilePage(jenny, taken.ID, paging.Cursor{}); err != nil || len(v.Parts) != 1 || v.Parts[0].Subject != "Band 1" || v.Parts[0].ClosedAt.IsZero() {
			t.Errorf("part files %+v, %v", v.Parts, err)
		}
		if taken.ClosedAt.IsZero() || !taken.Level.Valid() {
			t.Errorf("%+v", taken)
		}
		_, err = h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		wantCode(t, err, errs.Conflict, "disposal.error.imported_already")
		h.verify(t)

		// Erfurt may now destroy its files; Jena's stay whole, though the stored files are the same.
		must(t, h.take(regina, message(t, k.Process, xdomea.DisposalResult, result(true, files...)...)))
		_, err = h.Destroy(regina, k.Process)
		must(t, err)
		h.drain(t)
		h.at.Add(int64(2 * settled))
		must(t, h.Sweep(t.Context()))
		h.verify(t)
		for _, c := range cases {
			for _, d := range h.documentsOfCase(t, c.ID) {
				_, content, err := h.core.OpenDocument(jenny, d)
				must(t, err)
				_, err = io.Copy(io.Discard, content)
				must(t, err)
				must(t, content.Close())
			}
		}
	})
}

// casesOf are the cases in a file.
func (h *house) casesOf(t testing.TB, file string) (out []records.Case) {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), `SELECT id FROM records_case WHERE file_id = $1 ORDER BY received_at, id`, file)
	ids, err := db.All(rows, err, text)
	must(t, err)
	for _, id := range ids {
		c, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, id, "")
		must(t, err)
		out = append(out, c)
	}
	return out
}

// Two who take over the same package at once: one of them does.
func TestTakingOverTwice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		k, b, _ := h.handedOver(t)
		in := bytes.NewReader(b)
		first, err := h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		must(t, err)
		second, err := h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		must(t, err)
		must(t, h.TakeOver(jenny, first.ID, here(unitA)))
		before := h.state(t)
		wantCode(t, h.TakeOver(jenny, second.ID, here(unitA)), errs.Conflict, "disposal.error.imported_already")
		if h.state(t) != before {
			t.Error("a package was taken over twice")
		}
	})
}

func TestTakingOverThroughPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		k, b, _ := h.handedOver(t)
		one := h.as(t, jenny)
		one.Get(importPath).Upload("Paket", "falsch.zip", b).Press("Prüfen").Want(http.StatusUnprocessableEntity, "kann nicht eingelesen werden")
		page := one.Get(importPath).Upload("Paket", k.Name, b).Press("Prüfen").Want(http.StatusOK, "2 Akten, 4 Vorgänge, 6 Dokumente", "Stadtverwaltung Erfurt")
		page.Press("Übernehmen").Want(http.StatusUnprocessableEntity)
		page.Fill("Aktenplaneinheit", unitA+" Satzungen und Ortsrecht").Fill("Federführung", "keine Einheit: nur die Registratur").Press("Übernehmen").Want(http.StatusOK, "Alles ist übernommen.")
		one.Get(importPath).Want(http.StatusOK, "übernommen")
		one.Get(importPath).Upload("Paket", k.Name, b).Press("Prüfen").Want(http.StatusConflict, "haben Sie schon übernommen")
		h.as(t, regina).Get(page.Path).Want(http.StatusNotFound)
	})
}

// What other programs send: cases and documents without a file, documents without stored files, formats of all kinds.
func TestTakingOverOddRecords(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		head := xdomea.Head{ProcessID: db.NewID(), Message: xdomea.Transfer, Created: h.h.Now(), Sender: xdomea.Contact{Organisation: "Landratsamt"}}
		name := xdomea.FileName(db.NewID(), "a/b", "txt")
		keep := xdomea.Retention{}
		var out bytes.Buffer
		w, err := xdomea.NewPackageWriter(&out, head)
		must(t, err)
		format := xdomea.Format{Format: "045", Version: "1", FileName: name, OriginalName: "../../böse\x01.txt"}
		for _, x := range []xdomea.Item{
			&xdomea.Case{ID: db.NewID(), Retention: keep, General: xdomea.General{Subject: "Einzelner Vorgang", Reference: "V 1"}},
			&xdomea.Document{ID: db.NewID(), General: xdomea.General{Subject: "Papier"}},
			&xdomea.File{ID: db.NewID(), General: xdomea.General{Subject: strings.Repeat("lang ", 100), Medium: xdomea.Paper}, Documents: []xdomea.Document{
				{ID: db.NewID(), General: xdomea.General{Subject: "Direkt in der Akte"}, Versions: []xdomea.Version{{Label: "1", Formats: []xdomea.Format{format}}}}}},
		} {
			must(t, w.Write(x))
		}
		for _, n := range w.Missing() {
			must(t, w.AddFile(n, strings.NewReader("Inhalt")))
		}
		must(t, w.Close())
		in := bytes.NewReader(out.Bytes())
		i, err := h.Check(jenny, in, in.Size(), xdomea.PackageName(head), jena, db.NewID())
		must(t, err)
		must(t, h.TakeOver(jenny, i.ID, here(unitV)))
		l, err := h.core.Files(jenny, records.FileFilter{})
		must(t, err)
		if len(l.Items) != 3 {
			t.Fatalf("%d files", len(l.Items))
		}
		names := h.dump(t, "records_document") + h.dump(t, "records_version")
		if strings.Contains(names, "..") || strings.Contains(names, "\x01") || !strings.Contains(names, "|böse") {
			t.Errorf("names of documents: %s", names)
		}
	})
}
