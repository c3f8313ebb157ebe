package disposal

import (
	"context"
	"errors"
	"io"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

const (
	maxMessage  = 256 << 20 // bytes of what the archive sends: 26,000 results take some 10 MB
	maxVerdicts = 200_000   // records that one message of the archive may speak of
	maxError    = 2000      // characters of what the archive says about one of them
)

// Taken is what a message of the archive did.
type Taken struct {
	Process string
	Message xdomea.Message
	Objects int  // of which it speaks
	Again   bool // it had been taken before: nothing was done
}

// incoming is a message of the archive, read whole.
type incoming struct {
	head       xdomea.Head
	appraisals []*xdomea.Appraised
	results    []*xdomea.Result
}

// Take takes a message of the archive: size bytes in in, a package or the bare XML. 0502 appraises files, 0506 says
// which of them the archive has, 0504 and 0507 are receipts. A message is taken whole or refused whole; one that was
// taken already does nothing.
func (r *Room) Take(ctx context.Context, in io.ReaderAt, size int64) (t Taken, err error) {
	if _, err := registrar(ctx, r.h.DB.Reader()); err != nil {
		return t, err
	}
	m, err := readMessage(in, size)
	if err != nil {
		return t, err
	}
	t = Taken{Process: m.head.ProcessID, Message: m.head.Message, Objects: len(m.appraisals) + len(m.results)}
	ref, err := r.h.Blobs.Put(ctx, io.NewSectionReader(in, 0, size), maxMessage)
	if err != nil {
		return t, err
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, p, err := r.processToChange(ctx, tx, m.head.ProcessID)
		if errs.Is(err, errs.NotFound) {
			return errs.E(errs.NotFound, "disposal.error.process_unknown", m.head.ProcessID)
		}
		if err != nil {
			return err
		}
		packages, err := r.store.packages(ctx, tx, a, p.ID)
		if err != nil {
			return err
		}
		out := map[string]Package{}
		for _, k := range packages {
			if !k.Out && k.Message == m.head.Message && k.Hash == ref.Hash {
				t.Again = true
				return nil
			}
			if k.Out && k.State != PackagePlanned {
				out[k.ID] = k
			}
		}
		if err := answers(m.head.Message, out); err != nil {
			return err
		}
		switch m.head.Message {
		case xdomea.AppraisalList:
			err = r.appraise(ctx, tx, a, p, m.appraisals)
		case xdomea.DisposalResult:
			err = r.takeResults(ctx, tx, a, p, m.results, out)
		}
		if err != nil {
			return err
		}
		k := Package{ID: db.NewID(), Process: p.ID, Authority: p.Authority, Message: m.head.Message, State: PackageTaken, Hash: ref.Hash,
			Name: strings.TrimSuffix(xdomea.PackageName(m.head), ".zip"), Size: ref.Size, Objects: int64(t.Objects),
			By: identity.From(ctx).Name, At: r.h.Now(), WrittenAt: r.h.Now()}
		if err := r.store.insertPackage(ctx, tx, a, k); err != nil {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.message_taken", nil, nil, ref.Hash); err != nil {
			return err
		}
		if m.head.Message == xdomea.AppraisalList && m.head.WantsReceipt {
			return r.plan(ctx, tx, a, p, db.NewID(), xdomea.AppraisalListReceipt, 0)
		}
		return nil
	})
	return t, err
}

// answers checks that what the message answers was sent.
func answers(m xdomea.Message, out map[string]Package) error {
	to := xdomea.Disposal
	if m == xdomea.AppraisalList || m == xdomea.OfferReceipt {
		to = xdomea.Offer
	}
	for _, k := range out {
		if k.Message == to {
			return nil
		}
	}
	return errs.E(errs.Conflict, "disposal.error.nothing_sent", string(m), string(to))
}

// readMessage reads a message of the archive.
func readMessage(in io.ReaderAt, size int64) (m incoming, err error) {
	if size > maxMessage {
		return m, errs.E(errs.TooLarge, "errs.too_large", "256 MB")
	}
	if err := empty(size); err != nil {
		return m, err
	}
	start := make([]byte, 2)
	_, err = in.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, err
	}
	var reader *xdomea.Reader
	if string(start) == "PK" {
		p, err := xdomea.OpenPackage(in, size, xdomea.Options{})
		if err != nil {
			return m, unreadable(err)
		}
		defer p.Close() //nolint:errcheck // it was only read
		reader = p.Reader
	} else if reader, err = xdomea.NewReader(io.NewSectionReader(in, 0, size)); err != nil {
		return m, unreadable(err)
	}
	m.head = reader.Head()
	switch m.head.Message {
	case xdomea.AppraisalList, xdomea.OfferReceipt, xdomea.DisposalResult, xdomea.DisposalReceipt:
	default:
		return m, errs.E(errs.Invalid, "disposal.error.message_kind", string(m.head.Message))
	}
	for item, err := range reader.Items() {
		if err != nil {
			return m, unreadable(err)
		}
		switch it := item.(type) {
		case *xdomea.Appraised:
			m.appraisals = append(m.appraisals, it)
		case *xdomea.Result:
			m.results = append(m.results, it)
		}
		if len(m.appraisals)+len(m.results) > maxVerdicts {
			return m, errs.E(errs.Invalid, "disposal.error.too_many", maxVerdicts)
		}
	}
	return m, nil
}

// unreadable tells people what xdomea found wrong.
func unreadable(err error) error {
	var x *xdomea.Error
	if errors.As(err, &x) {
		for _, f := range x.Found {
			if f.Severity == xdomea.Fault {
				return broken(f, err)
			}
		}
	}
	return err
}

// appraise notes what the archive decided on each file. Archives may decide on the cases in it too: we hand over files
// whole, so they must say the same.
func (r *Room) appraise(ctx context.Context, tx *db.Tx, a access.Access, p Process, list []*xdomea.Appraised) error {
	items, err := r.store.allItems(ctx, tx, a, p.ID)
	if err != nil {
		return err
	}
	said := map[string]records.Appraisal{} // by file
	for _, x := range list {
		decision := records.Appraisal(x.Appraisal)
		file, err := r.fileMeant(ctx, tx, a, p, items, x.ID)
		switch before, again := said[file]; {
		case err != nil:
			return err
		case decision != records.Archive && decision != records.Destroy:
			return errs.E(errs.Invalid, "disposal.error.undecided", x.ID)
		case again && before != decision:
			return errs.E(errs.Conflict, "disposal.error.appraised_apart", items[file].Reference)
		}
		said[file] = decision
	}
	fresh := map[records.Appraisal][]string{}
	for file, decision := range said {
		switch it := items[file]; {
		case it.State == Offered:
			fresh[decision] = append(fresh[decision], file)
		case it.State == Withdrawn:
			return errs.E(errs.Conflict, "disposal.error.withdrawn", it.Reference)
		case it.Decision != decision:
			return errs.E(errs.Conflict, "disposal.error.appraised_otherwise", it.Reference, string(it.Decision), string(decision))
		}
	}
	for decision, files := range fresh {
		if err := r.store.move(ctx, tx, a, p.ID, files, []ItemState{Offered}, Appraised, r.h.Now(), func(q *db.Params) string {
			return `, decision = ` + q.Add(string(decision))
		}); err != nil {
			return err
		}
		if err := r.note(ctx, tx, p, "disposal.appraised", files, map[string]any{"decision": decision}); err != nil {
			return err
		}
	}
	return nil
}

// fileMeant is the file that an ID in a message means: itself, or the one that a case lies in. errs.Invalid for what is
// not in the process.
func (r *Room) fileMeant(ctx context.Context, tx *db.Tx, a access.Access, p Process, items map[string]Item, id string) (string, error) {
	if _, ok := items[id]; ok {
		return id, nil
	}
	file, err := r.store.fileOfCase(ctx, tx, a, p.ID, id)
	if err == nil && file == "" {
		err = errs.E(errs.Invalid, "disposal.error.object_unknown", id)
	}
	return file, err
}

// takeResults notes of each file whether the archive has it. In 2.4 one result speaks of the whole message.
func (r *Room) takeResults(ctx context.Context, tx *db.Tx, a access.Access, p Process, list []*xdomea.Result, out map[string]Package) error {
	items, err := r.store.allItems(ctx, tx, a, p.ID)
	if err != nil {
		return err
	}
	said := map[string]*xdomea.Result{}
	for _, x := range list {
		if x.ID != "" {
			file, err := r.fileMeant(ctx, tx, a, p, items, x.ID)
			if err != nil {
				return err
			}
			if before := said[file]; before != nil && before.OK { // what failed in a part of it failed
				x.ArchiveID = before.ArchiveID
				said[file] = x
			} else if before == nil {
				said[file] = x
			}
			continue
		}
		for file, it := range items {
			if it.State == HandedOver && said[file] == nil {
				said[file] = x
			}
		}
	}
	var have []string
	for file, x := range said {
		switch it := items[file]; {
		case it.Decision == records.Archive && !x.OK && (it.State == TakenOver || it.State == Destroying || it.State == Destroyed):
			return errs.E(errs.Conflict, "disposal.error.has_it", it.Reference)
		case it.Decision == records.Archive && x.OK && (it.State == TakenOver || it.State == Destroying || it.State == Destroyed):
		case it.State != HandedOver && it.State != Failed, out[it.packageID].Message != xdomea.Disposal:
			return errs.E(errs.Conflict, "disposal.error.not_handed_over", it.Reference)
		case x.OK:
			have = append(have, file)
		default:
			if err := r.refused(ctx, tx, a, p, file, x); err != nil {
				return err
			}
		}
	}
	for _, file := range have {
		if err := r.store.move(ctx, tx, a, p.ID, []string{file}, []ItemState{HandedOver, Failed}, TakenOver, r.h.Now(), func(q *db.Params) string {
			return `, error = '', archive_id = ` + q.Add(cut(said[file].ArchiveID, maxName))
		}); err != nil {
			return err
		}
	}
	return r.note(ctx, tx, p, "disposal.taken_over", have, nil)
}

// refused notes that the archive could not take a file, and why.
func (r *Room) refused(ctx context.Context, tx *db.Tx, a access.Access, p Process, file string, x *xdomea.Result) error {
	why := strings.Join(x.Errors, "; ")
	for _, c := range x.Codes {
		why = strings.TrimPrefix(why+"; "+c.Value+" "+c.Name, "; ")
	}
	if why == "" {
		why = r.german("disposal.no_reason")
	}
	if err := r.store.move(ctx, tx, a, p.ID, []string{file}, []ItemState{HandedOver, Failed}, Failed, r.h.Now(), func(q *db.Params) string {
		return `, error = ` + q.Add(cut(why, maxError))
	}); err != nil {
		return err
	}
	return r.note(ctx, tx, p, "disposal.refused", []string{file}, nil)
}

// cut is s with at most n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
