package auditor

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// sampleBundle is a bundle of an invented log, with its public key and an export of that log.
func sampleBundle(t testing.TB) (bundle, export []byte, keys []string) {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return read("bundle.zip"), read("bundle-log.zip"), strings.Fields(string(read("bundle.pub")))
}

// TestSampleBundle: bundles made earlier can still be checked.
func TestSampleBundle(t *testing.T) {
	b, export, keys := sampleBundle(t)
	r, err := CheckBundle(bytes.NewReader(b), int64(len(b)), BundleOptions{Keys: keys, Log: bytes.NewReader(export), LogSize: int64(len(export))})
	if err != nil || !r.OK() || r.Entries != 7 || r.Objects != 4 || r.Documents != 3 || r.Erased != 1 || r.Files != 2 || !r.Compared || r.Later != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if len(r.NotProved) != 2 || !strings.Contains(r.Text(), "nothing about these objects is left out") {
		t.Errorf("%s", r.Text())
	}
	if r, err := CheckBundle(bytes.NewReader(export), int64(len(export)), BundleOptions{Keys: keys}); err == nil {
		t.Errorf("an export passes for a bundle: %+v, %v", r, err)
	}
	if r, err := CheckBundle(bytes.NewReader(b), int64(len(b)), BundleOptions{Keys: keys, Log: bytes.NewReader(b), LogSize: int64(len(b))}); err == nil {
		t.Errorf("a bundle passes for an export: %+v", r)
	}
}

// TestProblemsAreBounded: a broken bundle makes no endless report.
func TestProblemsAreBounded(t *testing.T) {
	r := BundleReport{}
	for range 10 * maxProblems {
		r.found("wrong")
	}
	if len(r.Problems) != maxProblems+1 || !strings.Contains(r.Problems[maxProblems], "further") {
		t.Errorf("%d problems", len(r.Problems))
	}
}

// FuzzBundle: whatever the files hold, CheckBundle neither panics nor confirms other contents than those that were
// signed.
func FuzzBundle(f *testing.F) {
	b, _, keys := sampleBundle(f)
	good := files(f, b)
	names := []string{"entries.jsonl", "proofs.txt", "objects.jsonl", "documents.jsonl", "checkpoint.txt", "bundle.txt"}
	var seed [6][]byte
	for i, name := range names {
		seed[i] = good[name]
	}
	f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5])
	f.Add(seed[0][:10], []byte("0\n-1\n"), []byte("null\n"), []byte("{}"), seed[4], seed[4])
	f.Add(seed[0], []byte("9223372036854775807 A=\n"), []byte("{\"object\":\"case:1\"}\n"), seed[3], seed[4], seed[5])
	f.Fuzz(func(t *testing.T, entries, proofs, objects, documents, checkpoint, statement []byte) {
		changed := [][]byte{entries, proofs, objects, documents, checkpoint, statement}
		parts := map[string][]byte{}
		same := true
		for name, content := range good {
			if i := slices.Index(names, name); i >= 0 {
				same = same && (i >= 4 || bytes.Equal(content, changed[i])) // signatures have spare bits
				content = changed[i]
			}
			parts[name] = content
		}
		b := zipped(t, parts)
		r, err := CheckBundle(bytes.NewReader(b), int64(len(b)), BundleOptions{Keys: keys})
		if err == nil && r.OK() && !same {
			t.Errorf("confirmed: %+v", r)
		}
	})
}

// FuzzBundleFile: any file at all.
func FuzzBundleFile(f *testing.F) {
	b, _, keys := sampleBundle(f)
	f.Add(b)
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := CheckBundle(bytes.NewReader(b), int64(len(b)), BundleOptions{Keys: keys})
		if err == nil && r.OK() && r.Entries != 7 {
			t.Errorf("confirmed: %+v", r)
		}
	})
}
