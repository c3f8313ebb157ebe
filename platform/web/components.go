package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/errs"
)

// The components' data. Texts in them are already in the reader's language. In a template:
// {{template "field" .D.Name}}, {{template "errorSummary" .D.Errors}}, {{template "pagination" .D.Pages}} …

// Field is one question of a form: {{template "field" .}}. Kind: text, textarea, email, tel, date, day, number, money,
// select, radio, checkbox (one yes/no box, posts "true"), checkboxes (several), file. Its form needs novalidate:
// messages of the browser are neither ours nor read out well.
//
// A date is three inputs, NAME-day, NAME-month and NAME-year, which ReadForm joins to NAME; Value is as DateValue
// returns it. A birthday has Autocomplete "bday". That is for citizens; a day is one input, for who types many of them:
// Value is "2026-11-24" or what was typed, and Days reads it.
type Field struct {
	Name, Label, Hint, Value, Kind string
	Values                         []string // chosen, for checkboxes
	Options                        []Option // select, radio, checkboxes
	Optional                       bool     // marked "(freiwillig)"; otherwise aria-required
	Error                          string
	Autocomplete                   string // HTML autocomplete token
	Accept                         string // file types for kind file
	MaxLength, Rows                int
	Legend                         bool // the label is the page's h1 (one question a page)
	Past                           bool // a day that has been
}

// Option is one choice of a Field.
type Option struct{ Value, Label, Hint string }

// ID is the id of the field's first input, which the error summary leads to.
func (f Field) ID() string { return f.Name }

// OptionID is the id of the i-th option's input.
func (f Field) OptionID(i int) string {
	if i == 0 {
		return f.ID()
	}
	return f.Name + "-" + strconv.Itoa(i+1)
}

// HintID is the id of the hint.
func (f Field) HintID() string { return f.Name + "-hinweis" }

// ErrorID is the id of the error message.
func (f Field) ErrorID() string { return f.Name + "-fehler" }

// DescribedBy lists the ids of hint and error, for aria-describedby.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" || f.Kind == "day" {
		ids = append(ids, f.HintID())
	}
	if f.Error != "" {
		ids = append(ids, f.ErrorID())
	}
	return strings.Join(ids, " ")
}

// IsGroup reports whether the field has several inputs under one legend.
func (f Field) IsGroup() bool { return f.Kind == "radio" || f.Kind == "checkboxes" || f.Kind == "date" }

// InputType is the type of the input element. Numbers are text: type=number loses what it cannot read, and changes when
// the mouse wheel is turned over it.
func (f Field) InputType() string {
	switch f.Kind {
	case "email", "tel":
		return f.Kind
	default:
		return "text"
	}
}

// InputMode chooses the keyboard of a phone.
func (f Field) InputMode() string {
	switch f.Kind {
	case "number":
		return "numeric"
	case "money":
		return "decimal"
	default:
		return ""
	}
}

// Text is what stands in the input.
func (f Field) Text() string {
	if t, err := time.Parse(time.DateOnly, f.Value); f.Kind == "day" && err == nil {
		return t.Format("02.01.2006")
	}
	return f.Value
}

// TextRows is the height of a textarea.
func (f Field) TextRows() int { return max(f.Rows, 4) }

// IsChosen reports whether the option with this value is chosen.
func (f Field) IsChosen(value string) bool {
	if f.Kind == "checkboxes" {
		return slices.Contains(f.Values, value)
	}
	return f.Value == value
}

// HasEmpty reports whether a select brings its own option for "nothing chosen" ("Alle").
func (f Field) HasEmpty() bool {
	return slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == "" })
}

// Checked reports whether the one box of kind checkbox is ticked.
func (f Field) Checked() bool { return f.Value != "" && f.Value != "false" }

// Day is the first input of a date.
func (f Field) Day() string { return f.datePart(2) }

// Month is the second input of a date.
func (f Field) Month() string { return f.datePart(1) }

// Year is the third input of a date.
func (f Field) Year() string { return f.datePart(0) }

func (f Field) datePart(i int) string {
	if parts := strings.Split(f.Value, "-"); len(parts) == 3 {
		return parts[i]
	}
	return ""
}

// DateAutocomplete is the autocomplete token of one of a date's inputs.
func (f Field) DateAutocomplete(part string) string {
	if f.Autocomplete != "bday" {
		return ""
	}
	return "bday-" + part
}

// ErrorSummary lists what is wrong, on top of the page, focused: {{template "errorSummary" .}}; empty shows nothing.
type ErrorSummary struct{ Items []Link }

// Tabs leads to the pages that belong together: {{template "tabs" .}}. Label names them for who cannot see them.
type Tabs struct {
	Label string
	Links []Link
}

// Choice is a select in a list's filter: {{template "choice" .}}.
type Choice struct {
	Name, Label string
	Options     []Chosen
}

// Chosen is one option of a Choice.
type Chosen struct {
	Value, Text string
	Selected    bool
}

// Choose makes a Choice whose options' texts are the catalogue's label.value; the empty value, which comes first, is
// label.any.
func (s *Site) Choose(r *http.Request, name, label, current string, values ...string) Choice {
	c := Choice{Name: name, Label: s.T(r, label)}
	for _, v := range append([]string{""}, values...) {
		key := label + "." + v
		if v == "" {
			key = label + ".any"
		}
		c.Options = append(c.Options, Chosen{v, s.T(r, key), v == current})
	}
	return c
}

// Pagination is keyset paging: {{template "pagination" .}}; empty hrefs are not shown.
type Pagination struct{ Previous, Next string }

// Stepper shows where someone is in a form: {{template "stepper" .}}.
type Stepper struct{ Steps []Step }

// Step is one step; State is done, current or open.
type Step struct{ Text, Href, State string }

// Current is the number of the current step, counted from 1; 0 if there is none.
func (s Stepper) Current() int {
	return slices.IndexFunc(s.Steps, func(s Step) bool { return s.State == "current" }) + 1
}

// CurrentText is the name of the current step.
func (s Stepper) CurrentText() string {
	if n := s.Current(); n > 0 {
		return s.Steps[n-1].Text
	}
	return ""
}

// TaskList shows the parts of something longer with their states: {{template "taskList" .}}.
type TaskList struct{ Tasks []Task }

// Task is one part; without Href it cannot be begun yet.
type Task struct {
	Text, Href, Hint string
	State            Badge
}

// SummaryList shows answers or facts as label and value: {{template "summaryList" .}}; in a narrow column
// {{template "narrow" .}}, without links.
type SummaryList struct{ Rows []SummaryRow }

// SummaryRow has an optional "change" link, with hidden text that says what is changed.
type SummaryRow struct{ Label, Value, ChangeHref, ChangeText string }

// Alert is a message box: {{template "alert" .}}. Kind: info, success, warning, danger. Empty Title shows nothing. Items
// are what it is about, one by one.
type Alert struct {
	Kind, Title, Text string
	Items             []Link
}

// Badge is a short state: {{template "badge" .}}. Kind: info, success, warning, danger, or "" for a plain one.
type Badge struct{ Kind, Text string }

// SearchBox is a search form: {{template "searchBox" .}}. It sends Name by GET to Action. Without Button it says
// "Suchen".
type SearchBox struct{ Action, Name, Label, Hint, Value, Button string }

// BarChart is an accessible bar chart, drawn as SVG inside the very table that has its figures: {{template "barChart" .}}.
// Sentence says what it shows.
type BarChart struct {
	ID, Title, Sentence string
	Unit                string // what is counted: "Anträge", "Euro"
	Bars                []Bar
}

// Bar is one bar; a negative value is drawn as none.
type Bar struct {
	Label string
	Value int64
}

// Percent is the length of the bar in percent of the chart's longest.
func (c BarChart) Percent(b Bar) string {
	var longest int64 = 1
	for _, o := range c.Bars {
		longest = max(longest, o.Value)
	}
	return strconv.FormatFloat(100*float64(max(b.Value, 0))/float64(longest), 'f', 2, 64) + "%"
}

// Summary makes the error summary of an error's fields.
func (s *Site) Summary(t func(key string, args ...any) string, err error) ErrorSummary {
	var out ErrorSummary
	if err == nil {
		return out
	}
	for _, f := range errs.As(err).Fields {
		out.Items = append(out.Items, Link{Text: t(f.Key, f.Args...), Href: "#" + f.Name})
	}
	return out
}
