package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// pool runs n workers. One goroutine (run) owns all its state and never waits for the database: everything that has
// to be written about jobs (claims, ends, extensions) is gathered in a book and written in one transaction at a time,
// so that under load many jobs share one sync of the disk.
type pool struct {
	q     *Queue
	n     int
	drain bool // stop when nothing is due

	base   context.Context // of all handlers
	cancel context.CancelCauseFunc

	ready   []*held // claimed, not begun
	running map[*held]bool
	book    book
	turning bool  // a transaction is under way
	more    bool  // there may be due jobs
	first   error // of a handler
	failed  error // of the database, which ends a drain

	work    chan *held
	results chan result
	turned  chan turned
}

// held is a job in our hands.
type held struct {
	*Job
	ctx    context.Context
	cancel context.CancelCauseFunc
	since  time.Time
}

type result struct {
	job *held
	err error
}

// book is what the next transaction writes.
type book struct {
	finish  []*held
	fail    []result
	extend  []*held
	release []*held
	claim   int
}

func (b *book) empty() bool {
	return len(b.finish)+len(b.fail)+len(b.extend)+len(b.release) == 0
}

type turned struct {
	book    book
	claimed []*Job
	lost    []*held
	until   time.Time
	err     error
}

func (q *Queue) newPool(ctx context.Context, n int, drain bool) *pool {
	p := &pool{
		q: q, n: max(1, n), drain: drain, running: map[*held]bool{}, more: true,
		work: make(chan *held), results: make(chan result, max(1, n)), turned: make(chan turned, 1),
	}
	p.base, p.cancel = context.WithCancelCause(identity.AsSystem(context.WithoutCancel(ctx), "queue"))
	return p
}

// run returns the first error of a handler, and an error of its own when it could not end in order.
func (p *pool) run(ctx context.Context) (first, err error) {
	defer p.cancel(context.Canceled)
	defer close(p.work)
	for range p.n {
		go func() {
			for h := range p.work {
				p.results <- result{h, p.q.handle(h.ctx, h.Job)}
			}
		}()
	}
	poll := time.NewTimer(p.pause())
	defer poll.Stop()
	beat := time.NewTicker(p.q.lease / 3)
	defer beat.Stop()
	stop, stopping := ctx.Done(), false
	var deadline <-chan time.Time
	for {
		if stopping { // also what a claim under way brings after the stop
			p.book.release = append(p.book.release, p.ready...)
			p.ready = nil
		}
		p.dropStale()
		p.turn(stopping)
		if p.failed != nil && len(p.running) == 0 {
			return p.first, p.failed
		}
		idle := !p.turning && p.book.empty() && len(p.ready)+len(p.running) == 0
		if idle && (stopping || p.drain && !p.more) {
			if p.drain {
				return p.first, ctx.Err()
			}
			return p.first, nil
		}
		var work chan *held
		var next *held
		if len(p.ready) > 0 && len(p.running) < p.n && ctx.Err() == nil {
			work, next = p.work, p.ready[0]
		}
		select {
		case work <- next:
			p.ready = p.ready[1:]
			p.running[next] = true
		case r := <-p.results:
			p.ended(r)
		case t := <-p.turned:
			p.wrote(t)
		case <-p.q.wake:
			p.more = true
		case <-poll.C:
			p.more = true
			poll.Reset(p.pause())
		case <-beat.C:
			p.beat()
		case <-stop:
			stop, stopping = nil, true
			deadline = time.After(p.q.grace)
		case <-deadline:
			return p.first, fmt.Errorf("queue: stopped in a hurry: %d jobs are still running and the ends of %d could not be written; "+
				"they will be delivered again", len(p.running), len(p.book.finish)+len(p.book.fail))
		}
	}
}

// pause is the time until the next look at the table, jittered so that many processes do not look at once.
func (p *pool) pause() time.Duration {
	return p.q.poll*3/4 + rand.N(p.q.poll/2)
}

// dropStale gives back claimed jobs that would begin with too little of their lease left.
func (p *pool) dropStale() {
	now := p.q.Now()
	for len(p.ready) > 0 && now.After(p.ready[0].until.Add(-p.q.lease/2)) {
		p.book.release = append(p.book.release, p.ready[0])
		p.ready = p.ready[1:]
	}
}

// turn begins a transaction if there is something to write or to claim, and none is under way.
func (p *pool) turn(stopping bool) {
	if p.turning || p.failed != nil {
		return
	}
	want := 0
	if p.more && !stopping && len(p.ready) < p.n {
		want = 3*p.n - len(p.ready) - len(p.running)
	}
	if p.book.empty() && want <= 0 {
		return
	}
	b := p.book
	b.claim = max(0, want)
	p.book = book{}
	if b.claim > 0 {
		p.more = false // a wake-up from now on counts again
	}
	p.turning = true
	go func() { p.turned <- p.q.write(p.base, b) }()
}

// wrote takes note of a transaction's outcome.
func (p *pool) wrote(t turned) {
	p.turning = false
	if t.err != nil {
		if p.drain {
			p.failed, p.ready, p.book = t.err, nil, book{}
			return
		}
		p.q.log.Error("queue cannot write", "error", t.err)
		p.more = true
		p.book.finish = append(t.book.finish, p.book.finish...)
		p.book.fail = append(t.book.fail, p.book.fail...)
		p.book.release = append(t.book.release, p.book.release...)
		return // extensions come again with the next beat
	}
	for _, h := range t.book.extend {
		h.until = t.until
	}
	for _, h := range t.lost {
		if !h.done.Load() {
			h.until = time.Time{}
			h.cancel(ErrLost)
		}
	}
	now := p.q.Now()
	for _, j := range t.claimed {
		ctx, cancel := context.WithCancelCause(p.base)
		p.ready = append(p.ready, &held{Job: j, ctx: ctx, cancel: cancel, since: now})
	}
	if t.book.claim > 0 && len(t.claimed) == t.book.claim {
		p.more = true
	}
}

// beat extends the leases of running jobs, and gives back jobs that others could have begun meanwhile.
func (p *pool) beat() {
	now := p.q.Now()
	for h := range p.running {
		if now.After(h.until) {
			h.cancel(ErrLost)
		} else {
			p.book.extend = append(p.book.extend, h)
		}
	}
	keep := p.ready[:0]
	for _, h := range p.ready {
		if now.Sub(h.since) > p.q.lease/3 {
			p.book.release = append(p.book.release, h)
		} else {
			keep = append(keep, h)
		}
	}
	p.ready = keep
}

// ended takes note of a handler's outcome.
func (p *pool) ended(r result) {
	delete(p.running, r.job)
	r.job.cancel(context.Canceled)
	if p.drain {
		p.more = true // it may have published something
	}
	done := r.job.done.Load()
	switch {
	case r.err == nil && !done:
		p.book.finish = append(p.book.finish, r.job)
	case r.err != nil:
		if p.first == nil {
			p.first = fmt.Errorf("%s: %w", r.job.Topic, r.err)
		}
		p.q.log.Warn("job failed", "topic", r.job.Topic, "job", r.job.ID, "tries", r.job.Tries, "finished", done, "error", r.err)
		if !done {
			p.book.fail = append(p.book.fail, r)
		}
	}
}

// write writes the book in one transaction and claims new jobs in it. After an error it waits a little before it
// returns, so that a lost database is not flooded.
func (q *Queue) write(ctx context.Context, b book) turned {
	t := turned{book: b}
	t.err = q.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := q.Now()
		t.until, t.lost, t.claimed = now.Add(q.lease), nil, nil
		for _, h := range b.finish {
			if ok, err := finish(ctx, tx, h.Job); err != nil {
				return err
			} else if !ok {
				q.log.Warn("job was finished too late; another worker has it", "topic", h.Topic, "job", h.ID)
			}
		}
		for _, r := range b.fail {
			j := r.job.Job
			var dead *time.Time
			if j.attempt() >= q.limit {
				dead = &now
			}
			if err := postpone(ctx, tx, j, now.Add(delay(j.attempt())), dead, clean(r.err)); err != nil {
				return err
			}
		}
		for _, h := range b.release {
			if err := release(ctx, tx, h.Job); err != nil {
				return err
			}
		}
		for _, h := range b.extend {
			if ok, err := extend(ctx, tx, h.Job, t.until); err != nil {
				return err
			} else if !ok {
				t.lost = append(t.lost, h)
			}
		}
		if b.claim > 0 {
			var err error
			t.claimed, err = claim(ctx, tx, now, t.until, b.claim)
			return err
		}
		return nil
	})
	if t.err != nil {
		t.claimed, t.lost = nil, nil
		select {
		case <-ctx.Done():
		case <-time.After(q.poll):
		}
	}
	return t
}

// handle runs the handler of a job. A panic is an error; its stack goes to the log only.
func (q *Queue) handle(ctx context.Context, j *Job) (err error) {
	if j.attempt() > q.limit {
		return errors.New("given up: the program ended each time while it worked on this job")
	}
	q.mu.RLock()
	h := q.handlers[j.Topic]
	q.mu.RUnlock()
	if h == nil {
		return errors.New("no handler for this topic")
	}
	defer func() {
		if r := recover(); r != nil {
			q.log.Error("handler panicked", "topic", j.Topic, "job", j.ID, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return h(ctx, j, []byte(j.body))
}

// delay is the wait after the given failed attempt: 1 s, 4 s, 16 s, about 1, 4 and 17 minutes, then an hour; with
// jitter, so that what failed together does not come back together.
func delay(attempt int) time.Duration {
	d := time.Hour
	if attempt < 7 {
		d = time.Second << (2 * (attempt - 1))
	}
	return d*9/10 + rand.N(d/5)
}

// What looks like a secret in an error text: credentials and queries of addresses, tokens, key=value pairs.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(://)[^/\s@]+(@)`),
	regexp.MustCompile(`(\?)[^\s"']+()`),
	regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[^\s"',;]+()`),
	regexp.MustCompile(`(?i)((?:pass(?:word|wd|wort)?|secret|token|api_?key|authorization|signature|kennwort)["']?\s*[:=]\s*["']?)[^\s"',;&]+()`),
}

// clean is an error's text as it may be stored: without what looks like a secret, valid UTF-8, at most 500 bytes.
func clean(err error) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "?"), "\x00", "")
	for _, re := range secrets {
		s = re.ReplaceAllString(s, "${1}…${2}")
	}
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:497], "") + "…"
	}
	return s
}
