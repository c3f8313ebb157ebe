package disposal

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Import is a package of another authority, with files that an authority here takes over (Abgabe).
type Import struct {
	ID        string
	Authority string // that takes them over
	Process   string // ProzessID
	Message   xdomea.Message
	Sender    string // name
	Name      string // of the package
	Hash      string // SHA-256
	Size      int64  // bytes
	Summary   ImportSummary
	Taken     bool
	Unit      string // code in the file plan of the authority; "" until taken
	By        string // name
	At        time.Time
	TakenBy   string // name
	TakenAt   time.Time
}

// ImportSummary is what is in a package.
type ImportSummary struct {
	Files     int              `json:"files"`
	Cases     int              `json:"cases"`
	Documents int              `json:"documents"`
	Stored    int              `json:"stored"` // files of all versions
	Bytes     int64            `json:"bytes"`
	First     []ImportedRecord `json:"first"`    // the first of the records
	Warnings  []string         `json:"warnings"` // of the check, in English, with the element's name
}

// ImportedRecord is a file, or a case or document without one.
type ImportedRecord struct {
	Reference string       `json:"reference"`
	Subject   string       `json:"subject"`
	Cases     int          `json:"cases"`
	Documents int          `json:"documents"`
	Lead      string       `json:"lead,omitempty"` // unit that led it there
	Level     access.Level `json:"level,omitempty"`
}

// Origin is where a record came from.
type Origin struct {
	Object    string // "file:ID" …
	ID        string // in the message
	Reference string // Aktenzeichen there
	Sender    string // name
}

const (
	maxImport   = 2 << 30 // bytes of a package that is taken over
	maxFirst    = 50      // records that a summary names
	maxWarnings = 50
)

// Check checks a package of size bytes as its receiver, keeps it and says what is in it; nothing is taken over yet. id is
// chosen by the form. errs.Invalid for a package with a fault, errs.Conflict if the authority has taken over its
// ProzessID already.
func (r *Room) Check(ctx context.Context, in io.ReaderAt, size int64, name, authority, id string) (i Import, err error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return i, err
	}
	if !a.Registrar(authority) || web.ID(id) == "" {
		return i, notFound()
	}
	if size > maxImport {
		return i, errs.E(errs.TooLarge, "errs.too_large", "2 GB")
	}
	if err := empty(size); err != nil {
		return i, err
	}
	found, err := xdomea.CheckPackage(in, size, name, xdomea.Options{})
	if err != nil {
		return i, err
	}
	i = Import{ID: id, Authority: authority, Name: name, By: identity.From(ctx).Name, At: r.h.Now()}
	for _, f := range found {
		if f.Severity == xdomea.Fault {
			return i, broken(f, errors.New(f.String()))
		}
		if f.Severity == xdomea.Warning && len(i.Summary.Warnings) < maxWarnings {
			i.Summary.Warnings = append(i.Summary.Warnings, f.String())
		}
	}
	if err := i.read(in, size); err != nil {
		return i, err
	}
	ref, err := r.h.Blobs.Put(ctx, r.h.Scan.Pass(ctx, io.NewSectionReader(in, 0, size)), maxImport)
	if err != nil {
		return i, err
	}
	i.Hash, i.Size = ref.Hash, ref.Size
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if taken, err := r.store.taken(ctx, tx, a, authority, i.Process); err != nil {
			return err
		} else if taken {
			return errs.E(errs.Conflict, "disposal.error.imported_already", i.Process)
		}
		if _, err := r.store.imported(ctx, tx, a, id, ""); !errs.Is(err, errs.NotFound) {
			return err // the form was sent twice
		}
		if err := r.store.insertImport(ctx, tx, a, i); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.import_checked", Authority: authority, Object: i.object(),
			Changes: map[string]any{"process": i.Process, "sha256": i.Hash, "files": i.Summary.Files}, Blobs: []string{i.Hash}})
	})
	return i, err
}

func (i Import) object() string { return "import:" + i.ID }

// read reads what a package has and counts it.
func (i *Import) read(in io.ReaderAt, size int64) error {
	return eachRecord(in, size, func(p *xdomea.Package, f *xdomea.File) error {
		h := p.Head()
		i.Process, i.Message, i.Sender = h.ProcessID, h.Message, contactName(h.Sender)
		s := &i.Summary
		row := ImportedRecord{Reference: f.General.Reference, Subject: f.General.Subject, Lead: cut(f.General.LeadUnit, maxName), Level: levelOf(f.General.Confidentiality)}
		s.Files++
		err := walk(f, func(_ *xdomea.File, _, c *xdomea.Case) error {
			row.Cases++
			for _, d := range flatten(c.Documents, "") {
				row.Documents++
				for _, v := range d.Versions {
					if len(v.Formats) > 0 {
						s.Stored++
						s.Bytes += max(p.Size(v.Formats[0].FileName), 0)
					}
				}
			}
			return nil
		})
		s.Cases += row.Cases
		s.Documents += row.Documents
		if len(s.First) < maxFirst {
			s.First = append(s.First, row)
		}
		return err
	})
}

// contactName is what a sender is called.
func contactName(c xdomea.Contact) string {
	for _, s := range []string{c.Organisation, c.Unit, strings.TrimSpace(c.GivenName + " " + c.FamilyName), c.AuthorityKey.Value} {
		if s != "" {
			return cut(s, maxName)
		}
	}
	return "–"
}

// eachRecord reads the records of a package that hands over records. A case or document without a file gets one; the
// cover letters lie in the first.
func eachRecord(in io.ReaderAt, size int64, f func(p *xdomea.Package, file *xdomea.File) error) error {
	p, err := xdomea.OpenPackage(in, size, xdomea.Options{})
	if err != nil {
		return unreadable(err)
	}
	defer p.Close() //nolint:errcheck // it was only read
	switch m := p.Head().Message; m {
	case xdomea.Disposal, xdomea.Transfer, xdomea.Information:
	default:
		return errs.E(errs.Invalid, "disposal.error.message_kind", string(m))
	}
	var letters []xdomea.Document
	for item, err := range p.Items() {
		if err != nil {
			return unreadable(err)
		}
		var file *xdomea.File
		switch it := item.(type) {
		case *xdomea.File:
			file = it
		case *xdomea.Case:
			file = &xdomea.File{ID: it.ID, General: it.General, Retention: it.Retention, Period: it.Period, Closed: it.Closed, ClosedOn: it.ClosedOn, Cases: []xdomea.Case{*it}}
		case *xdomea.Document:
			file = &xdomea.File{ID: it.ID, General: it.General, Closed: true, ClosedOn: it.Received, Documents: []xdomea.Document{*it}}
		case *xdomea.CoverLetter:
			letters = append(letters, it.Document)
			continue
		default:
			continue
		}
		file.Documents = append(letters, file.Documents...)
		letters = nil
		gather(file)
		if err := f(p, file); err != nil {
			return err
		}
	}
	return nil
}

// walk calls f with every case of a file, with the part and the case that it lies in (nil if none): the electronic file
// knows cases in a case, but none in those, which come beside them. Documents that lie in no case get one, and so does a
// file that has nothing in it, for what its sheet says.
func walk(file *xdomea.File, f func(part *xdomea.File, parent, c *xdomea.Case) error) error {
	some := false
	for _, part := range append([]*xdomea.File{nil}, parts(file)...) {
		in := file
		if part != nil {
			in = part
		}
		cases := in.Cases
		if len(in.Documents) > 0 {
			cases = append([]xdomea.Case{{ID: in.ID, General: in.General, Period: in.Period, Closed: true, ClosedOn: in.ClosedOn, Documents: in.Documents}}, cases...)
		}
		for i := range cases {
			some = true
			top := &cases[i]
			if err := f(part, nil, top); err != nil {
				return err
			}
			for _, sub := range subCases(top) {
				if err := f(part, top, sub); err != nil {
					return err
				}
			}
		}
	}
	if some {
		return nil
	}
	return f(nil, nil, &xdomea.Case{ID: file.ID, General: xdomea.General{Subject: file.General.Subject, Reference: file.General.Reference},
		Period: file.Period, Closed: true, ClosedOn: file.ClosedOn})
}

// parts are all part files in a file, at any depth.
func parts(f *xdomea.File) []*xdomea.File {
	var out []*xdomea.File
	for i := range f.Parts {
		out = append(append(out, &f.Parts[i]), parts(&f.Parts[i])...)
	}
	return out
}

func subCases(c *xdomea.Case) []*xdomea.Case {
	var out []*xdomea.Case
	for i := range c.SubCases {
		out = append(append(out, &c.SubCases[i]), subCases(&c.SubCases[i])...)
	}
	return out
}

// paper is a document with the ID of the one that it came with.
type paper struct {
	xdomea.Document
	parent string
}

// flatten lists documents with their attachments after them.
func flatten(list []xdomea.Document, parent string) []paper {
	var out []paper
	for _, d := range list {
		out = append(out, paper{d, parent})
		var with []xdomea.Document
		for _, x := range d.Attachments {
			with = append(with, x.Document)
		}
		out = append(out, flatten(with, d.ID)...)
	}
	return out
}

// Import reads an import of an authority whose records the caller keeps.
func (r *Room) Import(ctx context.Context, id string) (Import, error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return Import{}, err
	}
	return r.store.imported(ctx, r.h.DB.Reader(), a, id, "")
}

// Imports lists the imports of the authorities whose records the caller keeps, the latest first.
func (r *Room) Imports(ctx context.Context, c paging.Cursor) (paging.Listing[Import], error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return paging.Listing[Import]{}, err
	}
	return r.store.imports(ctx, r.h.DB.Reader(), a, c)
}

// TakeOver takes over what was checked, whole or not at all: files, cases and documents with new Aktenzeichen of the
// authority, and where they came from. Whom they are open to is what into says, whatever the package does.
func (r *Room) TakeOver(ctx context.Context, id string, into Into) (err error) {
	i, err := r.Import(ctx, id)
	if err != nil || i.Taken {
		return err
	}
	if err := into.check(); err != nil {
		return err
	}
	in, err := r.fetch(ctx, i)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // at worst a temporary file stays
	blobs, err := r.storeFiles(ctx, in.File, i.Size)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		i, err := r.store.imported(ctx, tx, a, id, tx.ForUpdate())
		if err != nil || i.Taken {
			return err
		}
		i.Unit, i.TakenBy, i.TakenAt = into.Unit, identity.From(ctx).Name, r.h.Now()
		if err := r.store.take(ctx, tx, a, i); err != nil {
			if db.IsUnique(err) {
				return errs.E(errs.Conflict, "disposal.error.imported_already", i.Process)
			}
			return err
		}
		t := taker{r: r, tx: tx, a: a, i: i, into: into, blobs: blobs}
		if err := eachRecord(in.File, i.Size, func(p *xdomea.Package, f *xdomea.File) error { return t.file(ctx, p.Head(), f) }); err != nil {
			return err
		}
		if err := r.store.putBlob(ctx, tx, a, i.Authority, i.object(), i.Hash, false, r.h.Now()); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.imported", Authority: i.Authority, Object: i.object(),
			Changes: map[string]any{"process": i.Process, "sender": i.Sender, "unit": into.Unit, "lead": into.Lead, "reach": into.Reach, "files": i.Summary.Files}})
	})
}

// checkedFor is how long a package that was checked waits to be taken over.
const checkedFor = 30 * 24 * time.Hour

// forgetChecked forgets packages that nobody took over: they hold what another authority wrote about people.
func (r *Room) forgetChecked(ctx context.Context) error {
	ctx = identity.AsSystem(ctx, "disposal")
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		gone, err := r.store.dropChecked(ctx, tx, access.All, r.h.Now().Add(-checkedFor))
		if err != nil {
			return err
		}
		for _, i := range gone {
			if err := r.store.putBlob(ctx, tx, access.At(i.Authority), i.Authority, i.object(), i.Hash, false, r.h.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// temporary is a file without a name, so that nothing of it is left behind by a process that dies; where a system cannot
// do that it is removed when it is closed.
type temporary struct{ *os.File }

func (t temporary) Close() error {
	err := t.File.Close()
	if gone := os.Remove(t.Name()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// fetch copies the package out of the blob store, for a ZIP is read here and there.
func (r *Room) fetch(ctx context.Context, i Import) (_ temporary, err error) {
	content, err := r.h.Blobs.Open(ctx, i.Hash)
	if errs.Is(err, errs.NotFound) {
		return temporary{}, errs.E(errs.Conflict, "disposal.error.package_gone", err)
	}
	if err != nil {
		return temporary{}, err
	}
	defer content.Close()
	f, err := os.CreateTemp("", "rennsteig-import-*")
	if err != nil {
		return temporary{}, errs.E(errs.Unavailable, "errs.no_space", err)
	}
	t := temporary{f}
	_ = os.Remove(f.Name()) // Windows says no: then Close does it
	if _, err := io.Copy(f, content); err != nil {
		return temporary{}, errors.Join(errs.E(errs.Unavailable, "errs.no_space", err), t.Close())
	}
	return t, nil
}

// blobOf is a stored file of a package.
type blobOf struct {
	hash string
	size int64
}

// storeFiles puts all files of the package into the blob store, by name. A document without a file, which is on paper,
// gets one with its metadata; each case gets the sheet of what else is known.
func (r *Room) storeFiles(ctx context.Context, in io.ReaderAt, size int64) (map[string]blobOf, error) {
	out := map[string]blobOf{}
	put := func(name string, content io.Reader) error {
		ref, err := r.h.Blobs.Put(ctx, content, maxImport)
		out[name] = blobOf{ref.Hash, ref.Size}
		return err
	}
	err := eachRecord(in, size, func(p *xdomea.Package, f *xdomea.File) error {
		about := f
		return walk(f, func(_ *xdomea.File, _, c *xdomea.Case) error {
			sheet, err := r.originSheet(p.Head(), about, c)
			if about = nil; err == nil && sheet != "" {
				err = put(hashOf(sheet), strings.NewReader(sheet))
			}
			if err != nil {
				return err
			}
			for _, d := range flatten(c.Documents, "") {
				if len(d.Versions) == 0 {
					b, err := json.MarshalIndent(d.General, "", "  ")
					if err != nil {
						return err
					}
					if err := put(d.ID, strings.NewReader(string(b))); err != nil {
						return err
					}
				}
				for _, v := range d.Versions {
					for _, x := range v.Formats {
						content, err := p.Open(x.FileName)
						if err != nil {
							return errs.E(errs.Invalid, "disposal.error.unreadable.file", cut(x.FileName, maxName), err)
						}
						if err := errors.Join(put(x.FileName, content), content.Close()); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
	})
	return out, err
}

// levelOf is the level of a confidentiality.
func levelOf(c xdomea.Confidentiality) access.Level {
	for level, code := range levels {
		if code == c {
			return level
		}
	}
	return access.Open
}

func mediumOf(m xdomea.Medium) records.Medium {
	for medium, code := range media {
		if code == m {
			return medium
		}
	}
	return records.Electronic
}
