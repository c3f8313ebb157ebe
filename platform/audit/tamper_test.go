package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// whole is a log with two levels of tiles, many checkpoints, files, and entries that still wait.
const (
	wholeSize    = 530
	wholeWaiting = 3
)

func whole(t testing.TB, l *Log, store blob.Store) (ref blob.Ref) {
	t.Helper()
	ref, err := store.Put(t.Context(), strings.NewReader("the filed document"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	some := func(count int) {
		var entries []Entry
		for range count {
			e := Entry{Action: "records.document_filed", Authority: "a1", Object: fmt.Sprintf("document:%d", n), Changes: map[string]any{"title": "Bescheid – №\ufffd", "n": n}}
			if n%100 == 17 {
				e.Blobs = []string{ref.Hash}
			}
			entries = append(entries, e)
			n++
		}
		add(t, l, entries...)
	}
	for _, count := range []int{1, 19, 200, 36, 1, 273} {
		some(count)
		if got, err := l.Sequence(t.Context()); err != nil || got != count {
			t.Fatalf("sequenced %d of %d: %v", got, count, err)
		}
	}
	some(wholeWaiting)
	return ref
}

func folder(t testing.TB) (blob.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := blob.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func verify(t testing.TB, l *Log, store blob.Store) Report {
	t.Helper()
	r, err := l.Verify(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// columns lists the columns of a table with their types, so that one added later is tried too.
func columns(t *testing.T, d *db.DB, table string) []string {
	t.Helper()
	q := `SELECT name FROM pragma_table_info($1)`
	if d.Dialect() == db.Postgres {
		q = `SELECT column_name FROM information_schema.columns WHERE table_name = $1`
	}
	rows, err := d.Reader().Query(t.Context(), q, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if len(out) < 3 || rows.Err() != nil {
		t.Fatalf("%s has columns %v, %v", table, out, rows.Err())
	}
	return out
}

// change runs a statement as an attacker would, past the log.
func change(t *testing.T, d *db.DB, q string, args ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.Exec(ctx, q, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			t.Errorf("%s changed %d rows, %v", q, n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

// flip changes one byte of a value, at a place given as a share of its length; nil if there is none to change.
func flip(value any, share float64) any {
	at := func(n int) int { return min(n-1, int(share*float64(n))) }
	switch v := value.(type) {
	case int64:
		return v ^ 1<<40
	case string:
		for i := at(len(v)); i < len(v); i++ {
			b := []byte(v)
			if b[i] ^= 1; utf8.Valid(b) && v[i] < 0x80 {
				return string(b)
			}
		}
		return v + "x"
	case []byte:
		b := bytes.Clone(v)
		if len(b) == 0 {
			return []byte{1}
		}
		b[at(len(b))] ^= 1
		return b
	case nil:
		return []byte{1} // the seal of a sequenced entry
	}
	panic(fmt.Sprintf("%T", value))
}

func TestOneChangedByteIsNamed(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		whole(t, l, store)
		if r := verify(t, l, store); !r.OK() || r.Entries != wholeSize || r.Unsequenced != wholeWaiting || r.Checkpoints != 6 || r.Blobs != 1 {
			t.Fatalf("untouched: %+v", r)
		}
		waiting, err := waitingEntries(t.Context(), l.d.Reader(), "", 10)
		if err != nil || len(waiting) != wholeWaiting {
			t.Fatal(waiting, err)
		}
		rows := map[string][]string{ // table: conditions
			"audit_entry":      {"seq = 0", "seq = 255", "seq = 317", "seq = 529", "id = '" + waiting[1].id + "'"},
			"audit_hash":       {"level = 0 AND tile = 0", "level = 0 AND tile = 2", "level = 1"},
			"audit_checkpoint": {"number = 0", "number = 3", "number = 5"},
		}
		for table, conditions := range rows {
			for _, where := range conditions {
				for _, column := range columns(t, l.d, table) {
					for _, share := range []float64{0, 0.4, 1} {
						t.Run(fmt.Sprintf("%s/%s/%s/%v", table, where, column, share), func(t *testing.T) {
							tamper(t, l, table, where, column, share)
						})
					}
				}
			}
		}
		if r := verify(t, l, store); !r.OK() {
			t.Fatalf("all was put back: %+v", r)
		}
	})
}

func tamper(t *testing.T, l *Log, table, where, column string, share float64) {
	var key string // finds the row again when the column of the condition is changed
	switch table {
	case "audit_entry":
		key = "id"
		if column == "id" {
			key = "hash"
		}
	case "audit_hash":
		key = "hashes"
		if column == "hashes" {
			key = ""
		}
	case "audit_checkpoint":
		key = "note"
		if column == "note" {
			key = "number"
		}
	}
	again := func() (string, []any) {
		if key == "" {
			return where, nil
		}
		var value any
		if err := l.d.Reader().QueryRow(t.Context(), `SELECT `+key+` FROM `+table+` WHERE `+where).Scan(&value); err != nil {
			t.Fatal(err)
		}
		return key + " = $2", []any{value}
	}
	cond, args := again()
	var old any
	var seq *int64
	var id string
	if table == "audit_entry" {
		if err := l.d.Reader().QueryRow(t.Context(), `SELECT `+column+`, seq, id FROM `+table+` WHERE `+where).Scan(&old, &seq, &id); err != nil {
			t.Fatal(err)
		}
	} else if err := l.d.Reader().QueryRow(t.Context(), `SELECT `+column+` FROM `+table+` WHERE `+where).Scan(&old); err != nil {
		t.Fatal(err)
	}
	if column == "seq" && seq == nil {
		old = int64(0) // a waiting entry gets a number
	}
	wrong := flip(old, share)
	change(t, l.d, `UPDATE `+table+` SET `+column+` = $1 WHERE `+cond, append([]any{wrong}, args...)...)
	r := verify(t, l, nil)
	if column == "seq" && seq == nil {
		old = nil
	}
	change(t, l.d, `UPDATE `+table+` SET `+column+` = $1 WHERE `+cond, append([]any{old}, args...)...)
	if r.OK() {
		t.Fatalf("%v → %v is not found", old, wrong)
	}
	if len(r.Problems) > 3 {
		t.Errorf("one change, %d problems: %.1000v", len(r.Problems), r.Problems)
	}
	for _, p := range r.Problems {
		switch {
		case table == "audit_entry" && (seq != nil && p.Entry != nil && *p.Entry == *seq || p.ID == id || column == "id" && p.ID == wrong):
			return
		case table == "audit_hash" && p.Kind == BadHash,
			table == "audit_checkpoint" && p.Kind == BadCheckpoint:
			return
		}
	}
	t.Errorf("not named: %v", r.Problems)
}

func TestDeletedRowsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, statement string
		kind            Kind
		entry           int64 // -1: none named
	}{
		{"first entry", `DELETE FROM audit_entry WHERE seq = 0`, MissingEntry, 0},
		{"an entry", `DELETE FROM audit_entry WHERE seq = 300`, MissingEntry, 300},
		{"last entry", `DELETE FROM audit_entry WHERE seq = 529`, MissingEntry, 529},
		{"all entries", `DELETE FROM audit_entry`, MissingEntry, 0},
		{"full tile", `DELETE FROM audit_hash WHERE level = 0 AND tile = 1`, BadHash, -1},
		{"last tile", `DELETE FROM audit_hash WHERE level = 0 AND tile = 2`, BadHash, -1},
		{"upper tile", `DELETE FROM audit_hash WHERE level = 1`, BadHash, -1},
		{"all tiles", `DELETE FROM audit_hash`, BadHash, -1},
		{"first checkpoint", `DELETE FROM audit_checkpoint WHERE number = 0`, BadCheckpoint, -1},
		{"a checkpoint", `DELETE FROM audit_checkpoint WHERE number = 2`, BadCheckpoint, -1},
		{"newest checkpoint", `DELETE FROM audit_checkpoint WHERE number = 5`, StrayEntry, 257},
		{"all checkpoints", `DELETE FROM audit_checkpoint`, StrayEntry, 0},
		{"taken out of the tree", `UPDATE audit_entry SET seq = NULL WHERE seq = 7`, MissingEntry, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, l *Log) {
				store, _ := folder(t)
				whole(t, l, store)
				change(t, l.d, c.statement)
				r := verify(t, l, store)
				for _, p := range r.Problems {
					if p.Kind == c.kind && (c.entry < 0 || p.Entry != nil && *p.Entry == c.entry) {
						return
					}
				}
				t.Errorf("want %s %d, got %.1000v", c.kind, c.entry, r.Problems)
			})
		})
	}
}

// TestCleverChanges are those of someone who knows the format but not the key.
func TestCleverChanges(t *testing.T) {
	rewritten := func(t *testing.T, l *Log, where string) row {
		rows, err := queryEntries(t.Context(), l.d.Reader(), `SELECT `+entryColumns+` FROM audit_entry WHERE `+where)
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		r := rows[0]
		r.actor = "somebody else"
		leaf := r.leaf()
		r.hash = leaf[:]
		change(t, l.d, `UPDATE audit_entry SET actor = $1, hash = $2 WHERE id = $3`, r.actor, r.hash, r.id)
		return r
	}
	for _, c := range []struct {
		name  string
		do    func(t *testing.T, l *Log)
		kind  Kind
		entry int64
	}{
		{"entry with its own hash", func(t *testing.T, l *Log) { rewritten(t, l, "seq = 100") }, BadEntry, 100},
		{"entry with its own and its stored hash", func(t *testing.T, l *Log) {
			r := rewritten(t, l, "seq = 100")
			tile, err := readTile(t.Context(), l.d.Reader(), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			copy(tile[100*32:], r.hash)
			change(t, l.d, `UPDATE audit_hash SET hashes = $1 WHERE level = 0 AND tile = 0`, tile)
		}, BadCheckpoint, -1},
		{"two exchanged", func(t *testing.T, l *Log) {
			for _, move := range [][2]int64{{300, 99999}, {301, 300}, {99999, 301}} {
				change(t, l.d, `UPDATE audit_entry SET seq = $1 WHERE seq = $2`, move[1], move[0])
			}
		}, BadEntry, 300},
		{"waiting entry with its own hash", func(t *testing.T, l *Log) {
			rewritten(t, l, "seq IS NULL AND id = (SELECT MIN(id) FROM audit_entry WHERE seq IS NULL)")
		}, BadEntry, -1},
		{"forged entry", func(t *testing.T, l *Log) {
			r, err := newRow(identity.Principal{Subject: "x"}, timeNow(), Entry{Action: "a.b", Object: "c:1"})
			if err != nil {
				t.Fatal(err)
			}
			leaf := r.leaf()
			r.hash, r.seal = leaf[:], make([]byte, 32)
			if err := l.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertEntries(ctx, tx, []*row{&r}) }); err != nil {
				t.Fatal(err)
			}
		}, BadEntry, -1},
		{"bytes moved to the next column", func(t *testing.T, l *Log) {
			// The canonical form, and so the hash, stay the same.
			change(t, l.d, `UPDATE audit_entry SET changes = '{"n":17,"title":"Bescheid – №`+"\ufffd"+`"},"blobs":[]', blobs = '[]' WHERE seq = 16`)
		}, BadEntry, 16},
		{"turned back as a whole", func(t *testing.T, l *Log) {
			change(t, l.d, `DELETE FROM audit_entry WHERE seq >= 257 OR seq IS NULL`)
			change(t, l.d, `DELETE FROM audit_checkpoint WHERE size > 257`)
			tile, err := readTile(t.Context(), l.d.Reader(), 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			change(t, l.d, `DELETE FROM audit_hash WHERE level = 0 AND tile > 1`)
			change(t, l.d, `UPDATE audit_hash SET hashes = $1 WHERE level = 0 AND tile = 1`, tile[:32])
			one, err := readTile(t.Context(), l.d.Reader(), 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			change(t, l.d, `UPDATE audit_hash SET hashes = $1 WHERE level = 1`, one[:32])
			// and the log goes on for a while: the copy beside the key still tells
			add(t, l, make257()...)
			add(t, l, make257()...)
			if _, err := l.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, RolledBack, -1},
		{"copy beside the key", func(t *testing.T, l *Log) {
			b, err := os.ReadFile(l.key.copyPath())
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-5] ^= 1
			if err := os.WriteFile(l.key.copyPath(), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, RolledBack, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, l *Log) {
				store, _ := folder(t)
				whole(t, l, store)
				c.do(t, l)
				r := verify(t, l, store)
				for _, p := range r.Problems {
					if p.Kind == c.kind && (c.entry < 0 || p.Entry != nil && *p.Entry == c.entry) {
						return
					}
				}
				t.Errorf("want %s %d, got %.1000v", c.kind, c.entry, r.Problems)
			})
		})
	}
}

func make257() []Entry {
	out := make([]Entry, 257)
	for i := range out {
		out[i] = Entry{Action: "later.done", Object: "x:1"}
	}
	return out
}

func TestChangedFilesAreNamed(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, dir := folder(t)
		ref := whole(t, l, store)
		var path string
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.Contains(p, ref.Hash[4:]) {
				path = p
			}
			return err
		})
		if err != nil || path == "" {
			t.Fatal(path, err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[3] ^= 1
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		named := func(r Report, word string) {
			t.Helper()
			if len(r.Problems) != 1 || r.Problems[0].Kind != BadBlob || r.Problems[0].Hash != ref.Hash ||
				*r.Problems[0].Entry != 17 || r.Problems[0].Object != "document:17" || !strings.Contains(r.Problems[0].Detail, word) {
				t.Errorf("want entry 17, %s: %v", word, r.Problems)
			}
		}
		named(verify(t, l, store), "altered")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		named(verify(t, l, store), "missing")

		// A file that was rightly removed, with an entry that says so, is no problem.
		add(t, l, Entry{Action: "records.document_disposed", Object: "document:17", Erased: []string{ref.Hash}})
		if r := verify(t, l, store); !r.OK() || r.Erased != 1 {
			t.Errorf("erased: %+v", r)
		}
	})
}

// TestEveryByteOfASignedNote: nothing of a checkpoint, not even spare bits of its base64, changes unseen.
func TestEveryByteOfASignedNote(t *testing.T) {
	key, err := NewKey("test.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := key.opener()
	if err != nil {
		t.Fatal(err)
	}
	msg, err := key.sign(tlogTree(7))
	if err != nil {
		t.Fatal(err)
	}
	if tr, err := openCheckpoint(msg, keys); err != nil || tr != tlogTree(7) {
		t.Fatal(tr, err)
	}
	for i := range len(msg) {
		for bit := range 8 {
			b := []byte(msg)
			b[i] ^= 1 << bit
			if _, err := openCheckpoint(string(b), keys); err == nil {
				t.Errorf("byte %d bit %d changed unseen", i, bit)
			}
		}
		if _, err := openCheckpoint(msg[:i]+msg[i+1:], keys); err == nil {
			t.Errorf("byte %d taken out unseen", i)
		}
	}
}

// TestEveryByteOfAnEntry does the same for the texts of an entry.
func TestEveryByteOfAnEntry(t *testing.T) {
	sum := sha256.Sum256(nil)
	r, err := newRow(identity.Principal{Subject: "ä\xff", Name: "<Erika> & \"Co\""}, timeNow(), Entry{
		Action: "a.b", Authority: "x", Object: "c:1", Changes: map[string]any{"a": "<ß\x00\u2028>", "blobs": []int{1}},
		Blobs: []string{hex.EncodeToString(sum[:])}})
	if err != nil {
		t.Fatal(err)
	}
	leaf := r.leaf()
	r.hash = leaf[:]
	if !r.intact() {
		t.Fatal("not intact")
	}
	for name, text := range map[string]*string{"id": &r.id, "actor": &r.actor, "actor_name": &r.actorName, "authority": &r.authority,
		"action": &r.action, "object": &r.object, "changes": &r.changes, "blobs": &r.blobs, "erased": &r.erased} {
		old := *text
		for i := range len(old) {
			for bit := range 8 {
				b := []byte(old)
				b[i] ^= 1 << bit
				if *text = string(b); r.intact() {
					t.Errorf("%s: byte %d bit %d changed unseen", name, i, bit)
				}
			}
			for _, b := range []string{old[:i] + old[i+1:], old[:i] + " " + old[i:]} {
				if *text = b; r.intact() {
					t.Errorf("%s: %q instead of %q unseen", name, b, old)
				}
			}
		}
		*text = old
	}
	for bit := range 63 {
		old := r.at
		if r.at ^= 1 << bit; r.intact() {
			t.Errorf("bit %d of the time changed unseen", bit)
		}
		r.at = old
	}
}
