package exchange

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/standards/xzufi"
)

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		before := p.dump(t)
		dry, err := p.try(t, full(), Options{DryRun: true})
		must(t, err)
		if diff := cmp.Diff(before, p.dump(t)); diff != "" {
			t.Fatalf("a dry run changes something: %s", diff)
		}
		r := p.take(t, full())
		want := map[xzufi.Class]Count{"Leistung": {New: 3}, "Organisationseinheit": {New: 1}, "Onlinedienst": {New: 1}, "Zustaendigkeit": {New: 2},
			"LeistungSpezialisierung": {New: 1}}
		if diff := cmp.Diff(want, r.Counts); diff != "" {
			t.Error(diff, r.Findings)
		}
		if diff := cmp.Diff(dry.Counts, r.Counts); diff != "" {
			t.Errorf("the dry run said otherwise: %s", diff)
		}
		c := p.f.Catalog()
		text, ok := c.Released(finder.TextRef{Service: dog, Lang: i18n.German})
		if !ok || text.Modules["05"].Text != "<p>Kurz gut.</p>" || len(text.Words) != 1 {
			t.Errorf("the text is %v", text)
		}
		if text, ok := c.Released(finder.TextRef{Service: dog, Authority: jena, Lang: i18n.German}); !ok || text.Modules["16"].Text != "<p>In Jena mit Leine.</p>" {
			t.Errorf("the local text is %v", text)
		}
		bridge := ownKey(ident{Agency: "L1", Scheme: "s", Value: "1002"})
		if s, ok := c.Service(bridge); !ok || s.Name != "Brücke Benutzung" || s.Title != "Brücke benutzen" {
			t.Errorf("the service is %v", s)
		}
		if hits := c.Search("über die brücke benutzen"); len(hits) == 0 || hits[0].Service.Key != bridge {
			t.Errorf("the search finds %v", hits)
		}
		got, err := c.Resolve(bridge, jena)
		if err != nil || !got.Known || got.Responsible.Name != "Amt für Brücken" || got.Responsible.Contact.Address() != "Musterweg 12, 07743 Jena" {
			t.Errorf("responsible is %v, %v", got, err)
		}
		if got, err := c.Resolve(bridge, erfurt); err != nil || got.Known {
			t.Errorf("elsewhere responsible is %v, %v", got, err)
		}
		if o := c.OnlineAt(bridge, jena); len(o) != 1 || o[0].URL != "https://www.example.org/bruecke" {
			t.Errorf("online: %v", o)
		}

		after := p.dump(t)
		if r := p.take(t, full()); r.Changed() {
			t.Errorf("the second time there is %v", r.Changes)
		}
		if diff := cmp.Diff(after, p.dump(t)); diff != "" {
			t.Errorf("the second time changes something: %s", diff)
		}
		// Load replaces the built-in facts; what was imported stays.
		must(t, p.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE finder_state SET value = 'old' WHERE name = 'facts'`)
			return err
		}))
		must(t, p.f.Load(context.Background(), nil))
		if _, ok := p.f.Catalog().Service(bridge); !ok {
			t.Error("the imported service is gone")
		}
	})
}

func TestImportChangesOnlyWhatIsDifferent(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.take(t, full())
		r := p.take(t, strings.NewReplacer("Musterweg", "Neuer Weg", "Über die Brücke.", "Unter der Brücke.").Replace(full()))
		want := map[xzufi.Class]Count{"Leistung": {Changed: 1, Unchanged: 2}, "Organisationseinheit": {Changed: 1}, "Onlinedienst": {Unchanged: 1},
			"Zustaendigkeit": {Unchanged: 2}, "LeistungSpezialisierung": {Unchanged: 1}}
		if diff := cmp.Diff(want, r.Counts); diff != "" {
			t.Error(diff, r.Findings)
		}
		var parts []string
		for _, c := range r.Changes {
			parts = append(parts, strings.Join(c.Parts, ", "))
		}
		if diff := cmp.Diff([]string{"de: 06", "contact"}, parts); diff != "" {
			t.Error(diff)
		}
	})
}

func TestImportDeletes(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.take(t, full())
		before := p.dump(t)
		_, err := p.try(t, msg(loesche("Leistung", "1002")), Options{})
		var many *TooMany
		if !errors.As(err, &many) || many.Deleted != 1 || many.Known != 3 {
			t.Fatalf("one of three: %v", err)
		}
		if diff := cmp.Diff(before, p.dump(t)); diff != "" {
			t.Fatal(diff)
		}
		r, err := p.try(t, msg(loesche("Leistung", "1002"), loesche("Leistung", "nowhere")), Options{Force: true})
		must(t, err)
		if r.Counts["Leistung"].Deleted != 1 || r.Codes["note delete-unknown"] != 1 {
			t.Errorf("%v %v", r.Counts, r.Codes)
		}
		must(t, p.f.Refresh(context.Background()))
		if _, ok := p.f.Catalog().Service(ownKey(ident{Agency: "L1", Scheme: "s", Value: "1002"})); ok {
			t.Error("it is still there")
		}
		if _, ok := p.f.Catalog().Service(dog); !ok {
			t.Error("something else is gone")
		}
		// A file without the objects deletes nothing; deleted and written by one file is a change.
		if r := p.take(t, msg()); r.Changed() {
			t.Error("an empty message changes something")
		}
		r = p.take(t, msg(loesche("Leistung", "1003"), leistung("1003", "99999999012000", "", "02", "Turm Besteigung", "05", "Oben.")))
		if c := r.Counts["Leistung"]; c.Deleted != 0 || c.Changed != 1 {
			t.Errorf("deleted and written: %v", c)
		}
		if s, ok := p.f.Catalog().Service("99999999012000"); !ok || s.Text != "Oben." {
			t.Errorf("the service is %v, %v", s, ok)
		}
	})
}

func editor(subject string) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: subject, Name: subject, Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Editor, Authority: identity.Everywhere}}})
}

func TestEditorsWorkStays(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		p.now = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
		ref := finder.TextRef{Service: dog, Lang: i18n.German}
		v, err := p.desk.StartDraft(editor("edda"), ref)
		must(t, err)
		r := p.take(t, full())
		if r.Codes["conflict edited"] != 1 {
			t.Errorf("beside a draft: %v", r.Codes)
		}
		if _, ok := p.f.Catalog().Released(ref); ok {
			t.Error("the import went over the draft")
		}
		must(t, p.desk.Save(editor("edda"), v.ID, v.Change, desk.Content{Modules: map[finder.Module]finder.ModuleText{"05": {Text: "Unser Text."}}}))
		must(t, p.desk.Submit(editor("edda"), v.ID, v.Change+1))
		must(t, p.desk.Release(editor("emil"), v.ID, v.Change+2, time.Time{}))
		if r := p.take(t, full()); r.Codes["conflict newer"] != 1 || r.Changed() {
			t.Errorf("over a newer release: %v", r.Codes)
		}
		// A text that was changed later at its origin comes in, and the history keeps both.
		p.now = p.now.AddDate(0, 2, 0)
		if r := p.take(t, strings.Replace(full(), "2026-05-04", "2026-07-04", 1)); r.Counts["Leistung"].Changed+r.Counts["Leistung"].New != 1 {
			t.Errorf("a later one: %v %v", r.Counts, r.Findings)
		}
		got, _ := p.f.Catalog().Released(ref)
		if got.Modules["05"].Text != "<p>Kurz gut.</p>" {
			t.Errorf("released is %v", got)
		}
	})
}

func TestWhoMayImport(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		src, err := Open(context.Background(), file(t, full()), Fetch{})
		must(t, err)
		defer func() { _ = src.Close() }() // it was only read
		for name, ctx := range map[string]context.Context{"nobody": context.Background(), "editor": editor("edda")} {
			if _, err := p.im.Import(ctx, src, Options{}); !errs.Is(err, errs.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
		ctx := identity.With(context.Background(), identity.Principal{Subject: "otto", Kind: identity.Staff,
			Grants: []identity.Grant{{Role: identity.Operator, Authority: identity.Everywhere}}})
		if _, err := p.im.Import(ctx, src, Options{MaxDelete: 5}); err != nil {
			t.Error(err)
		}
		if !strings.Contains(p.dump(t), "finder.imported") {
			t.Error("the log says nothing")
		}
	})
}
