package finder

import (
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
)

// RichTags are the elements that the words of a module may have besides links; editors are told them.
var RichTags = []string{"p", "br", "ul", "ol", "li", "h3", "h4", "strong", "em", "b", "i", "abbr", "sup", "sub"}

// richText is what the words of a module may be made of: paragraphs, lists, sub-headings, emphasis, links to the web,
// to mail and telephone. No attributes but the link's, no style, nothing that loads or runs.
var richText = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(RichTags...)
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https", "http", "mailto", "tel")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}()

var (
	tag        = regexp.MustCompile(`<[a-zA-Z/!]`)
	emptyBlock = regexp.MustCompile(`<(p|li|ul|ol|h3|h4)>\s*</(p|li|ul|ol|h3|h4)>`)
)

// CleanHTML is rich text with everything taken out that is not allowed in it. Text without any tag becomes
// paragraphs, one for each empty line between. Cleaning again changes nothing.
func CleanHTML(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if !tag.MatchString(s) {
		s = paragraphs(s)
	}
	s = strings.TrimSpace(richText.Sanitize(s))
	if s != "" && !tag.MatchString(s) { // nothing but words is left
		s = paragraphs(s)
	}
	for { // an editor's empty list item would be read out as one
		next := strings.TrimSpace(emptyBlock.ReplaceAllString(s, ""))
		if next == s {
			return s
		}
		s = next
	}
}

var (
	plainTag  = regexp.MustCompile(`</?p>|<br/?>`)
	endOfPara = regexp.MustCompile(`</p>\s*`)
)

// Editable is cleaned rich text as an editor types it most easily: plain where it has nothing but paragraphs, without the
// attributes that cleaning adds. CleanHTML of it is the text again.
func Editable(s string) string {
	short := strings.ReplaceAll(s, ` rel="noreferrer"`, "")
	if !tag.MatchString(plainTag.ReplaceAllString(s, "")) {
		plain := endOfPara.ReplaceAllString(s, "\n\n")
		plain = strings.NewReplacer("<p>", "", "<br>", "\n", "<br/>", "\n").Replace(plain)
		short = strings.TrimSpace(html.UnescapeString(plain))
	}
	if CleanHTML(short) != s {
		return s
	}
	return short
}

// paragraphs makes HTML of plain text.
func paragraphs(s string) string {
	var b strings.Builder
	for block := range strings.SplitSeq(s, "\n\n") {
		if block = strings.TrimSpace(block); block != "" {
			escaped := html.EscapeString(html.UnescapeString(block)) // "&amp;" may have been typed
			b.WriteString("<p>" + strings.ReplaceAll(escaped, "\n", "<br>") + "</p>\n")
		}
	}
	return b.String()
}

// CleanModule is CleanHTML for rich modules, and one line of words for the others.
func CleanModule(m Module, s string) string {
	if m.Line() {
		return strings.Join(strings.Fields(PlainText(s)), " ")
	}
	return CleanHTML(s)
}

// blocks are the elements whose ends part sentences.
var blocks = map[string]bool{"p": true, "br": true, "li": true, "ul": true, "ol": true, "h3": true, "h4": true}

// PlainText is rich text as words, one line for each block.
func PlainText(s string) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			lines := strings.Split(b.String(), "\n")
			out := lines[:0]
			for _, l := range lines {
				if l = strings.Join(strings.Fields(l), " "); l != "" {
					out = append(out, l)
				}
			}
			return strings.Join(out, "\n")
		case nethtml.TextToken:
			b.WriteString(strings.ReplaceAll(string(z.Text()), "\n", " "))
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			if name, _ := z.TagName(); blocks[string(name)] {
				b.WriteByte('\n')
			}
		}
	}
}

// Links lists the addresses of the links in rich text, each once, in their order.
func Links(s string) []string {
	var out []string
	seen := map[string]bool{}
	z := nethtml.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return out
		case nethtml.StartTagToken:
			t := z.Token()
			for _, a := range t.Attr {
				if t.Data == "a" && a.Key == "href" && !seen[a.Val] {
					seen[a.Val] = true
					out = append(out, a.Val)
				}
			}
		}
	}
}
