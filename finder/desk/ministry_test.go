package desk

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

func TestScope(t *testing.T) {
	known := map[string]string{"bauen & wohnen": "Bauen & Wohnen"}
	for in, want := range map[string]string{
		"110": "99110*", " Bauen &  wohnen ": "subject:Bauen & Wohnen", "99110009104000": "99110009104000", "99110009*": "99110009*", "99110*": "99110*",
		"11": "", "1100": "", "98110009104000": "", "99*": "", "9911000910400*": "9911000910400*", "99110009104000*": "", "*": "", "": "", "Umwelt": "",
	} {
		got, ok := parseScope(known, in)
		if got != want && ok || ok != (want != "") {
			t.Errorf("%q is %q, %v", in, got, ok)
		}
		if again, ok2 := parseScope(known, showScope(got)); ok && (!ok2 || again != got) {
			t.Errorf("%q is shown as %q, which is %q", got, showScope(got), again)
		}
	}
	p := portfolioOf([]Ministry{{ID: "a", Scopes: []string{"99110*", "99115005104000"}}, {ID: "b", Scopes: []string{"99110009*", "subject:X"}}})
	for _, c := range []struct{ key, subject, want string }{{"99110009104000", "X", "b"}, {"99110001000000", "X", "a"}, {"99115005104000", "X", "a"}, {"99115005000000", "X", "b"},
		{"99115005000000", "", ""}, {"x", "Y", ""}} {
		if got := p.of(finder.Service{Key: c.key, Subject: c.subject}); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestMinistries(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.set(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
		d.released(t, edda, emil, stamm, content("05", "Wer einen Hund hält, meldet ihn an."))
		c := webtest.New(t, d.mux).As(edda)
		c.Get("/redaktion/qualitaet").Want(200, "Stammtexte nach Ressorts").Click("Ressorts und ihre Leistungen").
			Want(200, "Noch ist nichts zugeordnet", "4 Leistungen gehören zu keinem Ressort.", "110", "Hundehaltung")
		p := c.Get("/redaktion/ressorts/neu").Press("Speichern").Want(422, "Geben Sie einen Namen")
		p.Fill("Name", "Ministerium für Hunde").Fill("Was dazugehört", "110\nHunde\n").Press("Speichern").Want(422, "weder eine Leistungsgruppe noch ein Schlüssel noch ein Thema: Hunde").
			Fill("Was dazugehört", "110\n\n110").Press("Speichern").Want(200, "Das Ressort ist gespeichert.", "Ministerium für Hunde", "2 Leistungen gehören zu keinem Ressort.")
		c.Get("/redaktion/ressorts/neu").Fill("Name", "Ministerium für hunde").Fill("Was dazugehört", "110").Press("Speichern").
			Want(422, "Ein Ressort mit diesem Namen gibt es schon.", "110 gehört schon zu: Ministerium für Hunde").
			Fill("Name", "Anmeldeministerium").Fill("Was dazugehört", dog).Press("Speichern").Want(200, "Anmeldeministerium")
		must(t, d.Snapshot(context.Background()))
		p = c.Get("/redaktion/qualitaet").Want(200, "Anmeldeministerium", "Nicht zugeordnet")
		figures := ok[Quality](t)(d.Quality(as(edda), "")).Ministries
		if len(figures) != 3 || figures[0].Name != "Anmeldeministerium" || figures[0].Services != 1 || figures[0].Texts != 1 || figures[0].Complete != 0 ||
			figures[1].Services != 1 || figures[1].Texts != 0 || figures[2].ID != "" || figures[2].Services != 2 {
			t.Errorf("%+v", figures)
		}
		p.Fill("Verlauf für Ressort", "Anmeldeministerium").Press("Anzeigen").Want(200, "Der Verlauf hält fest", "Am 24.11.2026 waren es 1")

		// Somebody else was faster; strangers and editors of one authority are told which role is missing.
		list, _, err := d.Ministries(as(edda))
		must(t, err)
		must(t, d.SaveMinistry(as(emil), list[0], []string{dog, "115"}))
		if err := d.SaveMinistry(as(edda), list[0], nil); !errs.Is(err, errs.Conflict) {
			t.Errorf("unseen change: %v", err)
		}
		if err := d.RemoveMinistry(as(edda), list[0].ID, list[0].Change); !errs.Is(err, errs.Conflict) {
			t.Errorf("unseen removal: %v", err)
		}
		if err := d.RemoveMinistry(as(edda), "nobody", 1); !errs.Is(err, errs.NotFound) {
			t.Errorf("removal of none: %v", err)
		}
		if err := d.AdoptProposal(as(edda)); !errs.Is(err, errs.Conflict) {
			t.Errorf("a proposal over a mapping: %v", err)
		}
		for name, p := range map[string]identity.Principal{"editor of Erfurt": lena, "clerk": strangers["clerk of Erfurt"].p} {
			webtest.New(t, d.mux).As(p).Get("/redaktion/ressorts").Want(403)
			if err := d.SaveMinistry(as(p), Ministry{Name: "x"}, nil); !errs.Is(err, errs.Denied) {
				t.Errorf("%s saves: %v", name, err)
			}
			if err := d.RemoveMinistry(as(p), list[1].ID, 1); !errs.Is(err, errs.Denied) {
				t.Errorf("%s removes: %v", name, err)
			}
			if err := d.AdoptProposal(as(p)); !errs.Is(err, errs.Denied) {
				t.Errorf("%s adopts: %v", name, err)
			}
		}
		if q := ok[Quality](t)(d.Quality(as(lena), erfurt)); len(q.Ministries) > 0 {
			t.Error("an editor of one authority sees the ministries")
		}
		webtest.New(t, d.mux).As(edda).Get(ministryPath("x")).Want(404)
		c.Get(ministryPath(list[0].ID)).Want(200, "Anmeldeministerium").Press("Ressort entfernen").Want(200, "Das Ressort ist entfernt")
		if n := count(t, d.h.DB.Reader(), `SELECT count(*) FROM finder_ministry_quality WHERE ministry_id = $1`, list[0].ID); n != 0 {
			t.Errorf("%d figures stay", n)
		}
	})
}

// The mapping goes out and comes in as CSV; the proposal that comes along can be read against the whole catalogue.
func TestMinistriesFile(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		ctx := identity.AsSystem(context.Background(), "test")
		replace := func(file string) error {
			list, err := readMinistries(strings.NewReader(file), d.f.Catalog().Services())
			if err != nil {
				return err
			}
			return d.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return replaceMinistries(ctx, tx, d.h.Audit, list) })
		}
		all := func() []Ministry { return ok[[]Ministry](t)(ministries(ctx, d.h.DB.Reader())) }
		must(t, replace("\uFEFF# so\nministry;scope\nInneres;115\n\"Haus \"\"A\"\"; B\";110\nInneres;"+dog+"\n"))
		before := all()
		var out bytes.Buffer
		must(t, writeMinistries(&out, before))
		if want := "ministry,scope\n\"Haus \"\"A\"\"; B\",110\nInneres," + dog + "\nInneres,115\n"; out.String() != want {
			t.Errorf("written:\n%s", out.String())
		}
		must(t, replace("ministry,scope\ninneres,110\n"))
		if after := all(); len(after) != 1 || after[0].ID != before[1].ID || after[0].Name != "inneres" || after[0].Scopes[0] != "99110*" {
			t.Errorf("%+v", after)
		}
		for name, file := range map[string]string{"no header": "Inneres,115\n", "twice": "ministry,scope\nA,115\nB,115\n", "nonsense": "ministry,scope\nA,Unsinn\n",
			"no name": "ministry,scope\n ,115\n", "three": "ministry,scope\nA,115,1\n", "empty": "", "no scope": "ministry,scope\nA,\n", "huge": "ministry,scope\n" + strings.Repeat("A,115\n", 1<<18)} {
			if err := replace(file); err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		if again := all(); len(again) != 1 {
			t.Errorf("a refused file changed something: %+v", again)
		}
	})
	d := newDesk(t, housetest.New(t, db.SQLite, platform.Files{Room: "finder", FS: finder.Files}))
	must(t, d.f.Load(context.Background(), nil))
	c := webtest.New(t, d.mux).As(edda)
	c.Get("/redaktion/ressorts").Press("Vorschlag übernehmen").Want(200, "Der Vorschlag ist übernommen.", "Finanzministerium", "Nicht zugeordnet")
	if list, left, err := d.Ministries(as(edda)); err != nil || len(list) != 9 || len(left) < 1000 || len(left) > 3000 {
		t.Errorf("%d ministries, %d services of none, %v", len(list), len(left), err)
	}
}

func TestMinistriesCommand(t *testing.T) {
	dir := t.TempDir()
	address := dbtest.Address(t, db.SQLite, db.Migration{Room: "finder", FS: finder.Files}, db.Migration{Room: "audit", FS: audit.Files})
	few(t, dbtest.OpenAddress(t, address))
	if _, err := audit.CreateKey(audit.KeyPath(dir), "test.example"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "in.csv")
	must(t, os.WriteFile(file, []byte("ministry,scope\nInneres,115\n"), 0o600))
	var out bytes.Buffer
	run := func(export bool, file string) error {
		c := MinistriesCommand{Export: export, File: file}
		c.Data, c.DB = dir, address
		return c.Run(&cli.Env{Context: t.Context(), Out: &out, Err: t.Output()})
	}
	must(t, run(false, file))
	must(t, run(true, "-"))
	if want := file + ": 1 ministries\nministry,scope\nInneres,115\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
	must(t, run(true, file+".out"))
	if b, err := os.ReadFile(file + ".out"); err != nil || string(b) != "ministry,scope\nInneres,115\n" {
		t.Errorf("%q %v", b, err)
	}
	must(t, os.WriteFile(file, []byte("ministry,scope\nInneres,1\n"), 0o600))
	if err := run(false, file); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a bad file: %v", err)
	}
}
