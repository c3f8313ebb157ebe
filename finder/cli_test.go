package finder

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
)

// dataFolder is a folder with a database; loaded tells whether the facts are in it.
func dataFolder(t *testing.T, loaded bool) string {
	t.Helper()
	dir := t.TempDir()
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+filepath.Join(dir, "rennsteig.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := platform.Migrate(ctx, d, platform.Files{Room: "finder", FS: Files}); err != nil {
		t.Fatal(err)
	}
	if loaded {
		if err := load(ctx, d, nil); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a command and returns what it prints.
func run(t *testing.T, command interface{ Run(*cli.Env) error }) (string, error) {
	t.Helper()
	var out, messages bytes.Buffer
	err := command.Run(&cli.Env{Context: context.Background(), Out: &out, Err: &messages})
	return out.String(), err
}

func TestCommands(t *testing.T) {
	store := cli.Store{Data: dataFolder(t, true)}
	search := func(place, query string) SearchCommand {
		return SearchCommand{Store: store, Place: place, Limit: 3, JSON: true, Query: strings.Fields(query)}
	}
	t.Run("search", func(t *testing.T) {
		c := search("Bobeck", "hund anmelden")
		out, err := run(t, &c)
		if err != nil {
			t.Fatal(err)
		}
		var hits []map[string]any
		if err := json.Unmarshal([]byte(out), &hits); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if len(hits) == 0 || len(hits) > 3 {
			t.Fatalf("%d hits", len(hits))
		}
		for _, name := range []string{"leikaKey", "title", "score", "authority", "why"} {
			if _, ok := hits[0][name]; !ok {
				t.Errorf("%s is missing: %v", name, hits[0])
			}
		}
		authority, _ := hits[0]["authority"].(map[string]any)
		if hits[0]["leikaKey"] != dogKey || authority["id"] != "160745053003" || authority["name"] != "Gemeinde Bad Klosterlausnitz" {
			t.Errorf("%v", hits[0])
		}
		if why, _ := hits[0]["why"].(string); !strings.Contains(why, "hund") || strings.Contains(why, "[finder") || strings.Contains(why, "%!") {
			t.Errorf("why: %q", why)
		}
	})
	t.Run("search without place and without hits", func(t *testing.T) {
		c := search("", "hund anmelden")
		if out, err := run(t, &c); err != nil || !strings.Contains(out, `"authority": null`) {
			t.Errorf("%v: %s", err, out)
		}
		c = search("", "netflix kündigen")
		if out, err := run(t, &c); err != nil || strings.TrimSpace(out) != "[]" {
			t.Errorf("%v: %s", err, out)
		}
		c = search("Erfurt", "hund anmelden")
		c.JSON = false
		if out, err := run(t, &c); err != nil || !strings.Contains(out, "Stadt Erfurt") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("a place that is none, or several", func(t *testing.T) {
		for place, want := range map[string]string{"Hamburg": "no place", "Elxleben": "160685050009"} {
			c := search(place, "hund")
			if _, err := run(t, &c); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", place, err)
			}
		}
	})
	t.Run("eval", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "queries.tsv")
		if err := os.WriteFile(file, []byte("hund anmelden\t99110009*\teveryday\nnetflix\t\tnone\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := run(t, &EvalCommand{Store: store, JSON: true, File: file})
		var e Evaluation
		if err != nil || json.Unmarshal([]byte(out), &e) != nil || e.All.Success1 != 1 || e.None.Empty != 1 || e.Kinds["everyday"].N != 1 {
			t.Errorf("%v: %s", err, out)
		}
		if out, err := run(t, &EvalCommand{Store: store, File: file}); err != nil || !strings.Contains(out, "everyday") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("a database without catalogue says what to do", func(t *testing.T) {
		c := SearchCommand{Store: cli.Store{Data: dataFolder(t, false)}, Query: []string{"hund"}}
		if _, err := run(t, &c); err == nil || !strings.Contains(err.Error(), "rennsteig demo") {
			t.Errorf("%v", err)
		}
		c = SearchCommand{Store: cli.Store{Data: t.TempDir()}, Query: []string{"hund"}}
		if _, err := run(t, &c); err == nil || !strings.Contains(err.Error(), "no database") {
			t.Errorf("%v", err)
		}
	})
}

// A local assignment from the command line stands in the log like one from the desk.
func TestAssignCommand(t *testing.T) {
	dir := dataFolder(t, true)
	assign := AssignCommand{Store: cli.Store{Data: dir}, Area: "160550000000", Role: "done_by", Office: "160510000000", Leika: dogKey}
	if _, err := run(t, &assign); err == nil || !strings.Contains(err.Error(), "--key") {
		t.Fatalf("without a key: %v", err)
	}
	if _, err := audit.CreateKey(audit.KeyPath(dir), "test.example"); err != nil {
		t.Fatal(err)
	}
	d := dbtest.OpenAddress(t, assign.Address())
	if err := platform.Migrate(t.Context(), d, platform.Files{Room: "audit", FS: audit.Files}); err != nil {
		t.Fatal(err)
	}
	entries := func() (n int) {
		t.Helper()
		if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action LIKE 'finder.local_%' AND authority = '160550000000'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for want := 1; want <= 2; want++ {
		if _, err := run(t, &assign); err != nil || entries() != want {
			t.Fatalf("%v, %d entries", err, entries())
		}
		assign.Drop = true
	}
	if _, err := run(t, &assign); !errs.Is(err, errs.NotFound) {
		t.Errorf("taken away twice: %v", err)
	}
}
