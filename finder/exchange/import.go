package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/standards/xzufi"
)

// Options of an import.
type Options struct {
	DryRun    bool
	Force     bool    // delete more than MaxDelete
	MaxDelete float64 // percent of the known objects of a class
	Progress  func(done, total int64)
}

// Importer takes files over.
type Importer struct {
	DB    *db.DB
	Audit *audit.Log
	Now   func() time.Time
}

var errDryRun = errors.New("dry run")

// TooMany means that a file would delete more than Options.MaxDelete allows.
type TooMany struct {
	Class          xzufi.Class
	Deleted, Known int
	MaxDelete      float64
}

func (e *TooMany) Error() string {
	return fmt.Sprintf("the file deletes %d of %d objects of the class %s, more than %g %%; nothing was changed. If that is meant, use --force",
		e.Deleted, e.Known, e.Class, e.MaxDelete)
}

// Import takes a file over, whole or not at all. With DryRun it does all the work and leaves nothing behind. errs.Denied
// for everybody but the program itself and operators of everything.
func (im *Importer) Import(ctx context.Context, src *Source, opt Options) (*Report, error) {
	if p := identity.From(ctx); p.Kind != identity.System && !p.May(identity.Operator, identity.Everywhere) {
		return nil, errs.E(errs.Denied, "errs.denied")
	}
	if opt.Progress == nil {
		opt.Progress = func(int64, int64) {}
	}
	const passes = 3
	var done int64
	recs, err := src.records(func(n int) {
		done += int64(n)
		opt.Progress(done, passes*src.Size)
	})
	if err != nil {
		return nil, err
	}
	checked := newReport()
	if err := recs.each(ctx, true, func(r *record) error {
		for _, f := range r.findings {
			checked.find(f)
		}
		if r.class != "" {
			checked.Objects++
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if src.sum == "" {
		return nil, errChanged // it was not read to its end
	}
	format, sender := recs.about()
	origin := src.Name
	if sender != "" {
		origin = cut(sender, 100) + ", " + src.Name
	}
	var report *Report
	err = im.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		done = src.Size
		report = checked.clone()
		report.Source, report.SHA256, report.Bytes, report.Format, report.Sender, report.DryRun = src.Name, src.sum, src.Size, format, sender, opt.DryRun
		run := &run{tx: tx, now: im.Now(), origin: cut(origin, 300), report: report, deleted: map[string]bool{}}
		if err := run.all(ctx, recs, opt); err != nil {
			return err
		}
		if report.Changed() {
			if err := finder.MarkChanged(ctx, tx); err != nil {
				return err
			}
			counts := map[string]any{}
			for class, c := range report.Counts {
				counts[string(class)] = c
			}
			if err := im.Audit.Append(ctx, tx, audit.Entry{Action: "finder.imported", Object: "import:" + src.sum, Changes: map[string]any{
				"source": src.Name, "sha256": src.sum, "bytes": src.Size, "format": format, "counts": counts, "forced": opt.Force}}); err != nil {
				return err
			}
		}
		if opt.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	opt.Progress(passes*src.Size, passes*src.Size)
	return report, nil
}

// cut is at most n letters of s, in one line.
func cut(s string, n int) string {
	r := []rune(plain(s))
	return string(r[:min(n, len(r))])
}

func newReport() *Report { return &Report{Counts: map[xzufi.Class]Count{}, Codes: map[string]int{}} }

func (r *Report) clone() *Report {
	out := *r
	out.Counts, out.Codes, out.Findings = maps.Clone(r.Counts), maps.Clone(r.Codes), slices.Clone(r.Findings)
	return &out
}

// run is one import inside its transaction.
type run struct {
	tx     *db.Tx
	now    time.Time
	origin string
	report *Report

	builtIn     finder.BuiltIn
	catalogue   map[string]finder.Service   // built in, by key
	authorities map[string]finder.Authority // built in
	duties      map[string]string           // own id to hash of what the built-in rules say; nil until needed
	known       map[xzufi.Class]int         // objects at the beginning
	deleted     map[string]bool             // class and id
	batch       map[xzufi.Class][]*record
	inBatch     map[string]bool
}

// The classes of the two passes: first what others refer to.
var (
	firstPass  = []xzufi.Class{xzufi.ClassLeistung, xzufi.ClassOrganisationseinheit, xzufi.ClassOnlinedienst}
	secondPass = []xzufi.Class{xzufi.ClassSpezialisierung, xzufi.ClassZustaendigkeit}
)

func (r *run) all(ctx context.Context, recs records, opt Options) (err error) {
	if r.builtIn, err = finder.ReadBuiltIn(ctx, r.tx); err != nil {
		return err
	}
	r.catalogue, r.authorities = map[string]finder.Service{}, map[string]finder.Authority{}
	for _, s := range r.builtIn.Services {
		r.catalogue[s.Key] = s
	}
	for _, a := range r.builtIn.Authorities {
		r.authorities[a.ID] = a
	}
	if r.known, err = countObjects(ctx, r.tx); err != nil {
		return err
	}
	for _, classes := range [][]xzufi.Class{firstPass, secondPass} {
		r.batch, r.inBatch = map[xzufi.Class][]*record{}, map[string]bool{}
		if err := recs.each(ctx, false, func(rec *record) error {
			if !slices.Contains(classes, rec.class) {
				return nil
			}
			return r.take(ctx, rec)
		}); err != nil {
			return err
		}
		for _, class := range classes {
			if err := r.flush(ctx, class); err != nil {
				return err
			}
		}
	}
	if opt.Force {
		return nil
	}
	for class, c := range r.report.Counts {
		if c.Deleted > 0 && float64(c.Deleted)*100 > opt.MaxDelete*float64(r.known[class]) {
			return &TooMany{class, c.Deleted, r.known[class], opt.MaxDelete}
		}
	}
	return nil
}

// batchSize is how many objects are written at once.
const batchSize = 50

// take puts a record into the batch of its class. The same object twice, and deletions, keep their order.
func (r *run) take(ctx context.Context, rec *record) error {
	if rec.id.Value == "" || len(idString(rec.id)) > 1000 {
		r.report.refuse(rec, "fault", "id", "an object without an id, or with one of more than 1000 bytes, is not taken over")
		return nil
	}
	name := string(rec.class) + " " + idString(rec.id)
	if rec.drop || r.inBatch[name] || len(r.batch[rec.class]) >= batchSize {
		if err := r.flush(ctx, rec.class); err != nil {
			return err
		}
	}
	if rec.drop {
		return r.drop(ctx, rec)
	}
	r.inBatch[name] = true
	r.batch[rec.class] = append(r.batch[rec.class], rec)
	return nil
}

func (r *run) flush(ctx context.Context, class xzufi.Class) error {
	list := r.batch[class]
	if len(list) == 0 {
		return nil
	}
	r.batch[class] = nil
	for _, rec := range list {
		delete(r.inBatch, string(class)+" "+idString(rec.id))
	}
	known, err := objectsByID(ctx, r.tx, class, list)
	if err != nil {
		return err
	}
	var keep []object
	switch class {
	case xzufi.ClassLeistung:
		keep, err = r.services(ctx, list, known)
	case xzufi.ClassOrganisationseinheit:
		keep, err = r.units(ctx, list, known)
	case xzufi.ClassOnlinedienst:
		keep, err = r.onlines(ctx, list, known)
	case xzufi.ClassSpezialisierung:
		keep, err = r.locals(ctx, list, known)
	case xzufi.ClassZustaendigkeit:
		keep, err = r.dutyList(ctx, list, known)
	}
	if err != nil {
		return err
	}
	return putObjects(ctx, r.tx, keep, r.origin, r.now)
}

// done counts a record that is taken over, and reports whether its row must be written: parts are what is different of
// it. An incomplete one, of which a part was refused, is tried again by the next import.
func (r *run) done(rec *record, known map[string]object, target, hash string, complete bool, parts []string) (object, bool) {
	name := string(rec.class) + " " + idString(rec.id)
	_, ok := known[idString(rec.id)]
	switch {
	case r.deleted[name]: // deleted and written again by the same file
		delete(r.deleted, name)
		r.report.count(rec.class, func(c *Count) { c.Deleted-- })
		r.report.change(rec, "changed", parts...)
	case !ok && len(parts) == 0 && (rec.id.Agency == Agency || !complete):
		r.report.count(rec.class, func(c *Count) { c.Unchanged++ }) // our own, come back; or nothing of it was taken
		return object{}, false
	case !ok:
		r.report.change(rec, "new", parts...)
	case len(parts) > 0:
		r.report.change(rec, "changed", parts...)
	default:
		r.report.count(rec.class, func(c *Count) { c.Unchanged++ })
		return object{}, false
	}
	if !complete {
		hash = ""
	}
	return object{class: rec.class, id: rec.id, target: target, hash: hash}, true
}

// targetOf is what an id of an office is here, whether it was imported or is ours.
func targetOf(id ident) string {
	rec := record{class: xzufi.ClassOrganisationseinheit, id: id}
	return rec.target()
}

func joined(parts []string) string { return strings.Join(parts, ", ") }
