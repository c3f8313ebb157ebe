package app

import (
	"os"
	"path/filepath"
	"testing"
)

// Schemas are looked for in the folder that is named, and else beside the data.
func TestSchemasBesideTheData(t *testing.T) {
	dir := t.TempDir()
	c := xdomeaCheckCmd{Data: filepath.Join(dir, "data")}
	want := func(where string) {
		t.Helper()
		if got, err := c.schema(); err != nil || got != where {
			t.Errorf("%q, %v, want %q", got, err, where)
		}
	}
	want("")
	beside := filepath.Join(dir, "xdomea")
	if err := os.Mkdir(beside, 0o700); err != nil {
		t.Fatal(err)
	}
	want("") // nothing in it
	if err := os.WriteFile(filepath.Join(beside, "xdomea-Nachrichten-AussonderungDurchfuehren.xsd"), []byte(`<xs:schema targetNamespace="urn:x">`), 0o600); err != nil {
		t.Fatal(err)
	}
	want(beside)
	c.Schema = "/elsewhere"
	want("/elsewhere")
}
