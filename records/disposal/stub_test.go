package disposal

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// destroyed is a file with a case and documents that two registrars had destroyed, and one that the archive took.
func (h *house) destroyed(t testing.TB) (gone, kept records.File, caseID, document string) {
	t.Helper()
	h.plans(t)
	gone, kept = h.closed(t, claudia, erfurt, unitV), h.closed(t, claudia, erfurt, unitA)
	caseID = h.casesOf(t, gone.ID)[0].ID
	document = h.documentsOfCase(t, caseID)[0]
	h.years(32)
	h.disposed(t, kept, gone)
	_, err := h.h.Audit.Sequence(t.Context())
	must(t, err)
	return gone, kept, caseID, document
}

// disposed goes both ways to their end in two steps: the archive has taken one file over, and two people destroyed the other.
func (h *house) disposed(t testing.TB, kept, gone records.File) {
	t.Helper()
	id := h.offer(t, 2, kept, gone)
	must(t, h.take(regina, message(t, id, xdomea.DisposalResult, result(true, kept)...)))
	approval := db.NewID()
	must(t, h.Propose(regina, id, approval))
	must(t, h.Approve(arne, id, approval))
	_, err := h.Destroy(regina, id)
	must(t, err)
	h.drain(t)
}

// What is left of a destroyed file says so, and by whom; its history still has what happened in its cases.
func TestStub(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		gone, kept, caseID, document := h.destroyed(t)
		one := h.as(t, claudia)
		p := one.Get("/akte/akte/"+gone.ID).Want(http.StatusOK, "Diese Akte wurde am", "vernichtet", "Vernichtungsnachweis", "Regina Ablage und Arne Altakte", "bleiben")
		for _, s := range []string{"in Aussonderung", "merken", "noch kein Vorgang", "Zum Aussonderungsverfahren", secret} {
			if strings.Contains(p.Body, s) {
				t.Errorf("the stub says %q", s)
			}
		}
		one.Get("/akte/akte/"+kept.ID).Want(http.StatusOK, "Diese Akte ist im Archiv", "ARCHIV-1")
		h.as(t, regina).Get("/akte/akte/"+gone.ID).Want(http.StatusOK, "Zum Aussonderungsverfahren")
		h.as(t, jenny).Get("/akte/akte/" + gone.ID).Want(http.StatusNotFound)
		must(t, h.core.KeepColumns(claudia, "files", []string{"reference", "state"}))
		list := one.Get("/akte/akten").Want(http.StatusOK, "vernichtet", "an das Archiv abgegeben")
		if strings.Contains(list.Body, "in Aussonderung") {
			t.Error("the list says that a destroyed file is in process")
		}

		history, err := h.core.FileHistory(claudia, gone.ID, "")
		must(t, err)
		seen := map[string]bool{}
		for _, e := range history.Entries {
			seen[e.Object] = true
		}
		if !seen["case:"+caseID] || history.Objects["case:"+caseID] != gone.Reference+"-1" || history.Objects["document:"+document] == "" {
			t.Errorf("the history has %v, names %v", seen, history.Objects)
		}
		req, err := records.Evidence(t.Context(), h.h.DB, erfurt, gone.Reference)
		must(t, err)
		if o := strings.Join(req.Objects, " "); !strings.Contains(o, "case:"+caseID) || !strings.Contains(o, "document:"+document) || len(req.Documents) != 0 {
			t.Errorf("proved are %+v", req)
		}
		var bundle bytes.Buffer
		must(t, h.core.WriteProof(claudia, gone.ID, func(records.File) io.Writer { return &bundle }))
		if _, err := zip.NewReader(bytes.NewReader(bundle.Bytes()), int64(bundle.Len())); err != nil {
			t.Error(err)
		}
		h.verify(t)
	})
}

// What a court had erased leaves its traces too, and those of a confidential case stay with who is cleared.
func TestTracesAreConfidential(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		document := h.documentsOfCase(t, c.ID)[0]
		h.exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ('`+erfurt+`', '`+identity.From(regina).Subject+`', '', 2)`,
			`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ('`+erfurt+`', '`+identity.From(arne).Subject+`', '', 2)`,
			`UPDATE records_case SET level = 2 WHERE id = '`+c.ID+`'`)
		e := order(f.ID, "document", document)
		must(t, h.ProposeErasure(regina, e))
		must(t, h.Erase(arne, e.ID))
		for who, want := range map[context.Context]bool{regina: true, claudia: false} {
			history, err := h.core.FileHistory(who, f.ID, "")
			must(t, err)
			if got := history.Objects["document:"+document] != ""; got != want {
				t.Errorf("%s sees the trace: %v, want %v", identity.From(who).Name, got, want)
			}
		}
		h.tx(t, claudia, func(ctx context.Context, tx *db.Tx) error { // what is left was not touched
			_, err := h.core.CaseByID(ctx, tx, access.All, c.ID, "")
			return err
		})
	})
}
