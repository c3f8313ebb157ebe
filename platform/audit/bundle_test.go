package audit

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"rennsteig/platform/audit/auditor"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// akte is a file with a case and two documents, one of them in two versions and one destroyed, among entries about
// other things.
func akte(t testing.TB, l *Log, store blob.Store) BundleRequest {
	t.Helper()
	req := BundleRequest{Reference: "12.3/2026-0001 „Hund“", Objects: []string{"file:1", "case:1", "document:1", "document:2", "case:1"}}
	document := func(name string, version int, content string) string {
		ref, err := store.Put(t.Context(), strings.NewReader(content), 1000)
		if err != nil {
			t.Fatal(err)
		}
		req.Documents = append(req.Documents, Document{"", name, version, ref.Hash, ref.Size})
		return ref.Hash
	}
	first, second, gone := document("Antrag.pdf", 1, "erste Fassung"), document("Antrag.pdf", 2, "zweite Fassung"), document("Scan.tif", 1, "ein Scan")
	other := func(n int) {
		var entries []Entry
		for i := range n {
			entries = append(entries, Entry{Action: "records.noted", Authority: "a1", Object: fmt.Sprintf("case:other%d", i)})
		}
		add(t, l, entries...)
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	other(3)
	add(t, l, Entry{Action: "records.file_opened", Authority: "a1", Object: "file:1"},
		Entry{Action: "records.case_opened", Authority: "a1", Object: "case:1", Changes: map[string]any{"title": "Hund <Rex>"}},
		Entry{Action: "records.filed", Authority: "a1", Object: "document:1", Blobs: []string{first}})
	other(300)
	add(t, l, Entry{Action: "records.filed", Authority: "a1", Object: "document:1", Blobs: []string{second}},
		Entry{Action: "records.filed", Authority: "a1", Object: "document:2", Blobs: []string{gone}},
		Entry{Action: "records.decided", Authority: "a1", Object: "case:1"})
	other(1)
	if err := store.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	add(t, l, Entry{Action: "records.erased", Authority: "a1", Object: "document:2", Erased: []string{gone}}) // waits
	return req
}

func bundled(t testing.TB, l *Log, req BundleRequest) ([]byte, Summary) {
	t.Helper()
	var b bytes.Buffer
	s, err := l.WriteBundle(t.Context(), &b, req)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), s
}

func checkBundle(t testing.TB, b []byte, o auditor.BundleOptions) auditor.BundleReport {
	t.Helper()
	r, err := auditor.CheckBundle(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAStrangerConfirmsTheBundle(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		req := akte(t, l, store)
		for i, withFiles := range []bool{false, true} {
			if withFiles {
				req.Files = store
			}
			b, s := bundled(t, l, req)
			files := map[bool]int{true: 2}[withFiles]
			if s.Entries != 7+int64(i) || s.Objects != 4 || s.Documents != 3 || s.Files != files || s.Waiting != 0 || s.TreeSize != 311+int64(i) || len(s.Problems) != 0 || len(s.Unknown) != 0 {
				t.Errorf("%+v", s)
			}
			r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public()})
			if !r.OK() || r.Entries != 7+int64(i) || r.Documents != 3 || r.Erased != 1 || r.Files != files || r.OwnKey || r.Compared || r.Reference != req.Reference {
				t.Errorf("%+v", r)
			}
			if own := checkBundle(t, b, auditor.BundleOptions{}); !own.OK() || !own.OwnKey || !strings.Contains(own.Text(), "who made it") {
				t.Errorf("%+v", own)
			}
			export := exported(t, l)
			add(t, l, Entry{Action: "records.noted", Object: "case:1"})
			if _, err := l.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
			later := exported(t, l)
			for name, c := range map[string]struct {
				log   []byte
				later int64
			}{"same": {export, 0}, "later": {later, 1}} {
				r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public(), Log: bytes.NewReader(c.log), LogSize: int64(len(c.log))})
				if !r.OK() || !r.Compared || r.Later != c.later {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
	})
}

func TestBundleSaysWhatItCannotProve(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		req := akte(t, l, store)
		req.Objects = append(req.Objects, "document:unknown")
		unvouched := hex.EncodeToString(make([]byte, 32))
		req.Documents = append(req.Documents, Document{"", "Neu.pdf", 1, unvouched, 3})
		req.Files = store
		add(t, l, Entry{Action: "records.noted", Object: "file:1"})
		change(t, l.d, `UPDATE audit_entry SET actor = 'x' WHERE action = 'records.noted' AND object = 'file:1'`)
		b, s := bundled(t, l, req)
		if s.Waiting != 1 || !slices.Equal(s.Unknown, []string{"document:unknown"}) || len(s.Problems) != 2 ||
			!strings.Contains(s.Problems[0], "no entry vouches") || !strings.Contains(s.Problems[1], "missing") {
			t.Errorf("%+v", s)
		}
		r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public()})
		if r.Waiting != 1 || !strings.Contains(r.Text(), "1 entries about the objects that had no number") || len(r.Problems) != 2 || !strings.Contains(r.Problems[0], `"Neu.pdf", version 1`) {
			t.Errorf("%+v", r)
		}
		for name, wrong := range map[string]BundleRequest{
			"nothing": {}, "unknown": {Objects: []string{"case:none"}},
			"no hash": {Objects: []string{"file:1"}, Documents: []Document{{SHA256: "x"}}},
		} {
			if s, err := l.WriteBundle(t.Context(), io.Discard, wrong); err == nil {
				t.Errorf("%s: %+v", name, s)
			}
		}
		public := New(l.d, Key{verifiers: l.key.verifiers})
		if _, err := public.WriteBundle(t.Context(), io.Discard, req); !errors.Is(err, errNoSecret) {
			t.Error(err)
		}
		change(t, l.d, `UPDATE audit_entry SET actor_name = 'x' WHERE seq = 4`)
		if _, err := l.WriteBundle(t.Context(), io.Discard, req); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "entry 4") {
			t.Error(err)
		}
		change(t, l.d, `DELETE FROM audit_entry WHERE seq = 4`)
		if _, err := l.WriteBundle(t.Context(), io.Discard, req); !errors.Is(err, ErrTampered) || !strings.Contains(err.Error(), "1 of 311") {
			t.Error(err)
		}
	})
}

func ofLines(f func(lines []string) []string) func(string) string {
	return func(s string) string { return strings.Join(f(strings.SplitAfter(s, "\n")), "") }
}

// TestAStrangerFindsChangesInTheBundle repacks the bundle with files changed, as a forger without the key would.
func TestAStrangerFindsChangesInTheBundle(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	req := akte(t, l, store)
	req.Files = store
	b, _ := bundled(t, l, req)
	stranger := req
	stranger.Objects = []string{"case:other0"}
	stranger.Documents, stranger.Files = nil, nil
	other, _ := bundled(t, l, stranger)
	second := "files/" + req.Documents[1].SHA256
	without := func(n int) func(string) string {
		return ofLines(func(l []string) []string { return append(l[:n:n], l[n+1:]...) })
	}
	swap := ofLines(func(l []string) []string { l[1], l[2] = l[2], l[1]; return l })
	first := func(b []byte, file string) string { // its first line
		line, _, _ := strings.Cut(string(unpack(t, b)[file]), "\n")
		return line + "\n"
	}
	smuggle := func(file string) func(string) string {
		return func(s string) string { return first(other, file) + s }
	}
	type changes map[string]func(string) string
	for name, c := range map[string]struct {
		change changes
		says   string
	}{
		"byte of an entry": {changes{"entries.jsonl": func(s string) string { return strings.Replace(s, "Rex", "Max", 1) }}, `entry 4 (line 2,`},
		"line end":         {changes{"entries.jsonl": func(s string) string { return strings.Replace(s, "\n", "\r\n", 1) }}, `entry 3 (line 1,`},
		"hash of a path":   {changes{"proofs.txt": func(s string) string { return strings.Replace(s, "3 ", "3 "+strings.Repeat("A", 43)+"= ", 1) }}, "entry 3 (line 1,"},
		"number":           {changes{"proofs.txt": func(s string) string { return "1" + s[1:] }}, "entry 1 (line 1,"},
		"missing entry":    {changes{"entries.jsonl": without(2), "proofs.txt": without(2)}, `"document:1" has 1 entries here, but objects.jsonl says 2`},
		"missing entry, count too": {changes{"entries.jsonl": without(2), "proofs.txt": without(2), "objects.jsonl": func(s string) string {
			return strings.Replace(s, `"document:1","entries":2`, `"document:1","entries":1`, 1)
		}}, "objects.jsonl is not the one that was signed"},
		"missing object":              {changes{"objects.jsonl": without(0)}, `"case:1"): it is about another object`},
		"missing line":                {changes{"entries.jsonl": without(3)}, "prove nothing"},
		"missing proof":               {changes{"proofs.txt": without(3)}, "there is no proof for line 7"},
		"reordered":                   {changes{"entries.jsonl": swap, "proofs.txt": swap}, "it is out of order: it follows entry 5"},
		"reordered entries":           {changes{"entries.jsonl": swap}, "entry 4 (line 2,"},
		"smuggled in":                 {changes{"entries.jsonl": smuggle("entries.jsonl"), "proofs.txt": smuggle("proofs.txt")}, `"case:other0"): it is about another object`},
		"smuggled in, object too":     {changes{"entries.jsonl": smuggle("entries.jsonl"), "proofs.txt": smuggle("proofs.txt"), "objects.jsonl": smuggle("objects.jsonl")}, "objects.jsonl is not the one that was signed"},
		"added":                       {changes{"entries.jsonl": func(s string) string { return s + "{}\n" }, "proofs.txt": func(s string) string { return s + "310\n" }}, "entry 310 (line 8"},
		"hash of a document":          {changes{"documents.jsonl": func(s string) string { return strings.Replace(s, req.Documents[0].SHA256, strings.Repeat("0", 64), 1) }}, `"Antrag.pdf", version 1 (SHA-256 0000`},
		"name of a document":          {changes{"documents.jsonl": func(s string) string { return strings.Replace(s, "Antrag", "Auftrag", 1) }}, "documents.jsonl is not the one that was signed"},
		"document taken out of list":  {changes{"documents.jsonl": without(1)}, "none of the listed documents"},
		"document":                    {changes{second: func(s string) string { return strings.Replace(s, "zweite", "andere", 1) }}, second + ": the document was changed"},
		"document taken out":          {changes{second: nil}, `"Antrag.pdf", version 2 (SHA-256 ` + second[6:] + "): its file is missing"},
		"checkpoint of another size":  {changes{"checkpoint.txt": func(s string) string { return strings.Replace(s, "\n311\n", "\n312\n", 1) }}, "checkpoint.txt: invalid signature"},
		"checkpoint taken out":        {changes{"checkpoint.txt": nil}, "checkpoint.txt is missing"},
		"statement":                   {changes{"bundle.txt": func(s string) string { return strings.Replace(s, `"waiting":0`, `"waiting":1`, 1) }}, "bundle.txt: invalid signature"},
		"checkpoint as the statement": {changes{"bundle.txt": func(string) string { return string(unpack(t, b)["checkpoint.txt"]) }}, "bundle.txt: this is no statement"},
		"statement as the checkpoint": {changes{"checkpoint.txt": func(string) string { return string(unpack(t, b)["bundle.txt"]) }}, "checkpoint.txt: "},
		"statement of another bundle": {changes{"bundle.txt": func(string) string { return string(unpack(t, other)["bundle.txt"]) }}, "entries.jsonl is not the one that was signed"},
		"statement taken out":         {changes{"bundle.txt": nil}, "bundle.txt is missing"},
		"README":                      {changes{"README.txt": strings.ToLower}, "README.txt is not the one that was signed"},
		"README taken out":            {changes{"README.txt": nil}, "README.txt is missing"},
		"no entries":                  {changes{"entries.jsonl": func(string) string { return "" }, "proofs.txt": func(string) string { return "" }}, `"file:1" has 0 entries`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := b
			for _, file := range slices.Sorted(maps.Keys(c.change)) {
				changed = repack(t, changed, file, c.change[file])
			}
			r := checkBundle(t, changed, auditor.BundleOptions{Keys: l.key.Public()})
			if !strings.Contains(strings.Join(r.Problems, "\n"), c.says) {
				t.Errorf("want %q in %.2000q", c.says, r.Problems)
			}
		})
	}
	foreign, err := NewKey("test.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	r := checkBundle(t, b, auditor.BundleOptions{Keys: foreign.Public()})
	if !strings.Contains(strings.Join(r.Problems, "\n"), "checkpoint.txt: it is not signed with the given key") {
		t.Errorf("a foreign key: %+v", r)
	}
	for _, n := range []int{0, 1, 100, len(b) / 2, len(b) - 1} {
		if r, err := auditor.CheckBundle(bytes.NewReader(b), int64(n), auditor.BundleOptions{Keys: l.key.Public()}); err == nil {
			t.Errorf("cut off at %d: %+v", n, r)
		}
	}
	export := exported(t, l)
	if r, err := auditor.CheckBundle(bytes.NewReader(b[:0]), 0, auditor.BundleOptions{}); err == nil {
		t.Errorf("empty: %+v", r)
	}
	if r, err := auditor.CheckBundle(bytes.NewReader(export), int64(len(export)), auditor.BundleOptions{}); err == nil {
		t.Errorf("an export passes for a bundle: %+v", r)
	}

	t.Run("left out by the owner", func(t *testing.T) { // who has the key can sign a bundle that leaves out entries
		change(t, l.d, `UPDATE audit_entry SET object = 'case:hidden' WHERE seq = 4`)
		short, _ := bundled(t, l, req)
		change(t, l.d, `UPDATE audit_entry SET object = 'case:1' WHERE seq = 4`)
		if r := checkBundle(t, short, auditor.BundleOptions{Keys: l.key.Public()}); !r.OK() || !strings.Contains(r.Text(), "that no entry about the objects was left out") {
			t.Errorf("%+v", r)
		}
		r := checkBundle(t, short, auditor.BundleOptions{Keys: l.key.Public(), Log: bytes.NewReader(export), LogSize: int64(len(export))})
		if len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0], "entry 4 ") || !strings.HasSuffix(r.Problems[0], "missing in the bundle") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("another log", func(t *testing.T) {
		o := New(dbtest.Open(t, db.SQLite, tables...), l.key)
		akte(t, o, store)
		if _, err := o.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := exported(t, o)
		r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public(), Log: bytes.NewReader(e), LogSize: int64(len(e))})
		if !strings.Contains(strings.Join(r.Problems, "\n"), "not of the log in the export") || r.Compared {
			t.Errorf("%+v", r)
		}
	})
}

func TestDocumentsOutsideOfTheBundle(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	b, _ := bundled(t, l, akte(t, l, store))
	for name, c := range map[string]struct {
		files fstest.MapFS
		says  []string
	}{
		"all":           {fstest.MapFS{"a.pdf": {Data: []byte("erste Fassung")}, "sub/b.pdf": {Data: []byte("zweite Fassung")}}, nil},
		"and destroyed": {fstest.MapFS{"a.pdf": {Data: []byte("erste Fassung")}, "b.pdf": {Data: []byte("zweite Fassung")}, "c": {Data: []byte("ein Scan")}}, nil},
		"changed": {fstest.MapFS{"a.pdf": {Data: []byte("erste Fassung!")}, "b.pdf": {Data: []byte("zweite Fassung")}},
			[]string{`file "a.pdf" is none of the listed documents, or was changed`, `"Antrag.pdf", version 1`}},
		"none": {fstest.MapFS{}, []string{`"Antrag.pdf", version 1`, `"Antrag.pdf", version 2`}},
	} {
		r := checkBundle(t, b, auditor.BundleOptions{Keys: l.key.Public(), Files: c.files})
		if len(r.Problems) != len(c.says) {
			t.Errorf("%s: %q", name, r.Problems)
		}
		for i, says := range c.says[:min(len(c.says), len(r.Problems))] {
			if !strings.Contains(r.Problems[i], says) {
				t.Errorf("%s: want %q in %q", name, says, r.Problems[i])
			}
		}
	}
}

// unpack returns the contents of a ZIP.
func unpack(t testing.TB, b []byte) map[string][]byte {
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

// TestEveryByteOfABundle: whatever byte is changed, the bundle is refused, or still says the same.
func TestEveryByteOfABundle(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	req := akte(t, l, store)
	req.Files = store
	packed, _ := bundled(t, l, req)
	want := unpack(t, packed)
	var plain bytes.Buffer // so that flips change contents, not only compressed data
	z := zip.NewWriter(&plain)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(want[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	keys := auditor.BundleOptions{Keys: l.key.Public()}
	confirmed := 0
	for _, c := range []struct {
		original []byte
		step     int
	}{{packed, 7}, {plain.Bytes(), 1}} { // what is compressed has a checksum that finds nearly all
		original := c.original
		if r := checkBundle(t, original, keys); !r.OK() {
			t.Fatal(r)
		}
		readme := bytes.Index(original, want["README.txt"]) // long, and all alike: only its edges
		b := bytes.Clone(original)
		for i := 0; i < len(b); i += c.step {
			if readme >= 0 && i == readme+50 {
				i += len(want["README.txt"]) - 100
			}
			b[i] ^= 1 << (i % 8)
			r, err := auditor.CheckBundle(bytes.NewReader(b), int64(len(b)), keys)
			if err == nil && r.OK() {
				confirmed++
				if got := unpack(t, b); !maps.EqualFunc(got, want, bytes.Equal) {
					t.Errorf("byte %d changed unseen", i)
				}
			}
			b[i] = original[i]
		}
	}
	t.Logf("%d flips changed nothing that counts", confirmed) // dates, for example
}

// TestForgedFiles changes contents and repairs the ZIP around them: no change of a file passes.
func TestForgedFiles(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	req := akte(t, l, store)
	req.Files = store
	b, _ := bundled(t, l, req)
	files := unpack(t, b)
	delete(files, "audit.pub") // the key comes from outside; its file is among the signed ones all the same
	names := slices.Sorted(maps.Keys(files))
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "file")
		content := files[name]
		at := rapid.IntRange(0, len(content)-1).Draw(rt, "at")
		var changed []byte
		switch rapid.SampledFrom([]string{"flip", "cut", "insert", "drop"}).Draw(rt, "how") {
		case "flip":
			changed = bytes.Clone(content)
			changed[at] ^= rapid.ByteRange(1, 255).Draw(rt, "bits")
		case "cut":
			changed = content[:at]
		case "insert":
			changed = slices.Insert(bytes.Clone(content), at, rapid.Byte().Draw(rt, "byte"))
		case "drop":
			changed = slices.Delete(bytes.Clone(content), at, at+1)
		}
		if bytes.Equal(changed, content) {
			return
		}
		forged := repack(t, b, name, func(string) string { return string(changed) })
		r, err := auditor.CheckBundle(bytes.NewReader(forged), int64(len(forged)), auditor.BundleOptions{Keys: l.key.Public()})
		if err == nil && r.OK() {
			rt.Errorf("%s passes: %q", name, changed)
		}
	})
}

// TestPathsInTreesOfAnySize: the proofs made from tiles are those of the tree, whatever its size.
func TestPathsInTreesOfAnySize(t *testing.T) {
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	const most = 1200
	size := 0
	for _, n := range []int{1, 1, 253, 1, 1, 255, 256, 130, most - 898} {
		entries := make([]Entry, n)
		for i := range entries {
			entries[i] = Entry{Action: "x.done", Object: "x:1"}
		}
		add(t, l, entries...)
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		size += n
		p, err := l.prover(t.Context())
		if err != nil || p.tree.N != int64(size) {
			t.Fatal(p, err)
		}
		rows, err := entriesFrom(t.Context(), l.d.Reader(), 0, int64(size), size)
		if err != nil || len(rows) != size {
			t.Fatal(err)
		}
		for i := range rows {
			if _, err := p.path(&rows[i]); err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
		}
		rows[0].seq = int64(size) / 2
		if _, err := p.path(&rows[0]); size > 1 && !errors.Is(err, ErrTampered) {
			t.Errorf("size %d: an entry is proved at a wrong place", size)
		}
	}
	change(t, l.d, `UPDATE audit_hash SET hashes = $1 WHERE level = 0 AND tile = 1`, make([]byte, 256*32))
	p, err := l.prover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := entriesFrom(t.Context(), l.d.Reader(), 300, most, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.path(&rows[0]); !errors.Is(err, ErrTampered) {
		t.Errorf("proved by changed hashes: %v", err)
	}
}

func TestUpdateBundleSample(t *testing.T) {
	if !*update {
		return
	}
	l := newLog(t, dbtest.Open(t, db.SQLite, tables...))
	store, _ := folder(t)
	req := akte(t, l, store)
	req.Files = store
	b, _ := bundled(t, l, req)
	for name, content := range map[string][]byte{"bundle.zip": b, "bundle.pub": []byte(l.key.Public()[0] + "\n"), "bundle-log.zip": exported(t, l)} {
		if err := os.WriteFile(filepath.Join("auditor/testdata", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
