package disposal

import (
	"context"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Setting is what an authority has agreed on with its archive.
type Setting struct {
	Authority   string
	Archive     string // name of the archive that files are offered to; "" is not said yet
	Agreed      bool   // the archive has agreed beforehand to what the file plan rates V
	KeepSubject bool   // what is left of a destroyed file keeps its subject
}

// Setting reads what the authority, whose records the caller keeps, has agreed on.
func (r *Room) Setting(ctx context.Context, authority string) (Setting, error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return Setting{}, err
	}
	if !a.Registrar(authority) {
		return Setting{}, notFound()
	}
	return r.store.setting(ctx, r.h.DB.Reader(), a, authority)
}

// Set stores what the authority, whose records the caller keeps, has agreed on.
func (r *Room) Set(ctx context.Context, s Setting) error {
	s.Archive = strings.Join(strings.Fields(s.Archive), " ")
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if !a.Registrar(s.Authority) {
			return notFound()
		}
		if n := utf8.RuneCountInString(s.Archive); n == 0 || n > maxName {
			return errs.InvalidFields([]errs.Field{{Name: "archive", Key: "disposal.error.archive"}})
		}
		if err := r.store.putSetting(ctx, tx, a, s, identity.From(ctx).Name, r.h.Now()); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.setting_changed", Authority: s.Authority,
			Object: "authority:" + s.Authority, Changes: map[string]any{"archive": s.Archive, "agreed": s.Agreed, "keep_subject": s.KeepSubject}})
	})
}

// Most characters of what is typed.
const (
	maxName   = 200
	maxReason = 4000
)
