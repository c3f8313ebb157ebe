package filing

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
)

func names(l paging.Listing[Document]) []string {
	var out []string
	for _, d := range l.Items {
		out = append(out, d.Name)
	}
	return out
}

func TestUploadAndList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		id := db.NewID()
		kind, body := form(t, map[string]string{"id": id, "mail": "true"}, "Brief.pdf", "eins", "../Foto.png", "zwei")
		path := "/akte/vorgang/" + c.ID + "/dokumente"
		for range 2 { // sent twice
			if w := h.do(erika, http.MethodPost, path, kind, body); w.Code != http.StatusSeeOther || w.Header().Get("Location") != path {
				t.Fatalf("upload: %d %s", w.Code, w.Body)
			}
		}
		_, l, err := h.Documents(erika, c.ID, Filter{Kind: Paper, Sort: SortName})
		must1(t, err)
		if got := names(l); !slices.Equal(got, []string{"Brief.pdf", "Foto.png"}) {
			t.Fatalf("filed: %v", got)
		}
		w := h.get(erika, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Brief.pdf") || !strings.Contains(w.Body.String(), "Schriftstück") {
			t.Errorf("list: %d", w.Code)
		}
		for q, want := range map[string]int{"brief": 1, "BRIEF": 1, "o": 1, "%": 0, "_": 0, "gibtsnicht": 0} {
			if _, l, err = h.Documents(erika, c.ID, Filter{Query: q, Kind: Paper}); err != nil || len(l.Items) != want {
				t.Errorf("%q: %v, %v, want %d", q, names(l), err, want)
			}
		}
	})
}

// A form that ends too early, or brings too much, leaves no document.
func TestBrokenUpload(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		before := value[int](t, h, `SELECT count(*) FROM records_document`)
		kind, body := form(t, map[string]string{"id": db.NewID()}, "a.pdf", "eins", "b.pdf", strings.Repeat("zwei", 1000))
		for name, b := range map[string][]byte{"half": body[:len(body)-300], "no files": nil, "no form": []byte("x")} {
			if w := h.do(erika, http.MethodPost, "/akte/vorgang/"+c.ID+"/dokumente", kind, b); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		w := h.post(erika, "/akte/vorgang/"+c.ID+"/dokumente", "id=x")
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("plain form: %d", w.Code)
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_document`); n != before {
			t.Errorf("%d documents, want %d", n, before)
		}
	})
}

func TestPaging(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		var pairs []string
		for i := range 120 {
			pairs = append(pairs, fmt.Sprintf("Ö %03d.txt", i), "x")
		}
		h.file(t, erika, c.ID, pairs...)
		for _, sort := range []string{"", SortOldest, SortName} {
			f := Filter{Kind: Paper, Sort: sort}
			var all, back []string
			var last paging.Key
			for {
				_, l, err := h.Documents(erika, c.ID, f)
				must1(t, err)
				all = append(all, names(l)...)
				if l.Next.ID == "" {
					last = f.key(l.Items[len(l.Items)-1])
					break
				}
				f.Page = paging.Cursor{After: paging.ParseKey(l.Next.String())}
			}
			if len(all) != 120 || sort == SortName && !slices.IsSorted(all) {
				t.Fatalf("%q: %d documents", sort, len(all))
			}
			f.Page = paging.Cursor{Before: last}
			for {
				_, l, err := h.Documents(erika, c.ID, f)
				must1(t, err)
				back = append(names(l), back...)
				if l.Prev.ID == "" {
					break
				}
				f.Page = paging.Cursor{Before: l.Prev}
			}
			if !slices.Equal(back, all[:119]) {
				t.Errorf("%q: the way back gives %d others", sort, len(back))
			}
		}
	})
}

func TestMark(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "a.pdf", "x", "b.pdf", "y")
		f := url.Values{"dokument": {d[0].ID, d[1].ID, d[0].ID}, "was": {"markieren"}, "betreff": {"Anhörung"}, "schlagworte": {"Hund, Steuer; Hund"}}
		for range 2 {
			if w := h.post(erika, "/akte/vorgang/"+c.ID+"/dokumente/auswahl", f.Encode()); w.Code != http.StatusSeeOther {
				t.Fatalf("mark: %d %s", w.Code, w.Body)
			}
		}
		_, l, err := h.Documents(erika, c.ID, Filter{Query: "anhörung steuer"})
		must1(t, err)
		if len(l.Items) != 2 || l.Items[0].Words() != "Hund, Steuer" {
			t.Errorf("marked: %+v", l.Items)
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.marked'`); n != 2 {
			t.Errorf("%d entries, want one a document", n)
		}
		for name, f := range map[string]url.Values{"nothing chosen": {"was": {"markieren"}, "betreff": {"x"}}, "nothing typed": {"was": {"markieren"}, "dokument": {d[0].ID}},
			"no target": {"was": {"verschieben"}, "dokument": {d[0].ID}}, "unknown target": {"was": {"verschieben"}, "dokument": {d[0].ID}, "ziel": {"gibt-es-nicht"}}} {
			if w := h.post(erika, "/akte/vorgang/"+c.ID+"/dokumente/auswahl", f.Encode()); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
	})
}

func TestMove(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, b := h.newCase(t, erfurt, "a1"), h.newCase(t, erfurt, "a2")
		foreign := h.newCase(t, jena, "a3")
		mail := "From: Jörg <joerg@example.org>\r\nSubject: Hund\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--x\r\n" +
			"Content-Type: application/pdf; name=impfpass.pdf\r\nContent-Disposition: attachment; filename=impfpass.pdf\r\n\r\npdf\r\n--x--\r\n"
		d := h.file(t, erika, a.ID, "nachricht.eml", mail, "b.pdf", "y")
		if len(d) != 3 || d[0].Kind != Mail || d[1].Parent != d[0].ID || d[0].Subject != "Hund" || d[0].SentAt.IsZero() || !strings.Contains(d[0].Sender, "joerg@example.org") {
			t.Fatalf("filed: %+v", d)
		}
		if err := h.Move(erika, a.ID, []string{d[0].ID}, foreign.Reference+"x"); !errs.Is(err, errs.Invalid) {
			t.Errorf("to nowhere: %v", err)
		}
		must1(t, h.Move(erika, a.ID, []string{d[0].ID}, b.Reference))
		_, l, err := h.Documents(erika, b.ID, Filter{Sort: SortName})
		must1(t, err)
		if got := names(l); !slices.Contains(got, "nachricht.eml") || !slices.Contains(got, "impfpass.pdf") || slices.Contains(got, "b.pdf") {
			t.Errorf("moved: %v", got)
		}
		if value[string](t, h, `SELECT file_id FROM records_document WHERE id = $1`, d[1].ID) != b.FileID {
			t.Error("the document is in the other file by half")
		}
		pdf := value[string](t, h, `SELECT id FROM records_document WHERE case_id = $1 AND kind = 'application_pdf'`, a.ID)
		if err := h.Move(erika, a.ID, []string{pdf}, b.Reference); !errs.Is(err, errs.Conflict) {
			t.Errorf("what the program made: %v", err)
		}
		h.exec(t, `UPDATE records_case SET level = 2 WHERE id = $1`, a.ID)
		h.exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 's:Erika Amt', 'Erika', 2)`, erfurt)
		if err := h.Move(erika, a.ID, []string{d[2].ID}, b.Reference); !errs.Is(err, errs.Denied) {
			t.Errorf("to a less confidential case: %v", err)
		}
	})
}

func TestZIPAndCSV(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "a.pdf", "eins", "A.pdf", "zwei", "=1+1.txt", "drei")
		f := url.Values{"dokument": {d[0].ID, d[1].ID, d[2].ID}, "was": {"zip"}}
		w := h.post(erika, "/akte/vorgang/"+c.ID+"/dokumente/auswahl", f.Encode())
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		must1(t, err)
		got := map[string]string{}
		for _, f := range z.File {
			r, err := f.Open()
			must1(t, err)
			b, err := io.ReadAll(r)
			must1(t, err)
			got[f.Name] = string(b)
		}
		if len(got) != 3 || got["=1+1.txt"] != "drei" || got["a.pdf"]+got["A.pdf"]+got["a (2).pdf"]+got["A (2).pdf"] == "" {
			t.Errorf("zip: %v", got)
		}
		w = h.get(erika, "/akte/vorgang/"+c.ID+"/dokumente.csv?art=document&sortierung=name")
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\r\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "\ufeffDokument;") || !strings.Contains(w.Body.String(), "'=1+1.txt") {
			t.Errorf("csv: %q", lines)
		}
	})
}

// Bytes that are lost break the answer; nobody takes half a ZIP for a whole one.
func TestLostBytes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "a.pdf", "eins")
		must1(t, h.h.Blobs.Delete(t.Context(), d[0].Hash))
		defer func() {
			if recover() != http.ErrAbortHandler { //nolint:errorlint // the value itself is the convention
				t.Error("the answer was not broken off")
			}
		}()
		h.post(erika, "/akte/vorgang/"+c.ID+"/dokumente/auswahl", url.Values{"dokument": {d[0].ID}}.Encode())
	})
}

func TestClosedCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "a.pdf", "eins")
		h.exec(t, `UPDATE records_case SET state = $1 WHERE id = $2`, string(records.StateClosed), c.ID)
		for name, err := range map[string]error{
			"Mark": h.Mark(erika, c.ID, []string{d[0].ID}, Marks{Subject: new(string)}),
			"Lock": h.Lock(erika, d[0].ID),
			"File": func() error {
				_, err := h.File(erika, c.ID, db.NewID(), []Stored{h.stored(t, "b", "b")}, true)
				return err
			}(),
			"NewVersion": func() error {
				_, held, err := h.NewVersion(erika, d[0].ID, 1, db.NewID(), h.stored(t, "b", "b"), "", false)
				if held != "" {
					return nil
				}
				return err
			}(),
		} {
			if !errs.Is(err, errs.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
