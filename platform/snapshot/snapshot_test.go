package snapshot

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/db"
)

func TestSnapshot(t *testing.T) {
	now := time.Unix(1, 0)
	reads, fail := 0, error(nil)
	var s *Snapshot[int]
	during := func() {}
	s = New(func() time.Time { return now }, func(context.Context) (int, error) { reads++; during(); return reads, fail })
	want := func(what string, value, read int, wantErr error) {
		t.Helper()
		if got, err := s.Get(t.Context()); !errors.Is(err, wantErr) || err == nil && got != value || reads != read {
			t.Errorf("%s: %d after %d reads, %v; want %d after %d", what, got, reads, err, value, read)
		}
	}
	want("first", 1, 1, nil)
	now = now.Add(Age - 1)
	want("young", 1, 1, nil)
	now = now.Add(1)
	want("old", 2, 2, nil)
	s.Forget()
	want("forgotten", 3, 3, nil)

	during = s.Forget // a change commits while we read
	s.Forget()
	want("changed while read", 4, 4, nil)
	during = func() {}
	want("read again", 5, 5, nil)

	fail = errors.New("away")
	s.Forget()
	want("database away", 0, 6, fail)
	fail = db.ErrNested
	want("inside a transaction", 5, 7, nil)
	fail = nil
	want("there again", 8, 8, nil)
}

// While one caller reads, the others go on with the copy.
func TestOthersGoOn(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1, 0)
	begun, end := make(chan bool), make(chan bool)
	first := true
	s := New(func() time.Time { mu.Lock(); defer mu.Unlock(); return now }, func(context.Context) (string, error) {
		if first {
			first = false
			return "old", nil
		}
		close(begun)
		<-end
		return "new", nil
	})
	if _, err := s.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	now = now.Add(Age)
	mu.Unlock()
	done := make(chan string)
	go func() {
		v, _ := s.Get(context.Background())
		done <- v
	}()
	<-begun
	if v, err := s.Get(t.Context()); v != "old" || err != nil {
		t.Errorf("meanwhile %q, %v", v, err)
	}
	close(end)
	if v := <-done; v != "new" {
		t.Errorf("the reader got %q", v)
	}
}
