package xdomea

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Messages of 2.4.0 that have nearly every element which its schema knows, made from the schema and valid against it, are
// read to the last text. 2.4.0 has no 0507.
func TestReadAllOf24(t *testing.T) {
	names, err := filepath.Glob("testdata/2.4.0/*.xml.gz")
	if err != nil || len(names) != 6 {
		t.Fatalf("%d messages, %v", len(names), err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		message, err := io.ReadAll(z)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		head, items, err := read(NewReader(bytes.NewReader(message)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		said, err := json.Marshal([]any{head, items})
		if err != nil {
			t.Fatal(err)
		}
		var have any
		if err := json.Unmarshal(said, &have); err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		collect(have, known)
		entries := []entry{{name: strings.TrimSuffix(PackageName(head), ".zip") + ".xml", text: string(message)}}
		texts(t, message, func(path []string, text string) {
			last := path[len(path)-1]
			if last == "Dateiname" && !(head.Message == Offer && slices.Contains(path, "Schriftgutobjekt")) {
				entries = append(entries, entry{name: text, text: "x"})
			}
			switch {
			case slices.Contains(path, "Signaturdaten"), last == "NummerImUebergeordnetenContainer": // not kept
			case last == "Aufbewahrungsdauer", last == "Aufbewahrungsende": // see TestRead24
			case !known[strings.ToLower(text)] && !known[text+"T00:00:00Z"] && text != "1":
				t.Errorf("%s: %s: %s is lost", filepath.Base(name), strings.Join(path, "/"), text)
			}
		})
		if found := check(t, pack(t, entries...), PackageName(head), Options{}); HasFault(found) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// collect puts all texts of a JSON value into known, in small letters and as they are.
func collect(v any, known map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			collect(x, known)
		}
	case []any:
		for _, x := range v {
			collect(x, known)
		}
	case string:
		known[v], known[strings.ToLower(v)] = true, true
	}
}

// texts calls f with every text of a message and the elements that it is in.
func texts(t *testing.T, message []byte, f func(path []string, text string)) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(message))
	var path []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch k := token.(type) {
		case xml.StartElement:
			path = append(path, k.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(k)); text != "" {
				f(path, text)
			}
		}
	}
}
