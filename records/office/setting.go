package office

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Type is a type of files with the number of files that have it.
type Type struct {
	records.FileType
	Files int
}

// SetPattern says how the authority writes its Aktenzeichen from now on; those that were given stay.
func (r *Room) SetPattern(ctx context.Context, authority, pattern string) error {
	pattern = strings.TrimSpace(pattern)
	if err := records.CheckPattern(pattern); err != nil {
		return errs.InvalidFields([]errs.Field{{Name: "pattern", Key: errs.As(err).Key}})
	}
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		if err := putPattern(ctx, tx, access.At(authority), authority, pattern); err != nil {
			return err
		}
		return r.log(ctx, tx, "office.pattern_set", authority, "authority:"+authority, map[string]any{"pattern": pattern})
	})
}

const maxFields = 30

// notName is what cannot stand in the name of a field.
var notName = regexp.MustCompile(`[^a-z0-9_]+`)

// ParseFields reads the fields of a file type, a line each: label; kind (text, date or the choices separated by "|");
// "*" before the label marks it as required.
func ParseFields(text string) ([]records.TypeField, error) {
	var out []records.TypeField
	for line := range strings.Lines(text) {
		label, kind, _ := strings.Cut(strings.TrimSpace(line), ";")
		label, required := strings.CutPrefix(strings.TrimSpace(label), "*")
		label, kind = strings.TrimSpace(label), strings.TrimSpace(kind)
		if label == "" && kind == "" {
			continue
		}
		f := records.TypeField{Label: label, Kind: kind, Required: required, Name: strings.Trim(notName.ReplaceAllString(strings.ToLower(label), "_"), "_")}
		switch {
		case kind == "" || kind == "text":
			f.Kind = "text"
		case kind == "datum" || kind == "date":
			f.Kind = "date"
		case strings.Contains(kind, "|"):
			f.Kind = "select"
			for o := range strings.SplitSeq(kind, "|") {
				if o = strings.TrimSpace(o); o != "" {
					f.Options = append(f.Options, o)
				}
			}
		default:
			return nil, errs.InvalidFields([]errs.Field{{Name: "fields", Key: "office.error.field", Args: []any{line}}})
		}
		if f.Name == "" || utf8.RuneCountInString(label) > maxName || len(out) == maxFields ||
			slices.ContainsFunc(out, func(o records.TypeField) bool { return o.Name == f.Name }) {
			return nil, errs.InvalidFields([]errs.Field{{Name: "fields", Key: "office.error.field", Args: []any{line}}})
		}
		out = append(out, f)
	}
	return out, nil
}

// Lines writes the type's fields as ParseFields reads them.
func (t Type) Lines() string {
	var b strings.Builder
	for _, f := range t.Fields {
		if f.Required {
			b.WriteString("* ")
		}
		b.WriteString(f.Label)
		switch f.Kind {
		case "date":
			b.WriteString("; datum")
		case "select":
			b.WriteString("; " + strings.Join(f.Options, " | "))
			if len(f.Options) == 1 {
				b.WriteString(" |")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// PutType makes a type of files or changes its name. Its fields stay as they are once a file has it.
func (r *Room) PutType(ctx context.Context, t records.FileType) error {
	t.Name = strings.Join(strings.Fields(t.Name), " ")
	if t.Name == "" || utf8.RuneCountInString(t.Name) > maxName {
		return errs.InvalidFields([]errs.Field{{Name: "typename", Key: "office.error.name"}})
	}
	return r.set(ctx, t.Authority, func(ctx context.Context, tx *db.Tx) error {
		at := access.At(t.Authority)
		all, err := types(ctx, tx, at)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.ID != t.ID && strings.EqualFold(o.Name, t.Name) {
				return errs.InvalidFields([]errs.Field{{Name: "typename", Key: "office.error.taken"}})
			}
			if o.ID == t.ID && o.Files > 0 && o.Lines() != (Type{FileType: t}).Lines() {
				return errs.E(errs.Conflict, "office.error.type_used", o.Files)
			}
		}
		if err := putType(ctx, tx, at, t); err != nil {
			return err
		}
		return r.log(ctx, tx, "office.type_set", t.Authority, "filetype:"+t.ID, map[string]any{"name": t.Name, "fields": len(t.Fields)})
	})
}
