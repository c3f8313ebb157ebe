package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// dieOff leaves n dead letters of the topic t.dies with a secret body, and returns their ids, youngest first.
func dieOff(t *testing.T, d *db.DB, q *Queue, n int) []string {
	t.Helper()
	q.limit = 1
	Handle(q, "t.dies", func(context.Context, *Job, map[string]string) error { return errors.New("no <b>way</b>") })
	for range n {
		publish(t, d, q, "t.dies", map[string]string{"name": "Erika Mustermann"})
	}
	if err := q.Drain(t.Context()); err == nil {
		t.Fatal("nothing died")
	}
	dead, err := q.Dead(system(t), "", n)
	if err != nil || len(dead) != n {
		t.Fatalf("%d dead letters: %v", len(dead), err)
	}
	ids := make([]string, n)
	for i, j := range dead {
		ids[i] = j.ID
	}
	return ids
}

func as(ctx context.Context, role identity.Role, authority string) context.Context {
	return identity.With(ctx, identity.Principal{Subject: "p", Kind: identity.Staff, Grants: []identity.Grant{{Role: role, Authority: authority}}})
}

func TestOnlyTheOperatorOfTheHouse(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		ids := dieOff(t, d, q, 1)
		for name, who := range map[string]struct {
			ctx  context.Context
			want errs.Code
		}{
			"nobody":                {t.Context(), errs.Unauthenticated},
			"a citizen":             {identity.With(t.Context(), identity.Principal{Kind: identity.Citizen}), errs.Denied},
			"a clerk of everywhere": {as(t.Context(), identity.Clerk, identity.Everywhere), errs.Denied},
			"one town's operator":   {as(t.Context(), identity.Operator, "16051000"), errs.Denied},
			"the operator":          {as(t.Context(), identity.Operator, identity.Everywhere), ""},
		} {
			if _, err := q.Dead(who.ctx, "", 1); errs.CodeOf(err) != who.want {
				t.Errorf("Dead for %s: %v", name, err)
			}
			if _, err := q.Counts(who.ctx); errs.CodeOf(err) != who.want {
				t.Errorf("Counts for %s: %v", name, err)
			}
			if who.want != "" {
				if err := q.Retry(who.ctx, ids[0]); errs.CodeOf(err) != who.want {
					t.Errorf("Retry for %s: %v", name, err)
				}
			}
		}
	})
}

func TestRetryIsAudited(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		ids := dieOff(t, d, q, 1)
		q.Audit = audit.New(d, audit.Key{}) // a key that cannot seal: nothing can be written
		if err := q.Retry(system(t), ids[0]); err == nil {
			t.Fatal("not audited, yet Retry says nothing")
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE dead_at IS NOT NULL`); n != 1 {
			t.Fatal("not audited, yet done")
		}
		key, err := audit.NewKey("test")
		if err != nil {
			t.Fatal(err)
		}
		q.Audit = audit.New(d, key)
		if err := q.Retry(as(t.Context(), identity.Operator, identity.Everywhere), ids[0]); err != nil {
			t.Fatal(err)
		}
		if n := audited(t, d, ids[0]); n != 1 {
			t.Fatalf("%d audit entries", n)
		}
	})
}

// audited counts the entries about a job that was sent again.
func audited(t *testing.T, d *db.DB, id string) int {
	t.Helper()
	return count(t, d, `SELECT count(*) FROM audit_entry WHERE action = 'queue.retried' AND object = $1`, "job:"+id)
}

func TestCounts(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		if n, err := q.Counts(system(t)); err != nil || n != (Counts{}) {
			t.Fatalf("empty: %v, %v", n, err)
		}
		dieOff(t, d, q, 2)
		publish(t, d, q, "t.later", 1, 2, 3)
		c.Add(7 * time.Second)
		publish(t, d, q, "t.later", 4)
		want := Counts{Waiting: 4, Dead: 2, OldestAge: 7 * time.Second}
		if n, err := q.Counts(system(t)); err != nil || n != want {
			t.Fatalf("%v, %v, want %v", n, err, want)
		}
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, q *Queue, c *clock) {
		texts := i18n.New()
		for _, f := range []fs.FS{web.Files, Files} {
			if err := texts.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		site := web.New(texts, web.Assets{}, slog.New(slog.DiscardHandler))
		pages := NewPages(site, q)
		if err := site.CheckPages(); err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		pages.Routes(mux)
		call := func(ctx context.Context, method, path, lang string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(ctx, method, path, nil)
			r.AddCookie(&http.Cookie{Name: "lang", Value: lang})
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			return w
		}
		operator := as(t.Context(), identity.Operator, identity.Everywhere)
		if w := call(operator, "GET", listPath, "de"); w.Code != 200 || !strings.Contains(w.Body.String(), "keine Aufträge liegen geblieben") {
			t.Fatalf("empty list: %d %s", w.Code, w.Body)
		}
		ids := dieOff(t, d, q, perPage+3)
		c.Add(5 * time.Minute)
		publish(t, d, q, "t.later", 1)
		c.Add(90 * time.Second)
		for lang, phrase := range map[string]string{"de": "90 Sekunden", "en": "90 seconds"} {
			w := call(operator, "GET", listPath, lang)
			body := w.Body.String()
			for _, want := range []string{phrase, "t.dies", "no &lt;b&gt;way&lt;/b&gt;", fmt.Sprint(perPage + 3), ids[0], ids[perPage-1]} {
				if !strings.Contains(body, want) {
					t.Errorf("%s: page lacks %q", lang, want)
				}
			}
			for _, bad := range []string{"Mustermann", "[queue.", "[web.", "%!", ids[perPage]} {
				if strings.Contains(body, bad) {
					t.Errorf("%s: page has %q", lang, bad)
				}
			}
		}
		second := "/betrieb/auftraege?nach=" + ids[perPage-1]
		if body := call(operator, "GET", listPath, "de").Body.String(); !strings.Contains(body, `href="`+second+`"`) {
			t.Error("first page has no link to the second")
		}
		body := call(operator, "GET", second, "de").Body.String()
		if got := len(regexp.MustCompile(`<form method="post"`).FindAllString(body, -1)); got != 3 {
			t.Errorf("second page has %d rows, want 3", got)
		}
		retry := "/betrieb/auftraege/" + ids[perPage] + "/erneut?nach=" + ids[perPage-1]
		if !strings.Contains(body, `action="`+retry+`"`) {
			t.Fatalf("second page has no form to %s", retry)
		}
		w := call(operator, "POST", retry, "de")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != second {
			t.Fatalf("retry: %d to %q", w.Code, w.Header().Get("Location"))
		}
		if n := count(t, d, `SELECT count(*) FROM queue_job WHERE id = $1 AND dead_at IS NULL`, ids[perPage]); n != 1 {
			t.Fatal("not sent again")
		}
		if w := call(operator, "POST", retry, "de"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "erneut gestartet") {
			t.Errorf("second retry: %d", w.Code)
		}
		for _, method := range []string{"GET " + listPath, "POST /betrieb/auftraege/" + ids[0] + "/erneut"} {
			verb, path, _ := strings.Cut(method, " ")
			if w := call(as(t.Context(), identity.Clerk, identity.Everywhere), verb, path, "de"); w.Code != http.StatusForbidden {
				t.Errorf("%s by a clerk: %d", method, w.Code)
			}
		}
	})
}

func TestTextsAreComplete(t *testing.T) {
	texts := i18n.New()
	if err := texts.Add(Files); err != nil {
		t.Fatal(err)
	}
	de, en := texts.Keys(i18n.German), texts.Keys(i18n.English)
	if fmt.Sprint(de) != fmt.Sprint(en) {
		t.Errorf("keys differ:\n%v\n%v", de, en)
	}
}

func TestCommands(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) { testCommands(t, dbtest.Address(t, dialect, migrations()...)) })
	}
}

func testCommands(t *testing.T, address string) {
	d := dbtest.OpenAddress(t, address)
	q := New(d, slog.New(slog.DiscardHandler))
	ids := dieOff(t, d, q, 3)
	run := func(c interface{ Run(*cli.Env) error }) (string, error) {
		var out bytes.Buffer
		err := c.Run(&cli.Env{Context: t.Context(), Out: &out, Err: t.Output()})
		return out.String(), err
	}
	store := cli.Store{DB: address, Data: t.TempDir()}
	if _, err := run(retryCommand{Store: store, IDs: ids}); err == nil || audited(t, d, ids[0]) != 0 {
		t.Fatalf("sent again without a key for the log: %v", err)
	}
	if _, err := audit.OpenKey(filepath.Join(store.Data, "audit.key"), "test"); err != nil {
		t.Fatal(err)
	}
	text, err := run(listCommand{Store: store, Limit: 2})
	if err != nil || !strings.Contains(text, "dead letters: 3\n") || !strings.Contains(text, ids[1]) ||
		strings.Contains(text, ids[2]) || strings.Contains(text, "Mustermann") {
		t.Fatalf("%v\n%s", err, text)
	}
	text, err = run(listCommand{Store: store, Limit: 10, JSON: true, After: ids[0]})
	var out listOutput
	if err != nil || json.Unmarshal([]byte(text), &out) != nil || out.Dead != 3 || len(out.DeadLetters) != 2 || out.DeadLetters[0].ID != ids[1] {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, bad := range []retryCommand{{Store: store}, {Store: store, All: true, IDs: ids}, {Store: store, IDs: []string{"nope"}}} {
		if _, err := run(bad); err == nil {
			t.Errorf("%+v was done", bad)
		}
	}
	for _, step := range []struct {
		c    retryCommand
		want string
	}{{retryCommand{Store: store, IDs: ids[:1]}, "1 sent again\n"}, {retryCommand{Store: store, All: true}, "2 sent again\n"}} {
		if text, err := run(step.c); err != nil || text != step.want {
			t.Errorf("%v, %q, want %q", err, text, step.want)
		}
	}
	if n := count(t, d, `SELECT count(*) FROM queue_job WHERE dead_at IS NOT NULL`); n != 0 {
		t.Errorf("%d are still dead", n)
	}
	for _, id := range ids {
		if n := audited(t, d, id); n != 1 {
			t.Errorf("%d audit entries about %s", n, id)
		}
	}
}
