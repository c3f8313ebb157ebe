package flow

import (
	"context"
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

// Comment is a word on a case, plain text, kept as long as the case.
type Comment struct {
	ID, Authority, Case string
	Text                string
	By                  Person
	At                  time.Time
}

// AddComment keeps a comment of somebody who may read the case. id is chosen by the form.
func (r *Room) AddComment(ctx context.Context, caseID, id, text string) error {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return errs.InvalidFields([]errs.Field{{Name: "comment", Key: "flow.error.comment"}})
	case n > maxText:
		return errs.InvalidFields([]errs.Field{{Name: "comment", Key: "flow.error.long", Args: []any{maxText}}})
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.core.CaseByID(ctx, tx, a, caseID, tx.ForUpdate())
		if err != nil {
			return err
		}
		if c.State == records.StateClosed {
			return errs.E(errs.Conflict, "records.error.closed")
		}
		had, err := r.store.comments(ctx, tx, a, c.ID)
		if err != nil {
			return err
		}
		for _, k := range had {
			if k.ID == id {
				return nil
			}
		}
		me := identity.From(ctx)
		if err := r.store.insertComment(ctx, tx, a, Comment{ID: id, Authority: c.Authority, Case: c.ID, Text: text,
			By: Person{me.Subject, me.Name}, At: r.h.Now()}); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.commented", Authority: c.Authority, Object: records.CaseObject(c.ID),
			Changes: map[string]any{"comment": id, "sha256": records.Digest(text)}})
	})
}
