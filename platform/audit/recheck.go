package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Damage is what is wrong with a stored file.
type Damage string

// The kinds of damage.
const (
	Missing    Damage = "missing"    // it is not there
	Changed    Damage = "changed"    // its content is not what its hash says
	Unreadable Damage = "unreadable" // it cannot be read, while others can
)

// Rechecker reads the stored files that the log vouches for again and again, a few at a time, in rounds. Any number of
// processes may run it: they take turns, and share the position, which is in the database. Its fields may be set
// before Run.
type Rechecker struct {
	Period time.Duration // in which a round is done; 30 days
	Every  time.Duration // between the beginnings of two portions; 10 minutes
	Now    func() time.Time

	log   *Log
	store blob.Store
	lease time.Duration // how long a portion is another's business, if its process dies
	least int           // files of a portion
}

// NewRechecker returns the re-check of the files in store.
func NewRechecker(l *Log, store blob.Store) *Rechecker {
	return &Rechecker{Period: 30 * 24 * time.Hour, Every: 10 * time.Minute, Now: time.Now, log: l, store: store, lease: 5 * time.Minute, least: 20}
}

// rest is how much longer than reading a file the re-check waits after it, so that it leaves the disk to others.
const rest = 3

// Run does a portion whenever one is due, until ctx ends. Failures are logged and tried again; the error is always nil.
func (c *Rechecker) Run(ctx context.Context) error {
	ctx = identity.AsSystem(ctx, "recheck")
	ticker := time.NewTicker(min(c.Every, time.Minute))
	defer ticker.Stop()
	for {
		if _, err := c.portion(ctx, false); err != nil && ctx.Err() == nil {
			c.log.Logger.ErrorContext(ctx, "stored files cannot be checked", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Portion looks at the next files at once. It returns false if another process is at it.
func (c *Rechecker) Portion(ctx context.Context) (bool, error) { return c.portion(ctx, true) }

// All begins a round of its own, after going through the whole log for files it names, and does it without rests.
// progress (may be nil) is told how many files of how many were looked at. It waits where another process is at it.
func (c *Rechecker) All(ctx context.Context, progress func(done, total int64)) error {
	for first, last := true, int64(0); ; {
		p, err := c.claim(ctx, true)
		switch {
		case err != nil:
			return err
		case p == nil:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second):
			}
			continue
		case first:
			p.state.indexed, p.state.position, p.state.checked, p.state.beganAt = 0, "", 0, db.Micros(p.began)
			first, last = false, p.state.round
		}
		done := p.state.round != last
		if !done {
			p.size = max(p.size, 500)
			err = p.do(ctx)
			done = p.state.round != last
		}
		if err = errors.Join(err, p.release(ctx)); err != nil || done {
			return err
		}
		if progress != nil {
			progress(p.state.checked, p.state.files)
		}
	}
}

// portion does one, if it is due or now; false if not, or if another process is at it.
func (c *Rechecker) portion(ctx context.Context, now bool) (bool, error) {
	p, err := c.claim(ctx, now)
	if err != nil || p == nil {
		return false, err
	}
	p.rests = !now
	return true, errors.Join(p.do(ctx), p.release(ctx))
}

// turn is one process's turn at the re-check.
type turn struct {
	*Rechecker
	state  recheckState
	size   int // files to look at
	rests  bool
	began  time.Time
	prover *prover
}

// claim takes the turn; nil if none is due, unless now, or if another process has it.
func (c *Rechecker) claim(ctx context.Context, now bool) (*turn, error) {
	p := &turn{Rechecker: c, began: c.Now()}
	err := c.log.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if p.state, err = lockRecheck(ctx, tx); err != nil {
			return err
		}
		s := &p.state
		if s.claim != "" && p.began.Before(db.Time(s.claimedUntil)) || !now && p.began.Before(db.Time(s.dueAt)) {
			s.claim = ""
			return nil
		}
		if s.round == 0 {
			s.round, s.beganAt = 1, db.Micros(p.began)
		}
		s.claim, s.claimedUntil = db.NewID(), db.Micros(p.began.Add(c.lease))
		return saveRecheck(ctx, tx, *s)
	})
	if err != nil || p.state.claim == "" {
		return nil, err
	}
	return p, nil
}

var errLostTurn = errors.New("another process took over")

// release saves how far the turn came and gives it back, also where ctx has ended.
func (p *turn) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWork)
	defer cancel()
	s := p.state
	s.claim, s.claimedUntil, s.dueAt = "", 0, db.Micros(p.began.Add(p.Every))
	return p.update(ctx, s)
}

// update saves the state, as long as the turn is ours.
func (p *turn) update(ctx context.Context, s recheckState) error {
	return p.log.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := lockRecheck(ctx, tx)
		if err != nil {
			return err
		}
		if now.claim != p.state.claim {
			return errLostTurn
		}
		return saveRecheck(ctx, tx, s)
	})
}

// hold keeps the turn while f works, however long a file takes.
func (p *turn) hold(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	claim, done := p.state.claim, make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(p.lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			err := p.log.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return extendRecheck(ctx, tx, claim, db.Micros(p.Now().Add(p.lease)))
			})
			if err != nil {
				cancel(err)
				return
			}
		}
	}()
	err := f(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	<-done
	return err
}

// do looks at what is open, and then at the next files of the round.
func (p *turn) do(ctx context.Context) error {
	return p.hold(ctx, func(ctx context.Context) error {
		if err := p.index(ctx); err != nil {
			return err
		}
		s, q := &p.state, p.log.d.Reader()
		if s.position == "" {
			n, err := countFiles(ctx, q)
			if err != nil {
				return err
			}
			s.files = n
		}
		p.size = max(p.size, p.least, int(float64(s.files)*float64(p.Every)/float64(p.Period))+1)
		open, err := oldestFindings(ctx, q, p.size)
		if err != nil {
			return err
		}
		next, err := nextFiles(ctx, q, s.position, p.size)
		if err != nil {
			return err
		}
		var failed []string // no finding if no other file can be read either
		readable := false
		look := func(hash string) error {
			err := p.look(ctx, hash, slices.Contains(open, hash))
			switch {
			case err == nil:
				readable = true
			case errors.Is(err, errUnread) && ctx.Err() == nil && (readable || len(failed) < 3):
				failed = append(failed, hash)
				err = nil
			}
			return err
		}
		for _, hash := range open {
			if err := look(hash); err != nil {
				return err
			}
		}
		position, checked := s.position, s.checked
		for _, hash := range next {
			if !slices.Contains(open, hash) {
				if err := look(hash); err != nil {
					return err
				}
			}
			position = hash
			checked++
			if len(failed) == 0 {
				s.position, s.checked = position, checked
			}
		}
		if len(failed) > 0 && !readable {
			return fmt.Errorf("%s: %w", failed[0], errUnread)
		}
		for _, hash := range failed {
			if err := p.log.damaged(ctx, hash, p.Now(), Unreadable); err != nil {
				return err
			}
		}
		s.position, s.checked = position, checked
		if len(next) < p.size {
			now := db.Micros(p.Now())
			s.position, s.checked, s.round, s.beganAt, s.finishedAt = "", 0, s.round+1, now, now
		}
		return nil
	})
}

// index lists the files that the entries name which came into the tree since.
func (p *turn) index(ctx context.Context) (err error) {
	if p.prover, err = p.log.prover(ctx); err != nil {
		return err
	}
	for size := p.prover.tree.N; p.state.indexed < size; {
		rows, err := entriesWithFiles(ctx, p.log.d.Reader(), p.state.indexed, size, 1000)
		if err != nil {
			return err
		}
		var files []fileOf
		for i := range rows {
			if !rows[i].intact() {
				p.log.Logger.ErrorContext(ctx, "an audit entry was changed: its stored files are not checked", "entry", rows[i].seq)
				continue
			}
			rec := rows[i].record()
			for _, h := range rec.Erased {
				files = append(files, fileOf{h, rec.Seq, true})
			}
			for _, h := range rec.Blobs {
				if !slices.Contains(rec.Erased, h) {
					files = append(files, fileOf{h, rec.Seq, false})
				}
			}
		}
		s := p.state
		if s.indexed = size; len(rows) == 1000 {
			s.indexed = rows[len(rows)-1].seq + 1
		}
		err = p.log.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return insertFiles(ctx, tx, files) })
		if err != nil {
			return err
		}
		p.state.indexed = s.indexed
	}
	return nil
}

// errUnread is an error of reading that says nothing about the content.
var errUnread = errors.New("the stored file cannot be read")

// look reads one file and keeps what it found; known says that a finding is open. errUnread.
func (p *turn) look(ctx context.Context, hash string, known bool) error {
	began := time.Now()
	err := readBlob(ctx, p.store, hash)
	if p.rests {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest * time.Since(began)):
		}
	}
	damage := Damage("")
	switch {
	case err == nil:
		if known {
			return p.closed(ctx, hash, true)
		}
		return nil
	case errs.Is(err, errs.NotFound):
		damage = Missing
	case isAltered(err):
		damage = Changed
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fmt.Errorf("%w: %w", errUnread, err)
	}
	gone, err := p.erased(ctx, hash)
	switch {
	case err != nil:
		return err
	case gone && known:
		return p.closed(ctx, hash, false)
	case gone:
		return nil
	}
	return p.log.damaged(ctx, hash, p.Now(), damage)
}

// erased reports whether the last entry that names a file says that it was rightly removed.
func (p *turn) erased(ctx context.Context, hash string) (bool, error) {
	q := p.log.d.Reader()
	// Entries that wait come first: what is sequenced meanwhile is found in the index afterwards.
	waiting, err := waitingErasures(ctx, q)
	if err != nil {
		return false, err
	}
	for _, r := range waiting {
		if r.intact() && p.log.key.checkSeal(r.leaf(), r.seal) && slices.Contains(r.record().Erased, hash) {
			return true, nil
		}
	}
	if err := p.index(ctx); err != nil {
		return false, err
	}
	seq, erased, err := lastNamed(ctx, q, hash)
	if err != nil || !erased {
		return false, err
	}
	rows, err := entriesAt(ctx, q, []int64{seq}) // the index proves nothing, the entry does
	if err != nil || len(rows) == 0 {
		return false, err
	}
	_, err = p.prover.path(&rows[0])
	if errors.Is(err, ErrTampered) {
		return false, nil
	}
	return err == nil && slices.Contains(rows[0].record().Erased, hash), err
}

// closed ends a finding: the file is whole again, or was rightly removed.
func (p *turn) closed(ctx context.Context, hash string, whole bool) error {
	err := p.log.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := deleteFinding(ctx, tx, hash); err != nil || !whole {
			return err
		}
		_, err := p.log.tell(ctx, tx, Entry{Action: "audit.file_repaired"}, hash)
		return err
	})
	if err == nil {
		p.log.Logger.InfoContext(ctx, "a finding about a stored file is settled", "sha256", hash, "whole", whole)
	}
	return err
}

// tell writes an entry about a file for the authority whose entries vouch for it; for none, and without their
// objects, if they are several.
func (l *Log) tell(ctx context.Context, tx *db.Tx, e Entry, hash string) (objects []string, err error) {
	by, err := vouching(ctx, tx, nil, hash, maxObjects)
	if err != nil {
		return nil, err
	}
	e.Object = "blob:" + hash
	several := false
	for _, v := range by {
		several = several || v.authority != by[0].authority
		if !slices.Contains(objects, v.object) {
			objects = append(objects, v.object)
		}
	}
	if len(by) > 0 && !several {
		e.Authority = by[0].authority
		if e.Changes == nil {
			e.Changes = map[string]any{}
		}
		e.Changes["objects"] = objects
	}
	return objects, l.Append(ctx, tx, e)
}
