// Package housetest builds a whole House for a test of a room: fresh database, folder for blobs, real queue and log.
package housetest

import (
	"context"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
)

// Each runs f once with SQLite and once with PostgreSQL.
func Each(t *testing.T, rooms []platform.Files, f func(t *testing.T, h *platform.House)) {
	t.Helper()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) { f(t, New(t, dialect, rooms...)) })
	}
}

// New builds a House with the tables and texts of the given rooms; queue and audit are always there.
func New(t testing.TB, dialect db.Dialect, rooms ...platform.Files) *platform.House {
	t.Helper()
	all := append([]platform.Files{{Room: "queue", FS: queue.Files}, {Room: "audit", FS: audit.Files}}, rooms...)
	var migrations []db.Migration
	for _, r := range all {
		if names, err := fs.Glob(r.FS, "migrations/*.sql"); err != nil {
			t.Fatal(err)
		} else if len(names) > 0 {
			migrations = append(migrations, db.Migration(r))
		}
	}
	d := dbtest.Open(t, dialect, migrations...)
	texts := i18n.New()
	for _, r := range append([]platform.Files{{Room: "web", FS: web.Files}, {Room: "audit", FS: audit.Files}}, rooms...) {
		if err := texts.Add(r.FS); err != nil {
			t.Fatalf("texts of %s: %v", r.Room, err)
		}
	}
	blobs, err := blob.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.NewKey("test")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	h := &platform.House{
		DB: d, Queue: queue.New(d, log), Audit: audit.New(d, key), Blobs: blobs,
		Site: web.New(texts, web.Assets{}, log), Log: log, Now: time.Now,
		AuthorityName: func(id string) string { return id },
	}
	t.Cleanup(func() { bound(t, h) })
	return h
}

// bound checks at the end of a test that the log and the rows that its entries bind agree: no use-case forgot to tell.
func bound(t testing.TB, h *platform.House) {
	if _, ok := byHand.LoadAndDelete(h.DB); ok || h.Audit.States == nil || t.Failed() {
		return
	}
	r, err := h.Audit.Verify(context.Background(), nil, nil)
	if err != nil {
		t.Errorf("verify the log: %v", err)
	}
	for _, p := range r.Problems {
		if p.Kind == audit.BadState {
			t.Errorf("the log and the rows disagree: %v (is it plain SQL of the test, it says so with housetest.ByHand)", p)
		}
	}
}

var byHand sync.Map // *db.DB

// ByHand says that the test writes, by plain SQL, what the log binds: rows and log need not agree at its end.
func ByHand(d *db.DB) { byHand.Store(d, true) }

// ByHandIf is ByHand if the statement writes to one of the tables.
func ByHandIf(d *db.DB, statement string, tables ...string) {
	for _, table := range tables {
		for _, verb := range []string{"INSERT INTO ", "UPDATE ", "DELETE FROM "} {
			if strings.Contains(statement+" ", verb+table+" ") {
				ByHand(d)
			}
		}
	}
}
