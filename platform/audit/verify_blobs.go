package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"rennsteig/platform/blob"
	"rennsteig/platform/errs"
)

// files reads the stored files that entries vouch for, two at a time, each once.
type files struct {
	ctx    context.Context
	cancel context.CancelFunc
	store  blob.Store
	seen   map[[32]byte]bool // true while the last entry that names the file says that it was erased
	work   chan vouch
	end    func() // closes work
	wg     sync.WaitGroup

	mu      sync.Mutex
	checked int64
	wrong   []missingFile
}

// vouch is a file with the first entry that names it.
type vouch struct {
	hash string
	by   row
}

type missingFile struct {
	Problem
	gone bool
}

func newFiles(ctx context.Context, store blob.Store) *files {
	f := &files{store: store, seen: map[[32]byte]bool{}, work: make(chan vouch)}
	f.ctx, f.cancel = context.WithCancel(ctx)
	f.end = sync.OnceFunc(func() { close(f.work) })
	if store == nil {
		return f
	}
	for range 2 {
		f.wg.Go(func() {
			for w := range f.work {
				f.check(w)
			}
		})
	}
	return f
}

// stop ends the readers; more than once does no harm.
func (f *files) stop() {
	f.cancel()
	f.end()
}

// vouched hands the files of an entry to the readers.
func (f *files) vouched(r row) error {
	if f.store == nil {
		return nil
	}
	rec := r.record()
	for _, h := range rec.Erased {
		f.seen[hashKey(h)] = true
	}
	for _, h := range rec.Blobs {
		if erased, ok := f.seen[hashKey(h)]; ok && !erased { // filed anew after it was erased, it must be there again
			continue
		}
		f.seen[hashKey(h)] = false
		select {
		case f.work <- vouch{h, r}:
		case <-f.ctx.Done():
			return f.ctx.Err()
		}
	}
	return nil
}

func (f *files) check(w vouch) {
	err := readBlob(f.ctx, f.store, w.hash)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checked++
	if err == nil || f.ctx.Err() != nil {
		return
	}
	p := missingFile{Problem: entryProblem(BadBlob, w.by, ""), gone: errs.Is(err, errs.NotFound)}
	p.Hash = w.hash
	switch {
	case p.gone:
		p.Detail = fmt.Sprintf("the stored file %s of %s is missing", w.hash, w.by.object)
	case isAltered(err):
		p.Detail = fmt.Sprintf("the stored file %s of %s was altered", w.hash, w.by.object)
	default:
		p.Detail = fmt.Sprintf("the stored file %s of %s cannot be read, or was altered: %v", w.hash, w.by.object, err)
	}
	f.wrong = append(f.wrong, p)
}

var errAltered = errors.New("altered")

func isAltered(err error) bool {
	return errors.Is(err, errAltered) || errors.As(err, new(*blob.Corrupt))
}

// readBlob hashes the file itself, whatever the store checks.
func readBlob(ctx context.Context, store blob.Store, hash string) (err error) {
	r, err := store.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := sha256.New()
	_, err = io.Copy(h, r)
	if err == nil && hex.EncodeToString(h.Sum(nil)) != hash {
		return errAltered
	}
	return err
}

// finish waits for the readers and reports what they found.
func (f *files) finish(r *Report) error {
	f.end()
	f.wg.Wait()
	if err := f.ctx.Err(); err != nil {
		return err
	}
	r.Blobs = f.checked
	told := map[string]bool{}
	for _, p := range f.wrong {
		if told[p.Hash] {
			continue
		}
		told[p.Hash] = true
		if p.gone && f.seen[hashKey(p.Hash)] {
			r.Erased++
			continue
		}
		r.found(p.Problem)
	}
	return nil
}
