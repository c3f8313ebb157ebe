// Package snapshot keeps a copy of a small table in memory, for what pages ask all the time and people change rarely.
package snapshot

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"rennsteig/platform/db"
)

// Age is how long a change of another process may stay unseen. Changes of this process are told by Forget.
const Age = 15 * time.Second

// Snapshot is a value read as a whole; it is replaced, never changed.
type Snapshot[T any] struct {
	now     func() time.Time
	load    func(ctx context.Context) (T, error)
	copy    atomic.Pointer[loaded[T]]
	loading sync.Mutex
	stale   atomic.Bool
}

type loaded[T any] struct {
	value T
	at    time.Time
}

// New returns a snapshot that load reads, outside of transactions.
func New[T any](now func() time.Time, load func(ctx context.Context) (T, error)) *Snapshot[T] {
	return &Snapshot[T]{now: now, load: load}
}

// Forget makes the next Get read again. Call it after the commit of a change.
func (s *Snapshot[T]) Forget() { s.stale.Store(true) }

// Get answers from memory but for one caller every Age, who reads again while others go on with the copy. Inside a
// transaction it can only repeat what it knows already, so ask before.
func (s *Snapshot[T]) Get(ctx context.Context) (value T, err error) {
	fresh := func(c *loaded[T]) bool {
		return c != nil && !s.stale.Load() && s.now().Sub(c.at) < Age
	}
	c := s.copy.Load()
	if fresh(c) {
		return c.value, nil
	}
	if c == nil || s.stale.Load() {
		s.loading.Lock()
	} else if !s.loading.TryLock() {
		return c.value, nil // somebody is reading; a little old is good enough
	}
	defer s.loading.Unlock()
	if c = s.copy.Load(); fresh(c) {
		return c.value, nil
	}
	s.stale.Store(false) // before reading: a change during it makes the copy stale again
	value, err = s.load(ctx)
	if err != nil {
		s.stale.Store(true)
		if errors.Is(err, db.ErrNested) && c != nil {
			return c.value, nil
		}
		return value, err
	}
	s.copy.Store(&loaded[T]{value, s.now()})
	return value, nil
}
