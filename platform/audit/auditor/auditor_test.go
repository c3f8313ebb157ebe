package auditor

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// sample is an export of an invented log, with its public key.
func sample(t testing.TB) (export []byte, keys []string) {
	t.Helper()
	export, err := os.ReadFile("testdata/export.zip")
	if err != nil {
		t.Fatal(err)
	}
	pub, err := os.ReadFile("testdata/audit.pub")
	if err != nil {
		t.Fatal(err)
	}
	return export, strings.Fields(string(pub))
}

// TestSample: exports made earlier can still be checked.
func TestSample(t *testing.T) {
	b, keys := sample(t)
	r, err := Check(bytes.NewReader(b), int64(len(b)), keys)
	if err != nil || !r.OK() || r.Entries != 6 || r.Checkpoints != 3 || r.OwnKey || !strings.HasPrefix(r.Newest, "test.example/audit\n6\n"+r.Root+"\n") {
		t.Errorf("%+v, %v", r, err)
	}
}

// files unpacks a ZIP, pack packs it without compression, so that the fuzzer changes contents.
func files(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return out
}

func pack(t testing.TB, entries, hashes, checkpoints []byte) []byte {
	t.Helper()
	return zipped(t, map[string][]byte{"entries.jsonl": entries, "hashes.txt": hashes, "checkpoints.jsonl": checkpoints})
}

func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		part, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzContents: whatever the files hold, Check neither panics nor confirms other entries than those that were signed.
func FuzzContents(f *testing.F) {
	b, keys := sample(f)
	good := files(f, b)
	entries, hashes, checkpoints := good["entries.jsonl"], good["hashes.txt"], good["checkpoints.jsonl"]
	f.Add(entries, hashes, checkpoints)
	f.Add(entries[:len(entries)/2], hashes, checkpoints)
	f.Add(append(bytes.Clone(entries), entries...), hashes, checkpoints)
	f.Add(entries, []byte{}, []byte("null\n{}\n{\"size\":-1}\n"))
	whole := map[string]bool{"": true} // beginnings of the log that a checkpoint covers
	lines := bytes.SplitAfter(entries, []byte("\n"))
	for _, n := range []int{2, 4, 6} {
		whole[string(bytes.Join(lines[:n], nil))] = true
	}
	f.Fuzz(func(t *testing.T, entries, hashes, checkpoints []byte) {
		b := pack(t, entries, hashes, checkpoints)
		r, err := Check(bytes.NewReader(b), int64(len(b)), keys)
		if err == nil && r.OK() && !whole[strings.TrimSuffix(string(entries), "\n")+"\n"] {
			t.Errorf("confirmed %q: %+v", entries, r)
		}
	})
}

// FuzzFile: any file at all.
func FuzzFile(f *testing.F) {
	b, keys := sample(f)
	f.Add(b)
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Check(bytes.NewReader(b), int64(len(b)), keys)
		if err == nil && r.OK() && r.Entries%2 != 0 {
			t.Errorf("confirmed: %+v", r)
		}
	})
}
