package email

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What others write by the rules is read as it was.
func TestRoundTrips(t *testing.T) {
	words := rapid.StringOf(rapid.RuneFrom([]rune("aZ äß€😀?=_-\"\\;,'%()")))
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")
		if got, flawed := undoBase64([]byte(base64.StdEncoding.EncodeToString(b))); !bytes.Equal(got, b) || flawed {
			t.Errorf("base64: %q, %t", got, flawed)
		}
		var q bytes.Buffer
		w := quotedprintable.NewWriter(&q)
		w.Binary = true
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, flawed := undoQuoted(q.Bytes()); !bytes.Equal(got, b) || flawed {
			t.Errorf("quoted-printable: %q, %t", got, flawed)
		}
		s := strings.TrimSpace(words.Draw(t, "text"))
		for _, encode := range []mime.WordEncoder{mime.BEncoding, mime.QEncoding} {
			if got := decodeWords(encode.Encode("utf-8", s)); got != s {
				t.Errorf("%c: %q, want %q", encode, got, s)
			}
		}
		if _, params := parameters(mime.FormatMediaType("attachment", map[string]string{"filename": s})); params["filename"] != s {
			t.Errorf("parameter: %q, want %q", params["filename"], s)
		}
	})
}

// A compound file gives back the tree that it was written of.
func TestCompoundRoundTrip(t *testing.T) {
	name := rapid.StringMatching(`[A-Za-zäÖ_#0-9]{1,31}`)
	var tree *rapid.Generator[*entry]
	tree = rapid.Custom(func(t *rapid.T) *entry {
		e := &entry{kind: cfbStorage, class: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "class"))}
		for _, n := range rapid.SliceOfNDistinct(name, 0, 6, strings.ToUpper).Draw(t, "names") {
			child := &entry{kind: cfbStream, content: bytes.Repeat([]byte(n), rapid.SampledFrom([]int{0, 1, 40, 2000}).Draw(t, "length"))}
			if rapid.IntRange(0, 4).Draw(t, "storage") == 0 {
				child = tree.Draw(t, "storage")
			}
			child.name = n
			e.children = append(e.children, child)
		}
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		root := tree.Draw(t, "root")
		root.name, root.kind = "Root Entry", cfbRoot
		c, err := openCompound(writeCompound(root))
		if err != nil {
			t.Fatal(err)
		}
		var compare func(e *entry, s *storage)
		compare = func(e *entry, s *storage) {
			if n := len(s.streams) + len(s.storages); n != len(e.children) {
				t.Fatalf("%d of %d in %s", n, len(e.children), e.name)
			}
			for _, child := range e.children {
				if child.kind == cfbStorage {
					in := s.storage(child.name)
					if in == nil || in.class != child.class {
						t.Fatalf("storage %s: %+v", child.name, in)
					}
					compare(child, in)
				} else if b, err := c.content(s.streams[child.name]); err != nil || !slices.Equal(b, child.content) {
					t.Fatalf("stream %s: %d of %d bytes, %v", child.name, len(b), len(child.content), err)
				}
			}
		}
		compare(root, c.root)
	})
}
