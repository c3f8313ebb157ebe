package finder

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// Files are the room's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// Room is the Zuständigkeitsfinder.
type Room struct {
	h       *platform.House
	forms   Forms
	fees    Fees
	current atomic.Pointer[Catalog]
	opened  openings
	pages   pages

	searches searchLog
}

// New makes the room's pages. The catalogue is empty until Load or Refresh.
func New(h *platform.House, forms Forms, fees Fees) (*Room, error) {
	r := &Room{h: h, forms: forms, fees: fees}
	r.current.Store(newCatalog(tables{}))
	r.pages = newPages(h.Site)
	return r, nil
}

func (r *Room) catalog() *Catalog { return r.current.Load() }

// Catalog is what is known at the moment. It never changes; ask again after a while.
func (r *Room) Catalog() *Catalog { return r.catalog() }

// Load writes the built-in facts into the tables unless they are there already, and refreshes the catalogue.
// progress is called with rows done and in all; it may be nil.
func (r *Room) Load(ctx context.Context, progress func(done, total int)) error {
	if err := load(ctx, r.h.DB, progress); err != nil {
		return err
	}
	return r.Refresh(ctx)
}

func load(ctx context.Context, d *db.DB, progress func(done, total int)) (err error) {
	defer errs.Wrap(&err, "finder.Load")
	if progress == nil {
		progress = func(int, int) {}
	}
	hash, err := factsHash()
	if err != nil {
		return err
	}
	old, err := state(ctx, d.Reader(), stateFacts)
	if err != nil || old == hash {
		return err
	}
	f, err := readFacts()
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if changed, err := setState(ctx, tx, stateFacts, hash); err != nil || !changed {
			return err // another process was faster
		}
		if err := writeFacts(ctx, tx, f, progress); err != nil {
			return err
		}
		return bumpVersion(ctx, tx)
	})
}

// Refresh reads the catalogue from the tables if they have changed since.
func (r *Room) Refresh(ctx context.Context) error {
	version, err := state(ctx, r.h.DB.Reader(), stateVersion)
	if err != nil || version == r.catalog().version {
		return err
	}
	return r.reload(ctx)
}

func (r *Room) reload(ctx context.Context) error {
	c, err := readCatalog(ctx, r.h.DB.Reader())
	if err != nil {
		return fmt.Errorf("read catalogue: %w", err)
	}
	r.current.Store(c)
	return nil
}

// Run follows changes of the tables, made by this or another process, and writes the counts of searches and of services
// opened, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	tick, again := time.NewTicker(catalogueLooked), time.NewTicker(popularityRead)
	defer tick.Stop()
	defer again.Stop()
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	write := func(ctx context.Context) {
		if err := errors.Join(r.flushSearches(ctx), r.writeOpenings(ctx)); err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "searches not counted", "error", err)
		}
	}
	write(ctx)
	for {
		var err error
		select {
		case <-ctx.Done():
			last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer done()
			write(last)
			return nil
		case <-flush.C:
			write(ctx)
		case <-tick.C:
			err = r.Refresh(ctx)
		case <-again.C:
			err = r.reload(ctx)
		}
		if err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "catalogue not refreshed", "error", err)
		}
	}
}

// AuthorityName is the name of an authority, for display; the id itself if it is unknown.
func (r *Room) AuthorityName(id string) string {
	if a, ok := r.catalog().Authority(id); ok {
		return a.Name
	}
	return id
}

// PlaceName is the name of the area with this ARS, for "Mein Ort"; "" if it is unknown.
func (r *Room) PlaceName(ars string) string {
	a, _ := r.catalog().Area(ars)
	return a.ShortName
}

// Authorities lists all authorities, by id.
func (r *Room) Authorities(context.Context) []Authority {
	c := r.catalog()
	out := make([]Authority, 0, len(c.authorities))
	for _, id := range c.authorityIDs {
		out = append(out, c.authorities[id])
	}
	return out
}

// Search finds the services that are meant by everyday words, best first.
func (r *Room) Search(query string) []Hit { return r.catalog().Search(query) }
