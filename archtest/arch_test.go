// Package archtest keeps the walls of the house (docs/ARCHITECTURE.md): who may import whom.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "rennsteig/"

var rooms = []string{"finder", "apply", "pay", "records", "mailguard", "cert", "steering", "provider"}

// area is the first part of a package's path inside the module: "platform", "finder", "app" …
func area(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	return first
}

// shared are packages inside a room that all its parts stand on.
var shared = []string{"records/access"}

// part is the part of the electronic file that a package belongs to (ADR 0008): "records/flow"; "" for the room's own and
// for what its parts share.
func part(path string) string {
	names := strings.SplitN(strings.TrimPrefix(path, module), "/", 3)
	if len(names) < 2 || names[0] != "records" {
		return ""
	}
	p := names[0] + "/" + names[1]
	if slices.Contains(shared, p) {
		return ""
	}
	return p
}

// forbidden says why from must not import to; "" if it may.
func forbidden(from, to string) string {
	f, t := area(from), area(to)
	switch {
	case f == t && part(from) != "" && part(to) != "" && part(from) != part(to):
		return "parts of a room never import each other: app passes what one needs of another"
	case f == t:
		return ""
	case f == "standards":
		return "standards import nothing of ours"
	case t == "app" && f != "cmd" && f != "e2e" && f != "bench":
		return "only cmd, e2e and bench import app"
	case !slices.Contains(rooms, t):
		return ""
	case f == "platform":
		return "platform imports no room"
	case slices.Contains(rooms, f):
		return "rooms never import rooms: declare a small interface, app passes the other room's implementation"
	case f != "app" && f != "cmd" && f != "e2e" && f != "bench":
		return "only app, cmd, e2e and bench import rooms"
	}
	return ""
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		for _, to := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if !strings.HasPrefix(to, module) {
				continue
			}
			if why := forbidden(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
	}
	if seen < 10 {
		t.Errorf("go list named only %d packages", seen)
	}
}

func TestForbidden(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"rennsteig/finder", "rennsteig/platform/db", true},
		{"rennsteig/finder", "rennsteig/standards/leika", true},
		{"rennsteig/finder", "rennsteig/finder/place", true},
		{"rennsteig/app", "rennsteig/finder", true},
		{"rennsteig/e2e", "rennsteig/app", true},
		{"rennsteig/finder", "rennsteig/apply", false},
		{"rennsteig/records/disposal", "rennsteig/pay", false},
		{"rennsteig/records/disposal", "rennsteig/records", true},
		{"rennsteig/records/disposal", "rennsteig/records/access", true},
		{"rennsteig/records/filing/filingtest", "rennsteig/records/filing", true},
		{"rennsteig/records/disposal", "rennsteig/records/flow", false},
		{"rennsteig/platform/web", "rennsteig/finder", false},
		{"rennsteig/standards/leika", "rennsteig/platform/errs", false},
		{"rennsteig/finder", "rennsteig/app", false},
		{"rennsteig/archtest", "rennsteig/finder", false},
	} {
		if got := forbidden(c.from, c.to) == ""; got != c.ok {
			t.Errorf("%s → %s: allowed %v, want %v", c.from, c.to, got, c.ok)
		}
	}
}
