package audit

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"rennsteig/platform/audit/auditor"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

func exported(t testing.TB, l *Log) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.Export(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnOutsiderConfirmsTheExport(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		whole(t, l, store)
		b := exported(t, l)
		for _, keys := range [][]string{l.key.Public(), nil} {
			r, err := auditor.Check(bytes.NewReader(b), int64(len(b)), keys)
			if err != nil || !r.OK() || r.Entries != wholeSize || r.Checkpoints != 6 || r.OwnKey != (keys == nil) {
				t.Errorf("%+v, %v", r, err)
			}
			if want := verify(t, l, nil); r.Root != want.Root {
				t.Errorf("roots differ: %s, %s", r.Root, want.Root)
			}
		}
		other, err := NewKey("test.example/audit")
		if err != nil {
			t.Fatal(err)
		}
		if r, err := auditor.Check(bytes.NewReader(b), int64(len(b)), other.Public()); err != nil || r.OK() {
			t.Errorf("a foreign key confirms it: %+v, %v", r, err)
		}
	})
}

// TestAnOutsiderFindsChangesInTheExport repacks the export with one file changed.
func TestAnOutsiderFindsChangesInTheExport(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	whole(t, l, store)
	b := exported(t, l)
	lines := func(s string, f func(lines []string) []string) string {
		return strings.Join(f(strings.SplitAfter(s, "\n")), "")
	}
	for _, c := range []struct {
		name, file string
		change     func(string) string
		says       string
	}{
		{"byte of an entry", "entries.jsonl", func(s string) string { return strings.Replace(s, `"document:300"`, `"document:301"`, 1) }, "entry 300"},
		{"entry taken out", "entries.jsonl", func(s string) string {
			return lines(s, func(l []string) []string { return append(l[:5:5], l[6:]...) })
		}, "entry 5"},
		{"last entry taken out", "entries.jsonl", func(s string) string {
			return lines(s, func(l []string) []string { return l[:wholeSize-1] })
		}, "covers 530 entries"},
		{"entry added", "entries.jsonl", func(s string) string { return s + "{}\n" }, "no checkpoint covers the entries from 530"},
		{"line ends", "entries.jsonl", func(s string) string { return strings.Replace(s, "\n", "\r\n", 1) }, "entry 0"},
		{"byte of a hash", "hashes.txt", func(s string) string { return strings.Replace(s, "7 ", "7  ", 1) }, "entry 7"},
		{"checkpoint taken out", "checkpoints.jsonl", func(s string) string {
			return lines(s, func(l []string) []string { return append(l[:2:2], l[3:]...) })
		}, "checkpoint 3: number 2 was expected"},
		{"newest checkpoint taken out", "checkpoints.jsonl", func(s string) string {
			return lines(s, func(l []string) []string { return l[:5] })
		}, "no checkpoint covers the entries from 257"},
		{"signature", "checkpoints.jsonl", func(s string) string { return strings.Replace(s, `\n257\n`, `\n258\n`, 1) }, "checkpoint 4"},
		{"size", "checkpoints.jsonl", func(s string) string { return strings.Replace(s, `"size":257`, `"size":258`, 1) }, "checkpoint 4"},
		{"no checkpoints", "checkpoints.jsonl", func(string) string { return "" }, "no checkpoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := repack(t, b, c.file, c.change)
			r, err := auditor.Check(bytes.NewReader(changed), int64(len(changed)), l.key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(r.Problems, "\n"), c.says) {
				t.Errorf("want %q in %.1000q", c.says, r.Problems)
			}
		})
	}
	for _, file := range []string{"entries.jsonl", "hashes.txt", "checkpoints.jsonl"} {
		changed := repack(t, b, file, nil)
		if r, err := auditor.Check(bytes.NewReader(changed), int64(len(changed)), l.key.Public()); err == nil {
			t.Errorf("without %s: %+v", file, r)
		}
	}
}

// repack changes one file of a ZIP; change nil leaves it out.
func repack(t testing.TB, b []byte, file string, change func(string) string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == file {
			if change == nil {
				continue
			}
			changed := change(string(content))
			if changed == string(content) {
				t.Fatal("nothing was changed")
			}
			content = []byte(changed)
		}
		part, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var update = flag.Bool("update", false, "write the export that package auditor tests with")

// TestUpdateSample makes auditor/testdata anew, when the format of exports changes: go test -run Sample -update
func TestUpdateSample(t *testing.T) {
	if !*update {
		return
	}
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	for i := range 3 {
		add(t, l, Entry{Action: "records.decided", Object: fmt.Sprintf("case:%d", i), Changes: map[string]any{"result": "granted"}}, Entry{Action: "x.done", Object: "x:ä"})
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("auditor/testdata/export.zip", exported(t, l), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("auditor/testdata/audit.pub", []byte(l.key.Public()[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
