package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Template is a circulation to be used again, for cases of one type or of any.
type Template struct {
	ID        string
	Authority string
	Name      string
	CaseType  string // LeiKa key of 14 digits, "general" for cases opened at the desk, "" for any
	Steps     []Step
	Version   int64 // 0 is a new one
	ChangedBy string
	ChangedAt time.Time
}

// Fits reports whether the template is meant for such a case.
func (t Template) Fits(c records.Case) bool {
	switch t.CaseType {
	case "":
		return true
	case string(records.General):
		return c.Kind == records.General
	}
	return t.CaseType == c.LeikaKey
}

func readSteps(s string) (steps []Step, err error) {
	if err := json.Unmarshal([]byte(s), &steps); err != nil {
		return nil, fmt.Errorf("steps of a template: %w", err)
	}
	return steps, nil
}

// SaveTemplate stores a new template (Version 0), or the next version of one, by a head of a unit or by the registrar.
func (r *Room) SaveTemplate(ctx context.Context, t Template) error {
	t.Name = strings.TrimSpace(t.Name)
	wrong := checkSteps(t.Steps, true, time.Time{})
	if n := utf8.RuneCountInString(t.Name); n == 0 || n > maxTitle {
		wrong = append(wrong, errs.Field{Name: "name", Key: "flow.error.name", Args: []any{maxTitle}})
	}
	if t.CaseType != "" && t.CaseType != string(records.General) && !isLeika(t.CaseType) {
		wrong = append(wrong, errs.Field{Name: "type", Key: "flow.error.case_type"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	steps, err := json.Marshal(t.Steps)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		dir, err := r.managed(ctx, tx, a, t.Authority)
		if err != nil {
			return err
		}
		var wrong []errs.Field
		for i, s := range t.Steps {
			for _, holder := range s.To {
				if r.holderName(dir, holder) == "" {
					wrong = append(wrong, errs.Field{Name: stepName(i), Key: "flow.error.nobody", Args: []any{holder}})
				}
			}
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		if err := tx.Lock(ctx, "flow:templates:"+t.Authority); err != nil {
			return err
		}
		if taken, err := r.store.hasName(ctx, tx, a, t); err != nil {
			return err
		} else if taken {
			return errs.InvalidFields([]errs.Field{{Name: "name", Key: "flow.error.name_taken"}})
		}
		had, err := r.store.template(ctx, tx, a, t.ID, tx.ForUpdate())
		t.ChangedBy, t.ChangedAt = identity.From(ctx).Name, r.h.Now()
		switch {
		case errs.Is(err, errs.NotFound) && t.Version == 0:
			err = r.store.insertTemplate(ctx, tx, a, t, string(steps))
		case err != nil:
			return err
		case had.Version == t.Version+1 && had.ChangedBy == t.ChangedBy && had.Name == t.Name && had.CaseType == t.CaseType && sameSteps(had.Steps, steps):
			return nil // the same form again
		case had.Authority != t.Authority, had.Version != t.Version:
			return errs.E(errs.Conflict, "flow.error.changed")
		default:
			err = r.store.updateTemplate(ctx, tx, a, t, string(steps))
		}
		if err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.template_saved", Authority: t.Authority, Object: templateObject(t.ID),
			Changes: map[string]any{"name": t.Name, "type": t.CaseType, "steps": t.Steps}})
	})
}

func sameSteps(steps []Step, as []byte) bool {
	b, err := json.Marshal(steps)
	return err == nil && string(b) == string(as)
}

// DropTemplate removes a template. What was started from it goes on.
func (r *Room) DropTemplate(ctx context.Context, id string, version int64) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		t, err := r.store.template(ctx, tx, a, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if _, err := r.managed(ctx, tx, a, t.Authority); err != nil {
			return err
		}
		if err := r.store.dropTemplate(ctx, tx, a, id, version); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.template_dropped", Authority: t.Authority, Object: templateObject(id),
			Changes: map[string]any{"name": t.Name}})
	})
}

// managed is the directory of an authority whose templates the caller manages: a registrar of it, or a head there.
func (r *Room) managed(ctx context.Context, q db.Querier, a access.Access, authority string) (directory, error) {
	if err := a.Own(authority); err != nil {
		return directory{}, err
	}
	dir, err := r.directory(ctx, q, a, authority, r.h.Now())
	if err != nil || a.Registrar(authority) {
		return dir, err
	}
	for id := range dir.units {
		if a.Heads(id) {
			return dir, nil
		}
	}
	return dir, errs.E(errs.Denied, "flow.error.not_manager")
}

// Templates lists those of the caller's authorities, by name.
func (r *Room) Templates(ctx context.Context) ([]Template, error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return nil, err
	}
	return r.store.templates(ctx, r.h.DB.Reader(), a)
}

// TemplateByID reads a template of the caller's authorities. errs.NotFound for any other.
func (r *Room) TemplateByID(ctx context.Context, id string) (Template, error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return Template{}, err
	}
	return r.store.template(ctx, r.h.DB.Reader(), a, id, "")
}

func templateObject(id string) string { return "circulation_template:" + id }

func isLeika(s string) bool {
	return len(s) == 14 && strings.Trim(s, "0123456789") == ""
}
