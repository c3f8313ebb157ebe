package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
)

// command runs `rennsteig records plan` with these arguments.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c Command
	parser, err := kong.New(&c)
	must(t, err)
	k, err := parser.Parse(args)
	must(t, err)
	var out bytes.Buffer
	err = k.Run(&cli.Env{Context: t.Context(), Out: &out, Err: &bytes.Buffer{}})
	return out.String(), err
}

func TestCommand(t *testing.T) {
	data := t.TempDir()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(data, "rennsteig.db"))
	must(t, err)
	defer d.Close()
	must(t, platform.Migrate(t.Context(), d, platform.Files{Room: "queue", FS: queue.Files}, platform.Files{Room: "audit", FS: audit.Files},
		platform.Files{Room: "records", FS: records.Files}, platform.Files{Room: "plan", FS: Files}))
	_, err = audit.CreateKey(audit.KeyPath(data), "test")
	must(t, err)
	if _, err := d.SQL().ExecContext(t.Context(), `INSERT INTO records_unit (authority_id, code, title, parent, retention_years, appraisal) VALUES ('a', '9', 'Neun', '', 10, 'B')`); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		return command(t, append(args, "--data", data, "--authority", "a")...)
	}
	if _, err := command(t, "show", "--data", data, "--authority", "b"); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("an authority that there is not: %v", err)
	}
	if out, err := run("import", "--dry-run", "--built-in", "ministry"); err != nil || !strings.Contains(out, "added    1210 Kabinettvorlagen des Hauses") {
		t.Errorf("%s %v", out, err)
	}
	if _, err := run("import", "--built-in", "ministry"); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "x.csv")
	must(t, os.WriteFile(file, []byte("code,retention_years\n9,viele\n"), 0o600))
	if _, err := run("import", file); err == nil || !strings.Contains(err.Error(), "Zeile 2, Spalte retention_years: Bitte geben Sie 0 bis 200 Jahre") {
		t.Errorf("%v", err)
	}
	if _, err := d.SQL().ExecContext(t.Context(), `INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at) VALUES ('f', 'a', 'r', '9', '', '', 1, 2)`); err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(file, []byte("code,retention_years\n9,dauernd\n"), 0o600))
	if _, err := run("import", file); err == nil || !strings.Contains(err.Error(), "--closed-files 1") {
		t.Errorf("%v", err)
	}
	if out, err := run("import", "--closed-files", "1", file); err != nil || !strings.Contains(out, `retention_years "10" → "dauernd"`) {
		t.Errorf("%s %v", out, err)
	}
	if out, err := run("show", "--on", "2026-11-24"); err != nil || !strings.Contains(out, "9  Neun  [dauernd B] 0/1\n") || !strings.Contains(out, "\n    1210  Kabinettvorlagen des Hauses") {
		t.Errorf("%s %v", out, err)
	}
	var units []shownUnit
	if out, err := run("show", "--json"); err != nil || json.Unmarshal([]byte(out), &units) != nil || len(units) < 60 {
		t.Errorf("%s %v", out, err)
	}
	before, err := plan(t.Context(), d.Reader(), access.At("a"), "")
	must(t, err)
	for _, format := range []string{"csv", "tsv", "0301", "0511"} {
		folder := t.TempDir()
		if _, err := run("export", "--format", format, folder); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		names, _ := filepath.Glob(filepath.Join(folder, "*"))
		if out, err := run("import", names[0]); err != nil || !strings.HasPrefix(out, "0 added, 0 changed, 0 ended") {
			t.Errorf("%s: %s %v", format, out, err)
		}
	}
	must(t, os.WriteFile(file, []byte("KENNZEICHEN;Aufbewahrung\n9;nie\n"), 0o600))
	if _, err := run("import", file); err == nil || !strings.Contains(err.Error(), "Zeile 2, Spalte Aufbewahrung: Bitte geben Sie 0 bis 200 Jahre") {
		t.Errorf("%v", err)
	}
	if out, err := run("export", "--headings", "de", "-"); err != nil || !strings.HasPrefix(out, byteOrder+"Kennzeichen;Bezeichnung;Übergeordnete Einheit;Aufbewahrung;Bewertung;Leistungen;") {
		t.Errorf("%s %v", out, err)
	}
	testReceipts(t, run, d)
	if out, err := run("export", "--format", "tsv", "-"); err != nil || !strings.HasPrefix(out, "code\ttitle\tparent\tretention_years\tappraisal\tleika_keys\t") {
		t.Errorf("%s %v", out, err)
	}
	if after, err := plan(t.Context(), d.Reader(), access.At("a"), ""); err != nil || after.digest() != before.digest() {
		t.Errorf("changed by its own export: %v", err)
	}
	for _, args := range [][]string{{"import"}, {"import", "--built-in", "zoo"}, {"import", "--built-in", "ministry", file}, {"show", "--on", "bald"}, {"import", "nirgends.csv"}} {
		if out, err := run(args...); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
}
