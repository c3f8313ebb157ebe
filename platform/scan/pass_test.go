package scan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/errs"
	"rennsteig/platform/scan/scantest"
)

// What is stored through the scanner is whole and clean, or not there.
func TestPass(t *testing.T) {
	server := scantest.Start(t)
	s := open(t, server.Address)
	store, err := blob.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stored := func() (n int) {
		t.Helper()
		if err := store.List(t.Context(), func(blob.Ref, time.Time) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(ctx context.Context, r io.Reader) (blob.Ref, error) {
		return store.Put(ctx, s.Pass(ctx, r), 10<<20)
	}
	clean := bytes.Repeat([]byte("x"), 3*chunk+5)
	for name, r := range map[string]io.Reader{"at once": bytes.NewReader(clean), "end with the last bytes": iotest.DataErrReader(bytes.NewReader(clean))} {
		if ref, err := put(t.Context(), r); err != nil || ref.Size != int64(len(clean)) || stored() != 1 {
			t.Errorf("%s: %d bytes, %v, %d stored", name, ref.Size, err, stored())
		}
	}
	if _, err := put(t.Context(), io.MultiReader(bytes.NewReader(clean), strings.NewReader(scantest.EICAR))); !errors.Is(err, ErrFound) {
		t.Errorf("malware: %v", err)
	}
	if _, err := put(t.Context(), io.LimitReader(zeros{}, scantest.StreamMaxLength+1)); !errs.Is(err, errs.TooLarge) {
		t.Errorf("too long for the scanner: %v", err)
	}
	broken := errors.New("the network broke")
	if _, err := put(t.Context(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("an error of the file: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := s.Pass(ctx, strings.NewReader("left alone")) // must not hold anything up
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := io.ReadAll(r); err == nil {
		t.Error("went on after its context")
	}
	server.Stop()
	if _, err := put(t.Context(), strings.NewReader("clean, but nobody says so")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("no scanner there: %v", err)
	}
	if stored() != 1 {
		t.Errorf("%d are stored", stored())
	}
	if r := strings.NewReader("x"); (*Scanner)(nil).Pass(t.Context(), r) != io.Reader(r) {
		t.Error("no scanner is in the way")
	}
}
