package finder

import (
	"context"
	"math"
	"sync"
	"time"

	"rennsteig/platform/db"
)

const (
	popularDays  = 28  // counted
	popularKept  = 400 // days after which a count is deleted
	popularLeast = 100 // openings in all before they say anything

	catalogueLooked = 500 * time.Millisecond
	popularityRead  = 24 * time.Hour
	dayMicros       = int64(24 * time.Hour / time.Microsecond)
)

// openings counts how often the pages of services are opened, until they are written: numbers only, nothing about who.
type openings struct {
	mu    sync.Mutex
	count map[string]int64
}

func (o *openings) add(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.count == nil {
		o.count = map[string]int64{}
	}
	o.count[key]++
}

func (o *openings) take() map[string]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.count
	o.count = nil
	return out
}

// writeOpenings adds the counts to the table's. What cannot be written is lost: it is only a hint.
func (r *Room) writeOpenings(ctx context.Context) error {
	counts := r.opened.take()
	if len(counts) == 0 {
		return nil
	}
	today := db.Micros(r.h.Now()) / dayMicros
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for key, n := range counts {
			if _, err := tx.Exec(ctx, `INSERT INTO finder_popularity (service_key, day, opened) VALUES ($1, $2, $3)
				ON CONFLICT (service_key, day) DO UPDATE SET opened = finder_popularity.opened + excluded.opened`, key, today, n); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM finder_popularity WHERE day < $1`, today-popularKept)
		return err
	})
}

// popularity is how much a service was opened lately, against the one opened most: 0…1, growing with the logarithm.
func (c *Catalog) popularity(key string) float32 { return c.opened[key] }

// shares turns counts into popularity; none while there are too few to say anything.
func shares(counts map[string]int64) map[string]float32 {
	var total, most int64
	for _, n := range counts {
		total, most = total+n, max(most, n)
	}
	if total < popularLeast {
		return nil
	}
	out := make(map[string]float32, len(counts))
	for key, n := range counts {
		out[key] = float32(math.Log1p(float64(n)) / math.Log1p(float64(most)))
	}
	return out
}
