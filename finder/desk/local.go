package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

// Local is a local assignment beside what would hold without it.
type Local struct {
	finder.LocalAssignment
	Rule finder.Responsibility // of its area, without any local assignment
	Mine bool                  // the caller may change it
}

// Seen stands for what an editor has seen of a local assignment; "" for none.
func (l Local) Seen() string { return seen(l.LocalAssignment, true) }

func seen(l finder.LocalAssignment, ok bool) string {
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte(l.Office + "\x00" + l.Law + "\x00" + l.Note))
	return hex.EncodeToString(sum[:8])
}

// Locals lists what holds locally for a service: for editors of everything all of it, for others what is said about their
// areas and those above.
func (r *Room) Locals(ctx context.Context, service string) ([]Local, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, err
	}
	c := r.finder.Catalog()
	var out []Local
	for _, l := range c.Locals(service) {
		if !s.all && !slices.ContainsFunc(s.authorities, func(a string) bool { return slices.Contains(c.Around(a), l.Area) }) {
			continue
		}
		rule, err := c.Rule(service, l.Area)
		if err != nil {
			return nil, err
		}
		out = append(out, Local{LocalAssignment: l, Rule: rule, Mine: s.has(l.Area)})
	}
	return out, nil
}

// OwnLocals lists the local assignments of all services that the caller may change.
func (r *Room) OwnLocals(ctx context.Context) ([]finder.LocalAssignment, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, err
	}
	return r.finder.Catalog().LocalsIn(s.has), nil
}

// LocalChange is a local assignment to be made, or taken away.
type LocalChange struct {
	finder.LocalAssignment
	Remove bool
}

// EffectGroup is municipalities for whose people a change has the same effect.
type EffectGroup struct {
	Places        []finder.Area // at least one
	Before, After finder.Responsibility
}

// Effect tells which municipalities' people would be led to another office, or told something else, by a change, and how
// many municipalities of the area it leaves as they are, for they have their own.
func (r *Room) Effect(ctx context.Context, change LocalChange) (groups []EffectGroup, unmoved int, err error) {
	if change.LocalAssignment, err = r.checkLocal(ctx, change); err != nil {
		return nil, 0, err
	}
	now := r.finder.Catalog()
	then := now.With(change.LocalAssignment)
	if change.Remove {
		then = now.Without(change.Service, change.Area, change.Role)
	}
	at := map[string]int{}
	for _, place := range now.Municipalities(change.Area) {
		before, err := now.Resolve(change.Service, place.ARS)
		if err != nil {
			return nil, 0, err
		}
		after, err := then.Resolve(change.Service, place.ARS)
		if err != nil {
			return nil, 0, err
		}
		from, to := leads(before, place.ARS), leads(after, place.ARS)
		if from == to {
			unmoved++
			continue
		}
		i, ok := at[from+"\x00"+to]
		if !ok {
			i = len(groups)
			at[from+"\x00"+to] = i
			groups = append(groups, EffectGroup{Before: before, After: after})
		}
		groups[i].Places = append(groups[i].Places, place)
	}
	slices.SortStableFunc(groups, func(a, b EffectGroup) int { return cmp.Compare(len(b.Places), len(a.Places)) })
	return groups, unmoved, nil
}

// leads is what the people of a municipality are told by an answer, alike for all whom it leads to their own one.
func leads(x finder.Responsibility, place string) string {
	parts := []string{x.Reason.Key, x.Law}
	offices := []*finder.Authority{&x.Responsible, &x.Processor}
	if x.Known {
		offices = append(offices, x.Receives, x.Unit, x.Contact, x.SinglePoint)
	}
	for _, a := range offices {
		switch {
		case a == nil:
			parts = append(parts, "")
		case a.ID == place:
			parts = append(parts, "own")
		default:
			parts = append(parts, a.ID)
		}
	}
	return strings.Join(parts, "\x00")
}

// checkLocal is the change with its words in order, if the caller may make it. errs.NotFound outside the caller's areas.
func (r *Room) checkLocal(ctx context.Context, change LocalChange) (l finder.LocalAssignment, err error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return l, err
	}
	l = change.LocalAssignment
	c := r.finder.Catalog()
	if _, ok := c.Service(l.Service); !ok {
		return l, errs.E(errs.NotFound, "finder.service_unknown")
	}
	// An office of the Land is no area: its editors say nothing about where people are led.
	if area, ok := c.Area(l.Area); !ok || area.Kind == finder.Federation || !s.has(l.Area) {
		return l, errs.E(errs.NotFound, "finder.desk.error.local_area")
	}
	if change.Remove {
		return l, nil
	}
	l.Law, l.Note = strings.Join(strings.Fields(l.Law), " "), strings.TrimSpace(l.Note)
	var wrong []errs.Field
	if !slices.Contains(finder.LocalRoles, l.Role) {
		wrong = append(wrong, errs.Field{Name: "role", Key: "finder.desk.error.local_role"})
	}
	if l.Role == finder.NotOffered {
		l.Office = ""
	} else if _, ok := c.Authority(l.Office); !ok {
		wrong = append(wrong, errs.Field{Name: "office", Key: "finder.desk.error.local_office"})
	}
	if utf8.RuneCountInString(l.Law) > maxLine {
		wrong = append(wrong, errs.Field{Name: "law", Key: "finder.desk.error.long", Args: []any{maxLine}})
	}
	if utf8.RuneCountInString(l.Note) > maxComment {
		wrong = append(wrong, errs.Field{Name: "note", Key: "finder.desk.error.long", Args: []any{maxComment}})
	}
	return l, errs.InvalidFields(wrong)
}

// Assign makes a change. was is Local.Seen of what the editor saw at this place: errs.Conflict if it is something else by
// now.
func (r *Room) Assign(ctx context.Context, change LocalChange, was string) error {
	l, err := r.checkLocal(ctx, change)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := finder.MarkChanged(ctx, tx); err != nil { // first: it makes whoever comes second wait
			return err
		}
		old, ok, err := finder.LocalIn(ctx, tx, l.Service, l.Area, l.Role)
		if err != nil {
			return err
		}
		if seen(old, ok) != was {
			return errs.E(errs.Conflict, "finder.desk.error.changed")
		}
		if change.Remove {
			return finder.DropLocal(ctx, tx, r.h.Audit, l.Service, l.Area, l.Role)
		}
		return finder.PutLocal(ctx, tx, r.h.Audit, l)
	})
}

// ofArea reports whether an authority is that of an area: a municipality, a Verwaltungsgemeinschaft or a Kreis.
func ofArea(a finder.Authority) bool { return a.ID == a.Area }
