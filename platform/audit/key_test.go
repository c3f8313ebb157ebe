package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"rennsteig/platform/db"
)

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "audit.key")
	k, err := OpenKey(path, "test.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, publicPath(path)} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p, info, err)
		}
	}
	again, err := OpenKey(path, "another name")
	if err != nil || again.Name() != "test.example/audit" || !slices.Equal(again.secrets, k.secrets) {
		t.Errorf("%v, %v", again.Name(), err)
	}
	if _, err := CreateKey(path, "x"); err == nil {
		t.Error("written over a key")
	}

	// The public part is made again, the secret one never.
	if err := os.Remove(publicPath(path)); err != nil {
		t.Fatal(err)
	}
	if again, err := OpenKey(path, "x"); err != nil || !slices.Equal(again.Public(), k.Public()) {
		t.Errorf("%v, %v", again.Public(), err)
	}
	if public, err := LoadKey(publicPath(path)); err != nil || public.CanSeal() || !slices.Equal(public.Public(), k.Public()) {
		t.Errorf("%v, %v", public.Public(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(path, "x"); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("secret key lost: %v", err)
	}
	if public, err := LoadKey(path); err != nil || public.CanSeal() {
		t.Errorf("to verify the public part is enough: %v", err)
	}

	for _, name := range []string{"", "a b", "a+b"} {
		if _, err := NewKey(name); err == nil {
			t.Errorf("name %q is taken", name)
		}
	}
	for _, content := range []string{"", "nonsense", "PRIVATE+KEY+a+b+c", strings.Repeat("x", 1<<17)} {
		bad := filepath.Join(t.TempDir(), "audit.key")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(bad); err == nil {
			t.Errorf("%.20q is taken for a key", content)
		}
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "none.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestKeyIsMadeOnceByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.key")
	keys := make([]Key, 8)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			var err error
			if keys[i], err = OpenKey(path, "test"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, k := range keys {
		if !slices.Equal(k.secrets, keys[0].secrets) || !slices.Equal(k.Public(), keys[0].Public()) {
			t.Fatal("different keys")
		}
	}
}

// TestRotation: what the earlier key signed and sealed still holds, also before it was sequenced.
func TestRotation(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		add(t, l, Entry{Action: "x.done", Object: "x:1"})
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		add(t, l, Entry{Action: "x.done", Object: "x:2"})
		k, err := RotateKey(l.key.path)
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadKey(l.key.path)
		if err != nil || !slices.Equal(loaded.secrets, k.secrets) || len(k.Public()) != 2 || k.Public()[1] != l.key.Public()[0] {
			t.Fatal(loaded.Public(), err)
		}
		next := New(l.d, loaded)
		add(t, next, Entry{Action: "x.done", Object: "x:3"})
		if n, err := next.Sequence(t.Context()); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		gapless(t, next, 3)
		if r := verify(t, l, nil); r.OK() {
			t.Error("the earlier key alone confirms what it did not sign")
		}
	})
}

// TestForeignKey: with another key nothing is signed, and nothing confirmed.
func TestForeignKey(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		add(t, l, Entry{Action: "x.done", Object: "x:1"})
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		foreign := newLog(t, l.d)
		add(t, foreign, Entry{Action: "x.done", Object: "x:2"})
		if n, err := foreign.Sequence(t.Context()); n != 0 || !errors.Is(err, ErrTampered) {
			t.Errorf("%d, %v", n, err)
		}
		if r := verify(t, foreign, nil); r.OK() {
			t.Error("confirmed")
		}
		// with the public part only, one can verify, but not seal or sign
		public, err := LoadKey(publicPath(l.key.path))
		if err != nil {
			t.Fatal(err)
		}
		change(t, l.d, `DELETE FROM audit_entry WHERE seq IS NULL`)
		add(t, l, Entry{Action: "x.done", Object: "x:2"})
		if r := verify(t, New(l.d, public), nil); !r.OK() || r.Unsealed != 1 || r.Entries != 1 {
			t.Errorf("%+v", r)
		}
		err = l.d.Tx(person(), func(ctx context.Context, tx *db.Tx) error {
			return New(l.d, public).Append(ctx, tx, Entry{Action: "x.done", Object: "x:3"})
		})
		if err == nil {
			t.Error("appended without a secret key")
		}
	})
}
