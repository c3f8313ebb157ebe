package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// counted is a store that counts what is read, and fails on demand.
type counted struct {
	blob.Store
	mu   sync.Mutex
	read map[string]int
	fail func(hash string) error // may be nil
}

func (c *counted) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read[hash]++
	if c.fail != nil {
		if err := c.fail(hash); err != nil {
			return nil, err
		}
	}
	return c.Store.Open(ctx, hash)
}

// taken returns how often each file was read since the last call.
func (c *counted) taken() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.read
	c.read = map[string]int{}
	return out
}

// filed stores n files and vouches for each of them, and twice for the first.
func filed(t testing.TB, l *Log, store blob.Store, n int) (hashes []string) {
	t.Helper()
	var entries []Entry
	for i := range n {
		ref, err := store.Put(t.Context(), strings.NewReader(fmt.Sprintf("document %d", i)), 100)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, ref.Hash)
		entries = append(entries, Entry{Action: "records.filed", Authority: "a1", Object: fmt.Sprintf("document:%d", i), Blobs: []string{ref.Hash}})
	}
	entries = append(entries, Entry{Action: "records.signed", Authority: "a1", Object: "case:1", Blobs: hashes[:1]},
		Entry{Action: "records.noted", Authority: "a1", Object: "case:1"})
	add(t, l, entries...)
	if _, err := l.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	return hashes
}

func rechecker(l *Log, store blob.Store) (*Rechecker, *counted) {
	s := &counted{Store: store, read: map[string]int{}}
	c := NewRechecker(l, s)
	c.least = 5
	return c, s
}

func portion(t testing.TB, c *Rechecker) {
	t.Helper()
	if ok, err := c.Portion(system()); err != nil || !ok {
		t.Fatal(ok, err)
	}
}

func system() context.Context { return identity.AsSystem(context.Background(), "test") }

func openFindings(t testing.TB, l *Log) []Finding {
	t.Helper()
	list, err := l.Findings(system(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func progressOf(t testing.TB, l *Log) RecheckState {
	t.Helper()
	s, err := l.Recheck(system())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecheckReadsEveryFileOncePerRound(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		filed(t, l, store, 12)
		c, s := rechecker(l, store)
		for round := range 2 {
			portion(t, c)
			if got := progressOf(t, l); got.Files != 12 || got.Checked != 5 || got.Finished.IsZero() != (round == 0) || got.Open != 0 {
				t.Errorf("round %d: %+v", round, got)
			}
			c.log = New(l.d, l.key) // a restart
			portion(t, c)
			portion(t, c)
			read := s.taken()
			if len(read) != 12 {
				t.Errorf("round %d: %d files read", round, len(read))
			}
			for h, n := range read {
				if n != 1 {
					t.Errorf("round %d: %s read %d times", round, h, n)
				}
			}
		}
		filed(t, l, store, 13) // one more
		for range 3 {
			portion(t, c)
		}
		if read := s.taken(); len(read) != 13 {
			t.Errorf("%d files read after one more was filed", len(read))
		}
		if n := len(openFindings(t, l)); n != 0 {
			t.Errorf("%d findings", n)
		}
		if n, err := l.History(t.Context(), "case:1", 100); err != nil || len(n) != 4 {
			t.Error(n, err)
		}
	})
}

func TestRecheckFindsDamageAndRepair(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, dir := folder(t)
		hashes := filed(t, l, store, 8)
		path := func(h string) string { return filepath.Join(dir, h[:2], h) }
		lost, altered := hashes[0], hashes[3]
		if err := os.Remove(path(lost)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(altered), []byte("document X"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, s := rechecker(l, store)
		c.least = 100
		for range 3 { // once is enough, and later rounds find nothing new
			portion(t, c)
		}
		got := map[string]Finding{}
		for _, f := range openFindings(t, l) {
			got[f.Hash] = f
		}
		if len(got) != 2 || got[lost].Damage != Missing || got[altered].Damage != Changed ||
			!slices.Equal(got[lost].Objects, []string{"case:1", "document:0"}) || !slices.Equal(got[altered].Objects, []string{"document:3"}) {
			t.Errorf("%+v", got)
		}
		entries := func(hash, action string) (n int) {
			t.Helper()
			list, err := l.History(t.Context(), "blob:"+hash, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				if r.Action == action && r.Authority == "a1" {
					n++
				}
			}
			return n
		}
		if entries(lost, "audit.file_damaged") != 1 || entries(altered, "audit.file_damaged") != 1 || entries(lost, "audit.file_repaired") != 0 {
			t.Error("not one entry for each finding")
		}

		for i, h := range []string{lost, altered} {
			if err := os.WriteFile(path(h), fmt.Appendf(nil, "document %d", []int{0, 3}[i]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.taken()
		c.least = 2 // what is open is looked at first
		portion(t, c)
		if list := openFindings(t, l); len(list) != 0 || progressOf(t, l).Open != 0 {
			t.Errorf("still open: %+v", list)
		}
		if entries(lost, "audit.file_repaired") != 1 || entries(altered, "audit.file_repaired") != 1 {
			t.Error("no entry of the repair")
		}
		if err := os.Remove(path(lost)); err != nil { // and again: a new finding
			t.Fatal(err)
		}
		c.least = 100
		portion(t, c)
		portion(t, c)
		if list := openFindings(t, l); len(list) != 1 || entries(lost, "audit.file_damaged") != 2 {
			t.Errorf("%+v", list)
		}
	})
}

func TestRecheckMissesNothingErased(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		hashes := filed(t, l, store, 4)
		c, _ := rechecker(l, store)
		c.least = 100
		portion(t, c)
		remove := func(h string) {
			if err := store.Delete(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		add(t, l, Entry{Action: "records.destroyed", Object: "document:0", Erased: hashes[:1]}) // waits
		remove(hashes[0])
		portion(t, c)
		if list := openFindings(t, l); len(list) != 0 {
			t.Errorf("erased by an entry that waits: %+v", list)
		}
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		portion(t, c)
		portion(t, c)
		if list := openFindings(t, l); len(list) != 0 {
			t.Errorf("erased: %+v", list)
		}
		// Filed anew it must be there again.
		add(t, l, Entry{Action: "records.filed", Authority: "a1", Object: "document:new", Blobs: hashes[:1]})
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		portion(t, c)
		if list := openFindings(t, l); len(list) != 1 || list[0].Objects[0] != "document:new" {
			t.Errorf("filed anew: %+v", list)
		}
		if r := verify(t, l, store); len(r.Problems) != 1 || r.Problems[0].Hash != hashes[0] {
			t.Errorf("verify: %+v", r.Problems)
		}
		add(t, l, Entry{Action: "records.destroyed", Object: "document:new", Erased: hashes[:1]})
		portion(t, c)
		if list := openFindings(t, l); len(list) != 0 {
			t.Errorf("a finding stays open after the file was rightly removed: %+v", list)
		}
		// Who writes into the index that a file was erased does not deceive.
		remove(hashes[1])
		change(t, l.d, `UPDATE audit_file SET erased = $1 WHERE hash = $2`, true, hashes[1])
		portion(t, c)
		if list := openFindings(t, l); len(list) != 1 || list[0].Hash != hashes[1] {
			t.Errorf("believed the index: %+v", list)
		}
		// Nor who takes a file out of it, once the whole log is gone through.
		remove(hashes[2])
		change(t, l.d, `DELETE FROM audit_file WHERE hash = $1`, hashes[2])
		if err := c.All(system(), nil); err != nil {
			t.Fatal(err)
		}
		if list := openFindings(t, l); len(list) != 2 {
			t.Errorf("after all: %+v", list)
		}
	})
}

func TestRecheckTellsOutageFromDamage(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		hashes := filed(t, l, store, 12)
		slices.Sort(hashes)
		c, s := rechecker(l, store)
		down := errs.E(errs.Unavailable, "errs.unavailable", errors.New("no route"))
		s.fail = func(string) error { return down }
		if _, err := c.Portion(system()); !errors.Is(err, errUnread) {
			t.Error(err)
		}
		if got := s.taken(); len(got) > 4 || len(openFindings(t, l)) != 0 || progressOf(t, l).Checked != 0 {
			t.Errorf("an outage makes findings, or was asked %d times", len(got))
		}
		bad := hashes[1]
		s.fail = func(h string) error {
			if h == bad {
				return down
			}
			return nil
		}
		for range 3 {
			portion(t, c)
		}
		if list := openFindings(t, l); len(list) != 1 || list[0].Hash != bad || list[0].Damage != Unreadable {
			t.Errorf("%+v", list)
		}
		s.fail = func(string) error { return down } // with a finding open
		if _, err := c.Portion(system()); !errors.Is(err, errUnread) || len(openFindings(t, l)) != 1 {
			t.Error(err)
		}
		s.fail = nil
		portion(t, c)
		if list := openFindings(t, l); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

// TestRecheckersTakeTurns: several processes, one of which dies in the middle: in a round each file is read, and only
// those of the portion that was lost twice.
func TestRecheckersTakeTurns(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect, tables...)
			l := newLog(t, dbtest.OpenAddress(t, address))
			store, _ := folder(t)
			filed(t, l, store, 60)
			c, s := rechecker(l, store)
			var mu sync.Mutex
			working := 0
			s.fail = func(string) error {
				mu.Lock()
				defer mu.Unlock()
				if working > 1 {
					t.Error("two processes at once")
				}
				return nil
			}
			// One takes the turn, and is never heard of again.
			dead, err := c.claim(system(), true)
			if err != nil || dead == nil {
				t.Fatal(dead, err)
			}
			if ok, err := c.Portion(system()); ok || err != nil {
				t.Error("took a turn that another has", err)
			}
			now := time.Now().Add(c.lease + time.Second)
			c.Now = func() time.Time { return now }
			var group sync.WaitGroup
			for range 3 {
				other := New(dbtest.OpenAddress(t, address), l.key)
				group.Go(func() {
					mine := *c
					mine.log = other
					for progressOf(t, other).Finished.IsZero() {
						p, err := mine.claim(system(), true)
						if err != nil {
							t.Error(err)
							return
						}
						if p == nil {
							time.Sleep(time.Millisecond) // between tries
							continue
						}
						mu.Lock()
						working++
						mu.Unlock()
						if p.state.finishedAt == 0 {
							err = p.do(system())
						}
						mu.Lock()
						working--
						mu.Unlock()
						if err = errors.Join(err, p.release(system())); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			if err := dead.release(system()); !errors.Is(err, errLostTurn) {
				t.Errorf("the dead one's word counts: %v", err)
			}
			read := s.taken()
			for h, n := range read {
				if n != 1 {
					t.Errorf("%s read %d times", h, n)
				}
			}
			if len(read) != 60 {
				t.Errorf("%d files read", len(read))
			}
		})
	}
}

// TestRecheckHoldsItsTurn: a file that takes longer to read than the turn lasts.
func TestRecheckHoldsItsTurn(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		filed(t, l, store, 1)
		c, s := rechecker(l, store)
		c.lease = 60 * time.Millisecond
		begun := make(chan bool)
		goOn := make(chan bool)
		s.fail = func(string) error { close(begun); <-goOn; return nil }
		done := make(chan error)
		go func() {
			_, err := c.Portion(system())
			done <- err
		}()
		<-begun
		for until := time.Now().Add(3 * c.lease); time.Now().Before(until); {
			if ok, err := c.Portion(system()); ok || err != nil {
				t.Fatal("lost the turn", err)
			}
			time.Sleep(5 * time.Millisecond) // between tries
		}
		close(goOn)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestRecheckIsDueInTime(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		filed(t, l, store, 12)
		c, s := rechecker(l, store)
		now := timeNow()
		c.Now = func() time.Time { return now }
		due := func() bool {
			ok, err := c.portion(system(), false)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !due() || due() {
			t.Error("the first is due at once, the second is not")
		}
		now = now.Add(c.Every)
		if !due() {
			t.Error("not due after its time")
		}
		// Many files: a portion large enough for the period.
		c.least, c.Period = 1, 4*c.Every
		now = now.Add(c.Every)
		due() // ends the round
		s.taken()
		for range 4 {
			now = now.Add(c.Every)
			due()
		}
		if read := s.taken(); len(read) != 12 {
			t.Errorf("%d files in one period", len(read))
		}
	})
}

// TestRunRechecks: the loop finds what is damaged.
func TestRunRechecks(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		hashes := filed(t, l, store, 3)
		if err := store.Delete(t.Context(), hashes[1]); err != nil {
			t.Fatal(err)
		}
		c, _ := rechecker(l, store)
		c.Every = time.Millisecond
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		for len(openFindings(t, l)) == 0 {
			time.Sleep(time.Millisecond) // between looks; the test's timeout bounds it
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestRecheckFindsWhateverIsDamaged: any set of files damaged and repaired in any order.
func TestRecheckFindsWhateverIsDamaged(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, dir := folder(t)
	hashes := filed(t, l, store, 7)
	c, _ := rechecker(l, store)
	path := func(h string) string { return filepath.Join(dir, h[:2], h) }
	wrong := map[string]Damage{}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(hashes)-1).Draw(rt, "file")
		h := hashes[i]
		var err error
		switch rapid.SampledFrom([]string{"lose", "change", "repair"}).Draw(rt, "what") {
		case "lose":
			if err = os.Remove(path(h)); errors.Is(err, os.ErrNotExist) {
				err = nil
			}
			wrong[h] = Missing
		case "change":
			err = os.WriteFile(path(h), []byte("x"), 0o600)
			wrong[h] = Changed
		case "repair":
			err = os.WriteFile(path(h), fmt.Appendf(nil, "document %d", i), 0o600)
			delete(wrong, h)
		}
		if err != nil {
			rt.Fatal(err)
		}
		c.least = rapid.IntRange(1, 9).Draw(rt, "portion")
		if err := c.All(system(), nil); err != nil {
			rt.Fatal(err)
		}
		got := map[string]Damage{}
		for _, f := range openFindings(t, l) {
			got[f.Hash] = f.Damage
		}
		if fmt.Sprint(got) != fmt.Sprint(wrong) {
			rt.Errorf("found %v, wrong are %v", got, wrong)
		}
	})
}

func TestFindingsAreForThoseConcerned(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		both := strings.Repeat("ab", 32)
		add(t, l, Entry{Action: "records.filed", Authority: "a1", Object: "document:1", Blobs: []string{strings.Repeat("01", 32), both}},
			Entry{Action: "records.filed", Authority: "a2", Object: "document:2", Blobs: []string{strings.Repeat("02", 32), both}})
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		c, _ := rechecker(l, store)
		portion(t, c)
		operator := identity.Principal{Subject: "o", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Operator, Authority: identity.Everywhere}}}
		one := identity.Principal{Subject: "o", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Operator, Authority: "a1"}}}
		for _, who := range []struct {
			p       identity.Principal
			count   int
			objects string // of the file that both name
			code    errs.Code
		}{
			{asAuditor(identity.Everywhere), 3, "document:2 document:1", ""}, {operator, 3, "document:2 document:1", ""},
			{asAuditor("a1"), 2, "document:1", ""}, {asAuditor("a2"), 2, "document:2", ""}, {asAuditor("a3"), 0, "", ""},
			{one, 0, "", errs.Denied}, {identity.Principal{}, 0, "", errs.Unauthenticated},
		} {
			ctx := identity.With(t.Context(), who.p)
			list, err := l.Findings(ctx, "", 10)
			s, err2 := l.Recheck(ctx)
			if who.code != "" {
				if !errs.Is(err, who.code) || !errs.Is(err2, who.code) {
					t.Errorf("%v: %v, %v", who.p.Grants, err, err2)
				}
				continue
			}
			if err != nil || err2 != nil || len(list) != who.count || s.Open != int64(who.count) {
				t.Errorf("%v: %d, %d, %v, %v", who.p.Grants, len(list), s.Open, err, err2)
			}
			for i, f := range list {
				if f.Hash == both && strings.Join(f.Objects, " ") != who.objects {
					t.Errorf("%v sees %v", who.p.Grants, f.Objects)
				}
				if next, err := l.Findings(ctx, f.ID, 10); err != nil || len(next) != len(list)-i-1 {
					t.Errorf("after %d: %d, %v", i, len(next), err)
				}
			}
		}
		// The entry about a file of several authorities names none of them.
		h, err := l.History(t.Context(), "blob:"+both, 1)
		if err != nil || len(h) != 1 || h[0].Authority != "" || strings.Contains(h[0].Changes, "document") {
			t.Errorf("%+v, %v", h, err)
		}
	})
}
