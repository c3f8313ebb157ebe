package form

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
)

// Answers are answers by the id of their question, normalised; unanswered questions are left out.
type Answers map[string][]string

const (
	maxValue  = 10_000 // characters of any answer
	maxValues = 300    // values of one answer
)

// Read takes the posted answers of one page: whole or not at all. Names that begin with "_" are the page's own. A
// question that the page does not have, two answers where one belongs, malformed text: errs.Invalid. What it returns
// is normalised but not yet checked, so that a half-filled page can be kept.
func (d *Definition) Read(g *Group, posted url.Values) (Answers, error) {
	out := Answers{}
	for name, values := range posted {
		if strings.HasPrefix(name, "_") {
			continue
		}
		i := slices.IndexFunc(g.Fields, func(f *Field) bool { return f.ID == name || f.isDatePart(name) })
		if i >= 0 && g.Fields[i].ID != name {
			continue // web.ReadForm has joined the parts
		}
		if i >= 0 && g.Fields[i].Kind == File && len(values) == 1 && values[0] == "" {
			continue // what a browser sends where no file was chosen
		}
		if i < 0 || g.Fields[i].Kind == File {
			return nil, errs.E(errs.Invalid, "apply.unknown_field")
		}
		f := g.Fields[i]
		if len(values) > 1 && f.Kind != Checkboxes || len(values) > maxValues {
			return nil, errs.E(errs.Invalid, "apply.malformed")
		}
		for _, v := range values {
			if !wellFormed(v) {
				return nil, errs.E(errs.Invalid, "apply.malformed")
			}
			if v = f.normalise(v); v != "" && !slices.Contains(out[name], v) {
				out[name] = append(out[name], v)
			}
		}
	}
	return out, nil
}

// isDatePart reports whether name is one of the three inputs of a date's day, month and year.
func (f *Field) isDatePart(name string) bool {
	part, ok := strings.CutPrefix(name, f.ID+"-")
	return ok && f.Kind == Date && (part == "day" || part == "month" || part == "year")
}

// wellFormed reports whether v is text that both databases and a printer can hold.
func wellFormed(v string) bool {
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxValue {
		return false
	}
	for _, r := range v {
		if r != '\n' && r != '\r' && r != '\t' && (unicode.IsControl(r) || r == unicode.ReplacementChar) {
			return false
		}
	}
	return true
}

// normalise writes one value the one way it is kept. What does not have the form of its kind is kept as typed, for
// the check to name.
func (f *Field) normalise(v string) string {
	v = norm.NFC.String(v)
	if f.Kind == Textarea {
		return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n"))
	}
	v = strings.Join(strings.Fields(v), " ")
	switch {
	case f.Kind == Checkbox && v != "":
		return Yes
	case f.Kind == Date:
		if t, ok := parseDate(v); ok {
			return t.Format(time.DateOnly)
		}
	case f.Kind == Number:
		if n, err := strconv.ParseInt(strings.ReplaceAll(v, " ", ""), 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	case f.Kind == Money:
		if c, err := money.Parse(v); err == nil {
			return c.String()
		}
	case f.Format == IBAN:
		return norm.NFC.String(strings.ToUpper(strings.ReplaceAll(v, " ", ""))) // what a blank kept apart may join now
	case f.Format == Postcode, f.Format == Digits:
		return norm.NFC.String(strings.ReplaceAll(v, " ", ""))
	}
	return v
}

// parseDate reads what browsers send and what people type.
func parseDate(v string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2.1.2006", "2. 1. 2006"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// Asked is a group that the answers so far show, with its shown questions and what is wrong in them.
type Asked struct {
	Group    *Group
	Fields   []*Field
	Problems []errs.Field
	Answered bool // at least one question has an answer
}

// Result is a set of answers seen through the definition.
type Result struct {
	Answers Answers // of the questions that were asked; others are dropped
	Groups  []Asked // shown groups in order
}

// Problems lists all that is wrong, in the order of the form; empty if the answers can be sent.
func (r Result) Problems() []errs.Field {
	var out []errs.Field
	for _, g := range r.Groups {
		out = append(out, g.Problems...)
	}
	return out
}

// Asked returns the shown group with that id; nil if it is not shown.
func (r Result) Asked(id string) *Asked {
	for i := range r.Groups {
		if r.Groups[i].Group.ID == id {
			return &r.Groups[i]
		}
	}
	return nil
}

// Check goes through the form as a person does, from the first question to the last: what an earlier answer hides is
// not asked, and an answer to it is dropped. today is the day dates are compared with. A question that the form does
// not have is errs.Invalid.
func (d *Definition) Check(a Answers, now time.Time) (Result, error) {
	for id := range a {
		if d.fields[id] == nil {
			return Result{}, errs.E(errs.Invalid, "apply.unknown_field", fmt.Errorf("field %q", id))
		}
	}
	r := Result{Answers: Answers{}}
	for _, g := range d.Groups {
		if !g.ShownIf.holds(r.Answers) {
			continue
		}
		asked := Asked{Group: g}
		for _, f := range g.Fields {
			if f.ShownIf.holds(r.Answers) {
				asked.Fields = append(asked.Fields, f)
			}
		}
		for _, f := range asked.Fields {
			for _, v := range a[f.ID] {
				if f.Kind != File {
					v = f.normalise(v)
				}
				if v != "" && !slices.Contains(r.Answers[f.ID], v) {
					r.Answers[f.ID] = append(r.Answers[f.ID], v)
				}
			}
			asked.Answered = asked.Answered || len(r.Answers[f.ID]) > 0
		}
		for _, f := range asked.Fields {
			if p, ok := f.check(r.Answers, now); !ok {
				asked.Problems = append(asked.Problems, p)
			}
		}
		r.Groups = append(r.Groups, asked)
	}
	return r, nil
}

// Localise puts the form's texts among args into a language: Text becomes string.
func Localise(lang i18n.Lang, args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case Text:
			out[i] = v.In(lang)
		case money.Cents:
			out[i] = i18n.Money(lang, v)
		case time.Time:
			out[i] = i18n.Date(lang, v)
		default:
			out[i] = a
		}
	}
	return out
}

// Show writes an answer for people; yes is the word for a ticked box.
func (f *Field) Show(lang i18n.Lang, values []string, yes string) string {
	var out []string
	for _, v := range values {
		switch f.Kind {
		case Checkbox:
			v = yes
		case Select, Radio, Checkboxes:
			for _, o := range f.Options {
				if o.Value == v {
					v = o.Label.In(lang)
					break
				}
			}
		case Date:
			if t, err := time.ParseInLocation(time.DateOnly, v, i18n.Berlin); err == nil {
				v = i18n.Date(lang, t)
			}
		case Money:
			if c, err := money.Parse(v); err == nil {
				v = i18n.Money(lang, c)
			}
		}
		if f.Format == IBAN {
			v = grouped(v)
		}
		out = append(out, v)
	}
	return strings.Join(out, "\n")
}

func grouped(iban string) string {
	var b strings.Builder
	for i, r := range iban {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// JSON writes answers with sorted names: one value as a string, several choices as a list.
func (d *Definition) JSON(a Answers) (json.RawMessage, error) {
	out := map[string]any{}
	for id, values := range a {
		f := d.fields[id]
		if f == nil || len(values) == 0 {
			continue
		}
		if f.Kind == Checkboxes || f.Kind == File {
			out[id] = values
		} else {
			out[id] = values[0]
		}
	}
	return json.Marshal(out)
}
