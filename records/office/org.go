package office

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// Unit is an organisational unit (Organisationseinheit).
type Unit struct {
	ID        string
	Authority string
	Code      string // "20.1"
	Name      string
	Parent    string // id of the unit above; ""
	Path      string // ids from the top down to this one, each between "/"
	EndedAt   time.Time
	Members   []Member
}

// Depth is how many units stand above it.
func (u Unit) Depth() int { return strings.Count(u.Path, "/") - 2 }

// Member is a person in a unit.
type Member struct {
	Unit    string // id
	Subject string
	Name    string
	Role    access.Role
}

// Clearance is up to which level somebody may know confidential files.
type Clearance struct {
	Subject, Name string
	Level         access.Level
}

// Organisation is an authority as its clerks see it.
type Organisation struct {
	Authority  string
	Units      []Unit // each after the one above it
	Clearances []Clearance
	Pattern    string // of its Aktenzeichen
	Types      []Type
	Registrar  bool     // the caller sets it up
	People     []Person // who could be a member; only for registrars
}

// Organisation reads an authority of the caller's. errs.NotFound for any other.
func (r *Room) Organisation(ctx context.Context, authority string) (o Organisation, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err == nil {
		err = a.Own(authority)
	}
	if err != nil {
		return o, err
	}
	at := access.At(authority)
	o = Organisation{Authority: authority, Registrar: a.Registrar(authority)}
	if o.Units, err = units(ctx, q, at); err != nil {
		return o, err
	}
	if o.Pattern, err = pattern(ctx, q, at); err != nil {
		return o, err
	}
	if o.Types, err = types(ctx, q, at); err != nil || !o.Registrar {
		return o, err
	}
	if o.Clearances, err = clearances(ctx, q, at); err != nil {
		return o, err
	}
	o.People, err = r.dir.People(ctx, authority)
	return o, err
}

const maxName = 120

// PutUnit makes a unit or changes it; moved under another one it takes along what is below it. The ID is chosen by the
// form, so that sending it twice makes one.
func (r *Room) PutUnit(ctx context.Context, u Unit) error {
	var wrong []errs.Field
	u.Code, u.Name = strings.Join(strings.Fields(u.Code), " "), strings.Join(strings.Fields(u.Name), " ")
	if u.Code == "" || utf8.RuneCountInString(u.Code) > 20 {
		wrong = append(wrong, errs.Field{Name: "code", Key: "office.error.code"})
	}
	if u.Name == "" || utf8.RuneCountInString(u.Name) > maxName {
		wrong = append(wrong, errs.Field{Name: "name", Key: "office.error.name"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.set(ctx, u.Authority, func(ctx context.Context, tx *db.Tx) error {
		at := access.At(u.Authority)
		old, err := unit(ctx, tx, at, u.ID)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		u.Path = "/" + u.ID + "/"
		if u.Parent != "" {
			above, err := unit(ctx, tx, at, u.Parent)
			if err != nil || !above.EndedAt.IsZero() || old.Path != "" && strings.HasPrefix(above.Path, old.Path) || above.Depth() > 6 {
				return errs.InvalidFields([]errs.Field{{Name: "parent", Key: "office.error.parent"}})
			}
			u.Path = above.Path + u.ID + "/"
		}
		if taken, err := codeTaken(ctx, tx, at, u); err != nil {
			return err
		} else if taken {
			return errs.InvalidFields([]errs.Field{{Name: "code", Key: "office.error.taken"}})
		}
		if err := putUnit(ctx, tx, at, u); err != nil {
			return err
		}
		if old.Path != "" && old.Path != u.Path {
			if err := movePaths(ctx, tx, at, old.Path, u.Path); err != nil {
				return err
			}
		}
		return r.log(ctx, tx, "office.unit_set", u.Authority, "org:"+u.ID, map[string]any{"code": u.Code, "name": u.Name, "parent": u.Parent})
	})
}

// EndUnit ends a unit that has no unit below and no members: it can no longer lead files; those it led keep it.
func (r *Room) EndUnit(ctx context.Context, authority, id string) error {
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		at := access.At(authority)
		if _, err := unit(ctx, tx, at, id); err != nil {
			return err
		}
		ended, err := endUnit(ctx, tx, at, id, r.h.Now())
		if err != nil {
			return err
		}
		if !ended {
			return errs.E(errs.Conflict, "office.error.in_use")
		}
		return r.log(ctx, tx, "office.unit_ended", authority, "org:"+id, nil)
	})
}

// PutMember gives a person of the authority a role in a unit.
func (r *Room) PutMember(ctx context.Context, authority string, m Member) error {
	person, err := r.person(ctx, authority, "subject", m.Subject)
	if err != nil {
		return err
	}
	if m.Role != access.Member && m.Role != access.Head {
		return errs.InvalidFields([]errs.Field{{Name: "role", Key: "office.error.choice"}})
	}
	m.Name = person.Name
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		at := access.At(authority)
		u, err := unit(ctx, tx, at, m.Unit)
		if err != nil || !u.EndedAt.IsZero() {
			return errs.InvalidFields([]errs.Field{{Name: "unit", Key: "office.error.choice"}})
		}
		fresh, err := putMember(ctx, tx, at, authority, m)
		if err != nil || !fresh {
			return err
		}
		return r.log(ctx, tx, "office.member_added", authority, "org:"+m.Unit, map[string]any{"subject": m.Subject, "role": m.Role})
	})
}

// person is somebody whom the directory knows at the authority; field is where they were typed. The caller is its registrar, or the answer says nothing.
func (r *Room) person(ctx context.Context, authority, field, subject string) (Person, error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err == nil {
		err = a.Own(authority)
	}
	if err != nil {
		return Person{}, err
	}
	if !a.Registrar(authority) {
		return Person{}, errs.E(errs.Denied, "office.error.registrar")
	}
	people, err := r.dir.People(ctx, authority)
	if err != nil {
		return Person{}, err
	}
	for _, p := range people {
		if p.Subject == subject {
			if p.Name == "" {
				p.Name = p.Subject
			}
			return p, nil
		}
	}
	return Person{}, errs.InvalidFields([]errs.Field{{Name: field, Key: "office.error.person"}})
}

// DropMember takes the role in the unit away.
func (r *Room) DropMember(ctx context.Context, authority string, m Member) error {
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		had, err := dropMember(ctx, tx, access.At(authority), m)
		if err != nil || !had {
			return err
		}
		return r.log(ctx, tx, "office.member_removed", authority, "org:"+m.Unit, map[string]any{"subject": m.Subject, "role": m.Role})
	})
}

// Clear says up to which level a person may know confidential files of the authority; Open takes it back. Nobody clears
// themselves.
func (r *Room) Clear(ctx context.Context, authority, subject string, level access.Level) error {
	person, err := r.person(ctx, authority, "cleared", subject)
	if err != nil {
		return err
	}
	if !level.Valid() {
		return errs.InvalidFields([]errs.Field{{Name: "level", Key: "office.error.choice"}})
	}
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		if a, err := access.Load(ctx, tx); err != nil {
			return err
		} else if a.Subject == subject {
			return errs.E(errs.Denied, "office.error.self")
		}
		if err := putClearance(ctx, tx, access.At(authority), authority, Clearance{subject, person.Name, level}); err != nil {
			return err
		}
		return r.log(ctx, tx, "office.cleared", authority, "person:"+subject, map[string]any{"level": level})
	})
}

func (r *Room) log(ctx context.Context, tx *db.Tx, action, authority, object string, changes map[string]any) error {
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: authority, Object: object, Changes: changes})
}
