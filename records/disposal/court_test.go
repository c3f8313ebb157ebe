package disposal

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/records"
	"rennsteig/records/access"
)

// order is an erasure of this, as a registrar asks for it.
func order(file, scope, object string) Erasure {
	return Erasure{ID: db.NewID(), File: file, Scope: scope, Object: object, Court: "Verwaltungsgericht", Judgment: "1 K 23/26", Reason: "Löschung angeordnet"}
}

// documentsOfCase are the ids of a case's documents.
func (h *house) documentsOfCase(t testing.TB, id string) []string {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), `SELECT id FROM records_document WHERE case_id = $1 ORDER BY created_at, id`, id)
	ids, err := db.All(rows, err, text)
	must(t, err)
	return ids
}

func TestErasureByCourt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		_, other := h.open(t, claudia, erfurt, unitV)
		documents := h.documentsOfCase(t, c.ID)
		for _, table := range []string{"records_file", "records_case", "records_note", "records_document"} { // what nothingLeft looks for is there
			if !strings.Contains(h.dump(t, table), secret) {
				t.Errorf("%s holds no secret", table)
			}
		}

		// One document; the rest stays.
		e := order(f.ID, "document", documents[0])
		wantCode(t, h.ProposeErasure(claudia, e), errs.Denied, "disposal.error.no_role")
		wantCode(t, h.ProposeErasure(jenny, e), errs.NotFound, "")
		wantCode(t, h.ProposeErasure(regina, order(f.ID, "document", h.documentsOfCase(t, other.ID)[0])), errs.NotFound, "")
		wantCode(t, h.ProposeErasure(regina, order(f.ID, "everything", f.ID)), errs.Invalid, "")
		empty := e
		empty.Court, empty.Reason = " ", strings.Repeat("x", maxReason+1)
		if err := h.ProposeErasure(regina, empty); len(errs.As(err).Fields) != 2 {
			t.Errorf("without a court: %v", err)
		}
		must(t, h.ProposeErasure(regina, e))
		must(t, h.ProposeErasure(regina, e)) // a double click
		wantCode(t, h.ProposeErasure(arne, order(f.ID, "document", documents[0])), errs.Conflict, "disposal.error.erasure_open")
		wantCode(t, h.Erase(regina, e.ID), errs.Denied, "disposal.error.same_person")
		wantCode(t, h.Erase(claudia, e.ID), errs.Denied, "disposal.error.no_second")
		wantCode(t, h.Erase(jenny, e.ID), errs.NotFound, "")
		must(t, h.Erase(arne, e.ID))
		must(t, h.Erase(arne, e.ID))
		wantCode(t, h.RefuseErasure(arne, e.ID), errs.Conflict, "disposal.error.decided")
		if left := h.documentsOfCase(t, c.ID); len(left) != 1 || left[0] != documents[1] {
			t.Errorf("documents left: %v", left)
		}
		h.verify(t)

		// The case, which a first try spares.
		e = order(f.ID, "case", c.ID)
		must(t, h.ProposeErasure(regina, e))
		must(t, h.RefuseErasure(regina, e.ID)) // a change of mind
		must(t, h.RefuseErasure(regina, e.ID))
		if x, _, err := h.Erasure(regina, e.ID); err != nil || x.State != ErasureTakenBack {
			t.Errorf("taken back: %s, %v", x.State, err)
		}
		wantCode(t, h.RefuseErasure(arne, e.ID), errs.Conflict, "disposal.error.decided")
		wantCode(t, h.Erase(arne, e.ID), errs.Conflict, "disposal.error.decided")
		e.ID = db.NewID()
		must(t, h.ProposeErasure(regina, e))
		must(t, h.Erase(arne, e.ID))
		_, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, c.ID, "")
		wantCode(t, err, errs.NotFound, "")
		if f := h.file(t, f.ID); f.State != "" || !strings.Contains(f.Subject, secret) {
			t.Errorf("the file of an erased case: %+v", f)
		}

		// And the file.
		e = order(f.ID, "file", f.ID)
		must(t, h.ProposeErasure(arne, e))
		must(t, h.Erase(regina, e.ID))
		if f := h.file(t, f.ID); f.State != FileDestroyed || f.Subject != "" {
			t.Errorf("an erased file: %+v", f)
		}
		wantCode(t, h.ProposeErasure(arne, order(f.ID, "file", f.ID)), errs.Conflict, "disposal.error.destroyed")
		v, err := h.Retention(claudia, f.ID)
		must(t, err)
		if len(v.Destructions) != 3 || len(v.Erasures) != 0 { // the orders may be about a case that she may not read
			t.Errorf("shown to a clerk: %+v %+v", v.Destructions, v.Erasures)
		}
		v, err = h.Retention(regina, f.ID)
		must(t, err)
		if len(v.Destructions) != 3 || v.Destructions[0].First != "Arne Altakte" || v.Destructions[0].Second != "Regina Ablage" || len(v.Erasures) != 4 {
			t.Errorf("records: %+v %+v", v.Destructions, v.Erasures)
		}
		if got := h.documentsOfCase(t, other.ID); len(got) != 2 {
			t.Errorf("another file has %d documents", len(got))
		}
		e = order(other.FileID, "file", other.FileID)
		must(t, h.ProposeErasure(arne, e))
		must(t, h.Erase(regina, e.ID))
		h.nothingLeft(t, secret)
		h.verify(t)
	})
}

// Who heads the leading unit may be the second person; a clerk of that unit may not.
func TestErasureByHead(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		unit := db.NewID()
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			for _, s := range []struct {
				q    string
				args []any
			}{
				{`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, '20', 'Steuern', '', $3, 0)`, []any{unit, erfurt, "/" + unit + "/"}},
				{`INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, 'staff:Doris Leitung', 'head', $2, 'Doris')`, []any{unit, erfurt}},
				{`INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, 'staff:Claudia Amtmann', 'member', $2, 'Claudia')`, []any{unit, erfurt}},
				{`UPDATE records_file SET lead = $1 WHERE id = $2`, []any{unit, f.ID}},
			} {
				housetest.ByHand(h.h.DB)
				if _, err := tx.Exec(ctx, s.q, s.args...); err != nil {
					return err
				}
			}
			return nil
		})
		one := h.as(t, regina)
		page := one.Get("/akte/akte/" + f.ID + "/aufbewahrung").Click("Gerichtlich angeordnete Löschung beantragen").Want(http.StatusOK)
		page.Press("Löschung beantragen").Want(http.StatusUnprocessableEntity, "Nennen Sie das Gericht.", "Wählen Sie, was zu löschen ist.")
		page.Fill("Was ist zu löschen?", "Vorgang "+c.Reference+" "+c.Subject).Fill("Gericht", "Verwaltungsgericht").Fill("Aktenzeichen des Gerichts", "1 K 23/26").
			Fill("Begründung", "Angeordnet.")
		open := page.Press("Löschung beantragen").Want(http.StatusOK, "Die Löschung ist beantragt.", "Eine andere Person muss zustimmen.")
		one.Get(erasePath).Want(http.StatusOK, "Verwaltungsgericht", "wartet auf Bestätigung")
		h.as(t, claudia).Get(open.Path).Want(http.StatusForbidden)
		h.as(t, doris).Get(open.Path).Press("Löschung bestätigen").Want(http.StatusOK, "Der Inhalt ist gelöscht.", "Doris Leitung")
		one.Get("/akte/akte/"+f.ID+"/aufbewahrung").Want(http.StatusOK, "Vernichtungsnachweis", "Regina Ablage und Doris Leitung")
	})
}

// A file in a disposal is taken out first; what was sent of it goes too.
func TestErasureInDisposal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitB)
		h.years(12)
		id := h.offer(t, 4, f)
		wantCode(t, h.ProposeErasure(regina, order(f.ID, "file", f.ID)), errs.Conflict, "disposal.error.in_process")
		must(t, h.Withdraw(regina, id, f.ID))
		e := order(f.ID, "file", f.ID)
		must(t, h.ProposeErasure(regina, e))
		must(t, h.Erase(arne, e.ID))
		_, packages, _, err := h.Process(regina, id)
		must(t, err)
		if packages[0].State != PackageErased {
			t.Errorf("the offer is %s", packages[0].State)
		}
		h.nothingLeft(t, secret)
		h.verify(t)
	})
}

// other is another part of the electronic file: it has rows about files and names stored files; hash is of a room that
// goes on naming it.
type other struct {
	h      *platform.House
	blobs  map[string]string // by file
	parts  []string
	keeps  map[string]bool
	failed error
}

func (o *other) Erase(_ context.Context, _ *db.Tx, files []string) ([]string, error) {
	var out []string
	for _, f := range files {
		if b := o.blobs[f]; b != "" {
			out = append(out, b)
		}
	}
	return out, o.failed
}

func (o *other) EraseParts(_ context.Context, _ *db.Tx, cases, documents []string) ([]string, error) {
	o.parts = append(append(o.parts, cases...), documents...)
	return nil, o.failed
}

func (o *other) Keeps(_ context.Context, _ db.Querier, hashes []string) (out []string, err error) {
	for _, h := range hashes {
		if o.keeps[h] {
			out = append(out, h)
		}
	}
	return out, nil
}

// Stored files go when nobody names them any more, and not before: neither another file nor another part.
func TestSharedStoredFiles(t *testing.T) {
	housetest.Each(t, rooms, func(t *testing.T, p *platform.House) {
		o := &other{h: p, blobs: map[string]string{}, keeps: map[string]bool{}}
		h := newHouse(t, p, o)
		h.plans(t)
		first, second := h.closed(t, claudia, erfurt, unitA), h.closed(t, claudia, erfurt, unitA)
		h.n = 100
		shared, size := h.put(t, "steht in beiden Akten")
		thumb, _ := h.put(t, "Vorschau")
		kept, keptSize := h.put(t, "steht auch im Antrag")
		o.blobs[first.ID], o.keeps[kept] = thumb, true
		for _, f := range []records.File{first, second} {
			h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
				c, err := h.core.CaseByID(ctx, tx, access.All, h.onlyCase(ctx, t, tx, f.ID), "")
				if err != nil {
					return err
				}
				return h.core.FileDocuments(ctx, tx, c, "records.test_filed", []records.Document{
					{Kind: records.AttachmentKind, Name: "a.txt", Hash: shared, Size: size}, {Kind: records.AttachmentKind, Name: "b.txt", Hash: kept, Size: keptSize}})
			})
		}
		h.years(32)
		destroy := func(f records.File) {
			t.Helper()
			id := h.offer(t, 2, f)
			must(t, h.take(regina, message(t, id, "0506", result(true, f)...)))
			_, err := h.Destroy(regina, id)
			must(t, err)
			h.drain(t)
			h.at.Add(int64(2 * settled))
			must(t, h.Sweep(t.Context()))
			h.verify(t)
		}
		there := func(hash string) bool {
			_, err := h.h.Blobs.Stat(t.Context(), hash)
			return err == nil
		}
		destroy(first)
		if !there(shared) || !there(kept) || there(thumb) {
			t.Errorf("after the first: shared %v, kept %v, thumb %v", there(shared), there(kept), there(thumb))
		}
		destroy(second)
		if there(shared) || !there(kept) {
			t.Errorf("after the second: shared %v, kept %v", there(shared), there(kept))
		}
		o.keeps[kept] = false // now the other room lets go of it
		h.at.Add(int64(2 * settled))
		must(t, h.Sweep(t.Context()))
		if there(kept) {
			t.Error("what nobody names is still there")
		}
		h.verify(t)
	})
}

func (h *house) onlyCase(ctx context.Context, t testing.TB, tx *db.Tx, file string) (id string) {
	t.Helper()
	must(t, tx.QueryRow(ctx, `SELECT id FROM records_case WHERE file_id = $1`, file).Scan(&id))
	return id
}

// If another part cannot forget, nothing is destroyed.
func TestHookFails(t *testing.T) {
	housetest.Each(t, rooms, func(t *testing.T, p *platform.House) {
		o := &other{h: p, failed: errs.E(errs.Unavailable, "errs.unavailable")}
		h := newHouse(t, p, o)
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		e := order(f.ID, "case", c.ID)
		must(t, h.ProposeErasure(regina, e))
		wantCode(t, h.Erase(arne, e.ID), errs.Unavailable, "")
		if len(h.documentsOfCase(t, c.ID)) != 2 {
			t.Error("half of a case is gone")
		}
		o.failed = nil
		must(t, h.Erase(arne, e.ID))
		if o.parts[len(o.parts)-1] != c.ID {
			t.Errorf("the other part forgot %v", o.parts)
		}
	})
}
