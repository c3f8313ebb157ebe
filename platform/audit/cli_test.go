package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rennsteig/platform/audit/auditor"
	"rennsteig/platform/blob"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
)

// run runs "audit ARGS" and returns what it printed.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return runWith(t, nil, args...)
}

func runWith(t *testing.T, resolve Resolver, args ...string) (string, error) {
	t.Helper()
	var c struct {
		Audit Command `cmd:""`
	}
	c.Audit.Prove.Resolve = resolve
	k, err := kong.New(&c, kong.Name("rennsteig"))
	if err != nil {
		t.Fatal(err)
	}
	command, err := k.Parse(append([]string{"audit"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = command.Run(&cli.Env{Context: t.Context(), Out: &out, Err: &bytes.Buffer{}})
	return out.String(), err
}

// data makes a data folder as the program has it.
func data(t *testing.T) (dir string, l *Log) {
	t.Helper()
	dir = t.TempDir()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(dir, "rennsteig.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context(), tables...); err != nil {
		t.Fatal(err)
	}
	key, err := OpenKey(KeyPath(dir), "test.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.Open(t.Context(), filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	l = New(d, key)
	whole(t, l, store)
	return dir, l
}

func exit1(err error) bool {
	var e cli.Exit
	return errors.As(err, &e) && e.Code == 1
}

func TestCommands(t *testing.T) {
	dir, l := data(t)
	out, err := run(t, "verify", "--data", dir)
	if err != nil || !strings.Contains(out, "is whole: 530 entries in the tree, 3 waiting, 6 checkpoints, 1 stored files") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run(t, "prove", "--data", dir, "17")
	var p Proof
	if err != nil || json.Unmarshal([]byte(out), &p) != nil || p.Index != 17 || len(p.Path) == 0 {
		t.Errorf("%s, %v", out, err)
	}
	for _, ref := range []string{"530", "-1", "x", ""} {
		if out, err := run(t, "prove", "--data", dir, "--", ref); err == nil {
			t.Errorf("proved %q: %s", ref, out)
		}
	}

	file := filepath.Join(t.TempDir(), "export.zip")
	if out, err := run(t, "export", "--data", dir, file); err != nil || !strings.Contains(out, "audit check --key") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := run(t, "export", "--data", dir, file); err == nil {
		t.Error("export wrote over a file")
	}
	pub := publicPath(KeyPath(dir))
	if out, err := run(t, "check", "--key", pub, file); err != nil || !strings.Contains(out, "export is whole: 530 entries, 6 checkpoints") || strings.Contains(out, "itself") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, "check", file); err != nil || !strings.Contains(out, "proves nothing about its origin") {
		t.Errorf("%s, %v", out, err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, repack(t, b, "entries.jsonl", func(s string) string { return strings.Replace(s, "document:9", "document:8", 1) }), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, "check", "--key", pub, file); !exit1(err) || !strings.Contains(out, "entry 9 ") {
		t.Errorf("%s, %v", out, err)
	}

	change(t, l.d, `UPDATE audit_entry SET action = 'records.document_filee' WHERE seq = 321`)
	if out, err := run(t, "verify", "--data", dir); !exit1(err) || !strings.Contains(out, "entry 321 ") || !strings.Contains(out, "NOT WHOLE") {
		t.Errorf("%s, %v", out, err)
	}
	var report struct {
		OK       bool
		Problems []Problem
	}
	out, err = run(t, "verify", "--json", "--data", dir, "--key", pub, "--no-blobs")
	if !exit1(err) || json.Unmarshal([]byte(out), &report) != nil || report.OK || len(report.Problems) != 1 || *report.Problems[0].Entry != 321 {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, "prove", "--data", dir, "321"); !errors.Is(err, ErrTampered) {
		t.Errorf("%s, %v", out, err)
	}
	change(t, l.d, `UPDATE audit_entry SET action = 'records.document_filed' WHERE seq = 321`)

	if out, err := run(t, "rotate", "--data", dir); err != nil || !strings.Contains(out, "test.example/audit+") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run(t, "verify", "--data", dir, "--json"); err != nil || !strings.Contains(out, `"ok": true`) || !strings.Contains(out, `"problems": []`) {
		t.Errorf("%s, %v", out, err)
	}

	empty := t.TempDir()
	for _, args := range [][]string{{"verify", "--data", empty}, {"verify", "--data", dir, "--key", filepath.Join(empty, "none.key")},
		{"verify", "--data", dir, "--db", "mysql://x"}, {"export", "--data", empty, filepath.Join(empty, "x.zip")}} {
		if out, err := run(t, args...); err == nil || exit1(err) || out != "" {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestProveFile(t *testing.T) {
	dir, l := data(t)
	store, err := blob.Open(t.Context(), filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	req := akte(t, l, store)
	want := Place{DB: "sqlite:" + filepath.Join(dir, "rennsteig.db"), Blobs: filepath.Join(dir, "blobs"), Key: KeyPath(dir)}
	resolve := func(_ context.Context, p Place, _, ref string) (BundleRequest, error) {
		if p != want {
			t.Errorf("place %+v, want %+v", p, want)
		}
		if ref != "12.3/2026-0001" {
			return BundleRequest{}, errors.New("there is no such file")
		}
		return req, nil
	}
	out := filepath.Join(t.TempDir(), "bundle.zip")
	if text, err := run(t, "prove", "--data", dir, "--file", "12.3/2026-0001", "--out", out); err == nil || !strings.Contains(err.Error(), "keeps no files") {
		t.Errorf("%s, %v", text, err)
	}
	for _, args := range [][]string{{"--file", "99"}, {}, {"--file", "12.3/2026-0001", "17"}} {
		if text, err := runWith(t, resolve, append([]string{"prove", "--data", dir, "--out", out}, args...)...); err == nil || text != "" {
			t.Errorf("%v: %s, %v", args, text, err)
		}
	}
	if text, err := runWith(t, resolve, "prove", "--data", dir, "--file", "12.3/2026-0001", "--with-files", "--out", out); err != nil ||
		!strings.Contains(text, "9 entries about 4 objects, 3 versions of documents, 2 files; check it with: rennsteig-auditor bundle --key "+publicPath(KeyPath(dir))) {
		t.Errorf("%s, %v", text, err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public()}); !r.OK() || r.Files != 2 {
		t.Errorf("%+v", r)
	}
	if text, err := runWith(t, resolve, "prove", "--data", dir, "--file", "12.3/2026-0001", "--out", out); !errors.Is(err, os.ErrExist) {
		t.Errorf("wrote over a file: %s, %v", text, err)
	}
	req.Documents = append(req.Documents, Document{Name: "Neu.pdf", Version: 1, SHA256: strings.Repeat("0", 64)})
	req.Objects = append(req.Objects, "case:none", "document:none")
	if text, err := runWith(t, resolve, "prove", "--data", dir, "--file", "12.3/2026-0001", "--out", out+"2"); !exit1(err) ||
		!strings.Contains(text, `document "Neu.pdf", version 1`) || !strings.Contains(text, "no entry about case:none") ||
		!strings.Contains(text, "1 documents were filed together") || strings.Contains(text, "document:none") {
		t.Errorf("%s, %v", text, err)
	}
	change(t, l.d, `UPDATE audit_entry SET actor_name = 'x' WHERE object = 'case:1'`)
	if text, err := runWith(t, resolve, "prove", "--data", dir, "--file", "12.3/2026-0001", "--out", out+"3"); !errors.Is(err, ErrTampered) {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := os.Stat(out + "3"); !errors.Is(err, os.ErrNotExist) {
		t.Error("half a bundle was left behind")
	}
}

func TestRecheckCommand(t *testing.T) {
	dir, l := data(t)
	store, err := blob.Open(t.Context(), filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	akte(t, l, store)
	for _, args := range [][]string{{}, {"--all"}} {
		if out, err := run(t, append([]string{"recheck", "--data", dir}, args...)...); err != nil || !strings.Contains(out, "0 files are missing or damaged") {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	lost := ""
	if err := l.Vouched(t.Context(), func(h string) error { lost = max(lost, h); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, "recheck", "--data", dir, "--all"); !exit1(err) || !strings.Contains(out, lost+"  missing") || !strings.Contains(out, "1 files are") {
		t.Errorf("%s, %v", out, err)
	}
	var report recheckOutput
	if out, err := run(t, "recheck", "--data", dir, "--json"); !exit1(err) || json.Unmarshal([]byte(out), &report) != nil || report.OK || report.Findings[0].Hash != lost || report.Finished == nil {
		t.Errorf("%s, %v", out, err)
	}
	for _, args := range [][]string{{"--key", publicPath(KeyPath(dir))}, {"--blobs", filepath.Join(dir, "none")}} {
		if out, err := run(t, append([]string{"recheck", "--data", dir}, args...)...); err == nil || exit1(err) {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	c := NewRechecker(l, store)
	if p, err := c.claim(t.Context(), true); err != nil || p == nil {
		t.Fatal(p, err)
	}
	if out, err := run(t, "recheck", "--data", dir); err == nil || !strings.Contains(err.Error(), "just now") {
		t.Errorf("%s, %v", out, err)
	}
}
