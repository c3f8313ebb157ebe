package xzufi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// gen writes messages at random: known elements in their usual shape and out of it, unknown elements and attributes in
// three namespaces, comments, CDATA, references, blanks; prefixes declared anywhere.
type gen struct {
	*rapid.T
	b       strings.Builder
	ver     Version
	scopes  []map[string]string // innermost last
	plain   bool                // no further oddities
	counter int
}

func (g *gen) one(of ...string) string { return rapid.SampledFrom(of).Draw(g.T, "choice") }
func (g *gen) odds(n int) bool         { return !g.plain && rapid.IntRange(1, n).Draw(g.T, "odds") == 1 }

func (g *gen) prefixes(uri string) (ps []string) {
	for p, u := range g.scopes[len(g.scopes)-1] {
		if u == uri {
			ps = append(ps, p)
		}
	}
	slices.Sort(ps)
	return ps
}

func (g *gen) text(inAttr bool) {
	for range rapid.IntRange(0, 4).Draw(g.T, "runs") {
		g.b.WriteString(g.one("Straße", "a b", " ", "ß€😀", "&amp;", "&lt;p&gt;", "&#228;", "&#x1F600;", ">", "{}", "&apos;", "&quot;"))
		if !inAttr {
			g.b.WriteString(g.one("", "", "", "<![CDATA[<b>&amp;]] >]]>", "<!-- wort -->", "\n", "'\"", "<?a b?>", "\r\n", "&#13;"))
		}
	}
}

func (g *gen) misc() {
	if g.plain {
		return
	}
	g.b.WriteString(g.one("", "", "", "\n  ", "\n\t", "<!-- dazwischen -->", "\n<?haus halt?>\n", "\r\n"))
}

// element writes an element in a namespace; children may be nil for none.
func (g *gen) element(uri, local string, attrs map[string]string, children func()) {
	scope := maps.Clone(g.scopes[len(g.scopes)-1])
	var decls []string
	declare := func(p, u string) {
		scope[p] = u
		if p == "" {
			decls = append(decls, fmt.Sprintf(`xmlns="%s"`, u))
		} else {
			decls = append(decls, fmt.Sprintf(`xmlns:%s="%s"`, p, u))
		}
	}
	if g.odds(8) {
		declare(g.one("p", "q", "xzufi"), g.one(g.ver.Namespace(), "urn:a", "urn:b"))
	}
	g.scopes = append(g.scopes, scope)
	ps := g.prefixes(uri)
	if uri == "" {
		ps = []string{""}
		if scope[""] != "" {
			declare("", "")
		}
	} else if len(ps) == 0 {
		g.counter++
		p := fmt.Sprintf("g%d", g.counter%5)
		if _, clash := scope[p]; clash && len(decls) > 0 {
			p = fmt.Sprintf("h%d", g.counter)
		}
		declare(p, uri)
		ps = []string{p}
	}
	p := rapid.SampledFrom(ps).Draw(g.T, "prefix")
	name := local
	if p != "" {
		name = p + ":" + local
	}
	g.b.WriteString("<" + name)
	var all []string
	all = append(all, decls...)
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		all = append(all, fmt.Sprintf(`%s="%s"`, k, attrs[k]))
	}
	if g.odds(6) {
		save := g.b
		g.b = strings.Builder{}
		g.text(true)
		all = append(all, "unbekannt='"+strings.ReplaceAll(g.b.String(), "'", "")+"'")
		g.b = save
	}
	if as := g.prefixes("urn:a"); len(as) > 0 && g.odds(6) && as[len(as)-1] != "" {
		all = append(all, as[len(as)-1]+`:fremd="1"`)
	}
	for i := range all {
		g.b.WriteString(g.one(" ", " ", "\n    ") + all[i])
	}
	switch {
	case children == nil && rapid.Bool().Draw(g.T, "empty"):
		g.b.WriteString("/>")
	default:
		g.b.WriteString(">")
		if children != nil {
			children()
		}
		g.b.WriteString("</" + name + g.one("", "", " ") + ">")
	}
	g.scopes = g.scopes[:len(g.scopes)-1]
}

// anything is an element that nobody knows, with more of them in it.
func (g *gen) anything(depth int) {
	uri := g.one(g.ver.Namespace(), "urn:a", "urn:b", "")
	g.element(uri, g.one("neu", "inhalt", "code", "länge", "x.y-z"), nil, func() {
		g.text(false)
		if depth < 3 && g.odds(2) {
			g.anything(depth + 1)
		}
		g.text(false)
	})
}

// fill writes what a plan allows, mostly in order, with unknown things between.
func (g *gen) fill(pl *plan, depth int) {
	if pl.text != nil {
		g.text(false)
		if g.odds(12) {
			g.anything(2)
		}
		return
	}
	g.misc()
	for i := range pl.fields {
		f := &pl.fields[i]
		local := f.names[g.ver]
		if local == "" || depth > 4 {
			continue
		}
		n := rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(g.T, "count")
		if n > 1 && f.kind != kStrings && f.kind != kStructs && !g.odds(5) {
			n = 1
		}
		if depth > 1 && n > 1 {
			n = 1
		}
		for range n {
			g.field(f, local, depth)
			g.misc()
			if g.odds(8) {
				g.anything(0)
				g.misc()
			}
		}
	}
}

func (g *gen) field(f *field, local string, depth int) {
	uri := g.ver.Namespace()
	if f.bare && !g.odds(4) {
		uri = ""
	}
	if f.elem == nil {
		g.element(uri, local, nil, func() { g.text(false) })
		return
	}
	attrs := map[string]string{}
	for _, a := range f.elem.attrs {
		if a.qname && g.odds(2) {
			attrs["xsi:"+a.name] = g.one("LeistungsstrukturObjekt", "hs:Anders")
		} else if !a.qname && g.odds(2) {
			attrs[a.name] = g.one("de", "en", "", "urn:x&amp;y", "a  b")
		}
	}
	g.element(uri, local, attrs, func() { g.fill(f.elem, depth+1) })
}

func (g *gen) message() []byte {
	uri := g.ver.Namespace()
	g.scopes = []map[string]string{{}}
	g.b.WriteString(g.one("", `<?xml version="1.0"?>`, `<?xml version="1.0" encoding="utf-8"?>`+"\n<!-- kopf -->\n"))
	root := map[string]string{"xzufiVersion": g.ver.String(), "xmlns:hs": "urn:a", "xmlns:xsi": nsXSI, "xsi:schemaLocation": uri + " xzufi.xsd"}
	g.scopes[0]["hs"], g.scopes[0]["xsi"] = "urn:a", nsXSI
	if p := g.one("", "xzufi", "ns2"); p == "" {
		root["xmlns"] = uri
		g.scopes[0][""] = uri
	} else {
		root["xmlns:"+p] = uri
		g.scopes[0][p] = uri
	}
	plain := g.plain
	g.plain = true // the root declares nothing more
	g.element(uri, g.one("transfer", "transfer.beliebig.0501"), root, func() {
		g.plain = plain
		g.misc()
		for i := range planHeader.fields {
			g.field(&planHeader.fields[i], planHeader.fields[i].names[g.ver], 1)
			g.misc()
		}
		for range rapid.IntRange(0, 3).Draw(g.T, "items") {
			switch rapid.IntRange(0, 5).Draw(g.T, "item") {
			case 0:
				attrs := map[string]string{"klasse": g.one("Leistung", "Onlinedienst")}
				g.element(uri, "loesche", attrs, func() { g.fill(planDelete, 1) })
			case 1:
				g.anything(0)
			default:
				g.element(uri, "schreibe", nil, func() {
					g.misc()
					for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(g.T, "objects") {
						name := g.one(slices.Sorted(maps.Keys(planObjects))...)
						if g.odds(6) {
							g.anything(0)
						} else {
							g.element(uri, name, nil, func() { g.fill(planObjects[name].plan, 0) })
						}
						g.misc()
					}
				})
			}
			g.misc()
		}
	})
	g.b.WriteString(g.one("", "\n", "\n<!-- ende -->"))
	return []byte(g.b.String())
}

func draw(t *rapid.T) (*gen, []byte) {
	g := &gen{T: t, ver: Version(rapid.IntRange(0, int(versions)-1).Draw(t, "version"))}
	return g, g.message()
}

// TestRoundTripProperty: whatever stands in a message stands there again, in canonical form.
func TestRoundTripProperty(t *testing.T) { rapid.Check(t, roundTrip) }

// FuzzMessage is the same, led by coverage.
func FuzzMessage(f *testing.F) { f.Fuzz(rapid.MakeFuzz(roundTrip)) }

func roundTrip(t *rapid.T) {
	_, doc := draw(t)
	got, err := copyMessage(doc, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	if diff := cmp.Diff(canon(t, doc), canon(t, got)); diff != "" {
		t.Fatalf("%s\nin\n%s\nwas\n%s", diff, got, doc)
	}
}

// resolve is what a document says apart from prefixes: names with namespaces, no declarations, namespaces of XZuFi
// shown as one.
func resolve(t interface{ Fatalf(string, ...any) }, doc []byte) (out []string) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	space := func(n xml.Name) string {
		if isXZuFi(n.Space) {
			return "XZUFI:" + n.Local
		}
		return n.Space + ":" + n.Local
	}
	depth := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			var attrs []string
			for _, a := range x.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" || depth == 0 || a.Name.Space == nsXSI {
					continue
				}
				attrs = append(attrs, fmt.Sprintf(" %s=%q", space(a.Name), a.Value))
			}
			slices.Sort(attrs)
			out = append(out, space(x.Name)+strings.Join(attrs, ""))
			depth++
		case xml.EndElement:
			out = append(out, "/"+space(x.Name))
			depth--
		case xml.CharData:
			if s := strings.Join(strings.Fields(string(x)), " "); s != "" {
				if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "#") {
					out[n-1] += " " + s
				} else {
					out = append(out, "# "+s)
				}
			}
		}
	}
}

// TestForeignPrefixes: objects written into a message with other prefixes say the same in it.
func TestForeignPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, doc := draw(t)
		r := NewReader(bytes.NewReader(doc))
		var out bytes.Buffer
		w := NewWriter(&out, g.ver, Header{Prefix: g.one("xzufi", "hs", "p", "g1")})
		var want bytes.Buffer
		plainHead, err := r.Header()
		if err != nil {
			t.Fatal(err)
		}
		same := NewWriter(&want, g.ver, plainHead)
		if _, err := readAll(r, func(item Item) {
			var err1, err2 error
			switch x := item.(type) {
			case *Write:
				err1, err2 = w.WriteObject(x.Object), same.WriteObject(x.Object)
			case *Delete:
				err1, err2 = w.Write(x), same.Write(x)
			}
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), same.Close()); err != nil {
			t.Fatal(err)
		}
		body := func(doc []byte) []string {
			all := resolve(t, doc)
			for i, s := range all {
				if s == "XZUFI:schreibe" || strings.HasPrefix(s, "XZUFI:loesche") {
					return all[i : len(all)-1]
				}
			}
			return nil
		}
		bare := func(in []string) []string { // codes may change between having the namespace and not
			out := slices.Clone(in)
			for i := range out {
				for _, n := range []string{"code", "name"} {
					out[i] = strings.Replace(strings.Replace(out[i], "XZUFI:"+n, ":"+n, 1), "/XZUFI:"+n, "/:"+n, 1)
				}
			}
			return out
		}
		if diff := cmp.Diff(bare(body(want.Bytes())), bare(body(out.Bytes()))); diff != "" {
			t.Fatalf("%s\nwas\n%s\nis\n%s", diff, want.Bytes(), out.Bytes())
		}
	})
}

// stripSources makes a value look as if a program had made it.
func stripSources(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			stripSources(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			stripSources(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Source]() {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				stripSources(v.Field(i))
			}
		}
	}
}

// TestValuesProperty: objects stripped of their sources, as a program would have made them, come back as they were.
func TestValuesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &gen{T: t, ver: Version(rapid.IntRange(0, int(versions)-1).Draw(t, "version")), plain: rapid.Bool().Draw(t, "plain")}
		doc := g.message()
		read := func(doc []byte) (all []Object) {
			if _, err := readAll(NewReader(bytes.NewReader(doc)), func(item Item) {
				if w, ok := item.(*Write); ok && w.Object.Class() != "" {
					stripSources(reflect.ValueOf(w.Object))
					all = append(all, w.Object)
				}
			}); err != nil {
				t.Fatalf("%v in\n%s", err, doc)
			}
			return all
		}
		want := read(doc)
		var out bytes.Buffer
		w := NewWriter(&out, g.ver, Header{})
		for _, o := range want {
			if err := w.WriteObject(o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		// what is empty is not written, so written once more nothing may change
		once := read(out.Bytes())
		var again bytes.Buffer
		w = NewWriter(&again, g.ver, Header{})
		for _, o := range once {
			if err := w.WriteObject(o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(out.String(), again.String()); diff != "" {
			t.Fatal(diff)
		}
		for i := range want {
			if want[i].Identity().Key() != once[i].Identity().Key() {
				t.Fatalf("id %v became %v", want[i].Identity(), once[i].Identity())
			}
			if l, ok := want[i].(*Leistung); ok {
				if diff := cmp.Diff(nonEmpty(l.Texts()), nonEmpty(once[i].(*Leistung).Texts())); diff != "" {
					t.Fatal(diff)
				}
			}
		}
	})
}

func nonEmpty(m map[string]map[string]string) map[string]string {
	out := map[string]string{}
	for code, byLang := range m {
		for lang, s := range byLang {
			if s != "" {
				out[code+"/"+lang] = s
			}
		}
	}
	return out
}
