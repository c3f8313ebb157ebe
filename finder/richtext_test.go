package finder

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func TestCleanHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"  \n ", ""},
		{"Ein Satz.", "<p>Ein Satz.</p>"},
		{"a\nb\n\nc", "<p>a<br>b</p>\n<p>c</p>"},
		{"1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"},
		{"<p>a</p><script>alert(1)</script>", "<p>a</p>"},
		{"<p onclick=\"x\" style=\"y\" class=\"z\">a</p>", "<p>a</p>"},
		{"<p>a</p><p></p><ul><li> </li></ul>", "<p>a</p>"},
		{"<h1>a</h1><h3>b</h3>", "a<h3>b</h3>"},
		{`<a href="javascript:alert(1)">a</a>`, "<p>a</p>"},
		{`<a href="/leistung/1">a</a>`, "<p>a</p>"},
		{`<a href="//evil.example">a</a>`, "<p>a</p>"},
		{`<a href="data:text/html,x">a</a>`, "<p>a</p>"},
		{`<a href="https://x.example/a?b=1&amp;c=2" target="_blank">a</a>`, `<a href="https://x.example/a?b=1&amp;c=2" rel="noreferrer">a</a>`},
		{`<a href="mailto:a@b.example">a</a>`, `<a href="mailto:a@b.example" rel="noreferrer">a</a>`},
		{`<p>a<img src=x onerror=alert(1)>b</p>`, "<p>ab</p>"},
		{`<p>a<iframe src="https://x.example"></iframe>b</p>`, "<p>ab</p>"},
		{`<svg><a xlink:href="javascript:alert(1)">a</a></svg>`, "<p>a</p>"},
		{`<form action="/x"><input name="a"><button>b</button></form>`, "<p>b</p>"},
		{`<!-- c --><p>a</p>`, "<p>a</p>"},
		{`<math><mi xlink:href="data:x,<script>alert(1)</script>">a</mi></math>`, "<p>a</p>"},
	} {
		got := CleanHTML(c.in)
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
		if again := CleanHTML(got); again != got {
			t.Errorf("%q: cleaned again %q", got, again)
		}
	}
	for in, want := range map[string]string{
		"":                          "",
		"eins\nzwei\n\ndrei & vier": "eins\nzwei\n\ndrei & vier",
		"<ul><li>a</li></ul>":       "<ul><li>a</li></ul>",
		"1 < 2":                     "1 < 2",
		"x &lt;b&gt; y":             "<p>x &lt;b&gt; y</p>", // as plain words it would be a tag
		`<p><a href="https://a.example">a</a></p>`: `<p><a href="https://a.example">a</a></p>`,
	} {
		if got := Editable(CleanHTML(in)); got != want {
			t.Errorf("%q to edit is %q, want %q", in, got, want)
		}
	}
	if got := CleanModule(ModuleTitle, "<b>Hund</b>\nanmelden <script>x</script>"); got != "Hund anmelden x" {
		t.Errorf("a title is %q", got)
	}
	if got := PlainText("<p>eins <strong>zwei</strong></p><ul><li>drei &amp; vier</li></ul>"); got != "eins zwei\ndrei & vier" {
		t.Errorf("plain text is %q", got)
	}
	if got := Links(`<p><a href="https://a.example">a</a> <a href="https://a.example">b</a> <a href="tel:1">c</a></p>`); !slices.Equal(got, []string{"https://a.example", "tel:1"}) {
		t.Errorf("links: %v", got)
	}
}

// FuzzCleanHTML holds that whatever an editor types, only the allowed elements and no attribute but a link's get through.
func FuzzCleanHTML(f *testing.F) {
	for _, s := range []string{"a", "<p>a<b>c</p>", "<scr<script>ipt>alert(1)</script>", `<a href="java&#x0A;script:x">`, "<p/onload=x>", "&lt;script&gt;", "<noscript><p title=\"</noscript><img src=x onerror=x>\">"} {
		f.Add(s)
	}
	allowed := []string{"p", "br", "ul", "ol", "li", "h3", "h4", "strong", "em", "b", "i", "abbr", "sup", "sub", "a"}
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanHTML(s)
		if again := CleanHTML(got); again != got {
			t.Fatalf("%q → %q → %q", s, got, again)
		}
		if again := CleanHTML(Editable(got)); again != got {
			t.Fatalf("%q → to edit %q → %q", got, Editable(got), again)
		}
		nodes, err := html.ParseFragment(strings.NewReader(got), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
		if err != nil {
			t.Fatal(err)
		}
		for _, root := range nodes {
			for n := range root.Descendants() {
				check(t, n, allowed)
			}
			check(t, root, allowed)
		}
	})
}

func check(t *testing.T, n *html.Node, allowed []string) {
	t.Helper()
	if n.Type == html.CommentNode || n.Type == html.ElementNode && !slices.Contains(allowed, n.Data) {
		t.Fatalf("<%s> got through", n.Data)
	}
	for _, a := range n.Attr {
		link := strings.HasPrefix(a.Val, "https:") || strings.HasPrefix(a.Val, "http:") || strings.HasPrefix(a.Val, "mailto:") || strings.HasPrefix(a.Val, "tel:")
		if a.Key != "rel" && (a.Key != "href" || !link) {
			t.Fatalf("attribute %s=%q got through", a.Key, a.Val)
		}
	}
}
