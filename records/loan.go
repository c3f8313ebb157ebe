package records

import (
	"context"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

const maxBorrower = 200 // characters

// Overdue reports whether the paper should be back.
func (f File) Overdue(now time.Time) bool { return f.LentTo != "" && f.LentUntil.Before(now) }

// Lend notes that somebody takes the paper until a day, also that of a closed file: it lies in the registry. errs.Conflict
// if somebody has it already or there is none, and once the file is being disposed of. Saying the same twice does it once.
func (r *Room) Lend(ctx context.Context, file string, version int64, to string, until time.Time) error {
	to = OneLine(to)
	said := func(f File) bool { return to != "" && f.LentTo == to && db.Micros(f.LentUntil) == db.Micros(until) }
	return r.loan(ctx, file, version, "records.file_lent", said, func(f *File) (map[string]any, error) {
		switch {
		case f.State != "":
			return nil, errs.E(errs.Conflict, "records.error.in_disposal")
		case f.Medium == Electronic:
			return nil, errs.E(errs.Conflict, "records.error.no_paper")
		case f.LentTo != "":
			return nil, errs.E(errs.Conflict, "records.error.lent", f.LentTo)
		}
		var wrong []errs.Field
		switch n := utf8.RuneCountInString(to); {
		case n == 0:
			wrong = append(wrong, errs.Field{Name: "to", Key: "records.error.empty.to"})
		case n > maxBorrower:
			wrong = append(wrong, errs.Field{Name: "to", Key: "records.error.long", Args: []any{maxBorrower, n}})
		}
		if !until.After(r.h.Now()) {
			wrong = append(wrong, errs.Field{Name: "until", Key: "records.error.due"})
		}
		f.LentTo, f.LentAt, f.LentUntil, f.LentBy = to, r.h.Now(), until, identity.From(ctx).Subject
		return map[string]any{"to": to, "until": i18n.ISODate(until)}, errs.InvalidFields(wrong)
	})
}

// Return notes that the paper is back, whatever has become of the file meanwhile. What is back already is.
func (r *Room) Return(ctx context.Context, file string, version int64) error {
	said := func(f File) bool { return f.LentTo == "" }
	return r.loan(ctx, file, version, "records.file_returned", said, func(f *File) (map[string]any, error) {
		from, since := f.LentTo, f.LentAt
		f.LentTo, f.LentAt, f.LentUntil, f.LentBy = "", time.Time{}, time.Time{}, ""
		return map[string]any{"from": from, "since": i18n.ISODate(since)}, nil
	})
}

// loan is the one way the loan of a file's paper changes, for who may change the file, closed or not. said reports whether
// that is what the file says already.
func (r *Room) loan(ctx context.Context, file string, version int64, action string, said func(f File) bool, do func(f *File) (map[string]any, error)) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		f, err := r.store.fileLocked(ctx, tx, a, file)
		switch {
		case err != nil:
			return err
		case f.May < access.Write:
			return errs.E(errs.Denied, "records.error.read_only")
		case said(f):
			return nil // the form was sent twice
		case f.Version != version:
			return errs.E(errs.Conflict, "records.error.file_changed", f.ChangedBy)
		}
		changes, err := do(&f)
		if err != nil {
			return err
		}
		f.ChangedAt, f.ChangedBy = r.h.Now(), identity.From(ctx).Name
		if err := r.store.updateFile(ctx, tx, a, f); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Authority: f.Authority, Object: FileObject(file), Changes: changes})
	})
}

// LoanFilter says which files whose paper is lent a list shows: all with the zero value, those first that should have been
// back the longest.
type LoanFilter struct {
	Query   string // part of reference, subject, keywords or who has it
	Overdue bool   // only those
	Page    paging.Cursor
	size    int // of a page; 0 is paging.Size
}

func (f LoanFilter) order() paging.Order {
	return paging.Order{Column: "f.lent_until", ID: "f.id", Size: f.size}
}

// Loans lists the files of the caller's authorities whose paper is lent.
func (r *Room) Loans(ctx context.Context, f LoanFilter) (paging.Listing[File], error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[File]{}, err
	}
	return r.store.loans(ctx, r.h.DB.Reader(), a, f, r.h.Now())
}

// OverdueLoans counts the files that the caller may change and whose paper should be back.
func (r *Room) OverdueLoans(ctx context.Context) (n int64, err error) {
	a, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return 0, err
	}
	return r.store.overdueLoans(ctx, r.h.DB.Reader(), a, r.h.Now())
}

// LoansDue are files that the caller may change and whose paper should be back, the longest first and at most so many: of
// loans that one of these people (their subjects) noted, and for registrars those that nobody noted who belongs to a unit.
func (r *Room) LoansDue(ctx context.Context, q db.Querier, a access.Access, lenders []string, most int) ([]File, error) {
	return r.store.loansDue(ctx, q, a, lenders, r.h.Now(), most)
}
