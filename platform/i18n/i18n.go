// Package i18n holds the texts people read, in German and English, and writes dates, times and amounts their way.
//
// Each room keeps its texts in texts/de.json and texts/en.json: one flat object, key to text, keys starting with the
// room's name ("pay.kasse.title"). A text may have fmt verbs ("%s", "%[2]d"). Plurals are two keys, ".one" and
// ".other", chosen by N.
package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // authorities reckon in Europe/Berlin, whatever the machine has installed

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"rennsteig/platform/money"
)

// Lang is a language of the user interface.
type Lang string

// The languages. German leads.
const (
	German  Lang = "de"
	English Lang = "en"
)

// Langs lists the languages, German first.
var Langs = []Lang{German, English}

// Berlin is the time zone authorities reckon in: the year of an Aktenzeichen is the year there.
var Berlin = func() *time.Location {
	l, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // cannot happen: tzdata is embedded
	}
	return l
}()

// Catalog maps keys to texts. It is filled at start and only read afterwards.
type Catalog struct {
	texts map[Lang]map[string]string
}

// New returns an empty catalogue.
func New() *Catalog {
	return &Catalog{texts: map[Lang]map[string]string{German: {}, English: {}}}
}

// Add reads texts/de.json and texts/en.json of fsys; a room without texts adds nothing. A key that exists already is
// an error.
func (c *Catalog) Add(fsys fs.FS) error {
	for _, lang := range Langs {
		name := "texts/" + string(lang) + ".json"
		b, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for k, v := range texts {
			if _, ok := c.texts[lang][k]; ok {
				return fmt.Errorf("%s: key %q is taken", name, k)
			}
			c.texts[lang][k] = v
		}
	}
	return nil
}

// T returns the text of key in lang; "[key]" if there is none, so that a gap is seen.
func (c *Catalog) T(lang Lang, key string, args ...any) string {
	text, ok := c.texts[lang][key]
	if !ok {
		return "[" + key + "]"
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Known returns the text of s if it is a key, else s itself: who did something is a person's name, or a key for what the
// program and people outside do.
func (c *Catalog) Known(lang Lang, s string) string {
	if text, ok := c.texts[lang][s]; ok {
		return text
	}
	return s
}

// N returns the text of key+".one" or key+".other" with n as first argument.
func (c *Catalog) N(lang Lang, key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return c.T(lang, key+form, append([]any{n}, args...)...)
}

// Has reports whether lang has a text for key.
func (c *Catalog) Has(lang Lang, key string) bool {
	_, ok := c.texts[lang][key]
	return ok
}

// Keys lists all keys of lang, sorted.
func (c *Catalog) Keys(lang Lang) []string { return slices.Sorted(maps.Keys(c.texts[lang])) }

// verb is a fmt verb with an optional argument index. A blank is no flag here: "50 % sicher" has no verb.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+#0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// verbs lists the verbs of a text in the order of their arguments: "1d 2s".
func verbs(text string) string {
	var out []string
	next := 1
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1]) // digits only
		}
		out = append(out, fmt.Sprintf("%02d%s", next, m[2]))
		next++
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// Check reports what is wrong with the catalogue: keys that only one language has, empty texts, texts whose verbs
// differ between the languages, plurals with one form.
func (c *Catalog) Check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, lang := range Langs {
		for _, key := range c.Keys(lang) {
			if strings.TrimSpace(c.texts[lang][key]) == "" {
				bad("%s: %s is empty", lang, key)
			}
			for _, other := range Langs {
				if !c.Has(other, key) {
					bad("%s: %s is missing", other, key)
				}
			}
			for form, other := range map[string]string{".one": ".other", ".other": ".one"} {
				if base, ok := strings.CutSuffix(key, form); ok && !c.Has(lang, base+other) {
					bad("%s: %s has no %s", lang, base, other)
				}
			}
		}
	}
	for _, key := range c.Keys(German) {
		de, en := verbs(c.texts[German][key]), verbs(c.texts[English][key])
		if c.Has(English, key) && de != en {
			bad("%s: verbs differ: de %q, en %q", key, de, en)
		}
	}
	return errors.Join(problems...)
}

// ISODate is the day of t in Berlin as computers write it, "2026-11-24"; "" for the zero time.
func ISODate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Berlin).Format(time.DateOnly)
}

// StartOfDay is the first moment of t's day in Berlin; the zero time stays what it is.
func StartOfDay(t time.Time) time.Time { return inDay(t, 0, 0, 0) }

// EndOfDay is the last second of t's day in Berlin: what is due on a day, or lasts until it, ends when the day ends. The
// zero time stays what it is.
func EndOfDay(t time.Time) time.Time { return inDay(t, 23, 59, 59) }

func inDay(t time.Time, hour, minute, second int) time.Time {
	if t.IsZero() {
		return t
	}
	y, m, d := t.In(Berlin).Date()
	return time.Date(y, m, d, hour, minute, second, 0, Berlin)
}

// Date writes the day of t in Berlin: "24.11.2026", "24 November 2026".
func Date(lang Lang, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if lang == English {
		return t.In(Berlin).Format("2 January 2006")
	}
	return t.In(Berlin).Format("02.01.2006")
}

// DateTime writes day and minute of t in Berlin.
func DateTime(lang Lang, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	if lang == English {
		return t.In(Berlin).Format("2 January 2006, 15:04")
	}
	return t.In(Berlin).Format("02.01.2006, 15:04") + " Uhr"
}

// Number writes a whole number with its thousands grouped: "20.500.000", "20,500,000".
func Number(lang Lang, n int64) string {
	p := message.NewPrinter(language.German)
	if lang == English {
		p = message.NewPrinter(language.English)
	}
	return p.Sprintf("%d", n)
}

// Money writes an amount.
func Money(lang Lang, c money.Cents) string {
	if lang == English {
		return c.English()
	}
	return c.German()
}
