package xdomea

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was not validated says so, and why; what was says nothing.
func TestUnvalidated(t *testing.T) {
	note := func(s string) []Finding { return []Finding{{Severity: Note, Code: "schema", Message: unvalidated + s}} }
	for name, c := range map[string]struct {
		found []Finding
		want  string
	}{
		"valid":      {nil, ""},
		"not valid":  {[]Finding{{Severity: Fault, Code: "schema", Message: "element Kopf: not expected"}}, ""},
		"no folder":  {note("none was named"), "none was named"},
		"after more": {append([]Finding{{Severity: Warning, Code: "archive-metadata"}}, note("xmllint is not installed")...), "xmllint is not installed"},
		"no ZIP":     {[]Finding{{Severity: Fault, Code: "zip-broken"}}, "there is no message that can be read"},
		"no message": {[]Finding{{Severity: Fault, Code: "message-missing"}}, "there is no message that can be read"},
	} {
		if got := Unvalidated(c.found); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	found, err := CheckPackage(strings.NewReader("x"), 1, "x.zip", Options{})
	if err != nil || Unvalidated(found) == "" {
		t.Errorf("%v %v", found, err)
	}
}

func TestHasSchema(t *testing.T) {
	dir := t.TempDir()
	if HasSchema(dir) || HasSchema(filepath.Join(dir, "none")) {
		t.Error("an empty folder has schemas")
	}
	if err := os.WriteFile(filepath.Join(dir, schemaFile), []byte(`<xs:schema targetNamespace="urn:x">`), 0o600); err != nil {
		t.Fatal(err)
	}
	if !HasSchema(dir) {
		t.Error("a folder with a schema has none")
	}
}
