package finder

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"rennsteig/platform/db"
)

// How searches are counted without personal data. What was asked is hashed with a key that all processes share for one
// day and that is then thrown away, so that nobody can try out words against old hashes. For each hash of the day it is
// counted how often it was asked, found nothing, and led to a service's page. Only when a hash was asked fivefold are its
// words written beside it, and never if they look like an address of mail or a number that names somebody. Who asked is
// noted nowhere; the link from a result to its service carries the hash, not the words.

const (
	searchThreshold = 5 // asked so often on one day, a query is no longer somebody's own
	maxCounted      = 80
	maxPending      = 10_000
	flushEvery      = 10 * time.Second
	stateSearchKey  = "search_key" // in finder_state: day and key
)

// searched is what happened with one query since the last flush.
type searched struct {
	query                    string // "" if its words must not be kept
	times, fruitless, clicks int64
}

// searchLog gathers searches in memory and writes them now and then.
type searchLog struct {
	mu      sync.Mutex
	day     string
	key     []byte
	pending map[string]*searched // by hash
}

var (
	telling   = regexp.MustCompile(`@|\d{5,}|\d[\d /-]{6,}\d`)
	hashShape = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// note counts a search and returns the hash of its words; "" if it is not counted.
func (r *Room) note(query string, found bool) string {
	query = strings.ToLower(strings.Join(strings.Fields(query), " "))
	l := &r.searches
	l.mu.Lock()
	defer l.mu.Unlock()
	if query == "" || l.key == nil || l.day != r.day() || len(l.pending) >= maxPending {
		return "" // before the first flush of a day there is no key
	}
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(query))
	hash := hex.EncodeToString(mac.Sum(nil)[:16])
	s := l.pending[hash]
	if s == nil {
		s = &searched{}
		l.pending[hash] = s
		if utf8.RuneCountInString(query) <= maxCounted && !telling.MatchString(query) {
			s.query = query
		}
	}
	s.times++
	if !found {
		s.fruitless++
	}
	return hash
}

// click counts that a search led to a page.
func (r *Room) click(hash string) {
	if !hashShape.MatchString(hash) {
		return
	}
	l := &r.searches
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.pending[hash]
	if s == nil {
		if len(l.pending) >= maxPending {
			return
		}
		s = &searched{}
		l.pending[hash] = s
	}
	s.clicks++
}

// flushSearches writes what was counted, and takes the key of the day.
func (r *Room) flushSearches(ctx context.Context) error {
	day := r.day()
	l := &r.searches
	l.mu.Lock()
	pending, countedOn := l.pending, l.day
	l.pending = map[string]*searched{}
	fresh := l.key == nil || countedOn != day
	l.mu.Unlock()
	if len(pending) == 0 && !fresh {
		return nil
	}
	var key []byte
	err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := writeSearches(ctx, tx, countedOn, pending); err != nil || !fresh {
			return err
		}
		var err error
		key, err = searchKey(ctx, tx, day)
		return err
	})
	if err == nil && fresh {
		l.mu.Lock()
		l.day, l.key = day, key
		l.mu.Unlock()
	}
	return err
}

func writeSearches(ctx context.Context, tx *db.Tx, day string, pending map[string]*searched) error {
	for hash, s := range pending {
		if s.times == 0 { // clicks on what this process did not search; a hash that nobody knows is somebody's joke
			if _, err := tx.Exec(ctx, `UPDATE finder_search_count SET clicks = clicks + $3 WHERE day = $1 AND hash = $2`, day, hash, s.clicks); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO finder_search_count (day, hash, query, times, fruitless, clicks) VALUES ($1, $2, '', $3, $4, $5)
			ON CONFLICT (day, hash) DO UPDATE SET times = finder_search_count.times + excluded.times,
			fruitless = finder_search_count.fruitless + excluded.fruitless, clicks = finder_search_count.clicks + excluded.clicks`,
			day, hash, s.times, s.fruitless, s.clicks); err != nil {
			return err
		}
		if s.query == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE finder_search_count SET query = $3 WHERE day = $1 AND hash = $2 AND query = '' AND times >= $4`,
			day, hash, s.query, searchThreshold); err != nil {
			return err
		}
	}
	return nil
}

// searchKey is the key of the day. Whoever needs it first makes it, and throws the one before away: of what was asked
// too seldom on earlier days only the sums are left then, in the row without a hash.
func searchKey(ctx context.Context, tx *db.Tx, day string) ([]byte, error) {
	made := make([]byte, 32)
	if _, err := rand.Read(made); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO finder_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
		WHERE finder_state.value < $3`, stateSearchKey, day+" "+hex.EncodeToString(made), day); err != nil {
		return nil, err
	}
	value, err := state(ctx, tx, stateSearchKey)
	if err != nil {
		return nil, err
	}
	_, key, _ := strings.Cut(value, " ")
	if _, err := tx.Exec(ctx, `INSERT INTO finder_search_count (day, hash, query, times, fruitless, clicks)
		SELECT day, '', '', sum(times), sum(fruitless), sum(clicks) FROM finder_search_count WHERE day < $1 AND query = '' AND hash <> '' GROUP BY day
		ON CONFLICT (day, hash) DO UPDATE SET times = finder_search_count.times + excluded.times,
		fruitless = finder_search_count.fruitless + excluded.fruitless, clicks = finder_search_count.clicks + excluded.clicks`, day); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM finder_search_count WHERE day < $1 AND query = '' AND hash <> ''`, day); err != nil {
		return nil, err
	}
	return hex.DecodeString(key)
}
