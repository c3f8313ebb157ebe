package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// land is a database with the catalogue, and a finder on it.
type land struct {
	db   *db.DB
	room *finder.Room
}

func openLand(ctx context.Context, path string) (*land, error) {
	d, err := db.Open(ctx, "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	l := &land{db: d}
	if err := platform.Migrate(ctx, d, platform.Files{Room: "finder", FS: finder.Files}); err != nil {
		return nil, err
	}
	if l.room, err = l.newRoom(); err != nil {
		return nil, err
	}
	return l, l.room.Load(ctx, nil)
}

// newRoom is a finder that has read nothing yet.
func (l *land) newRoom() (*finder.Room, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	texts := i18n.New()
	for _, files := range []platform.Files{{Room: "web", FS: web.Files}, {Room: "finder", FS: finder.Files}} {
		if err := texts.Add(files.FS); err != nil {
			return nil, err
		}
	}
	h := &platform.House{DB: l.db, Site: web.New(texts, web.Assets{}, log), Log: log, Now: time.Now}
	return finder.New(h, nothing{}, nothing{})
}

func (l *land) close() { _ = l.db.Close() } // it is thrown away

// build reads the catalogue anew, as a process does that starts.
func (l *land) build(ctx context.Context) (time.Duration, error) {
	room, err := l.newRoom()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := room.Refresh(ctx); err != nil {
		return 0, err
	}
	l.room = room
	return time.Since(began), nil
}

// names are all names of each service: official, of its bundle, everyday.
func (l *land) names(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	rows, err := l.db.Reader().Query(ctx, `SELECT key, name, bundle FROM finder_service`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, name, bundle string
		if err := rows.Scan(&key, &name, &bundle); err != nil {
			return nil, err
		}
		out[key] = append(out[key], name)
		if bundle != name {
			out[key] = append(out[key], bundle)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	terms, err := l.db.Reader().Query(ctx, `SELECT pattern, term FROM finder_synonym WHERE pattern <> '='`)
	if err != nil {
		return nil, err
	}
	defer terms.Close()
	for terms.Next() {
		var pattern, term string
		if err := terms.Scan(&pattern, &term); err != nil {
			return nil, err
		}
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		for key := range out {
			if key == prefix || isPrefix && strings.HasPrefix(key, prefix) {
				out[key] = append(out[key], term)
			}
		}
	}
	return out, terms.Err()
}

func (l *land) release(ctx context.Context, service, authority, word string) error {
	return l.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return finder.PutRelease(ctx, tx, finder.Release{TextRef: finder.TextRef{Service: service, Authority: authority, Lang: i18n.German},
			Version: db.NewID(), Words: []finder.Word{{Term: word}}, At: db.Micros(time.Now())})
	})
}

// grow adds made-up services until there are n: names of real ones with another ending.
func (l *land) grow(ctx context.Context, n int) error {
	names, err := l.names(ctx)
	if err != nil {
		return err
	}
	return l.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		added := 0
		for _, all := range names {
			if len(names)+added >= n {
				break
			}
			key := fmt.Sprintf("99%03d%03d012000", 200+added/1000, added%1000)
			if _, err := tx.Exec(ctx, `INSERT INTO finder_service (key, name, type, law, bundle, life_situation, subject) VALUES ($1, $2, '5', '', '', '', '')`,
				key, fmt.Sprintf("%s im Bezirk %d", all[0], added%50)); err != nil {
				return err
			}
			added++
		}
		return nil
	})
}

// localise releases n local texts: of every service at one authority after the other, each with a word of its own.
func (l *land) localise(ctx context.Context, n int) error {
	names, err := l.names(ctx)
	if err != nil {
		return err
	}
	authorities := l.room.Authorities(ctx)
	return l.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		done := 0
		for i := 0; done < n; i++ {
			for key, all := range names {
				if done++; done > n {
					break
				}
				a := authorities[i%len(authorities)]
				err := finder.PutRelease(ctx, tx, finder.Release{TextRef: finder.TextRef{Service: key, Authority: a.ID, Lang: i18n.German},
					Version: "v", Words: []finder.Word{{Term: all[len(all)-1] + " " + a.Name}}, At: 1})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// nothing offers no forms and knows no fees.
type nothing struct{}

func (nothing) Online(context.Context, string, string) (string, bool, error) { return "", false, nil }
func (nothing) Fee(context.Context, string, string) (finder.Fee, bool, error) {
	return finder.Fee{}, false, nil
}
