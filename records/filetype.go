package records

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// FileType is a kind of file that an authority keeps, with fields of its own (Aktentyp).
type FileType struct {
	ID        string
	Authority string
	Name      string
	Fields    []TypeField
}

// TypeField is one field of a file type.
type TypeField struct {
	Name     string   `json:"name"` // in the stored object; lower-case letters, digits, "_"
	Label    string   `json:"label"`
	Kind     string   `json:"kind"` // "text", "date" or "select"
	Options  []string `json:"options,omitempty"`
	Required bool     `json:"required,omitempty"`
}

// Values reads the values of a file's own fields.
func Values(fields string) map[string]string {
	out := map[string]string{}
	_ = json.Unmarshal([]byte(fields), &out) // nothing else was ever stored
	return out
}

// check names the values that do not fit the type, and returns them with their days as they are stored ("2026-11-24").
// Values of no field of the type are an error too.
func (t FileType) check(fields string, now time.Time) (string, []errs.Field) {
	values := map[string]string{}
	if json.Unmarshal([]byte(fields), &values) != nil {
		return fields, []errs.Field{{Name: "type", Key: "records.error.choice"}}
	}
	var wrong []errs.Field
	clean := map[string]string{}
	for _, f := range t.Fields {
		v := values[f.Name]
		if v != "" {
			clean[f.Name] = v
		}
		delete(values, f.Name)
		name := "field-" + f.Name
		switch {
		case v == "" && f.Required:
			wrong = append(wrong, errs.Field{Name: name, Key: "records.error.needed", Args: []any{f.Label}})
		case v == "":
		case utf8.RuneCountInString(v) > maxSubject:
			wrong = append(wrong, errs.Field{Name: name, Key: "records.error.long", Args: []any{maxSubject, utf8.RuneCountInString(v)}})
		case f.Kind == "select" && !slices.Contains(f.Options, v):
			wrong = append(wrong, errs.Field{Name: name, Key: "records.error.choice"})
		case f.Kind == "date":
			days := web.Days{Form: url.Values{name: {v}}, Now: now}
			clean[f.Name] = i18n.ISODate(days.Any(name))
			if err := days.Err(); err != nil {
				wrong = append(wrong, errs.As(err).Fields...)
			}
		}
	}
	if len(values) > 0 {
		wrong = append(wrong, errs.Field{Name: "type", Key: "records.error.choice"})
	}
	b, _ := json.Marshal(clean) // strings always marshal
	return string(b), wrong
}
