package disposal

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rennsteig/platform/german"
)

// terms are what people are found by: each finds alone, and all of its words must stand in the text, in any order and
// spelling (platform/german).
type terms struct {
	finds []term
	born  []string // the date of birth as people write it: it tells people of one name apart, and finds nobody alone
}

type term struct {
	kind  string // "name", "mail", "address"
	typed string
	words []string // folded
}

// shortWord is how many letters a word has that is found at the beginning of words only: Ott is not in Schrott.
const shortWord = 4

func (p Person) terms() (t terms) {
	for _, x := range []term{{kind: "name", typed: p.Name}, {kind: "mail", typed: p.Mail}, {kind: "address", typed: p.Address}} {
		if x.words = german.Tokens(german.Fold(x.typed)); x.kind == "mail" {
			x.words = strings.Fields(german.Fold(x.typed))
		}
		if len(x.words) > 0 {
			t.finds = append(t.finds, x)
		}
	}
	if born, err := time.Parse(time.DateOnly, p.Born); err == nil {
		for _, layout := range []string{"02.01.2006", "2.1.2006", "02.01.06", "2.1.06", "2006-01-02", "02/01/2006", "02.1.2006", "2.01.2006"} {
			t.born = append(t.born, born.Format(layout))
		}
		for _, day := range []string{born.Format("2"), born.Format("02")} {
			t.born = append(t.born, day+". "+months[born.Month()-1]+born.Format(" 2006"))
		}
	}
	return t
}

// months as german.Fold leaves them.
var months = strings.Fields("januar februar marz april mai juni juli august september oktober november dezember")

// match tells by what a person is found in a text: kinds of terms, and "born" beside them. None is no hit.
func (t terms) match(text string) (by []string) {
	folded := german.Fold(text)
	for _, x := range t.finds {
		if !slices.ContainsFunc(x.words, func(w string) bool { return !has(folded, w) }) {
			by = append(by, x.kind)
		}
	}
	if len(by) > 0 && slices.ContainsFunc(t.born, func(s string) bool { return alone(folded, s) }) {
		by = append(by, "born")
	}
	return by
}

func has(folded, word string) bool {
	if utf8.RuneCountInString(word) >= shortWord {
		return strings.Contains(folded, word)
	}
	for rest, before := folded, ' '; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(rest[:i])
		}
		if !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return true
		}
		before, _ = utf8.DecodeLastRuneInString(rest[:i+len(word)])
		rest = rest[i+len(word):]
	}
}

// alone reports whether a date stands in the text, and not as a part of a longer number.
func alone(folded, date string) bool {
	digit := func(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for rest := folded; ; {
		i := strings.Index(rest, date)
		if i < 0 {
			return false
		}
		if !digit(rest, i-1) && !digit(rest, i+len(date)) {
			return true
		}
		rest = rest[i+1:]
	}
}

// hard are the letters and digits that german.Fold makes of nothing but themselves: whatever is written otherwise has
// them in their order too. So the database can leave out what cannot match.
const hard = "bdfghjkmpqtvwx0123456789"

// patterns are what the words of a term look like for LIKE, in small letters; none where there is nothing to go by.
func (t term) patterns() (out []string) {
	for _, w := range t.words {
		kept := strings.Map(func(c rune) rune {
			if strings.ContainsRune(hard, c) {
				return c
			}
			return -1
		}, w)
		if kept != "" {
			out = append(out, "%"+strings.Join(strings.Split(kept, ""), "%")+"%")
		}
	}
	return out
}

// query is a term as platform/fulltext reads it: its words, or as it was typed what holds together.
func (t term) query() string {
	plain := strings.Map(func(c rune) rune {
		if c == '"' || c == '*' {
			return ' '
		}
		return c
	}, t.typed)
	if t.kind == "mail" {
		return `"` + plain + `"`
	}
	return strings.Join(strings.FieldsFunc(plain, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) }), " ")
}

// query are all terms, for the place that is shown of a text.
func (t terms) query() string {
	var out []string
	for _, x := range t.finds {
		out = append(out, x.query())
	}
	return strings.Join(out, " ")
}

// readable is a text as people read it: of JSON its values, of an address what it says.
func readable(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "{") || strings.HasPrefix(l, "[") {
			d := json.NewDecoder(bytes.NewReader([]byte(l)))
			var v any
			if d.Decode(&v) == nil && !d.More() {
				lines[i] = strings.Join(values(v, nil), " · ")
			}
		} else if strings.Contains(l, "%") {
			if u, err := url.QueryUnescape(l); err == nil && utf8.ValidString(u) {
				lines[i] = u
			}
		}
	}
	return strings.TrimSpace(strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n"))
}

func values(v any, out []string) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			out = append(out, v)
		}
	case float64:
		out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
	case []any:
		for _, x := range v {
			out = values(x, out)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			out = values(v[k], out)
		}
	}
	return out
}
