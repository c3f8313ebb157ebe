package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/standards/xzufi"
)

// TestBrokenFilesChangeNothing gives the importer what goes wrong, and looks at all tables afterwards.
func TestBrokenFilesChangeNothing(t *testing.T) {
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), false)
	before := p.dump(t)
	whole := full()
	bomb := `<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + whole[strings.Index(whole, "<xzufi:transfer"):]
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"cut in the middle":     {whole[:len(whole)/2], []string{"xzufi: line "}},
		"cut before its end":    {strings.Replace(whole, "</xzufi:transfer>", "", 1), []string{"xzufi: line ", "ends"}},
		"a wrong end tag":       {strings.Replace(whole, "</xzufi:leistung>", "</xzufi:leitung>", 1), []string{"xzufi: line ", "leistung"}},
		"entities":              {bomb, []string{"xzufi: line 1"}},
		"an outer entity":       {strings.Replace(whole, "Brücke Benutzung", "&xxe;", 1), []string{"xzufi: line ", "xzufi:leistung"}},
		"another charset":       {strings.Replace(whole, "Brücke", "Br\xfccke", 1), []string{"xzufi: line ", "UTF-8"}},
		"UTF-16":                {"\xff\xfe<\x00?\x00x\x00", []string{"UTF-16"}},
		"another namespace":     {strings.Replace(whole, "2_2_0", "9_9_9", 1), []string{"namespace"}},
		"deep":                  {msg(write(strings.Repeat("<xzufi:a>", 10_000))), []string{"nested deeper"}},
		"no end":                {msg("<xzufi:schreibe>" + strings.Repeat("x", 17<<20)), []string{"bytes"}},
		"nothing":               {"", []string{"empty"}},
		"csv, another charset":  {"key;name\n" + dog + ";Gr\xfc\xdfe\n", []string{"line 2", "UTF-8"}},
		"csv, zero bytes":       {"key;name\n" + dog + ";\x00\n", []string{"line 2", "zero byte"}},
		"csv, unknown column":   {"key;nmae\n", []string{"line 1", "nmae"}},
		"csv, column twice":     {"key;name;name\n", []string{"twice"}},
		"csv, no key":           {"name\nx\n", []string{"neither"}},
		"csv, half a row":       {"key;name\n" + dog + "\n", []string{"line 2", "fields"}},
		"csv, quotation mark":   {"key;name\n" + dog + ";\"x\n" + strings.Repeat("y", 3<<20), []string{"quotation mark"}},
		"csv, no LeiKa key":     {"key;name\n../../etc/passwd;x\n", []string{"line 2", "LeiKa"}},
		"csv, unknown action":   {"key;name;action\n" + dog + ";x;drop\n", []string{"line 2", "schreibe"}},
		"csv, large cell":       {"key;short\n" + dog + ";" + strings.Repeat("y", 300<<10) + "\n", []string{"line 2", "short"}},
		"good rows, then a bad": {"key;short\n" + dog + ";gut\n99;x\n", []string{"line 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.try(t, c.content, Options{})
			wantCode(t, err, c.want...)
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if diff := cmp.Diff(before, p.dump(t)); diff != "" {
				t.Errorf("it changed something: %.500s", diff)
			}
		})
	}
}

// TestLargeElements takes what is odd but no mistake.
func TestLargeElements(t *testing.T) {
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), false)
	r := p.take(t, msg(
		leistung("1", dog, "", "02", "Hund", "06", strings.Repeat("y", 1<<20)),
		leistung("2", "99999999012000", "", "02", strings.Repeat("z", 1<<20)),
		leistung("3", "javascript:alert(1)", "", "02", "Ohne Schlüssel"),
		leistung(strings.Repeat("i", 2000), "", "", "02", "Lange Kennung"),
		write(strings.Replace(link, "https://", "javascript://", 1)),
		write(`<xzufi:organisationseinheit><xzufi:id>../../x</xzufi:id><xzufi:name><xzufi:name languageCode="de">&lt;img src=x onerror=alert(1)&gt;Amt</xzufi:name></xzufi:name></xzufi:organisationseinheit>`)))
	if c := r.Counts["Leistung"]; c.New != 3 || c.Refused != 1 {
		t.Errorf("%v %v", c, r.Findings)
	}
	if r.Codes["fault too-long"] != 2 || r.Counts["Onlinedienst"].Refused != 1 {
		t.Errorf("%v", r.Codes)
	}
	for _, a := range p.f.Authorities(context.Background()) {
		if a.Name != "Amt" {
			t.Errorf("the office is called %q", a.Name)
		}
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "192.168.0.1": false, "172.16.0.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false,
		"::1": false, "fe80::1": false, "fd00::1": false, "::ffff:127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "224.0.0.1": false,
		"255.255.255.255": false, "198.18.0.1": false, "9.9.9.9": true, "2a01:4f8::1": true,
	} {
		if got := public(netip.MustParseAddr(address).Unmap()); got != want {
			t.Errorf("%s: public %v", address, got)
		}
	}
}

func TestOpen(t *testing.T) {
	large := strings.Repeat("x", 1000)
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, full()) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, large) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	s := httptest.NewServer(mux)
	defer s.Close()
	before, err := filepath.Glob(filepath.Join(os.TempDir(), "rennsteig-import-*"))
	must(t, err)
	for name, want := range map[string]string{
		"file:///etc/passwd": "only http", "ftp://example.org/x": "only http", "gopher://example.org/x": "only http", "http:///x": "no host",
		"https://user:secret@example.org/x": "password", s.URL + "/ok": "private network", "http://localhost:1/x": "private network",
		"http://%zz/": "", t.TempDir(): "plain file", "/nowhere/at/all": "no such file",
	} {
		src, err := Open(context.Background(), name, Fetch{})
		if err == nil {
			_ = src.Close()
		}
		wantCode(t, err, want)
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	for path, want := range map[string]string{"/large": "more than 100 bytes", "/slow": "deadline", "/file": "only http", "/loop": "redirects", "/nothing": "404"} {
		_, err := Open(context.Background(), s.URL+path+"?token=secret", Fetch{AllowPrivate: true, MaxBytes: 100, Timeout: 500 * time.Millisecond})
		wantCode(t, err, want)
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("the error repeats the query: %v", err)
		}
	}
	src, err := Open(context.Background(), s.URL+"/ok?token=secret", Fetch{AllowPrivate: true})
	must(t, err)
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), true)
	r, err := p.im.Import(system(), src, Options{MaxDelete: 5})
	must(t, err)
	if !r.Changed() || strings.Contains(p.dump(t), "secret") || r.Source != s.URL+"/ok" {
		t.Errorf("from the web: %v", r)
	}
	must(t, src.Close())
	after, err := filepath.Glob(filepath.Join(os.TempDir(), "rennsteig-import-*"))
	must(t, err)
	if len(after) > len(before) {
		t.Errorf("files stay behind: %v", after)
	}
}

func TestFileThatChangesIsRefused(t *testing.T) {
	p := newPlace(t, housetest.New(t, db.SQLite, rooms...), false)
	path := file(t, full())
	src, err := Open(context.Background(), path, Fetch{})
	must(t, err)
	defer func() { _ = src.Close() }() // it was only read
	before := p.dump(t)
	once := false
	_, err = p.im.Import(system(), src, Options{Progress: func(done, _ int64) {
		if done >= src.Size && !once { // after the check
			once = true
			must(t, os.WriteFile(path, []byte(strings.Replace(full(), "Turm", "Berg", 1)), 0o600))
		}
	}})
	if !errors.Is(err, errChanged) || !once {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, p.dump(t)); diff != "" {
		t.Error(diff)
	}
}

func TestCSV(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		const in = "\uFEFFKey;Name;Short;Words;Authority;URL;URL_name;Lang\r\n" +
			dog + ";;\"Hund; \"\"kurz\"\"\";Bello|Fiffi=002;160530000000;https://www.example.org/hund;Hund online;\r\n" +
			"99999999012000;Turm Besteigung;Oben.;;;;;\r\n" +
			"99999999012000;Tower;Up.;;;;;en\r\n"
		r := p.take(t, in)
		want := map[xzufi.Class]Count{"Leistung": {New: 1, Changed: 1}, "LeistungSpezialisierung": {New: 1}, "Onlinedienst": {New: 1}, "Zustaendigkeit": {New: 1}}
		if diff := cmp.Diff(want, r.Counts); diff != "" {
			t.Error(diff, r.Findings)
		}
		c := p.f.Catalog()
		if o := c.OnlineAt(dog, jena); len(o) != 1 || o[0].Name != "Hund online" {
			t.Errorf("online: %v", o)
		}
		if s, ok := c.Service("99999999012000"); !ok || s.Name != "Turm Besteigung" {
			t.Errorf("%v", s)
		}
		before := p.dump(t)
		if r := p.take(t, in); r.Changed() {
			t.Errorf("the second time there is %v", r.Changes)
		}
		if diff := cmp.Diff(before, p.dump(t)); diff != "" {
			t.Error(diff)
		}
		r, err := p.try(t, "key;authority;action\n"+dog+";160530000000;loesche\n", Options{Force: true})
		must(t, err)
		if r.Counts["LeistungSpezialisierung"].Deleted != 1 {
			t.Errorf("deleted: %v", r.Counts)
		}
	})
}

// FuzzCSV reads anything without panic, without memory beyond its limits and always the same.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("key;name;short\n99110009104000;Hund;kurz\n"))
	f.Add([]byte("row,id,url,action\nonline,1,https://example.org,loesche\nduty,2,,\nauthority,3,,schreibe\n"))
	f.Add([]byte("\uFEFFkey\tauthority\twords\turl\tlang\n99110009104000\t160530000000\ta|b=002\thttp://x\ten\n"))
	f.Add([]byte("key;name\n\"99\n"))
	f.Add([]byte("id;name\n'=1+1;\xff\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func() (out []string, err error) {
			tab := &table{open: func() (io.Reader, error) { return bytes.NewReader(b), nil }}
			err = tab.each(context.Background(), true, func(r *record) error {
				if r.line < 1 || r.line > bytes.Count(b, []byte("\n"))+bytes.Count(b, []byte("\r"))+1 {
					t.Fatalf("line %d", r.line)
				}
				if r.id.Value == "" || r.class == "" || !utf8.ValidString(r.id.Value) {
					t.Fatalf("a record without id or class: %v", r)
				}
				h, err := r.hash()
				if err != nil {
					t.Fatal(err)
				}
				if parseID(idString(r.id)) != r.id {
					t.Fatalf("id %q", r.id)
				}
				if r.online != nil && r.online.URL != "" && webAddress(r.online.URL) == "" {
					t.Fatalf("address %q", r.online.URL)
				}
				out = append(out, r.target()+" "+h)
				return nil
			})
			return out, err
		}
		first, err := read()
		second, again := read()
		if fmt.Sprint(err) != fmt.Sprint(again) || cmp.Diff(first, second) != "" {
			t.Fatalf("read twice, it differs: %v, %v", err, again)
		}
		if err != nil && !utf8.Valid(b) {
			return
		}
		if err == nil {
			if _, err := csv.NewReader(strings.NewReader(string(b))).Read(); err != nil && errors.Is(err, io.EOF) {
				t.Fatal("an empty file was taken")
			}
		}
	})
}
