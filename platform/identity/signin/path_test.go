package signin

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever somebody writes into weiter, it leads to a page of this site that is not the sign-in itself.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"", "/", "/a?b=c#d", "//evil.example", `/\evil.example`, "/\t/evil.example", "https://evil.example",
		"/..//evil.example", "/.//evil.example", "/%2f/evil.example", "/anmelden?weiter=/x", "/?\xff", "/a b", "/:x", "/a\u2028"} {
		f.Add(s)
	}
	base, err := url.Parse("https://portal.example/anmelden/rueckkehr")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := localPath(s)
		u, err := base.Parse(p)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("%q leads to %q: %v, %v", s, p, u, err)
		}
		if strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\t\r\n\x00") || isOurs(u.Path) {
			t.Errorf("%q leads to %q", s, p)
		}
		if p != "/" && p != s {
			t.Errorf("%q was changed to %q", s, p)
		}
	})
}
