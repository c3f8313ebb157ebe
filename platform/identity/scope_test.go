package identity

import (
	"slices"
	"testing"

	"rennsteig/platform/db"
)

func TestScope(t *testing.T) {
	clerk := Principal{Kind: Staff, Grants: []Grant{{Clerk, "erfurt"}, {Auditor, Everywhere}, {Clerk, "jena"}}}
	of := func(p Principal, role Role) Scope { s, _ := p.Scope(role); return s }
	for _, c := range []struct {
		name      string
		scope     Scope
		has, not  string
		several   bool
		predicate string
		values    []any
	}{
		{"two authorities", of(clerk, Clerk), "jena", "weimar", true, "a IN ($2, $3)", []any{"x", "erfurt", "jena"}},
		{"everywhere", of(clerk, Auditor), "weimar", "", true, "a <> ''", []any{"x"}},
		{"no such role", of(clerk, Editor), "", "erfurt", false, "a = ''", []any{"x"}},
		{"no staff", of(Principal{Kind: Citizen, Grants: clerk.Grants}, Clerk), "", "erfurt", false, "a = ''", []any{"x"}},
		{"one", At("erfurt"), "erfurt", "jena", false, "a IN ($2)", []any{"x", "erfurt"}},
		{"all", All, "erfurt", "", true, "a <> ''", []any{"x"}},
		{"none", Scope{}, "", "erfurt", false, "a = ''", []any{"x"}},
	} {
		if c.has != "" && !c.scope.Has(c.has) || c.scope.Has(c.not) || c.scope.Several() != c.several {
			t.Errorf("%s: has %t, not %t, several %t", c.name, c.scope.Has(c.has), c.scope.Has(c.not), c.scope.Several())
		}
		p := db.Params{"x"}
		if got := c.scope.In("a", &p); got != c.predicate || !slices.Equal([]any(p), c.values) {
			t.Errorf("%s: %s with %v", c.name, got, p)
		}
	}
}
