package filing

import (
	"context"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Details are what can be said of a document.
type Details struct {
	Name     string // keeps its ending, if that says what it is
	Subject  string
	Keywords string // separated by commas or line ends
	Kind     records.Kind
}

// choosable are the kinds of which people say which one a document is; any other says how it came.
var choosable = []records.Kind{Paper, records.AttachmentKind}

const maxDocumentName = 200 // characters

// check tidies the details for a document, and says what is wrong with them.
func (x *Details) check(d Document) error {
	m := Marks{Subject: &x.Subject, Keywords: &x.Keywords}
	wrong := errs.As(m.check()).Fields
	x.Subject, x.Keywords = *m.Subject, *m.Keywords
	if x.Name = records.OneLine(x.Name); x.Name == "" {
		wrong = append(wrong, errs.Field{Name: "name", Key: "filing.error.name"})
	} else if n := utf8.RuneCountInString(x.Name); n > maxDocumentName {
		wrong = append(wrong, errs.Field{Name: "name", Key: "records.error.long", Args: []any{maxDocumentName, n}})
	}
	x.Name = records.SafeName(x.Name)
	if end := path.Ext(d.Name); typeByName(d.Name) != "application/octet-stream" && !strings.EqualFold(path.Ext(x.Name), end) {
		x.Name += end
	}
	if x.Kind != d.Kind && (!slices.Contains(choosable, x.Kind) || !slices.Contains(choosable, d.Kind)) {
		wrong = append(wrong, errs.Field{Name: "art", Key: "records.error.choice"})
	}
	return errs.InvalidFields(wrong)
}

// Describe changes what is said of a document that the caller may change; seen is its Revision that they saw. The versions
// keep the names under which they came. errs.Conflict if somebody was faster, for another name or kind of what the program
// made for its case, and where describable says so.
func (r *Room) Describe(ctx context.Context, id string, seen int64, x Details) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		d, err := r.toChange(ctx, tx, a, id)
		if err != nil {
			return err
		}
		if err := x.check(d); err != nil {
			return err
		}
		if err := r.describable(ctx, tx, a, d); err != nil {
			return err
		}
		changes := map[string]any{}
		set := func(what string, value *string, to string) {
			if *value != to {
				*value, changes[what] = to, to
			}
		}
		kind := string(d.Kind)
		set("name", &d.Name, x.Name)
		set("kind", &kind, string(x.Kind))
		if d.Kind = x.Kind; made(d.Kind) && len(changes) > 0 {
			return errs.E(errs.Conflict, "filing.error.stays", d.Name)
		}
		set("subject", &d.Subject, x.Subject)
		set("keywords", &d.Keywords, x.Keywords)
		switch {
		case len(changes) == 0:
			return nil // or the form was sent twice
		case d.Revision != seen:
			return errs.E(errs.Conflict, "filing.error.described")
		}
		if err := r.store.mark(ctx, tx, a, d); err != nil {
			return err
		}
		return r.log(ctx, tx, d, "filing.described", changes)
	})
}

// describable is why what is said of a document stays as it is for now: it is signed finally, circulates, or somebody else
// edits it; nil if nothing stands against it.
func (r *Room) describable(ctx context.Context, tx *db.Tx, a access.Access, d Document) error {
	switch {
	case d.Final():
		return errs.E(errs.Conflict, "filing.error.final_details", d.Name)
	case d.Locked(r.h.Now()) && d.LockedBy != a.Subject:
		return errs.E(errs.Conflict, "filing.error.locked", d.LockedName)
	}
	err := r.core.DocumentLeaves(ctx, tx, d.ID)
	if errs.Is(err, errs.Conflict) {
		return errs.E(errs.Conflict, "filing.error.circulates", d.Name)
	}
	return err
}
