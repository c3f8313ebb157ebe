package desk

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"rennsteig/finder"
)

// Op is what happened to a piece of a text.
type Op string

// The operations.
const (
	Same    Op = "same"
	Added   Op = "added"
	Removed Op = "removed"
)

// Piece is a part of a difference. The same and the added pieces make the new text, the same and the removed the old.
type Piece struct {
	Op   Op
	Text string
}

// maxTable bounds the table of Diff, in cells of two bytes; what differs more is shown as replaced as a whole.
const maxTable = 4 << 20

// Diff compares two texts word by word: a longest common subsequence of words, spaces and signs.
func Diff(before, after string) []Piece {
	a, b := tokens(before), tokens(after)
	var head, tail int
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []Piece
	put := func(op Op, tokens ...string) {
		text := strings.Join(tokens, "")
		if text == "" {
			return
		}
		if n := len(out); n > 0 && out[n-1].Op == op {
			out[n-1].Text += text
			return
		}
		out = append(out, Piece{op, text})
	}
	put(Same, a[:head]...)
	middle(a[head:len(a)-tail], b[head:len(b)-tail], put)
	put(Same, a[len(a)-tail:]...)
	return gather(out)
}

// middle finds the longest common subsequence of a and b by the usual table.
func middle(a, b []string, put func(op Op, tokens ...string)) {
	width := len(b) + 1
	if len(a) == 0 || len(b) == 0 || (len(a)+1)*width > maxTable || len(a) > 65_000 || len(b) > 65_000 {
		put(Removed, a...)
		put(Added, b...)
		return
	}
	table := make([]uint16, (len(a)+1)*width) // length of the best for a[i:], b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			put(Same, a[i])
			i, j = i+1, j+1
		case table[(i+1)*width+j] >= table[i*width+j+1]:
			put(Removed, a[i])
			i++
		default:
			put(Added, b[j])
			j++
		}
	}
	put(Removed, a[i:]...)
	put(Added, b[j:]...)
}

// gather joins changes that only a space keeps apart, and puts what was removed before what was added: "die alte Frist"
// for "eine neue Frist" reads better as two phrases than as four words.
func gather(in []Piece) []Piece {
	var out []Piece
	for i := 0; i < len(in); {
		if in[i].Op == Same {
			out = append(out, in[i])
			i++
			continue
		}
		var removed, added strings.Builder
		for ; i < len(in); i++ {
			if p := in[i]; p.Op == Removed {
				removed.WriteString(p.Text)
			} else if p.Op == Added {
				added.WriteString(p.Text)
			} else if p.Text == " " && i+1 < len(in) {
				removed.WriteString(p.Text)
				added.WriteString(p.Text)
			} else {
				break
			}
		}
		if s := removed.String(); s != "" {
			out = append(out, Piece{Removed, s})
		}
		if s := added.String(); s != "" {
			out = append(out, Piece{Added, s})
		}
	}
	return out
}

// tokens parts a text into words, runs of spaces, and single other signs.
func tokens(s string) []string {
	kind := func(r rune) int {
		switch {
		case r == '\n':
			return 2
		case unicode.IsSpace(r):
			return 1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return 0
		}
		return 2
	}
	var out []string
	last := -1
	start := 0
	for i, r := range s {
		k := kind(r)
		if i > start && (k != last || k == 2) {
			out = append(out, s[start:i])
			start = i
		}
		last = k
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// ModuleDiff is what happened to one module.
type ModuleDiff struct {
	Key    string // of its name
	Pieces []Piece
}

// diffContent lists the modules that differ, in their order, and the everyday words and review date as well.
func diffContent(before, after Content) []ModuleDiff {
	var out []ModuleDiff
	add := func(key, a, b string) {
		if a != b {
			out = append(out, ModuleDiff{key, Diff(a, b)})
		}
	}
	for _, m := range finder.Modules {
		a, b := before.Modules[m], after.Modules[m]
		add(m.TextKey(), readable(m, a.Text), readable(m, b.Text))
		if a.Text != "" && b.Text != "" && a.Adds != b.Adds {
			add("finder.desk.adds", mode(a.Adds), mode(b.Adds))
		}
	}
	add("finder.desk.words", wordLines(before.Words), wordLines(after.Words))
	add("finder.desk.review_date", before.ReviewDate, after.ReviewDate)
	return out
}

func mode(adds bool) string {
	if adds {
		return "+"
	}
	return "="
}

// readable is a module as words in which formatting and link addresses can be seen, so that a change of them can too.
func readable(m finder.Module, s string) string {
	if m.Line() {
		return s
	}
	var b strings.Builder
	var hrefs []string
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			lines := strings.Split(b.String(), "\n")
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Trim(l, " •#") == "" })
			for i, l := range lines {
				lines[i] = strings.Join(strings.Fields(l), " ")
			}
			return strings.Join(lines, "\n")
		case html.TextToken:
			b.WriteString(strings.ReplaceAll(string(z.Text()), "\n", " "))
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.Data {
			case "li":
				b.WriteString("\n")
				if kind == html.StartTagToken {
					b.WriteString("• ")
				}
			case "h3", "h4":
				b.WriteString("\n")
				if kind == html.StartTagToken {
					b.WriteString("# ")
				}
			case "p", "ul", "ol", "br":
				b.WriteString("\n")
			case "strong", "b":
				b.WriteString("**")
			case "em", "i":
				b.WriteString("_")
			case "a":
				if kind == html.StartTagToken {
					href := ""
					for _, a := range t.Attr {
						if a.Key == "href" {
							href = a.Val
						}
					}
					hrefs = append(hrefs, href)
				} else if n := len(hrefs); n > 0 {
					b.WriteString(" [" + hrefs[n-1] + "]")
					hrefs = hrefs[:n-1]
				}
			}
		}
	}
}

func wordLines(words []finder.Word) string {
	lines := make([]string, len(words))
	for i, w := range words {
		lines[i] = w.Term
		if w.Type != "" {
			lines[i] += " | " + w.Type
		}
	}
	return strings.Join(lines, "\n")
}

// parseWords reads everyday words as wordLines writes them, one a line.
func parseWords(s string) []finder.Word {
	var out []finder.Word
	for line := range strings.SplitSeq(s, "\n") {
		term, kind, _ := strings.Cut(line, "|")
		if term = strings.TrimSpace(term); term != "" {
			out = append(out, finder.Word{Term: term, Type: strings.TrimSpace(kind)})
		}
	}
	return out
}
