// Package webtest lets a test of a room use its pages without a browser, by what people read: get a page, fill the
// field with this label, press that button, follow that link. Redirects are followed, cookies kept. Every call that
// cannot be done ends the test.
package webtest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rennsteig/platform/identity"
)

// Client is one person in front of a handler.
type Client struct {
	t         testing.TB
	h         http.Handler
	principal identity.Principal
	cookies   map[string]string
}

// New returns somebody who is not signed in.
func New(t testing.TB, h http.Handler) *Client {
	return &Client{t: t, h: h, cookies: map[string]string{}}
}

// As returns another person in front of the same handler, signed in as p, who knows no cookies yet.
func (c *Client) As(p identity.Principal) *Client {
	n := New(c.t, c.h)
	n.principal = p
	return n
}

// Get gets one page as somebody who is not signed in.
func Get(t testing.TB, h http.Handler, path string) *Page { t.Helper(); return New(t, h).Get(path) }

// Page is one answer.
type Page struct {
	Status int
	Header http.Header
	Body   string
	Path   string // with query, after redirects

	c       *Client
	doc     *html.Node
	answers map[*html.Node]answer
}

// answer is what a person did to a control.
type answer struct {
	value    string
	file     []byte
	chosen   bool
	isFile   bool
	isChoice bool
}

// Get gets the page at path, following redirects.
func (c *Client) Get(path string) *Page {
	c.t.Helper()
	return c.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// Do sends any request with the client's cookies and principal, and follows redirects.
func (c *Client) Do(r *http.Request) *Page { c.t.Helper(); return c.do(r) }

func (c *Client) do(r *http.Request) *Page {
	c.t.Helper()
	for range 10 {
		for name, value := range c.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		if c.principal.Kind != identity.Anonymous {
			r = r.WithContext(identity.With(r.Context(), c.principal))
		}
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		got := w.Result()
		for _, k := range got.Cookies() {
			if k.MaxAge < 0 || k.Value == "" {
				delete(c.cookies, k.Name)
			} else {
				c.cookies[k.Name] = k.Value
			}
		}
		location := got.Header.Get("Location")
		if location == "" || got.StatusCode < 300 || got.StatusCode > 399 {
			p := &Page{Status: got.StatusCode, Header: got.Header, Body: w.Body.String(), Path: r.URL.RequestURI(), c: c, answers: map[*html.Node]answer{}}
			doc, err := html.Parse(strings.NewReader(p.Body))
			if err != nil {
				c.t.Fatal(err)
			}
			p.doc = doc
			return p
		}
		next, err := r.URL.Parse(location)
		if err != nil {
			c.t.Fatal(err)
		}
		r = httptest.NewRequest(http.MethodGet, next.RequestURI(), nil)
	}
	c.t.Fatal("too many redirects")
	return nil
}

// Text is what can be read on the page, with single spaces and without soft hyphens.
func (p *Page) Text() string {
	return text(find(p.doc, func(n *html.Node) bool { return n.Data == "body" }))
}

// Title is the page's title.
func (p *Page) Title() string {
	return text(find(p.doc, func(n *html.Node) bool { return n.Data == "title" }))
}

// Has reports whether the page shows the text.
func (p *Page) Has(s string) bool { return strings.Contains(p.Text(), clean(s)) }

// Want ends the test if the page has another status or does not show all of the texts.
func (p *Page) Want(status int, texts ...string) *Page {
	p.c.t.Helper()
	if p.Status != status {
		p.c.t.Fatalf("%s: status %d, want %d\n%s", p.Path, p.Status, status, p.Text())
	}
	for _, s := range texts {
		if !p.Has(s) {
			p.c.t.Fatalf("%s does not show %q\n%s", p.Path, s, p.Text())
		}
	}
	return p
}

// Find returns the elements with this name whose attributes include all of the given ones ("id", "name", "class", …).
func (p *Page) Find(element string, attrs map[string]string) []*html.Node {
	return all(p.doc, func(n *html.Node) bool {
		if n.Data != element {
			return false
		}
		for k, v := range attrs {
			if attr(n, k) != v {
				return false
			}
		}
		return true
	})
}

// Value is what stands in the field with this label.
func (p *Page) Value(label string) string {
	p.c.t.Helper()
	n := p.control(label)
	if n == nil {
		p.c.t.Fatalf("%s: no field %q; there are: %s", p.Path, label, p.labels())
	}
	v, _ := p.value(n)
	return v
}

// Fill writes value into the field with this label; a date ("24.11.2026") into the three inputs under a legend; in a
// select it chooses the option with this text.
func (p *Page) Fill(label, value string) *Page {
	p.c.t.Helper()
	if n := p.control(label); n != nil {
		if n.Data == "select" {
			for _, o := range all(n, isElement("option")) {
				if text(o) == clean(value) {
					p.answers[n] = answer{value: attr(o, "value")}
					return p
				}
			}
			p.c.t.Fatalf("%s: %q has no option %q", p.Path, label, value)
		}
		p.answers[n] = answer{value: value}
		return p
	}
	parts := strings.Split(value, ".")
	if g := p.group(label); g != nil && len(parts) == 3 {
		if inputs := all(g, isControl); len(inputs) == 3 {
			for i, n := range inputs {
				p.answers[n] = answer{value: parts[i]}
			}
			return p
		}
	}
	p.c.t.Fatalf("%s: no field %q; there are: %s", p.Path, label, p.labels())
	return p
}

// Choose ticks the radio button or box with this label; where several have it, legend names the group.
func (p *Page) Choose(label string, legend ...string) *Page {
	p.c.t.Helper()
	where := p.doc
	if len(legend) > 0 {
		if where = p.group(legend[0]); where == nil {
			p.c.t.Fatalf("%s: no group %q", p.Path, legend[0])
		}
	}
	found := p.labelled(where, label, func(n *html.Node) bool { return isChoice(n) })
	if len(found) != 1 {
		p.c.t.Fatalf("%s: %d choices %q; there are: %s", p.Path, len(found), label, p.labels())
	}
	n := found[0]
	if attr(n, "type") == "radio" {
		for _, other := range p.Find("input", map[string]string{"name": attr(n, "name")}) {
			p.answers[other] = answer{isChoice: true}
		}
	}
	p.answers[n] = answer{isChoice: true, chosen: true}
	return p
}

// Upload puts a file into the file field with this label.
func (p *Page) Upload(label, name string, content []byte) *Page {
	p.c.t.Helper()
	n := p.control(label)
	if n == nil {
		p.c.t.Fatalf("%s: no field %q; there are: %s", p.Path, label, p.labels())
	}
	p.answers[n] = answer{value: name, file: content, isFile: true}
	return p
}

// Click follows the link with this text.
func (p *Page) Click(label string) *Page {
	p.c.t.Helper()
	links := matching(all(p.doc, func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") != "" }), label, p.called)
	if len(links) == 0 {
		p.c.t.Fatalf("%s: no link %q\n%s", p.Path, label, p.Text())
	}
	return p.c.Get(p.resolve(attr(links[0], "href")))
}

// Press presses the button with this text, which sends its form with all that was filled in.
func (p *Page) Press(label string) *Page {
	p.c.t.Helper()
	buttons := matching(all(p.doc, isElement("button")), label, p.called)
	if len(buttons) == 0 {
		p.c.t.Fatalf("%s: no button %q\n%s", p.Path, label, p.Text())
	}
	b := buttons[0]
	form := b
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		p.c.t.Fatalf("%s: button %q is in no form", p.Path, label)
	}
	values := url.Values{}
	files := map[string]answer{}
	for _, n := range all(form, isControl) {
		name := attr(n, "name")
		if a, ok := p.answers[n]; ok && a.isFile {
			files[name] = a
			continue
		}
		if v, sent := p.value(n); sent && name != "" {
			values.Add(name, v)
		}
	}
	if name := attr(b, "name"); name != "" {
		values.Add(name, attr(b, "value"))
	}
	target := p.resolve(attr(form, "action"))
	if !strings.EqualFold(attr(form, "method"), "post") {
		path, _, _ := strings.Cut(target, "?")
		return p.c.Get(path + "?" + values.Encode())
	}
	var body bytes.Buffer
	contentType := "application/x-www-form-urlencoded"
	if attr(form, "enctype") == "multipart/form-data" {
		m := multipart.NewWriter(&body)
		for name, list := range values {
			for _, v := range list {
				must(p.c.t, m.WriteField(name, v))
			}
		}
		for name, a := range files {
			part, err := m.CreateFormFile(name, a.value)
			must(p.c.t, err)
			_, err = part.Write(a.file)
			must(p.c.t, err)
		}
		must(p.c.t, m.Close())
		contentType = m.FormDataContentType()
	} else {
		body.WriteString(values.Encode())
	}
	r := httptest.NewRequest(http.MethodPost, target, &body)
	r.Header.Set("Content-Type", contentType)
	return p.c.do(r)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *Page) resolve(href string) string {
	p.c.t.Helper()
	base, err := url.Parse(p.Path)
	must(p.c.t, err)
	u, err := base.Parse(href)
	must(p.c.t, err)
	return u.RequestURI()
}
