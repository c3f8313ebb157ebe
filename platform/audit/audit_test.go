package audit

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/identity"
)

var tables = []db.Migration{{Room: "audit", FS: Files}}

// each runs f on both databases with a log whose key is in a file.
func each(t *testing.T, f func(t *testing.T, l *Log)) {
	t.Helper()
	dbtest.Each(t, tables, func(t *testing.T, d *db.DB) { f(t, newLog(t, d)) })
}

func newLog(t testing.TB, d *db.DB) *Log {
	t.Helper()
	key, err := CreateKey(t.TempDir()+"/audit.key", "test.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	l := New(d, key)
	l.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	return l
}

func person() context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "p1", Name: "Erika Muster", Kind: identity.Staff})
}

func add(t testing.TB, l *Log, entries ...Entry) {
	t.Helper()
	err := l.d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
		for _, e := range entries {
			if err := l.Append(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAppendIsPartOfTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		wrong := errors.New("wrong")
		err := l.d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
			if err := l.Append(ctx, tx, Entry{Action: "a.b", Object: "x:1"}); err != nil {
				return err
			}
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Fatal(err)
		}
		add(t, l, Entry{Action: "a.b", Object: "x:2", Changes: map[string]any{"n": 1}})
		var n int
		var object string
		if err := l.d.Reader().QueryRow(t.Context(), `SELECT count(*), max(object) FROM audit_entry`).Scan(&n, &object); err != nil {
			t.Fatal(err)
		}
		if n != 1 || object != "x:2" {
			t.Errorf("%d entries, last of %s; want the committed one", n, object)
		}
	})
}

func timeNow() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 123456000, time.UTC) }

func tlogTree(n int64) tlog.Tree { return tlog.Tree{N: n, Hash: tlog.RecordHash([]byte("x"))} }
