package desk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

// Whatever editors do in whatever order: one version is open and one released at most, nobody released what they
// wrote, what was submitted never changes, and citizens read exactly the released version.
func TestAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		var people []identity.Principal // many, or soon everybody has written in it and nobody may release it
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			people = append(people, editor(name, name, identity.Everywhere))
		}
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		kept := map[string]map[finder.Module]finder.ModuleText{}
		releases := 0
		for step := range 250 {
			now = now.Add(time.Hour)
			d.set(now)
			ctx := as(people[random.IntN(len(people))])
			versions := ok[[]Version](t)(versionsOf(ctx, d.h.DB.Reader(), program, stamm, 500))
			v := Version{ID: db.NewID(), Change: 1}
			if len(versions) > 0 {
				v = versions[0]
				if random.IntN(4) == 0 {
					v = versions[random.IntN(len(versions))]
				}
			}
			var err error
			switch random.IntN(9) {
			case 0:
				_, err = d.StartDraft(ctx, stamm)
			case 1, 2:
				err = d.Save(ctx, v.ID, v.Change, content("05", "Schritt "+time.Duration(step).String()))
			case 3, 4:
				err = d.Submit(ctx, v.ID, v.Change)
			case 5:
				_, err = d.Return(ctx, v.ID, v.Change, "noch einmal")
			case 6:
				err = d.Release(ctx, v.ID, v.Change, time.Time{})
			case 7:
				if random.IntN(3) == 0 {
					err = d.Release(ctx, v.ID, v.Change, now.Add(3*time.Hour))
				} else {
					err = d.Release(ctx, v.ID, v.Change, time.Time{})
				}
			case 8:
				if random.IntN(2) == 0 {
					err = errors.Join(d.Withdraw(ctx, v.ID, v.Change, "falsch"), d.Discard(ctx, v.ID, v.Change))
				}
			}
			if err != nil && errs.CodeOf(err) == errs.Internal {
				t.Fatal(err)
			}
			must(t, d.h.Queue.Drain(context.Background()))
			var open, released []Version
			for _, v := range ok[[]Version](t)(versionsOf(ctx, d.h.DB.Reader(), program, stamm, 500)) {
				if v.Open() {
					open = append(open, v)
				}
				if v.State == Released {
					released = append(released, v)
				}
				if !v.ReleasedAt.IsZero() && (v.Reviewer == "" || v.WrittenBy(v.Reviewer) || len(v.Authors) == 0) {
					t.Fatalf("version %d was released by its author %q of %v", v.Number, v.Reviewer, v.Authors)
				}
				if v.State == Draft || v.State == Discarded {
					continue
				}
				if before, ok := kept[v.ID]; ok && cmp.Diff(before, v.Modules) != "" {
					t.Fatalf("version %d changed after it was submitted", v.Number)
				}
				kept[v.ID] = v.Modules
			}
			if len(open) > 1 || len(released) > 1 {
				t.Fatalf("%d open, %d released", len(open), len(released))
			}
			must(t, d.f.Refresh(context.Background()))
			rel, ok := d.f.Catalog().Released(stamm)
			if ok != (len(released) == 1) || ok && (rel.Version != released[0].ID || cmp.Diff(rel.Modules, released[0].Modules) != "") {
				t.Fatalf("citizens read %+v, released is %+v", rel, released)
			}
			if ok {
				releases++
			}
		}
		if releases == 0 || len(kept) < 5 {
			t.Errorf("nothing happened: %d versions, %d steps with a release", len(kept), releases)
		}
	})
}

// Of several who do the same at once, one succeeds and the others are told.
func TestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		race := func(f func(p identity.Principal) error) (won int) {
			t.Helper()
			var group sync.WaitGroup
			results := make([]error, 6)
			for i := range results {
				group.Go(func() { results[i] = f([]identity.Principal{emil, editor("third", "Dritte", "*")}[i%2]) })
			}
			group.Wait()
			for _, err := range results {
				switch {
				case err == nil:
					won++
				case !errs.Is(err, errs.Conflict):
					t.Errorf("%v", err)
				}
			}
			return won
		}
		race(func(p identity.Principal) error { _, err := d.StartDraft(as(p), stamm); return err })
		list := ok[[]Version](t)(d.Texts(as(edda), dog))
		if len(list) != 1 {
			t.Fatalf("%d drafts", len(list))
		}
		v := list[0]
		if won := race(func(p identity.Principal) error { return d.Save(as(p), v.ID, v.Change, content("05", p.Name)) }); won != 1 {
			t.Errorf("%d saved the same", won)
		}
		must(t, d.Discard(as(edda), v.ID, v.Change+1))
		v = d.submitted(t, edda, stamm, content("05", "x"))
		if won := race(func(p identity.Principal) error { return d.Release(as(p), v.ID, v.Change, time.Time{}) }); won != 1 {
			t.Errorf("%d released the same", won)
		}
		// Releases of different texts at once: the catalogue's version counts each, so none stays unseen.
		var versions []Version
		for _, key := range []string{"99115005104000", "99050012104000", "99110009000000"} {
			versions = append(versions, d.submitted(t, edda, finder.TextRef{Service: key, Lang: i18n.German}, content("05", "y")))
		}
		before := version(t, d)
		var group sync.WaitGroup
		for _, v := range versions {
			group.Go(func() {
				if err := d.Release(as(emil), v.ID, v.Change, time.Time{}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := version(t, d) - before; n != 3 {
			t.Errorf("three releases raised the version by %d", n)
		}
	})
}

func version(t *testing.T, d *desk) int {
	return count(t, d.h.DB.Reader(), `SELECT CAST(value AS BIGINT) FROM finder_state WHERE name = 'version'`)
}

// A copy that nobody has changed has somebody who answers for it too.
func TestUnchangedCopyNeedsTwo(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		v := ok[Version](t)(d.StartDraft(as(edda), stamm))
		must(t, d.Submit(as(edda), v.ID, v.Change))
		if err := d.Release(as(edda), v.ID, v.Change+1, time.Time{}); !errs.Is(err, errs.Denied) {
			t.Errorf("Edda releases her own copy: %v", err)
		}
		must(t, d.Release(as(emil), v.ID, v.Change+1, time.Time{}))
	})
}

func TestLanguages(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.released(t, edda, emil, stamm, content("03", "Hund anmelden", "05", "Auf Deutsch."))
		client := webtest.New(t, d.mux)
		d.h.Site.Routes(d.mux)
		english := client.Get("/leistung/"+dog).Press("English").Want(200, "available in German only", "Auf Deutsch.")
		if len(english.Find("div", map[string]string{"class": "rs-lead", "lang": "de"})) != 1 {
			t.Error("the German words are not marked as German")
		}
		d.released(t, edda, emil, finder.TextRef{Service: dog, Lang: i18n.English}, content("03", "Register a dog", "05", "In English."))
		p := client.Get("/leistung/"+dog).Want(200, "Register a dog", "In English.")
		if strings.Contains(withoutData(p.Body), "Auf Deutsch.") || p.Has("available in German only") {
			t.Error("German stands on the English page")
		}
		webtest.New(t, d.mux).Get("/leistung/"+dog).Want(200, "Hund anmelden", "Auf Deutsch.")
	})
}

func TestContentLimits(t *testing.T) {
	long := func(n int) string { return string(slices.Repeat([]byte("a"), n)) }
	for name, c := range map[string]Content{
		"module": content("05", long(maxModule+1)), "line": content("03", long(maxLine+1)),
		"word": {Words: []finder.Word{{Term: long(maxWord + 1)}}},
		"type": {Words: []finder.Word{{Term: "x", Type: "004"}}},
		"words": {Words: func() (w []finder.Word) {
			for i := range maxWords + 1 {
				w = append(w, finder.Word{Term: long(i + 1)})
			}
			return w
		}()},
		"date": {ReviewDate: "2026-02-30"},
	} {
		if _, err := c.clean(false); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got := ok[Content](t)(Content{Modules: map[finder.Module]finder.ModuleText{"05": {Text: "x", Adds: true}, "99": {Text: "unknown"}, "06": {Text: " "}},
		Words: []finder.Word{{Term: " Hund  da "}, {Term: "hund da"}}}.clean(false))
	if len(got.Modules) != 1 || got.Modules["05"].Adds || len(got.Words) != 1 || got.Words[0].Term != "Hund da" {
		t.Errorf("%+v", got)
	}
}
