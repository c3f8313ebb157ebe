package disposal

import (
	"context"
	"embed"
	"html/template"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Files are the part's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html sheet/*.html
var Files embed.FS

// Room is retention and disposal.
type Room struct {
	// Courses knows the course of business, which goes along with what leaves; nil if there is none. app sets it before the
	// room is used.
	Courses Courses
	// Messages knows who wrote to whom, as the course.
	Messages Messages
	// Applicants finds what somebody sent through the citizens' account, for a Disclosure; nil if nobody can say. app
	// sets it before the room is used.
	Applicants Applicants
	// Places are where the other parts name people. app sets them before the room is used.
	Places []PersonPlace

	h      *platform.House
	core   *records.Room
	hooks  []Eraser
	store  store
	sheets *template.Template
	pages  pages
}

// Topics of this room's own jobs.
const (
	topicWrite   = "disposal.write"   // writeJob: writes a package
	topicDestroy = "disposal.destroy" // destroyJob: destroys the files of a process
	topicSearch  = "disposal.search"  // searchJob: looks for a person
)

type writeJob struct{ Authority, Package string }

type destroyJob struct{ Authority, Process string }

// New makes the room's pages and registers its jobs. The hooks are the other parts that keep rows about files.
func New(h *platform.House, core *records.Room, hooks ...Eraser) (*Room, error) {
	sheets, err := template.ParseFS(Files, "sheet/*.html")
	if err != nil {
		return nil, err
	}
	r := &Room{h: h, core: core, hooks: hooks, sheets: sheets}
	r.pages = newPages(h.Site)
	queue.Handle(h.Queue, topicWrite, func(ctx context.Context, _ *queue.Job, b writeJob) error {
		return r.write(ctx, access.At(b.Authority), b.Package)
	})
	queue.Handle(h.Queue, topicDestroy, func(ctx context.Context, _ *queue.Job, b destroyJob) error {
		return r.destroyItems(ctx, access.At(b.Authority), b.Process)
	})
	queue.Handle(h.Queue, topicSearch, r.doSearch)
	core.AddList(dueList)
	core.OnMove(r.moved)
	core.OnStub(r.showStub)
	return r, nil
}

// sweepEvery is how often Run looks for files whose retention is to be reckoned and for stored files to be deleted.
const sweepEvery = time.Minute

// Run reckons retention and deletes stored files that nothing names, until ctx ends. Any number of processes may do it.
func (r *Room) Run(ctx context.Context) error {
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "sweep of retention failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepEvery):
		}
	}
}

// Sweep is one round of Run.
func (r *Room) Sweep(ctx context.Context) error {
	if err := r.Reckon(ctx); err != nil {
		return err
	}
	if err := r.forgetChecked(ctx); err != nil {
		return err
	}
	if err := r.forgetOld(ctx); err != nil {
		return err
	}
	return r.deleteBlobs(ctx)
}

// registrar is the access of a caller who keeps the records of an authority. errs.Denied for anybody else.
func registrar(ctx context.Context, q db.Querier) (access.Access, error) {
	a, err := access.Load(ctx, q)
	if err == nil && !a.Registry().Several() && len(a.Registry().Authorities()) == 0 {
		err = errs.E(errs.Denied, "disposal.error.no_role")
	}
	return a, err
}

// german is a text for what leaves the house.
func (r *Room) german(key string, args ...any) string {
	return r.h.Site.Texts.T(i18n.German, key, args...)
}

// notFound is the answer for what there is not, or not for the caller.
func notFound() error { return errs.E(errs.NotFound, "disposal.error.not_found") }
