// Package form is a form as a file: its groups of questions, the rules of each answer, and the check of a whole set
// of answers by them. It knows neither pages nor tables.
//
// A definition is forms/ID.vN.json. A group is one page of a few questions; a question that depends on another is
// asked on a later page, so a form needs no script. Questions that recur (an address) are blocks, forms/blocks/*.json,
// taken in by "use": the block's question "street" used as "home" becomes "home_street".
package form

import (
	"regexp"
	"strings"

	"rennsteig/platform/i18n"
)

// Text is a text of a form in both languages.
type Text struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// In returns the text in lang.
func (t Text) In(lang i18n.Lang) string {
	if lang == i18n.English {
		return t.EN
	}
	return t.DE
}

func (t Text) given() bool { return t.DE != "" || t.EN != "" }

// Policy says when a fee is due.
type Policy string

// The policies.
const (
	NoFee    Policy = "none"
	FeeFirst Policy = "fee_first" // the office gets the application when its fee is paid
	ByNotice Policy = "by_notice" // the notice carries the amount
)

// Signature says what stands for the applicant's signature.
type Signature string

// The signatures.
const (
	Unsigned    Signature = "none"
	Declaration Signature = "declaration" // a declaration ticked when sending; no law asks for more
)

// Definition is one version of a form.
type Definition struct {
	ID          string    `json:"id"`      // "hund-anmelden", part of addresses
	Version     int       `json:"version"` // from 1
	LeikaKey    string    `json:"leika_key"`
	Title       Text      `json:"title"`
	Lead        Text      `json:"lead"`   // what it is, one or two sentences
	Needs       []Text    `json:"needs"`  // what to have at hand
	Next        []Text    `json:"next"`   // what happens after sending
	Policy      Policy    `json:"policy"` //
	Signature   Signature `json:"signature"`
	Declaration Text      `json:"declaration"` // what is declared when sending
	Applicant   string    `json:"applicant"`   // template of the applicant's name: "{given_name} {surname}"
	Subject     string    `json:"subject"`     // template of the case's subject: "Hundesteuer {surname}"
	Privacy     Privacy   `json:"privacy"`
	Groups      []*Group  `json:"groups"`

	fields map[string]*Field
}

// Privacy is the notice of GDPR Article 13 as far as it differs from form to form.
type Privacy struct {
	Purpose    Text `json:"purpose"`
	LegalBasis Text `json:"legal_basis"`
	Retention  Text `json:"retention"`
}

// Group is a small group of questions, one page.
type Group struct {
	ID      string     `json:"id"` // part of addresses
	Title   Text       `json:"title"`
	Hint    Text       `json:"hint"`
	ShownIf *Condition `json:"shown_if,omitempty"`
	Fields  []*Field   `json:"fields"`
}

// Files reports whether the group asks for files. Such a group asks for nothing else.
func (g *Group) Files() bool { return len(g.Fields) > 0 && g.Fields[0].Kind == File }

// Kind is the kind of a question.
type Kind string

// The kinds.
const (
	Line       Kind = "text"
	Textarea   Kind = "textarea"
	Email      Kind = "email"
	Tel        Kind = "tel"
	Date       Kind = "date"   // answer: YYYY-MM-DD
	Number     Kind = "number" // answer: a whole number
	Money      Kind = "money"  // answer: euros with two decimals, "12.50"
	Select     Kind = "select"
	Radio      Kind = "radio"
	Checkbox   Kind = "checkbox" // answer: Yes, or none
	Checkboxes Kind = "checkboxes"
	File       Kind = "file" // answer: the ids of the files
)

// Yes is the answer of a ticked checkbox.
const Yes = "ja"

// Format is a further rule of a text.
type Format string

// The formats.
const (
	Free     Format = ""
	IBAN     Format = "iban"     // ISO 13616
	Postcode Format = "postcode" // German postcode
	Digits   Format = "digits"   // digits, spaces are dropped
)

// Field is one question.
type Field struct {
	ID           string     `json:"id"`
	Use          string     `json:"use,omitempty"` // a block instead of a question
	Kind         Kind       `json:"kind,omitempty"`
	Label        Text       `json:"label,omitzero"`
	Hint         Text       `json:"hint,omitzero"`
	Options      []Option   `json:"options,omitempty"`
	Optional     bool       `json:"optional,omitempty"`
	RequiredIf   *Condition `json:"required_if,omitempty"` // optional unless this holds
	ShownIf      *Condition `json:"shown_if,omitempty"`
	Min          *int64     `json:"min,omitempty"` // number: value; money: cents
	Max          *int64     `json:"max,omitempty"`
	MinLength    int        `json:"min_length,omitempty"` // characters; for digits and the like after clearing spaces
	MaxLength    int        `json:"max_length,omitempty"`
	Pattern      string     `json:"pattern,omitempty"` // of the whole answer, RE2
	PatternText  Text       `json:"pattern_text,omitzero"`
	Format       Format     `json:"format,omitempty"`
	NotFuture    bool       `json:"not_future,omitempty"`
	NotPast      bool       `json:"not_past,omitempty"`
	NotBefore    string     `json:"not_before,omitempty"` // id of the date that must not be later
	Autocomplete string     `json:"autocomplete,omitempty"`
	Rows         int        `json:"rows,omitempty"`

	pattern *regexp.Regexp
}

// Option is one choice.
type Option struct {
	Value string `json:"value"`
	Label Text   `json:"label"`
	Hint  Text   `json:"hint,omitzero"`
}

// Condition holds if the answer to Field is one of Is, or if all or any of its parts hold.
type Condition struct {
	Field string      `json:"field,omitempty"`
	Is    []string    `json:"is,omitempty"`
	All   []Condition `json:"all,omitempty"`
	Any   []Condition `json:"any,omitempty"`
}

func (c *Condition) holds(a Answers) bool {
	if c == nil {
		return true
	}
	if c.Field != "" {
		for _, v := range a[c.Field] {
			for _, want := range c.Is {
				if v == want {
					return true
				}
			}
		}
		return false
	}
	for i := range c.All {
		if !c.All[i].holds(a) {
			return false
		}
	}
	for i := range c.Any {
		if c.Any[i].holds(a) {
			return true
		}
	}
	return len(c.Any) == 0
}

// Group returns the group with that id; nil if there is none.
func (d *Definition) Group(id string) *Group {
	for _, g := range d.Groups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// Field returns the question with that id; nil if there is none.
func (d *Definition) Field(id string) *Field { return d.fields[id] }

var placeholder = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// Fill puts answers into a template such as Subject. Unanswered places are left out.
func Fill(template string, a Answers) string {
	s := placeholder.ReplaceAllStringFunc(template, func(p string) string {
		return strings.Join(a[p[1:len(p)-1]], " ")
	})
	return strings.Join(strings.Fields(s), " ")
}
