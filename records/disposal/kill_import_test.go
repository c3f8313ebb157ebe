package disposal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/standards/xdomea"
)

// kill -9 while files of another authority are taken over: all are there, or none; doing it again takes over what is
// left to do, or says that it is done. What was stored before a death, and what lay in a temporary folder, is not left.
func TestKilledWhileTakingOver(t *testing.T) {
	eachPlace(t, func(t *testing.T, h *house, die func(string, ...string)) {
		h.plans(t)
		k, b, sent := h.handedOver(t)
		temp := t.TempDir()
		file := filepath.Join(t.TempDir(), k.Name)
		must(t, os.WriteFile(file, b, 0o600))

		// While the package is checked: it is not there, and checked again it is.
		for _, when := range []string{"put 1", "put 2000", "stored"} {
			die(when, checkEnv+"="+file, "TMPDIR="+temp)
			h.nothingTaken(t, 0)
		}
		in := bytes.NewReader(b)
		i, err := h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		must(t, err)
		_, err = h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID()) // somebody else checked it too
		must(t, err)

		// While its files are stored, at the beginning of the transaction, in its middle, and near its end.
		vouched := h.unvouched(t)
		for _, when := range []string{"put 0", "put 20", "stored", "stored 4", "clock 1", "clock 2", "clock 5", "clock 9", "clock 14"} {
			die(when, takeEnv+"="+i.ID, "TMPDIR="+temp)
			h.nothingTaken(t, 2)
		}
		if left := h.unvouched(t); len(left) <= len(vouched) {
			t.Error("no process died after it had stored something")
		}
		h.verify(t)

		// And after it, before anybody was told.
		die("told", takeEnv+"="+i.ID, "TMPDIR="+temp)
		must(t, h.TakeOver(jenny, i.ID, here(unitA)))
		h.allTaken(t, sent, i.ID)
		_, err = h.Check(jenny, in, in.Size(), k.Name, jena, db.NewID())
		wantCode(t, err, errs.Conflict, "disposal.error.imported_already")
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("%d files are left in the temporary folder, %v", len(left), err)
		}
		// All that was stored belongs to what was taken over: the same content has the same name each time.
		for _, hash := range h.unvouched(t) {
			if named, err := h.named(t.Context(), h.h.DB.Reader(), []string{hash}); err != nil || named[hash] {
				t.Errorf("%s is named and nobody vouches for it, %v", hash, err)
			} else if !strings.Contains(strings.Join(vouched, " "), hash) {
				t.Errorf("%s is left behind", hash)
			}
		}
		h.verify(t)
	})
}

// nothingTaken wants no trace of the import in Jena, where so many packages are checked.
func (h *house) nothingTaken(t testing.TB, checked int) {
	t.Helper()
	l, err := h.core.Files(jenny, records.FileFilter{})
	must(t, err)
	if len(l.Items) > 0 || h.dump(t, "disposal_origin") != "" {
		t.Fatalf("half taken over: %d files\n%s", len(l.Items), h.dump(t, "disposal_origin"))
	}
	if n := h.count(t, `disposal_import WHERE state = 'checked'`); n != checked {
		t.Fatalf("%d packages are checked, want %d", n, checked)
	}
	for _, table := range []string{"records_file", "records_case", "records_document", "records_version", "records_part"} {
		if n := h.count(t, table+` WHERE authority_id = '`+jena+`'`); n != 0 {
			t.Fatalf("%d rows of Jena in %s", n, table)
		}
	}
}

func (h *house) count(t testing.TB, from string) (n int) {
	t.Helper()
	must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM `+from).Scan(&n))
	return n
}

// allTaken wants the files in Jena once, with all they had.
func (h *house) allTaken(t testing.TB, sent []records.File, id string) {
	t.Helper()
	i, err := h.Import(jenny, id)
	must(t, err)
	l, err := h.core.Files(jenny, records.FileFilter{})
	must(t, err)
	if n := h.count(t, `disposal_import WHERE state = 'taken'`); !i.Taken || len(l.Items) != len(sent) || n != 1 {
		t.Fatalf("%d files, %d imports, taken %v", len(l.Items), n, i.Taken)
	}
	secrets, documents := 0, 0
	for _, f := range l.Items {
		for _, c := range h.casesOf(t, f.ID) {
			for _, d := range h.documentsOfCase(t, c.ID) {
				documents++
				_, content, err := h.core.OpenDocument(jenny, d)
				must(t, err)
				b, err := io.ReadAll(content)
				must(t, err)
				must(t, content.Close())
				if strings.Contains(string(b), secret) {
					secrets++
				}
			}
		}
	}
	if got := fmt.Sprint(secrets, documents); got != "10 10" {
		t.Errorf("%s documents, of which so many hold their content", got)
	}
}

// unvouched are the stored files that no entry of the log vouches for: the sweep deletes them.
func (h *house) unvouched(t testing.TB) []string {
	t.Helper()
	left := map[string]bool{}
	must(t, h.h.Blobs.List(t.Context(), func(ref blob.Ref, _ time.Time) error { left[ref.Hash] = true; return nil }))
	must(t, h.h.Audit.Vouched(t.Context(), func(hash string) error { delete(left, hash); return nil }))
	var out []string
	for hash := range left {
		out = append(out, hash)
	}
	return out
}

// oneCase is a package of another office, each time with a ProzessID of its own.
func (h *house) oneCase(t testing.TB) (name string, in *bytes.Reader) {
	t.Helper()
	head := xdomea.Head{ProcessID: db.NewID(), Message: xdomea.Transfer, Created: h.h.Now(), Sender: xdomea.Contact{Organisation: "Landratsamt"}}
	var out bytes.Buffer
	w, err := xdomea.NewPackageWriter(&out, head)
	must(t, err)
	must(t, w.Write(&xdomea.Case{ID: db.NewID(), General: xdomea.General{Subject: secret}}))
	must(t, w.Close())
	return xdomea.PackageName(head), bytes.NewReader(out.Bytes())
}

// A package that was checked waits for weeks to be taken over: the sweep of forgotten files must not take it.
func TestCheckedIsVouchedFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		var list []Import
		for range 2 {
			name, in := h.oneCase(t)
			i, err := h.Check(jenny, in, in.Size(), name, jena, db.NewID())
			must(t, err)
			list = append(list, i)
		}
		if left := h.unvouched(t); len(left) > 0 {
			t.Errorf("nobody vouches for %v", left)
		}
		gone := func(i Import, want bool) {
			t.Helper()
			must(t, h.Sweep(t.Context()))
			h.at.Add(int64(2 * settled))
			must(t, h.Sweep(t.Context()))
			if _, err := h.h.Blobs.Stat(t.Context(), i.Hash); errs.Is(err, errs.NotFound) != want {
				t.Errorf("the package is gone: %v, want %v", err, want)
			}
			h.verify(t)
		}
		must(t, h.TakeOver(jenny, list[0].ID, here(unitA)))
		gone(list[0], true)
		gone(list[1], false)
		h.at.Add(int64(checkedFor)) // nobody takes it over
		gone(list[1], true)
		_, err := h.Import(jenny, list[1].ID)
		wantCode(t, err, errs.NotFound, "")
	})
}
