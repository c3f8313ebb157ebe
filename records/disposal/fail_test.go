package disposal

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

// full is a blob store with room for so many bytes more in each Put, that cannot delete, and that cannot open what is
// named lost.
type full struct {
	blob.Store
	room int64 // -1: enough
	lost string
	keep bool
}

func (f *full) Put(ctx context.Context, r io.Reader, limit int64) (blob.Ref, error) {
	if f.room >= 0 {
		if _, err := io.Copy(io.Discard, io.LimitReader(r, f.room)); err != nil {
			return blob.Ref{}, err
		}
		return blob.Ref{}, errs.E(errs.Unavailable, "errs.unavailable")
	}
	return f.Store.Put(ctx, r, limit)
}

func (f *full) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	if hash == f.lost {
		return nil, errs.E(errs.NotFound, "errs.not_found")
	}
	return f.Store.Open(ctx, hash)
}

func (f *full) Delete(ctx context.Context, hash string) error {
	if f.keep {
		return errs.E(errs.Unavailable, "errs.unavailable")
	}
	return f.Store.Delete(ctx, hash)
}

// Without room for a package, or with a stored file missing, nothing is written, and the job goes on later.
func TestFullBlobStore(t *testing.T) {
	p := housetest.New(t, db.SQLite, rooms...)
	store := &full{Store: p.Blobs, room: -1}
	p.Blobs = store
	h := newHouse(t, p)
	h.plans(t)
	f := h.closed(t, claudia, erfurt, unitA)
	h.years(32)
	o := Offering{ID: db.NewID(), Authority: erfurt, Steps: 2, Files: []string{f.ID}}
	_, err := h.Offer(regina, o)
	must(t, err)
	planned := func() {
		t.Helper()
		_, packages, _, err := h.Process(regina, o.ID)
		must(t, err)
		if len(packages) != 1 || packages[0].State != PackagePlanned {
			t.Fatalf("packages: %+v", packages)
		}
		wantCode(t, h.take(regina, message(t, o.ID, xdomea.DisposalResult, result(true, f)...)), errs.Conflict, "disposal.error.nothing_sent")
	}
	store.room = 100
	wantCode(t, h.Work(regina, o.ID), errs.Unavailable, "")
	store.room = -1
	planned()
	must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT hash FROM records_version LIMIT 1`).Scan(&store.lost))
	if err := h.Work(regina, o.ID); err == nil {
		t.Error("a package without one of its files was written")
	}
	planned()
	store.lost = ""
	must(t, h.Work(regina, o.ID))
	k, b := h.packageOf(t, o.ID, xdomea.Disposal)
	sound(t, k, b)

	// A message that cannot be kept is not taken.
	in := message(t, o.ID, xdomea.DisposalResult, result(true, f)...)
	store.room = 10
	before := h.state(t)
	wantCode(t, h.take(regina, in), errs.Unavailable, "")
	_, err = h.Check(regina, bytes.NewReader(b), int64(len(b)), k.Name, erfurt, db.NewID())
	wantCode(t, err, errs.Unavailable, "")
	if h.state(t) != before {
		t.Error("what could not be stored changed something")
	}
	store.room = -1

	// A package that can be checked, but not unpacked.
	i, err := h.Check(jenny, bytes.NewReader(b), int64(len(b)), k.Name, jena, db.NewID())
	must(t, err)
	store.room = 0
	before = h.state(t)
	wantCode(t, h.TakeOver(jenny, i.ID, here(unitA)), errs.Unavailable, "")
	if h.state(t) != before {
		t.Error("half a package was taken over")
	}
	store.room, store.lost = -1, i.Hash
	wantCode(t, h.TakeOver(jenny, i.ID, here(unitA)), errs.Conflict, "disposal.error.package_gone")
	store.lost = ""
	if l, err := h.core.Files(jenny, records.FileFilter{}); err != nil || len(l.Items) != 0 {
		t.Errorf("Jena has %d files, %v", len(l.Items), err)
	}

	// What cannot be deleted is deleted later.
	must(t, h.take(regina, in))
	_, err = h.Destroy(regina, o.ID)
	must(t, err)
	must(t, h.Work(regina, o.ID))
	h.at.Add(int64(2 * settled))
	store.keep = true
	wantCode(t, h.Sweep(t.Context()), errs.Unavailable, "")
	if !strings.Contains(h.dump(t, "disposal_blob"), "|") {
		t.Error("nothing waits to be deleted")
	}
	store.keep = false
	h.at.Add(int64(2 * checkedFor)) // nobody takes it over: the checked package goes too
	must(t, h.Sweep(t.Context()))
	_, err = h.Import(jenny, i.ID)
	wantCode(t, err, errs.NotFound, "")
	h.nothingLeft(t, secret)
	h.verify(t)
}

// A connection that breaks leaves everything as it was.
func TestTransactionFails(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitA)
		h.years(32)
		ctx, cancel := context.WithCancel(regina)
		cancel()
		before := h.state(t)
		if _, err := h.Offer(ctx, Offering{ID: db.NewID(), Authority: erfurt, Steps: 2, Files: []string{f.ID}}); err == nil {
			t.Error("a broken connection began a process")
		}
		if h.state(t) != before {
			t.Error("half a process began")
		}
	})
}
