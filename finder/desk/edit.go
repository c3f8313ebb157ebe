package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
)

// StartDraft begins a new version of a text as a copy of the released one, and returns it. Where one is being worked on
// already, that is returned. errs.NotFound for a text that the caller may not write.
func (r *Room) StartDraft(ctx context.Context, ref finder.TextRef) (out Version, err error) {
	s, p, err := editorScope(ctx)
	if err != nil {
		return out, err
	}
	if err := s.own(ref.Authority); err != nil {
		return out, err
	}
	c := r.finder.Catalog()
	service, known := c.Service(ref.Service)
	if _, ok := c.Authority(ref.Authority); !known || ref.Authority != "" && !ok || !slices.Contains(i18n.Langs, ref.Lang) {
		return out, errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := versionsOf(ctx, tx, s, ref, 100)
		if err != nil {
			return err
		}
		now := r.h.Now()
		out = Version{ID: db.NewID(), TextRef: ref, Number: 1, State: Draft, Change: 1, Author: p.Subject, AuthorName: p.Name, CreatedAt: now, ChangedAt: now}
		out.Modules = map[finder.Module]finder.ModuleText{}
		if ref.Authority == "" && ref.Lang == i18n.German {
			out.Modules[finder.ModuleName] = finder.ModuleText{Text: service.Name}
			if service.Text != "" {
				out.Modules[finder.ModuleShort] = finder.ModuleText{Text: finder.CleanHTML(service.Text)}
			}
		}
		for i, v := range list {
			if v.Open() {
				out = v
				return nil
			}
			if i == 0 {
				out.Number = v.Number + 1
			}
			if v.State == Released {
				out.Content = v.Content
			}
		}
		if ref.Authority != "" {
			master, _, err := valid(ctx, tx, program, finder.TextRef{Service: ref.Service, Lang: ref.Lang})
			if err != nil {
				return err
			}
			out.Master = master.ID
		}
		if err := insertVersion(ctx, tx, s, out); err != nil {
			return err
		}
		return r.log(ctx, tx, audit.Entry{Action: "finder.text_started"}, out)
	})
	return out, err
}

// Save writes the content of a draft. change is the one that the caller has seen: errs.Conflict if somebody else has
// saved since. errs.Invalid names the fields.
func (r *Room) Save(ctx context.Context, id string, change int64, content Content) error {
	return r.change(ctx, id, change, "finder.text_saved", func(_ context.Context, _ *db.Tx, _ Scope, p identity.Principal, v *Version) error {
		if v.State != Draft {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		clean, err := content.clean(v.Authority != "")
		if err != nil {
			return err
		}
		v.Content = clean
		v.write(p)
		return nil
	})
}

// Adopt tells that a local text was looked through beside the present Stammtext.
func (r *Room) Adopt(ctx context.Context, id string, change int64) error {
	return r.change(ctx, id, change, "finder.text_compared", func(ctx context.Context, tx *db.Tx, _ Scope, _ identity.Principal, v *Version) error {
		if v.Authority == "" || v.State != Released && v.State != Draft {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		master, _, err := valid(ctx, tx, program, finder.TextRef{Service: v.Service, Lang: v.Lang})
		v.Master = master.ID
		return err
	})
}

// Discard gives up a draft.
func (r *Room) Discard(ctx context.Context, id string, change int64) error {
	return r.change(ctx, id, change, "finder.text_discarded", func(_ context.Context, _ *db.Tx, _ Scope, _ identity.Principal, v *Version) error {
		if v.State != Draft {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		v.State, v.EndedAt = Discarded, r.h.Now()
		return nil
	})
}

// SetReviewDate says when a released text or a draft is to be looked through again: "2026-11-24", or "" for never.
func (r *Room) SetReviewDate(ctx context.Context, id string, change int64, day string) error {
	return r.change(ctx, id, change, "finder.text_review_date_set", func(_ context.Context, _ *db.Tx, _ Scope, _ identity.Principal, v *Version) error {
		if v.State != Released && v.State != Draft {
			return errs.E(errs.Conflict, "finder.desk.error.state")
		}
		clean, err := Content{ReviewDate: day}.clean(false)
		v.ReviewDate = clean.ReviewDate
		return err
	})
}

// Comment says something about a version.
func (r *Room) Comment(ctx context.Context, id, body string) error {
	s, p, err := editorScope(ctx)
	if err != nil {
		return err
	}
	if body, err = comment(body, true); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := versionByID(ctx, tx, s, id, "")
		if err != nil {
			return err
		}
		if err := insertComment(ctx, tx, v.ID, p.Subject, p.Name, Comment{ID: db.NewID(), At: r.h.Now(), Body: body}); err != nil {
			return err
		}
		return r.log(ctx, tx, audit.Entry{Action: "finder.text_commented"}, v)
	})
}

// write notes who wrote in the version.
func (v *Version) write(p identity.Principal) {
	v.Author, v.AuthorName = p.Subject, p.Name
	v.answers(p)
}

// answers notes who may not release the version.
func (v *Version) answers(p identity.Principal) {
	if !slices.Contains(v.Authors, p.Subject) {
		v.Authors = append(v.Authors, p.Subject)
	}
}

// change is the common way of the use-cases on one version: authorise, check that the caller has seen its present
// state, change, write down.
func (r *Room) change(ctx context.Context, id string, change int64, action string,
	f func(ctx context.Context, tx *db.Tx, s Scope, p identity.Principal, v *Version) error) error {
	s, p, err := editorScope(ctx)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		v, err := versionByID(ctx, tx, s, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if v.Change != change {
			return errs.E(errs.Conflict, "finder.desk.error.changed")
		}
		v.ChangedAt = r.h.Now()
		e := audit.Entry{Action: action}
		if err := f(ctx, tx, s, p, &v); err != nil {
			return err
		}
		if err := updateVersion(ctx, tx, s, &v); err != nil {
			return err
		}
		return r.log(ctx, tx, e, v)
	})
}

// log writes what was done to a version, with a hash of its content that proves what was released.
func (r *Room) log(ctx context.Context, tx *db.Tx, e audit.Entry, v Version) error {
	modules, words, _, err := v.encode()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(modules + words))
	changes := map[string]any{"service": v.Service, "lang": v.Lang, "number": v.Number, "state": v.State, "content": hex.EncodeToString(sum[:])}
	if v.ReviewDate != "" {
		changes["reviewDate"] = v.ReviewDate
	}
	maps.Copy(changes, e.Changes)
	e.Authority, e.Object, e.Changes = v.Authority, "text:"+v.ID, changes
	return r.h.Audit.Append(ctx, tx, e)
}
