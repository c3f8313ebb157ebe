package records

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// Part is a part file (Teilakte). A closed one takes no more cases.
type Part struct {
	ID       string
	Number   int64 // in the file, from 1; it stays
	Subject  string
	OpenedAt time.Time
	ClosedAt time.Time // zero while it is open
}

// What the number of a part file, and of a case, weigh in the place of a case in its file (records_case.place).
const (
	placeOfPart = 1_000_000_000_000_000
	placeOfCase = 1_000_000
)

// title is what people call the part.
func (x Part) title() string { return strconv.FormatInt(x.Number, 10) + " " + x.Subject }

// path is the address of the file's page that begins with the part's cases.
func (x Part) path(file string) string {
	v := url.Values{}
	x.before().Write(v)
	return web.Address("/akte/akte/"+file, v)
}

// before is the place in the list of a file's cases before the first of the part.
func (x Part) before() paging.Cursor {
	return paging.Cursor{After: paging.Number(x.Number*placeOfPart-1, x.ID)}
}

// AddPart opens a part file. id is chosen by the form: the same form sent twice opens one.
func (r *Room) AddPart(ctx context.Context, file string, version int64, id, subject string) error {
	var wrong []errs.Field
	subject = checkText(&wrong, "subject", OneLine(subject), maxSubject)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	if done, err := r.hasPart(ctx, file, id); done || err != nil {
		return err
	}
	return r.changeFile(ctx, file, version, "records.part_opened", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		n, err := r.store.insertPart(ctx, tx, a, *f, Part{ID: id, Subject: subject, OpenedAt: r.h.Now()})
		return map[string]any{"part": n, "subject_sha256": Digest(subject)}, err
	})
}

func (r *Room) hasPart(ctx context.Context, file, id string) (bool, error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return false, err
	}
	_, err = r.store.part(ctx, r.h.DB.Reader(), a, file, id)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ChangePart gives a part file another subject, closes it or takes it up again. One in which a case is open is not closed.
func (r *Room) ChangePart(ctx context.Context, file string, version int64, id, subject string, closed bool) error {
	var wrong []errs.Field
	subject = checkText(&wrong, "subject", OneLine(subject), maxSubject)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.changeFile(ctx, file, version, "records.part_changed", func(ctx context.Context, tx *db.Tx, a access.Access, f *File) (map[string]any, error) {
		x, err := r.store.part(ctx, tx, a, f.ID, id)
		if err != nil {
			return nil, err
		}
		changes := map[string]any{"part": x.Number}
		if subject != x.Subject {
			changes["subject_sha256"] = []any{Digest(x.Subject), Digest(subject)}
		}
		if closed == x.ClosedAt.IsZero() {
			changes["closed"] = closed
		}
		x.Subject = subject
		switch {
		case !closed:
			x.ClosedAt = time.Time{}
		case x.ClosedAt.IsZero():
			n, err := r.store.openInPart(ctx, tx, access.At(f.Authority), f.ID, x.ID)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				return nil, errs.E(errs.Conflict, "records.error.open_in_part", n)
			}
			x.ClosedAt = r.h.Now()
		}
		return changes, r.store.updatePart(ctx, tx, a, f.ID, x)
	})
}

// PartForm is a part file with its file, for who may change it.
func (r *Room) PartForm(ctx context.Context, file, id string) (f File, x Part, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return f, x, err
	}
	if f, err = r.store.fileByID(ctx, q, a, file); err != nil {
		return f, x, err
	}
	if err := f.changeable(); err != nil {
		return File{}, x, err
	}
	x, err = r.store.part(ctx, q, a, file, id)
	return f, x, err
}

// CaseNamed is the id of the case in the file that is named by its Aktenzeichen, or by its number in the file. errs.Invalid
// if there is none that the caller may read.
func (r *Room) CaseNamed(ctx context.Context, file, name string) (string, error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return "", err
	}
	f, err := r.store.fileByID(ctx, q, a, file)
	if err != nil {
		return "", err
	}
	name = OneLine(name)
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		name = caseReference(f.Reference, false, n)
	}
	id, err := r.store.caseNamed(ctx, q, a, f.ID, name)
	if errs.Is(err, errs.NotFound) {
		err = errs.InvalidFields([]errs.Field{{Name: "parent", Key: "records.error.no_case"}})
	}
	return id, err
}

// partsNamed are the open part files of the file that has this Aktenzeichen, and its id; none if there is no such file
// that the caller may read.
func (r *Room) partsNamed(ctx context.Context, authority, reference string) (file string, open []Part, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err == nil {
		file, err = r.store.fileNamed(ctx, q, a, authority, OneLine(reference))
	}
	if errs.Is(err, errs.NotFound) {
		return "", nil, nil
	}
	if err == nil {
		open, err = r.openParts(ctx, q, authority, file)
	}
	return file, open, err
}

func (r *Room) openParts(ctx context.Context, q db.Querier, authority, file string) ([]Part, error) {
	all, err := r.store.parts(ctx, q, access.At(authority), file)
	return slices.DeleteFunc(all, func(x Part) bool { return !x.ClosedAt.IsZero() }), err
}

// partOfMove is the part file of f that a case moves into, "" if into none: what was chosen (Move.Part). errs.Invalid if
// there is a choice and it was not made, or was made for another file; errs.Conflict if the part is closed.
func (r *Room) partOfMove(ctx context.Context, tx *db.Tx, f File, chosen string) (string, error) {
	if chosen == f.ID {
		return "", nil
	}
	if chosen != "" {
		if err := r.partOf(ctx, tx, f, chosen); !errs.Is(err, errs.Invalid) {
			return chosen, err
		}
	}
	open, err := r.openParts(ctx, tx, f.Authority, f.ID)
	if err == nil && len(open) > 0 {
		err = errs.InvalidFields([]errs.Field{{Name: "part", Key: "records.error.move_part"}})
	}
	return "", err
}

// partOf checks that the file has the part and that it takes cases; "" is none. errs.Invalid if it has not, errs.Conflict
// if it is closed.
func (r *Room) partOf(ctx context.Context, tx *db.Tx, f File, part string) error {
	if part == "" {
		return nil
	}
	x, err := r.store.part(ctx, tx, access.At(f.Authority), f.ID, part)
	switch {
	case errs.Is(err, errs.NotFound):
		return errs.InvalidFields([]errs.Field{{Name: "part", Key: "records.error.choice"}})
	case err == nil && !x.ClosedAt.IsZero():
		return errs.E(errs.Conflict, "records.error.part_closed", x.Number, x.Subject)
	}
	return err
}
