package signin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/signin"
)

func operator(authority string) identity.Principal {
	return identity.Principal{Subject: "op", Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Operator, Authority: authority}}}
}

func TestWhoMayGrant(t *testing.T) {
	system := identity.Principal{Subject: "system:test", Kind: identity.System}
	tests := []struct {
		name    string
		caller  identity.Principal
		subject string
		grant   identity.Grant
		want    errs.Code
	}{
		{"the program", system, "x", identity.Grant{Role: identity.Auditor, Authority: "*"}, ""},
		{"operator there", operator(erfurt), "x", identity.Grant{Role: identity.Clerk, Authority: erfurt}, ""},
		{"operator everywhere", operator("*"), "x", identity.Grant{Role: identity.Clerk, Authority: erfurt}, ""},
		{"operator everywhere, for everywhere", operator("*"), "x", identity.Grant{Role: identity.Clerk, Authority: "*"}, ""},
		{"operator elsewhere", operator(jena), "x", identity.Grant{Role: identity.Clerk, Authority: erfurt}, errs.Denied},
		{"operator there, for everywhere", operator(erfurt), "x", identity.Grant{Role: identity.Clerk, Authority: "*"}, errs.Denied},
		{"clerk", identity.Principal{Subject: "c", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}},
			"x", identity.Grant{Role: identity.Clerk, Authority: erfurt}, errs.Denied},
		{"citizen", identity.Principal{Subject: "c", Kind: identity.Citizen}, "c", identity.Grant{Role: identity.Operator, Authority: erfurt}, errs.Denied},
		{"nobody", identity.Principal{}, "x", identity.Grant{Role: identity.Clerk, Authority: erfurt}, errs.Denied},
		{"no such role", system, "x", identity.Grant{Role: "king", Authority: erfurt}, errs.Invalid},
		{"no authority", system, "x", identity.Grant{Role: identity.Clerk}, errs.Invalid},
		{"no subject", system, "", identity.Grant{Role: identity.Clerk, Authority: erfurt}, errs.Invalid},
	}
	housetest.Each(t, rooms, func(t *testing.T, h *platform.House) {
		people := signin.NewPeople(h.DB, h.Audit, h.Now)
		count := func(query string) (n int) {
			t.Helper()
			if err := h.DB.Reader().QueryRow(t.Context(), query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				ctx := identity.With(t.Context(), test.caller)
				before := count(`SELECT count(*) FROM audit_entry`)
				if got := errs.CodeOf(people.Grant(ctx, test.subject, test.grant)); got != test.want {
					t.Fatalf("grant: %q, want %q", got, test.want)
				}
				ok := map[bool]int{true: 1}[test.want == ""]
				if n := count(`SELECT count(*) FROM identity_grant`); n != ok {
					t.Errorf("%d grants, want %d", n, ok)
				}
				if err := people.Grant(ctx, test.subject, test.grant); errs.CodeOf(err) != test.want {
					t.Errorf("second grant: %v", err)
				}
				if n := count(`SELECT count(*) FROM audit_entry`) - before; n != ok {
					t.Errorf("%d entries for two equal grants, want %d", n, ok)
				}
				if got := errs.CodeOf(people.Revoke(ctx, test.subject, test.grant)); got != test.want {
					t.Errorf("revoke: %q, want %q", got, test.want)
				}
				if test.want != "" {
					return
				}
				if n := count(`SELECT count(*) FROM identity_grant`); n != 0 {
					t.Errorf("%d grants after revoking", n)
				}
				if err := people.Revoke(ctx, test.subject, test.grant); !errs.Is(err, errs.NotFound) {
					t.Errorf("second revoke: %v", err)
				}
			})
		}
	})
}

func TestMembers(t *testing.T) {
	housetest.Each(t, rooms, func(t *testing.T, h *platform.House) {
		people := signin.NewPeople(h.DB, h.Audit, h.Now)
		system := identity.AsSystem(t.Context(), "test")
		for _, g := range []struct {
			subject string
			grant   identity.Grant
		}{
			{"a", identity.Grant{Role: identity.Clerk, Authority: erfurt}},
			{"a", identity.Grant{Role: identity.Treasurer, Authority: erfurt}},
			{"a", identity.Grant{Role: identity.Clerk, Authority: jena}},
			{"b", identity.Grant{Role: identity.Clerk, Authority: jena}},
			{"c", identity.Grant{Role: identity.Auditor, Authority: identity.Everywhere}},
		} {
			if err := people.Grant(system, g.subject, g.grant); err != nil {
				t.Fatal(err)
			}
		}
		list := func(ctx context.Context, authority string, pageSize int) (out []string) {
			t.Helper()
			for after := ""; ; {
				page, err := people.Members(ctx, authority, after, pageSize)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					return out
				}
				for _, m := range page {
					line := m.Subject
					for _, g := range m.Grants {
						line += " " + string(g.Role) + "@" + g.Authority
					}
					out = append(out, line)
				}
				after = page[len(page)-1].Subject
			}
		}
		everybody := []string{"a clerk@" + erfurt + " treasurer@" + erfurt + " clerk@" + jena, "b clerk@" + jena, "c auditor@*"}
		slices.Sort(everybody)
		for _, size := range []int{1, 2, 10} {
			if diff := cmp.Diff(everybody, list(system, "*", size)); diff != "" {
				t.Errorf("everywhere, %d a page: %s", size, diff)
			}
			// An authority sees its own members with the roles there, and nothing of what they do elsewhere.
			want := []string{"a clerk@" + erfurt + " treasurer@" + erfurt}
			if diff := cmp.Diff(want, list(identity.With(t.Context(), operator(erfurt)), erfurt, size)); diff != "" {
				t.Errorf("Erfurt, %d a page: %s", size, diff)
			}
		}
		for _, authority := range []string{jena, "*"} {
			if _, err := people.Members(identity.With(t.Context(), operator(erfurt)), authority, "", 10); !errs.Is(err, errs.NotFound) {
				t.Errorf("Erfurt's operator reads %s: %v", authority, err)
			}
		}
	})
}

func TestCommand(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			address := dbtest.Address(t, dialect, db.Migration{Room: "audit", FS: audit.Files}, db.Migration{Room: "identity", FS: signin.Files})
			dir := t.TempDir()
			if _, err := audit.CreateKey(filepath.Join(dir, "audit.key"), "test"); err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) (string, error) {
				var c signin.Command
				parser, err := kong.New(&c, kong.Name("identity"))
				if err != nil {
					t.Fatal(err)
				}
				k, err := parser.Parse(append(args, "--data", dir, "--db", address))
				if err != nil {
					return "", err
				}
				var out, messages bytes.Buffer
				err = k.Run(&cli.Env{Context: t.Context(), Out: &out, Err: &messages})
				return out.String(), err
			}
			if out, err := run("grant", "s-1", "clerk", erfurt); err != nil || !strings.Contains(out, "s-1 is clerk at "+erfurt) {
				t.Fatalf("grant: %q, %v", out, err)
			}
			if _, err := run("grant", "s-1", "king", erfurt); err == nil {
				t.Error("a role that does not exist was granted")
			}
			out, err := run("list", "--json")
			var got []signin.Member
			if err != nil || json.Unmarshal([]byte(out), &got) != nil {
				t.Fatalf("list: %q, %v", out, err)
			}
			want := []signin.Member{{Subject: "s-1", Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if out, err := run("list"); err != nil || !strings.Contains(out, "s-1") || !strings.Contains(out, "SUBJECT") {
				t.Errorf("list: %q, %v", out, err)
			}
			if _, err := run("revoke", "s-1", "clerk", erfurt); err != nil {
				t.Errorf("revoke: %v", err)
			}
			if _, err := run("revoke", "s-1", "clerk", erfurt); !errs.Is(err, errs.NotFound) {
				t.Errorf("second revoke: %v", err)
			}
			if out, err := run("list", "--json"); err != nil || strings.TrimSpace(out) != "[]" {
				t.Errorf("list: %q, %v", out, err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	h := housetest.New(t, db.SQLite, rooms...)
	good := signin.Config{Issuer: "https://id.example/realms/land", ClientID: "c", BaseURL: "https://portal.example/"}
	for name, change := range map[string]func(c *signin.Config){
		"no issuer":       func(c *signin.Config) { c.Issuer = "" },
		"no client":       func(c *signin.Config) { c.ClientID = "" },
		"no base":         func(c *signin.Config) { c.BaseURL = "" },
		"base of a file":  func(c *signin.Config) { c.BaseURL = "file:///etc" },
		"issuer's query":  func(c *signin.Config) { c.Issuer += "?x=1" },
		"plain base":      func(c *signin.Config) { c.BaseURL = "http://portal.example" },
		"plain issuer":    func(c *signin.Config) { c.Issuer = "http://id.example/realms/land" },
		"redirect origin": func(c *signin.Config) { c.Redirects = []string{"id.bund.example"} },
	} {
		c := good
		change(&c)
		if _, err := signin.New(h, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	good.Redirects = []string{"https://id.bund.example", "https://portal.example"}
	room, err := signin.New(h, good)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://id.example", "https://id.bund.example"}, room.Origins()); diff != "" {
		t.Errorf("origins: %s", diff)
	}
}

func TestPagesAndTexts(t *testing.T) {
	h := housetest.New(t, db.SQLite, rooms...)
	if _, err := signin.New(h, signin.Config{Issuer: "https://id.example", ClientID: "c", BaseURL: "https://portal.example"}); err != nil {
		t.Fatal(err)
	}
	if err := h.Site.CheckPages(); err != nil {
		t.Error(err)
	}
	texts := i18n.New()
	if err := texts.Add(signin.Files); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts.Keys(i18n.German), texts.Keys(i18n.English)); diff != "" {
		t.Errorf("German and English differ: %s", diff)
	}
}
