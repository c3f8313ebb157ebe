package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// What scs asks of a store: found or not, overwritten, deleted, expired, any bytes, many at once.
func TestStoreConformance(t *testing.T) {
	dbtest.Each(t, []db.Migration{{Room: "identity", FS: Files}}, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
		s := &sessions{d: d, now: func() time.Time { return now }}
		var _ scs.CtxStore = s
		ctx := t.Context()
		find := func(token string) []byte {
			t.Helper()
			b, found, err := s.FindCtx(ctx, token)
			if err != nil || found != (b != nil) {
				t.Fatalf("find %q: %q, %t, %v", token, b, found, err)
			}
			return b
		}
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		if find("nobody") != nil {
			t.Error("found what was never written")
		}
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		check(s.CommitCtx(ctx, "a", all, now.Add(time.Hour)))
		check(s.Commit("b", []byte("b"), now.Add(2*time.Hour)))
		if got := find("a"); !bytes.Equal(got, all) {
			t.Errorf("found %q", got)
		}
		check(s.CommitCtx(ctx, "a", []byte("new"), now.Add(3*time.Hour)))
		if got := find("a"); string(got) != "new" {
			t.Errorf("after overwriting found %q", got)
		}
		now = now.Add(2 * time.Hour) // to the microsecond the end of b
		if find("b") != nil {
			t.Error("found what has expired")
		}
		if got, found, err := s.Find("a"); string(got) != "new" || !found || err != nil {
			t.Errorf("a: %q, %t, %v", got, found, err)
		}
		check(s.DeleteCtx(ctx, "a"))
		if find("a") != nil {
			t.Error("found what was deleted")
		}
		check(s.Delete("a"))
		check(s.DeleteCtx(ctx, "nobody"))

		// A request that found the session before another one ended it does not bring it back.
		check(s.CommitCtx(ctx, "c", []byte("c"), now.Add(time.Hour)))
		late := withVisit(ctx)
		if _, found, err := s.FindCtx(late, "c"); !found || err != nil {
			t.Fatalf("c: %t, %v", found, err)
		}
		check(s.CommitCtx(late, "c", []byte("c2"), now.Add(time.Hour)))
		if got := find("c"); string(got) != "c2" {
			t.Errorf("c: %q", got)
		}
		check(s.DeleteCtx(ctx, "c"))
		check(s.CommitCtx(late, "c", []byte("c3"), now.Add(time.Hour)))
		if find("c") != nil {
			t.Error("an ended session came back")
		}

		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				token := rand.Text()
				for i := range 5 {
					data := []byte{byte(i + 1)}
					if err := s.CommitCtx(ctx, token, data, now.Add(time.Hour)); err != nil {
						t.Error(err)
					}
					if got, _, err := s.FindCtx(ctx, token); err != nil || !bytes.Equal(got, data) {
						t.Errorf("found %q, %v", got, err)
					}
				}
			})
		}
		wg.Wait()

		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, _, err := s.FindCtx(ended, "a"); err == nil {
			t.Error("a cancelled request finds without error")
		}
	})
}
