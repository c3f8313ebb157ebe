package exchange

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/standards/xzufi"
)

func (p *place) export(t testing.TB, format string, version xzufi.Version) string {
	t.Helper()
	var b bytes.Buffer
	_, err := Export(context.Background(), p.DB.Reader(), &b, ExportOptions{Format: format, Version: version, ID: "1", At: time.Unix(0, 0)})
	must(t, err)
	return b.String()
}

// furnish brings in everything that an export has to carry: imported facts, and what editors have released and attached.
func furnish(t testing.TB, p *place) {
	t.Helper()
	p.take(t, full())
	for _, ref := range []finder.TextRef{{Service: dog, Lang: i18n.English}, {Service: dog, Authority: erfurt, Lang: i18n.German}} {
		v, err := p.desk.StartDraft(editor("edda"), ref)
		must(t, err)
		must(t, p.desk.Save(editor("edda"), v.ID, v.Change, desk.Content{Modules: map[finder.Module]finder.ModuleText{
			"03": {Text: "=Dogs & more"}, "05": {Text: "<p>Words;\nwith \"marks\"</p>"}, "Kosten": {Text: "12 €", Adds: true}, "Frist": {Text: "Sofort"}},
			Words: []finder.Word{{Term: "doggy", Type: "002"}, {Term: "pooch"}}}))
		must(t, p.desk.Submit(editor("edda"), v.ID, v.Change+1))
		must(t, p.desk.Release(editor("emil"), v.ID, v.Change+2, time.Time{}))
	}
	must(t, p.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := finder.PutOnline(ctx, tx, finder.Online{ID: "form-1", Service: dog, Authority: jena, Kind: "form", Name: "Hund", URL: "https://www.example.org/h"}); err != nil {
			return err
		}
		return finder.PutOnline(ctx, tx, finder.Online{ID: "form-2", Service: dog, Kind: "service", Name: "Hund", URL: "https://www.example.org/l"})
	}))
	must(t, p.f.Refresh(context.Background()))
}

func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		furnish(t, p)
		for _, c := range []struct {
			format  string
			version xzufi.Version
		}{{"xzufi", xzufi.V220}, {"xzufi", xzufi.V230}, {"csv", 0}} {
			if c.version == xzufi.V230 && p.DB.Dialect() == db.Postgres {
				continue // the same rows as with 2.2
			}
			t.Run(c.format+c.version.String(), func(t *testing.T) {
				first := p.export(t, c.format, c.version)
				if first != p.export(t, c.format, c.version) {
					t.Fatal("two exports of the same differ")
				}
				before := p.dump(t)
				if r := p.take(t, first); r.Changed() || len(r.Codes) > 0 && r.Counts["Leistung"].Refused > 0 {
					t.Errorf("taken back, it changes %v", r.Changes[:min(5, len(r.Changes))])
				}
				if diff := cmp.Diff(before, p.dump(t)); diff != "" {
					t.Errorf("taken back, it changes something: %.2000s", diff)
				}
				empty := newPlace(t, housetest.New(t, p.DB.Dialect(), rooms...), false)
				r, err := empty.try(t, first, Options{})
				must(t, err)
				for class, n := range r.Counts {
					if n.Refused > 0 {
						t.Errorf("%s: %d refused: %v", class, n.Refused, r.Findings[:min(5, len(r.Findings))])
					}
				}
				second := empty.export(t, c.format, c.version)
				if second != first {
					t.Errorf("the second export differs: %.3000s", cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")))
				}
				if r, err := empty.try(t, first, Options{}); err != nil || r.Changed() {
					t.Errorf("the second time there is %v, %v", r, err)
				}
			})
		}
	})
}

// TestExportIsValid reads an export with the checks of package xzufi.
func TestExportIsValid(t *testing.T) {
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), true)
	furnish(t, p)
	for _, v := range []xzufi.Version{xzufi.V210, xzufi.V220, xzufi.V230} {
		r := p.take(t, p.export(t, "xzufi", v))
		if r.Format != "XZuFi "+v.String() || r.Objects < 5000 {
			t.Errorf("%s, %d objects", r.Format, r.Objects)
		}
		for code, n := range r.Codes {
			if strings.HasPrefix(code, "fault") {
				t.Errorf("%s: %d × %s", v, n, code)
			}
		}
		t.Log(v, r.Objects, r.Codes)
	}
}
