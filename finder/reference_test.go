//go:build reference

package finder

import (
	"os"
	"path/filepath"
	"testing"
)

// The figures required of the search on the development queries (make test-reference).
func TestReferenceQueries(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "facts", "queries-dev.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, err := Evaluate(f, loaded().Search)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", e)
	for _, want := range []struct {
		what       string
		got, floor float64
	}{
		{"success@1", e.All.Success1, .75}, {"success@3", e.All.Success3, .88}, {"MRR@10", e.All.MRR10, .80}, {"none left empty", e.None.Empty, .80},
	} {
		if want.got < want.floor {
			t.Errorf("%s is %.3f, want at least %.2f", want.what, want.got, want.floor)
		}
	}
}
