package audit

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

func site(t testing.TB) *web.Site {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(web.Files); err != nil {
		t.Fatal(err)
	}
	if err := texts.Add(Files); err != nil {
		t.Fatal(err)
	}
	return web.New(texts, web.Assets{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
}

func asAuditor(authorities ...string) identity.Principal {
	p := identity.Principal{Subject: "auditor", Name: "Rita Revision", Kind: identity.Staff}
	for _, a := range authorities {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Auditor, Authority: a})
	}
	return p
}

type browser struct {
	t   *testing.T
	mux *http.ServeMux
}

func pages(t *testing.T, l *Log) browser {
	s := site(t)
	b := browser{t, http.NewServeMux()}
	l.Pages(s).Routes(b.mux)
	if err := s.CheckPages(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b browser) get(p identity.Principal, path string) (int, string) {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, r.WithContext(identity.With(r.Context(), p)))
	return w.Code, w.Body.String()
}

func TestTextsAreWhole(t *testing.T) {
	texts := site(t).Texts
	for _, key := range texts.Keys(i18n.German) {
		if !texts.Has(i18n.English, key) {
			t.Errorf("no English text %s", key)
		}
	}
	for _, key := range texts.Keys(i18n.English) {
		if !texts.Has(i18n.German, key) {
			t.Errorf("no German text %s", key)
		}
	}
}

func TestOnlyAuditorsSeeTheirAuthorities(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		add(t, l, Entry{Action: "records.decided", Authority: "a1", Object: "case:1"},
			Entry{Action: "records.decided", Authority: "a2", Object: "case:2"},
			Entry{Action: "app.demo_loaded", Object: "demo:3"})
		ids := map[string]string{}
		all, err := l.List(identity.With(t.Context(), asAuditor(identity.Everywhere)), Filter{}, 10)
		if err != nil || len(all) != 3 || all[0].Object != "demo:3" {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, r := range all {
			ids[r.Object] = r.ID
		}
		b := pages(t, l)
		clerk := identity.Principal{Subject: "c", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: "a1"}}}
		for _, c := range []struct {
			who   identity.Principal
			list  int
			sees  string // objects
			entry map[string]int
		}{
			{asAuditor(identity.Everywhere), 200, "case:1 case:2 demo:3", map[string]int{"case:1": 200, "case:2": 200, "demo:3": 200}},
			{asAuditor("a1"), 200, "case:1", map[string]int{"case:1": 200, "case:2": 404, "demo:3": 404}},
			{asAuditor("a1", "a2"), 200, "case:1 case:2", map[string]int{"case:1": 200, "case:2": 200, "demo:3": 404}},
			{asAuditor(""), 403, "", map[string]int{"demo:3": 403}},
			{clerk, 403, "", map[string]int{"case:1": 403}},
			{identity.Principal{}, 303, "", map[string]int{"case:1": 303}}, // to the sign-in,
		} {
			code, body := b.get(c.who, "/revision")
			if code != c.list {
				t.Errorf("%v: list %d, want %d", c.who.Grants, code, c.list)
			}
			var sees []string
			for _, o := range []string{"case:1", "case:2", "demo:3"} {
				if strings.Contains(body, o) {
					sees = append(sees, o)
				}
			}
			if got := strings.Join(sees, " "); got != c.sees {
				t.Errorf("%v sees %q, want %q", c.who.Grants, got, c.sees)
			}
			for object, want := range c.entry {
				if code, body := b.get(c.who, "/revision/"+ids[object]); code != want || want != 200 && strings.Contains(body, object) {
					t.Errorf("%v: %s %d, want %d", c.who.Grants, object, code, want)
				}
			}
		}
		for _, id := range []string{"x", "%00", "%ff", strings.Repeat("a", 5000)} {
			if code, _ := b.get(asAuditor(identity.Everywhere), "/revision/"+id); code != 404 {
				t.Errorf("%.20s: %d", id, code)
			}
		}
		if _, err := l.List(person(), Filter{}, 1); !errs.Is(err, errs.Denied) {
			t.Errorf("%v", err)
		}
	})
}

func TestListIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		var entries []Entry
		for i := range 120 {
			entries = append(entries, Entry{Action: []string{"records.decided", "x.unnamed"}[i%2], Object: fmt.Sprintf("case:%03d", i)})
		}
		add(t, l, entries...)
		// one of the summer before: its id is of that time too
		r, err := newRow(identity.Principal{Subject: "old"}, timeNow().AddDate(0, -4, 0), Entry{Action: "a.b", Object: "case:old"})
		if err != nil {
			t.Fatal(err)
		}
		r.id = idAt(db.Time(r.at)) + r.id[13:]
		leaf := r.leaf()
		r.hash, r.seal = leaf[:], l.key.seal(leaf)
		if err := l.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertEntries(ctx, tx, []*row{&r}) }); err != nil {
			t.Fatal(err)
		}
		b := pages(t, l)
		who := asAuditor(identity.Everywhere)
		cases := func(body string) (list []string) {
			for _, part := range strings.Split(body, "case:")[1:] {
				list = append(list, part[:3])
			}
			return list
		}
		link := func(body, rel string) string {
			_, rest, ok := strings.Cut(body, `rel="`+rel+`"`)
			head := body[:len(body)-len(rest)]
			i := strings.LastIndex(head, `href="`)
			if !ok || i < 0 {
				return ""
			}
			href, _, _ := strings.Cut(head[i+6:], `"`)
			return strings.ReplaceAll(href, "&amp;", "&")
		}
		path, seen, prev := "/revision?action=", []string{}, ""
		var firsts []string
		for path != "" {
			code, body := b.get(who, path)
			if code != 200 {
				t.Fatal(code, body)
			}
			list := cases(body)
			seen = append(seen, list...)
			firsts = append(firsts, list[0])
			prev, path = link(body, "prev"), link(body, "next")
		}
		if len(seen) != 121 || seen[0] != "119" || seen[119] != "000" || seen[120] != "old" || len(firsts) != 3 {
			t.Errorf("%d entries on %d pages: %v", len(seen), len(firsts), seen)
		}
		for i := len(firsts) - 2; i >= 0; i-- {
			_, body := b.get(who, prev)
			if list := cases(body); len(list) != perPage || list[0] != firsts[i] {
				t.Errorf("back to page %d: %v", i, list)
			}
			prev = link(body, "prev")
		}
		if prev != "" {
			t.Errorf("the first page has newer ones: %s", prev)
		}
		today := func(days int) string { return r2date(t, l, days) }
		for query, want := range map[string]int{
			"object=case:017": 1, "object=case:01": 0, "actor=old": 1, "actor=p1": 50, "action=x.unnamed": 50, "action=a.b": 1,
			"object=case:017&action=x.unnamed": 1, "object=case:017&action=records.decided": 0,
			"from=" + today(0): 50, "from=" + today(1): 0, "to=" + today(-1): 1, "from=24.7.2026&to=24.7.2026": 1,
			"from=25.7.2026&to=" + today(-1): 0, "to=23.7.2026": 0,
			"object=%ff%00": 0,
		} {
			code, body := b.get(who, "/revision?"+query)
			if got := strings.Count(body, `scope="row"`); code != 200 || got != want {
				t.Errorf("%s: %d, %d entries, want %d", query, code, got, want)
			}
		}
		if code, body := b.get(who, "/revision?from=31.2.2026"); code != 422 || !strings.Contains(body, `href="#from"`) {
			t.Errorf("no date: %d", code)
		}
		if _, body := b.get(who, "/revision?action=x.unnamed"); !strings.Contains(body, `<option value="x.unnamed" selected>`) {
			t.Error("the chosen action is not in the list")
		}
	})
}

// r2date is the day of the newest entry, and days later, as a form takes it.
func r2date(t *testing.T, l *Log, days int) string {
	list, err := l.History(t.Context(), "case:119", 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0].Time.In(i18n.Berlin).AddDate(0, 0, days).Format("2.1.2006")
}

func TestEntryIsProvedOnItsPage(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		hash := strings.Repeat("ab", 32)
		add(t, l, Entry{Action: "records.decided", Authority: "a1", Object: "case:<1>&", Changes: map[string]any{"result": "granted", "n": []int{1, 2}}, Blobs: []string{hash}},
			Entry{Action: "records.decided", Authority: "a1", Object: "case:2"})
		list, err := l.History(t.Context(), "case:<1>&", 10)
		if err != nil || len(list) != 1 || list[0].Blobs[0] != hash || list[0].Seq != Unsequenced || list[0].ActorName != "Erika Muster" {
			t.Fatal(list, err)
		}
		b := pages(t, l)
		path := "/revision/" + list[0].ID
		has := func(words ...string) {
			t.Helper()
			code, body := b.get(asAuditor("a1"), path)
			for _, w := range words {
				if code != 200 || !strings.Contains(body, w) {
					t.Errorf("%d, no %q in %s", code, w, body)
				}
			}
		}
		has("Noch ohne Platz im Baum", "noch ohne")
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		has("Unverändert", "records.decided", "case:&lt;1&gt;&amp;", "granted", "[1,2]", hash, "test.example/audit", "Erika Muster",
			"?"+url.Values{"object": {"case:<1>&"}}.Encode())
		change(t, l.d, `UPDATE audit_entry SET actor_name = 'x' WHERE id = $1`, list[0].ID)
		has("Das Protokoll wurde von außen verändert")
	})
}

func TestDamagedFilesAreShown(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		b := pages(t, l)
		has := func(who identity.Principal, path string, words ...string) {
			t.Helper()
			code, body := b.get(who, path)
			for _, w := range words {
				if code != 200 || !strings.Contains(body, w) {
					t.Errorf("%s: %d, no %q in %s", path, code, w, body)
				}
			}
		}
		has(asAuditor("a1"), filesPath, "Der erste Durchgang läuft noch", "noch nie")
		store, _ := folder(t)
		var entries []Entry
		for i := range perPage + 1 {
			entries = append(entries, Entry{Action: "records.filed", Authority: "a1", Object: fmt.Sprintf("document:%d", i), Blobs: []string{fmt.Sprintf("%064x", i)}})
		}
		add(t, l, entries...)
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := NewRechecker(l, store).All(identity.AsSystem(t.Context(), "test"), nil); err != nil {
			t.Fatal(err)
		}
		has(asAuditor("a1"), listPath, fmt.Sprintf("%d gespeicherte Dateien sind beschädigt oder fehlen", perPage+1), `href="/revision/dateien"`, "Schaden an gespeicherter Datei bemerkt")
		has(asAuditor("a1"), filesPath, "fehlt", fmt.Sprintf("%064x", perPage), `href="/revision?object=document%3A50"`, `href="/revision?object=blob%3A`, "dateien?before=")
		if _, body := b.get(asAuditor("a1"), filesPath); strings.Count(body, `scope="row"`) != perPage {
			t.Errorf("%d rows", strings.Count(body, `scope="row"`))
		}
		list, err := l.Findings(identity.AsSystem(t.Context(), "test"), "", perPage)
		if err != nil {
			t.Fatal(err)
		}
		has(asAuditor("a1"), filesPath+"?before="+list[perPage-1].ID, fmt.Sprintf("%064x", 0), `href="/revision/dateien"`)
		if code, body := b.get(asAuditor("a2"), filesPath); code != 200 || strings.Contains(body, "document:") || !strings.Contains(body, "Alle geprüften Dateien sind unversehrt") {
			t.Errorf("a stranger sees %d, %s", code, body)
		}
		if code, _ := b.get(identity.Principal{Subject: "c", Kind: identity.Staff}, filesPath); code != 403 {
			t.Errorf("%d", code)
		}
	})
}
