package records

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// TestReadingOfConfidentialThingsIsLogged opens every address that shows something of a confidential file: each look is
// in the log once, under what was looked at, and a list is none unless it is taken out as a file.
func TestReadingOfConfidentialThingsIsLogged(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, "clerk:Erika Amt")
			return err
		}))
		f := h.open(t, erika, Details{Subject: "Disziplinarsache", Level: access.Confidential})
		c, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Anhörung"})
		must(t, err)
		ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader("vertraulich"), 100)
		must(t, err)
		docs := []Document{{Kind: AttachmentKind, Name: "Protokoll.txt", Hash: ref.Hash, Size: ref.Size, MediaType: "text/plain"}}
		must(t, h.h.DB.Tx(erika, func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "filing.filed", docs) }))

		read := func(object string) (n int) {
			t.Helper()
			must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action IN ('records.read', 'records.proof_taken') AND object = $1`, object).Scan(&n))
			return n
		}
		for path, object := range map[string]string{
			"/akte/akte/" + f.ID:                       FileObject(f.ID),
			"/akte/akte/" + f.ID + "/nachweis":         FileObject(f.ID),
			"/akte/akte/" + f.ID + "/nachweis/buendel": FileObject(f.ID),
			"/akte/vorgang/" + c.ID:                    CaseObject(c.ID),
			"/akte/dokument/" + docs[0].ID:             DocumentObject(docs[0].ID),
			"/akte.csv":                                CaseObject(c.ID),
			"/akte/akten.csv":                          FileObject(f.ID),
			"/akte":                                    "", "/akte/akten": "", "/akte/akten/neu": "",
		} {
			before := [3]int{read(FileObject(f.ID)), read(CaseObject(c.ID)), read(DocumentObject(docs[0].ID))}
			seen := read(object)
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, httptest.NewRequestWithContext(erika, http.MethodGet, path, nil))
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d", path, w.Code)
			}
			after, want := [3]int{read(FileObject(f.ID)), read(CaseObject(c.ID)), read(DocumentObject(docs[0].ID))}, 0
			if object != "" {
				want = 1
			}
			if n := after[0] + after[1] + after[2] - before[0] - before[1] - before[2]; n != want || read(object) != seen+want {
				t.Errorf("%s: %d readings in the log, want %d", path, n, want)
			}
		}
	})
}

// A case with very many documents shows the newest on its page, and going on to the next case reads none of them.
func TestCaseWithManyDocuments(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Großverfahren"})
		c, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Einwendungen"})
		must(t, err)
		var docs []Document
		for i := range shownDocuments + 5 {
			docs = append(docs, Document{Kind: AttachmentKind, Name: fmt.Sprintf("Einwendung %03d.pdf", i), Hash: strings.Repeat("0", 64), Size: 1,
				MediaType: "application/pdf", CreatedAt: h.h.Now().Add(time.Duration(i) * time.Second)})
		}
		must(t, h.h.DB.Tx(erika, func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "filing.filed", docs) }))
		d, err := h.Dossier(erika, c.ID)
		must(t, err)
		if len(d.Documents) != shownDocuments || !d.More || d.Documents[0].Name != docs[5].Name || d.Documents[shownDocuments-1].Name != docs[len(docs)-1].Name {
			t.Errorf("%d documents, more: %v, from %s", len(d.Documents), d.More, d.Documents[0].Name)
		}
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, httptest.NewRequestWithContext(erika, http.MethodGet, "/akte/vorgang/"+c.ID, nil))
		if !strings.Contains(w.Body.String(), "Die neuesten 20 Dokumente") || strings.Contains(w.Body.String(), "Einwendung 004.pdf") {
			t.Error("the page does not say that there are more")
		}
	})
}
