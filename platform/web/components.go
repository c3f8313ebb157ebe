package web

import "rennsteig/platform/errs"

// The components' data. Texts in them are already in the reader's language. In a template:
// {{template "field" .D.Name}}, {{template "errorSummary" .D.Errors}}, {{template "pagination" .D.Pages}} …

// Field is one question of a form: {{template "field" .}}. Kind: text, textarea, email, tel, date, number, money,
// select, radio, checkbox (one yes/no box), checkboxes (several), file.
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
}

// Option is one choice of a Field.
type Option struct{ Value, Label, Hint string }

// ErrorSummary lists what is wrong, on top of the page, focused: {{template "errorSummary" .}}; empty shows nothing.
type ErrorSummary struct{ Items []Link }

// Pagination is keyset paging: {{template "pagination" .}}; empty hrefs are not shown.
type Pagination struct{ Previous, Next string }

// Stepper shows where someone is in a form: {{template "stepper" .}}.
type Stepper struct{ Steps []Step }

// Step is one step; State is done, current or open.
type Step struct{ Text, Href, State string }

// SummaryList shows answers or facts as label and value: {{template "summaryList" .}}.
type SummaryList struct{ Rows []SummaryRow }

// SummaryRow has an optional "change" link, with hidden text that says what is changed.
type SummaryRow struct{ Label, Value, ChangeHref, ChangeText string }

// Alert is a message box: {{template "alert" .}}. Kind: info, success, warning, danger. Empty Title shows nothing.
type Alert struct{ Kind, Title, Text string }

// Badge is a short state: {{template "badge" .}}. Kind: info, success, warning, danger.
type Badge struct{ Kind, Text string }

// BarChart is an accessible SVG bar chart with its table: {{template "barChart" .}}. Sentence says what it shows.
type BarChart struct {
	ID, Title, Sentence string
	Unit                string
	Bars                []Bar
}

// Bar is one bar.
type Bar struct {
	Label string
	Value int64
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
