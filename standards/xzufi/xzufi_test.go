package xzufi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// canon is a canonical form after XML-C14N with comments, by another reader than ours: prefixes and declarations as
// they stand, attributes sorted, character data decoded and joined.
func canon(t interface {
	Helper()
	Fatalf(string, ...any)
}, doc []byte) []string {
	t.Helper()
	var out []string
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, fmt.Sprintf("text %q", text.String()))
			text.Reset()
		}
	}
	depth := 0
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(doc, []byte("\uFEFF"))))
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			flush()
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		switch x := tok.(type) {
		case xml.CharData:
			if depth > 0 {
				text.Write(x)
			}
			continue
		case xml.ProcInst:
			if x.Target == "xml" {
				continue
			}
		}
		flush()
		switch x := tok.(type) {
		case xml.StartElement:
			depth++
			var attrs []string
			for _, a := range x.Attr {
				attrs = append(attrs, fmt.Sprintf(" %s:%s=%q", a.Name.Space, a.Name.Local, a.Value))
			}
			slices.Sort(attrs)
			out = append(out, fmt.Sprintf("start %s:%s%s", x.Name.Space, x.Name.Local, strings.Join(attrs, "")))
		case xml.EndElement:
			depth--
			out = append(out, fmt.Sprintf("end %s:%s", x.Name.Space, x.Name.Local))
		case xml.Comment:
			out = append(out, fmt.Sprintf("comment %q", x))
		case xml.ProcInst:
			out = append(out, fmt.Sprintf("instruction %s %q", x.Target, x.Inst))
		}
	}
}

func copyMessage(doc []byte, edit func(Item)) ([]byte, error) {
	r := NewReader(bytes.NewReader(doc))
	h, err := r.Header()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := NewWriter(&out, h.Version, h)
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if edit != nil {
			edit(item)
		}
		if err := w.Write(item); err != nil {
			return nil, err
		}
	}
	if d := w.Dropped(); len(d) > 0 {
		return nil, fmt.Errorf("dropped %v", d)
	}
	err = w.Close()
	return out.Bytes(), err
}

func samples(t testing.TB) map[string][]byte {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	docs := map[string][]byte{}
	for _, f := range files {
		doc, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		docs[strings.TrimSuffix(filepath.Base(f), ".xml")] = doc
	}
	return docs
}

func TestRoundTripSamples(t *testing.T) {
	for name, doc := range samples(t) {
		t.Run(name, func(t *testing.T) {
			got, err := copyMessage(doc, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(canon(t, doc), canon(t, got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
