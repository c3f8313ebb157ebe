package records

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// NewFile is a file to be opened.
type NewFile struct {
	ID        string // chosen by the form: the same form sent twice opens one file; "" takes a new one
	Authority string
	Unit      string // code in the file plan
	Details
}

// Details are what can be said and changed about a file.
type Details struct {
	Subject  string
	Lead     string // id of the leading unit; "" is the authority as a whole
	Reach    Reach
	Level    access.Level
	Medium   Medium
	Location string // of what is on paper
	Type     string // id of the file type; ""
	Fields   string // values of the type's fields, a JSON object; "" is none
	Keywords string // separated by line ends or commas
}

// Reach is for whom a file is open without a rule of its own.
type Reach string

// The reaches.
const (
	Everybody Reach = "authority" // read and changed by all clerks of the authority
	ReadByAll Reach = "read"      // read by all, changed in the leading unit
	LeadOnly  Reach = "lead"      // read and changed in the leading unit only
	Registry  Reach = "registry"  // read and changed by registrars only; nobody else opens such a file
)

// registry is the holder that nobody is: registrars reach all files of their authority.
const registry = "registry"

// holders are what the reach means in the file's columns.
func (r Reach) holders(lead string) (readers, writers string) {
	switch {
	case r == ReadByAll:
		return "", access.Unit(lead)
	case r == LeadOnly:
		return access.Unit(lead), access.Unit(lead)
	case r == Registry:
		return registry, registry
	}
	return "", ""
}

// Reach is for whom the file is open.
func (f File) Reach() Reach {
	switch {
	case f.Readers == registry:
		return Registry
	case f.Readers != "":
		return LeadOnly
	case f.Writers != "":
		return ReadByAll
	}
	return Everybody
}

// Details are what can be changed about the file.
func (f File) Details() Details {
	return Details{f.Subject, f.Lead, f.Reach(), f.Level, f.Medium, f.Location, f.Type, f.Fields, f.Keywords}
}

// NewCase is a case to be opened in a file.
type NewCase struct {
	ID      string // chosen by the form, as for files
	File    string // file id
	Part    string // id of the part file; ""
	Parent  string // id of the case that it is a part of; ""
	Subject string
	Level   access.Level
	Due     time.Time // zero takes four weeks
	Org     string    // id of the unit in whose hands it is; ""
}

const (
	maxSubject  = 250
	maxLocation = 120
	maxKeywords = 20
)

// check tidies the details and names what is wrong with them.
func (d *Details) check() error {
	var wrong []errs.Field
	d.Subject = checkText(&wrong, "subject", OneLine(d.Subject), maxSubject)
	d.Location = OneLine(d.Location)
	if utf8.RuneCountInString(d.Location) > maxLocation {
		wrong = append(wrong, errs.Field{Name: "location", Key: "records.error.long", Args: []any{maxLocation, utf8.RuneCountInString(d.Location)}})
	}
	switch d.Medium {
	case "":
		d.Medium = Electronic
	case Electronic, Hybrid, Paper:
	default:
		wrong = append(wrong, errs.Field{Name: "medium", Key: "records.error.choice"})
	}
	if d.Medium != Electronic && d.Location == "" {
		wrong = append(wrong, errs.Field{Name: "location", Key: "records.error.location"})
	}
	if !d.Level.Valid() {
		wrong = append(wrong, errs.Field{Name: "level", Key: "records.error.choice"})
	}
	switch d.Reach {
	case "":
		d.Reach = Everybody
	case Everybody, Registry:
	case ReadByAll, LeadOnly:
		if d.Lead == "" {
			wrong = append(wrong, errs.Field{Name: "lead", Key: "records.error.lead"})
		}
	default:
		wrong = append(wrong, errs.Field{Name: "reach", Key: "records.error.choice"})
	}
	words := keywords(d.Keywords)
	if len(words) > maxKeywords {
		wrong = append(wrong, errs.Field{Name: "keywords", Key: "records.error.keywords", Args: []any{maxKeywords}})
	}
	d.Keywords = strings.Join(words, "\n")
	if d.Fields == "" {
		d.Fields = "{}"
	}
	return errs.InvalidFields(wrong)
}

// keywords splits what was typed at line ends and commas, each word once.
func keywords(s string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ';' || c == '\n' }) {
		if w = cut(OneLine(w), 60); w != "" && !seen[strings.ToLower(w)] {
			seen[strings.ToLower(w)] = true
			out = append(out, w)
		}
	}
	return out
}

// OpenFile opens a file at an authority where the caller is clerk or registrar.
func (r *Room) OpenFile(ctx context.Context, n NewFile) (f File, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err = r.OpenFileIn(ctx, tx, a, n)
		return err
	})
	return f, err
}

// OpenFileIn is OpenFile in the transaction of what the file is opened for.
func (r *Room) OpenFileIn(ctx context.Context, tx *db.Tx, a access.Access, n NewFile) (File, error) {
	if err := a.Own(n.Authority); err != nil {
		return File{}, err
	}
	if err := n.check(); err != nil {
		return File{}, err
	}
	if n.Reach == Registry && !a.Registrar(n.Authority) {
		return File{}, errs.InvalidFields([]errs.Field{{Name: "reach", Key: "records.error.choice"}})
	}
	if n.ID == "" {
		n.ID = db.NewID()
	} else if f, err := r.store.fileByID(ctx, tx, a, n.ID); !errs.Is(err, errs.NotFound) {
		return f, err // the form was sent twice
	}
	now := r.h.Now()
	unit, err := r.store.unit(ctx, tx, access.At(n.Authority), n.Unit)
	if err != nil || !unit.ValidAt(now) {
		return File{}, errs.InvalidFields([]errs.Field{{Name: "unit", Key: "records.error.unit"}})
	}
	if err := r.fits(ctx, tx, a, n.Authority, &n.Details); err != nil {
		return File{}, err
	}
	f := File{ID: n.ID, Authority: n.Authority, Unit: unit, OpenedAt: now, ChangedAt: now, ChangedBy: identity.From(ctx).Name, Version: 1}
	f.set(n.Details)
	if f.Reference, err = r.number(ctx, tx, n.Authority, unit.Code, n.Lead); err != nil {
		return File{}, err
	}
	if err := r.store.insertFile(ctx, tx, a, f); err != nil {
		return File{}, err
	}
	return f, r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.file_opened", Authority: f.Authority, Object: FileObject(f.ID),
		Changes: map[string]any{"reference": f.Reference, "subject_sha256": Digest(f.Subject), "lead": f.Lead, "reach": f.Reach(), "level": f.Level}})
}

func (f *File) set(d Details) {
	f.Subject, f.Lead, f.Level, f.Medium, f.Location, f.Type, f.Fields, f.Keywords = d.Subject, d.Lead, d.Level, d.Medium, d.Location,
		d.Type, d.Fields, d.Keywords
	f.Readers, f.Writers = d.Reach.holders(d.Lead)
}

// fits checks what the details name: a unit of this authority, a level within the caller's clearance, a type with its
// fields, whose days are then written as they are stored.
func (r *Room) fits(ctx context.Context, tx *db.Tx, a access.Access, authority string, d *Details) error {
	var wrong []errs.Field
	if d.Lead != "" {
		if ok, err := r.store.hasOrg(ctx, tx, access.At(authority), d.Lead); err != nil {
			return err
		} else if !ok {
			wrong = append(wrong, errs.Field{Name: "lead", Key: "records.error.lead"})
		}
	}
	if !a.Cleared(authority, d.Level) {
		wrong = append(wrong, errs.Field{Name: "level", Key: "records.error.clearance"})
	}
	if d.Type != "" {
		t, err := r.store.fileType(ctx, tx, access.At(authority), d.Type)
		if errs.Is(err, errs.NotFound) {
			return errs.InvalidFields(append(wrong, errs.Field{Name: "type", Key: "records.error.choice"}))
		}
		if err != nil {
			return err
		}
		var misfits []errs.Field
		d.Fields, misfits = t.check(d.Fields, r.h.Now())
		wrong = append(wrong, misfits...)
	}
	return errs.InvalidFields(wrong)
}

// OpenCase opens a case in a file that the caller may change.
func (r *Room) OpenCase(ctx context.Context, n NewCase) (c Case, err error) {
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err = r.OpenCaseIn(ctx, tx, a, n)
		return err
	})
	return c, err
}

// OpenCaseIn is OpenCase in the transaction of what the case is opened for.
func (r *Room) OpenCaseIn(ctx context.Context, tx *db.Tx, a access.Access, n NewCase) (Case, error) {
	var wrong []errs.Field
	n.Subject = checkText(&wrong, "subject", OneLine(n.Subject), maxSubject)
	if err := errs.InvalidFields(wrong); err != nil {
		return Case{}, err
	}
	if n.ID == "" {
		n.ID = db.NewID()
	} else if c, err := r.store.caseByID(ctx, tx, a, n.ID, ""); !errs.Is(err, errs.NotFound) {
		return c, err // the form was sent twice
	}
	var parent Case
	if n.Parent != "" { // before the file, as who closes it does, so that no case comes into one that is being closed
		var err error
		if parent, err = r.store.caseByID(ctx, tx, a, n.Parent, tx.ForUpdate()); err != nil && !errs.Is(err, errs.NotFound) {
			return Case{}, err
		}
	}
	f, err := r.fileToChange(ctx, tx, a, n.File)
	if err != nil {
		return Case{}, err
	}
	if !n.Level.Valid() || !a.Cleared(f.Authority, n.Level) {
		return Case{}, errs.InvalidFields([]errs.Field{{Name: "level", Key: "records.error.clearance"}})
	}
	above := f.Reference
	if n.Parent != "" {
		if parent.FileID != f.ID || parent.Parent != "" {
			return Case{}, errs.InvalidFields([]errs.Field{{Name: "parent", Key: "records.error.parent"}})
		}
		if parent.State == StateClosed {
			return Case{}, errs.E(errs.Conflict, "records.error.parent_closed", parent.Reference)
		}
		above, n.Part, n.Level = parent.Reference, parent.Part, max(n.Level, parent.Level)
	}
	if n.Org != "" {
		if ok, err := r.store.hasOrg(ctx, tx, access.At(f.Authority), n.Org); err != nil {
			return Case{}, err
		} else if !ok {
			return Case{}, errs.InvalidFields([]errs.Field{{Name: "org", Key: "records.error.choice"}})
		}
	}
	if err := r.partOf(ctx, tx, f, n.Part); err != nil {
		return Case{}, err
	}
	number, err := r.store.nextCase(ctx, tx, a, f.ID, n.Parent)
	if err != nil {
		return Case{}, err
	}
	now, me := r.h.Now(), identity.From(ctx)
	c := Case{ID: n.ID, Authority: f.Authority, FileID: f.ID, Reference: caseReference(above, n.Parent != "", number), Number: number,
		Subject: n.Subject, Source: "desk:" + n.ID, StatusPath: "/", State: StateInWork, AssignedTo: me.Subject, AssignedName: me.Name,
		ReceivedAt: now, DueAt: n.Due, ChangedBy: me.Name, ChangedAt: now, Version: 1, Kind: General, Part: n.Part, Parent: n.Parent,
		Level: max(n.Level, f.Level), Org: n.Org, OpenedBy: me.Name, May: f.May}
	if c.DueAt.IsZero() {
		c.DueAt = now.Add(handleWithin)
	}
	if err := r.store.insertCase(ctx, tx, a, c); err != nil {
		return Case{}, err
	}
	if err := r.store.insertForm(ctx, tx, a, c.Authority, formRow{CaseID: c.ID, Title: "", Answers: "[]"}); err != nil {
		return Case{}, err
	}
	return c, r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.case_opened", Authority: c.Authority, Object: object(c.ID),
		Changes: map[string]any{"reference": c.Reference, "file": f.ID, "subject_sha256": Digest(c.Subject), "level": c.Level}})
}

// fileToChange reads and locks a file that the caller may change and that takes cases.
func (r *Room) fileToChange(ctx context.Context, tx *db.Tx, a access.Access, id string) (File, error) {
	f, err := r.store.fileLocked(ctx, tx, a, id)
	if err != nil {
		return f, err
	}
	return f, f.changeable()
}

// changeable is nil if the reader of f may change it now.
func (f File) changeable() error {
	switch {
	case f.May < access.Write:
		return errs.E(errs.Denied, "records.error.read_only")
	case f.State != "":
		return errs.E(errs.Conflict, "records.error.in_disposal")
	case !f.ClosedAt.IsZero():
		return errs.E(errs.Conflict, "records.error.file_closed")
	}
	return nil
}
