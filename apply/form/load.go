package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxDefinition bounds a definition's file, in bytes.
const maxDefinition = 256 << 10

// Blocks are the recurring questions by the name of their block.
type Blocks map[string][]*Field

// Forms are all definitions the program has.
type Forms struct {
	versions map[string]map[int]*Definition
	current  map[string]*Definition
}

// Load reads forms/*.json and forms/blocks/*.json. A broken definition is an error: the program must not start.
func Load(fsys fs.FS) (*Forms, error) {
	blocks := Blocks{}
	names, err := fs.Glob(fsys, "forms/blocks/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var fields []*Field
		if err := decode(b, &fields); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		blocks[strings.TrimSuffix(path.Base(name), ".json")] = fields
	}
	f := &Forms{versions: map[string]map[int]*Definition{}, current: map[string]*Definition{}}
	if names, err = fs.Glob(fsys, "forms/*.json"); err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		d, err := Parse(b, blocks)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if want := fmt.Sprintf("%s.v%d.json", d.ID, d.Version); path.Base(name) != want {
			return nil, fmt.Errorf("%s: must be called %s", name, want)
		}
		if f.versions[d.ID] == nil {
			f.versions[d.ID] = map[int]*Definition{}
		}
		f.versions[d.ID][d.Version] = d
		if c := f.current[d.ID]; c == nil || c.Version < d.Version {
			f.current[d.ID] = d
		}
	}
	byKey := map[string]string{}
	for _, d := range f.All() {
		if other, ok := byKey[d.LeikaKey]; ok {
			return nil, fmt.Errorf("forms %s and %s are both for service %s", other, d.ID, d.LeikaKey)
		}
		byKey[d.LeikaKey] = d.ID
	}
	return f, nil
}

// All lists the current versions, by id.
func (f *Forms) All() []*Definition {
	var out []*Definition
	for _, id := range slices.Sorted(maps.Keys(f.current)) {
		out = append(out, f.current[id])
	}
	return out
}

// Current returns the newest version of a form; nil if there is no such form.
func (f *Forms) Current(id string) *Definition { return f.current[id] }

// Version returns that version of a form; nil if the program no longer has it.
func (f *Forms) Version(id string, version int) *Definition { return f.versions[id][version] }

// ForService returns the form for a service of the Leistungskatalog; nil if there is none.
func (f *Forms) ForService(leikaKey string) *Definition {
	for _, d := range f.current {
		if d.LeikaKey == leikaKey {
			return d
		}
	}
	return nil
}

func decode(b []byte, v any) error {
	if len(b) > maxDefinition {
		return fmt.Errorf("larger than %d bytes", maxDefinition)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("more than one JSON value")
	}
	return nil
}

// Parse reads one definition, takes in its blocks and checks it.
func Parse(b []byte, blocks Blocks) (*Definition, error) {
	d := &Definition{fields: map[string]*Field{}}
	if err := decode(b, d); err != nil {
		return nil, err
	}
	for i, g := range d.Groups {
		if g == nil {
			return nil, fmt.Errorf("group %d is null", i+1)
		}
		var fields []*Field
		for _, f := range g.Fields {
			switch {
			case f == nil:
				return nil, fmt.Errorf("group %s: a field is null", g.ID)
			case f.Use == "":
				fields = append(fields, f)
			case blocks[f.Use] == nil:
				return nil, fmt.Errorf("group %s: no block %q", g.ID, f.Use)
			default:
				fields = append(fields, expand(f, blocks[f.Use])...)
			}
		}
		g.Fields = fields
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return d, nil
}

// own is the autocomplete of a used block that asks about the applicant, whose browser may know the answers.
const own = "own"

// expand makes a block's questions those of the field that uses it: ids prefixed, conditions and optionality shared.
func expand(use *Field, block []*Field) []*Field {
	out := make([]*Field, len(block))
	for i, b := range block {
		f := *b
		f.ID = use.ID + "_" + b.ID
		f.ShownIf, f.RequiredIf = use.ShownIf, use.RequiredIf
		f.Optional = b.Optional || use.Optional
		if use.Autocomplete != own {
			f.Autocomplete = ""
		}
		out[i] = &f
	}
	return out
}

var (
	formID   = regexp.MustCompile(`^[a-z][a-z0-9-]{1,40}$`)
	fieldID  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)
	leikaKey = regexp.MustCompile(`^\d{14}$`)
	// reserved are the other pages of a draft, at the place in the address where a group's id stands.
	reserved = []string{"pruefen", "senden", "gesendet", "loeschen", "datei"}
	kinds    = []Kind{Line, Textarea, Email, Tel, Date, Number, Money, Select, Radio, Checkbox, Checkboxes, File}
	formats  = []Format{Free, IBAN, Postcode, Digits}
	// HTML, "Autofill detail tokens", as far as forms of authorities ask for such things.
	tokens = []string{"name", "given-name", "family-name", "honorific-prefix", "bday", "email", "tel", "organization",
		"street-address", "address-line1", "address-line2", "postal-code", "address-level2", "country-name", "url", "off"}
)

func (d *Definition) validate() error {
	switch {
	case !formID.MatchString(d.ID):
		return fmt.Errorf("id %q: want lower-case letters, digits and hyphens", d.ID)
	case d.Version < 1 || d.Version > 9999:
		return fmt.Errorf("version %d: want 1 to 9999", d.Version)
	case !leikaKey.MatchString(d.LeikaKey):
		return fmt.Errorf("leika_key %q: want 14 digits", d.LeikaKey)
	case !slices.Contains([]Policy{NoFee, FeeFirst, ByNotice}, d.Policy):
		return fmt.Errorf("policy %q is unknown", d.Policy)
	case !slices.Contains([]Signature{Unsigned, Declaration}, d.Signature):
		return fmt.Errorf("signature %q is unknown", d.Signature)
	case (d.Signature == Declaration) != d.Declaration.given():
		return errors.New("a declaration text belongs to signature \"declaration\", and only to it")
	case len(d.Groups) == 0 || len(d.Groups) > 40:
		return fmt.Errorf("%d groups: want 1 to 40", len(d.Groups))
	case d.Groups[0].ShownIf != nil:
		return errors.New("the first group must always be shown")
	}
	texts := map[string]Text{"title": d.Title, "lead": d.Lead, "privacy.purpose": d.Privacy.Purpose,
		"privacy.legal_basis": d.Privacy.LegalBasis, "privacy.retention": d.Privacy.Retention}
	if d.Declaration.given() {
		texts["declaration"] = d.Declaration
	}
	for i, t := range slices.Concat(d.Needs, d.Next) {
		texts[fmt.Sprintf("needs and next, %d", i+1)] = t
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if err := both(texts[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	earlier, groups := map[string]*Field{}, map[string]bool{}
	for _, g := range d.Groups {
		if groups[g.ID] {
			return fmt.Errorf("two groups %q", g.ID)
		}
		groups[g.ID] = true
		if err := d.validateGroup(g, earlier); err != nil {
			return fmt.Errorf("group %s: %w", g.ID, err)
		}
	}
	for name, template := range map[string]string{"applicant": d.Applicant, "subject": d.Subject} {
		if template == "" {
			return fmt.Errorf("%s is missing", name)
		}
		for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
			if d.fields[m[1]] == nil {
				return fmt.Errorf("%s: no field %q", name, m[1])
			}
		}
	}
	return nil
}

// validateGroup checks g; earlier are the fields of the pages before, to which g's are added.
func (d *Definition) validateGroup(g *Group, earlier map[string]*Field) error {
	switch {
	case !formID.MatchString(g.ID) || slices.Contains(reserved, g.ID):
		return errors.New("id: want lower-case letters, digits and hyphens, and none of the reserved words")
	case len(g.Fields) == 0 || len(g.Fields) > 20:
		return fmt.Errorf("%d fields: want 1 to 20", len(g.Fields))
	}
	if err := both(g.Title); err != nil {
		return fmt.Errorf("title: %w", err)
	}
	if err := maybe(g.Hint); err != nil {
		return fmt.Errorf("hint: %w", err)
	}
	if err := g.ShownIf.validate(earlier); err != nil {
		return fmt.Errorf("shown_if: %w", err)
	}
	for _, f := range g.Fields {
		if d.fields[f.ID] != nil {
			return fmt.Errorf("two fields %q", f.ID)
		}
		d.fields[f.ID] = f
	}
	for _, f := range g.Fields {
		// Without a script a page cannot change while it is filled in: what hides a question was asked before.
		if err := f.ShownIf.validate(earlier); err != nil {
			return fmt.Errorf("field %s: shown_if: %w", f.ID, err)
		}
		if (f.Kind == File) != g.Files() {
			return errors.New("files are asked for on a page of their own")
		}
	}
	for _, f := range g.Fields {
		earlier[f.ID] = f
	}
	for _, f := range g.Fields {
		if err := f.validate(earlier); err != nil {
			return fmt.Errorf("field %s: %w", f.ID, err)
		}
	}
	return nil
}

func (f *Field) validate(known map[string]*Field) error {
	choice := f.Kind == Select || f.Kind == Radio || f.Kind == Checkboxes
	text := f.Kind == Line || f.Kind == Textarea
	switch {
	case !fieldID.MatchString(f.ID):
		return errors.New("id: want lower-case letters, digits and underscores")
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("kind %q is unknown", f.Kind)
	case choice != (len(f.Options) > 0) || len(f.Options) > 300:
		return errors.New("options belong to select, radio and checkboxes, and only to them")
	case !slices.Contains(formats, f.Format) || f.Format != Free && f.Kind != Line:
		return fmt.Errorf("format %q does not fit kind %q", f.Format, f.Kind)
	case (f.Min != nil || f.Max != nil) && f.Kind != Number && f.Kind != Money:
		return errors.New("min and max belong to number and money")
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max:
		return errors.New("min is more than max")
	case (f.MinLength != 0 || f.MaxLength != 0 || f.Pattern != "") && !text:
		return errors.New("lengths and patterns belong to text and textarea")
	case f.MinLength < 0 || f.MaxLength < 0 || f.MaxLength > maxValue || f.MinLength > f.maxLength():
		return errors.New("lengths are out of order")
	case (f.NotFuture || f.NotPast || f.NotBefore != "") && f.Kind != Date:
		return errors.New("not_future, not_past and not_before belong to date")
	case f.NotBefore != "" && (known[f.NotBefore] == nil || known[f.NotBefore].Kind != Date):
		return fmt.Errorf("not_before: no date %q up to this page", f.NotBefore)
	case (f.Pattern != "") != f.PatternText.given():
		return errors.New("pattern and pattern_text go together")
	case f.Rows < 0 || f.Rows > 40:
		return errors.New("rows: want at most 40")
	}
	for _, token := range strings.Fields(f.Autocomplete) {
		if !slices.Contains(tokens, token) {
			return fmt.Errorf("autocomplete %q is unknown", token)
		}
	}
	if f.Pattern != "" {
		p, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return err
		}
		f.pattern = p
		if err := both(f.PatternText); err != nil {
			return err
		}
	}
	if err := both(f.Label); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	if err := maybe(f.Hint); err != nil {
		return fmt.Errorf("hint: %w", err)
	}
	if err := f.RequiredIf.validate(known); err != nil {
		return fmt.Errorf("required_if: %w", err)
	}
	values := map[string]bool{}
	for _, o := range f.Options {
		if !fieldID.MatchString(o.Value) || values[o.Value] {
			return fmt.Errorf("option %q: want distinct lower-case values", o.Value)
		}
		values[o.Value] = true
		if err := errors.Join(both(o.Label), maybe(o.Hint)); err != nil {
			return fmt.Errorf("option %s: %w", o.Value, err)
		}
	}
	return nil
}

func (c *Condition) validate(known map[string]*Field) error {
	if c == nil {
		return nil
	}
	parts := 0
	if c.Field != "" || len(c.Is) > 0 {
		parts++
		f := known[c.Field]
		if f == nil {
			return fmt.Errorf("no question %q before this one", c.Field)
		}
		if len(c.Is) == 0 {
			return errors.New("\"is\" is missing")
		}
		for _, v := range c.Is {
			ok := f.Kind == Checkbox && v == Yes || slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v })
			if !ok {
				return fmt.Errorf("%s has no answer %q", c.Field, v)
			}
		}
	}
	for _, list := range [][]Condition{c.All, c.Any} {
		if len(list) > 0 {
			parts++
		}
		for i := range list {
			if err := list[i].validate(known); err != nil {
				return err
			}
		}
	}
	if parts != 1 {
		return errors.New("want exactly one of field, all, any")
	}
	return nil
}

func both(t Text) error {
	if strings.TrimSpace(t.DE) == "" || strings.TrimSpace(t.EN) == "" {
		return errors.New("a text is missing in one language")
	}
	return nil
}

func maybe(t Text) error {
	if !t.given() {
		return nil
	}
	return both(t)
}
