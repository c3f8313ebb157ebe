package auditor

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// BundleOptions says what a bundle is compared with.
type BundleOptions struct {
	Keys  []string // public keys from the log's owner; without any, those in the bundle
	Files fs.FS    // documents outside of the bundle, under whatever names; may be nil

	Log     io.ReaderAt // export of the whole log, to see that the bundle leaves nothing out; may be nil
	LogSize int64       // bytes
}

// BundleReport says what was found.
type BundleReport struct {
	Reference string    `json:"reference"` // as the owner states it
	Made      time.Time `json:"made"`      // as the owner states it
	TreeSize  int64     `json:"treeSize"`  // entries in the whole log, by the checkpoint
	Root      string    `json:"root"`      // base64
	Objects   int       `json:"objects"`
	Entries   int64     `json:"entries"`   // proved
	Waiting   int64     `json:"waiting"`   // entries that had no number when the bundle was made, as the owner states it
	Documents int       `json:"documents"` // that an entry vouches for
	Erased    int       `json:"erased"`    // of them rightly destroyed later
	Rows      int       `json:"rows"`      // that are what the newest entry about them says
	Files     int       `json:"files"`     // files compared with the hashes of documents
	OwnKey    bool      `json:"ownKey"`    // the public key came from the bundle itself: it proves nothing about its origin
	Compared  bool      `json:"compared"`  // with an export of the whole log
	Later     int64     `json:"later"`     // entries about the objects that the export has beyond the bundle's checkpoint
	NotProved []string  `json:"notProved"` // what the bundle cannot prove
	Problems  []string  `json:"problems"`
}

// OK reports whether nothing was found wrong.
func (r BundleReport) OK() bool { return len(r.Problems) == 0 }

func (r *BundleReport) found(format string, args ...any) {
	if len(r.Problems) == maxProblems {
		r.Problems = append(r.Problems, "further problems are not listed")
	}
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

const (
	statementTitle = "rennsteig audit bundle v1\n"
	maxNote        = 1 << 20
	maxList        = 1 << 20 // objects, documents
)

// needed are the files that are looked for in any case.
var needed = []string{"checkpoint.txt", "entries.jsonl", "proofs.txt", "objects.jsonl", "documents.jsonl"}

// CheckBundle reads a bundle of that size in bytes and verifies it. An error means that it is no readable bundle, or
// that what it is to be compared with cannot be read.
func CheckBundle(file io.ReaderAt, size int64, o BundleOptions) (BundleReport, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return BundleReport{}, fmt.Errorf("this is no bundle, or it is cut off: %w", err)
	}
	r := BundleReport{Problems: []string{}}
	c := bundleChecker{report: &r, files: map[string]*zip.File{}, sums: map[string]string{}, objects: map[string]*object{},
		vouched: map[string]bool{}, erased: map[string]bool{}, given: map[string]bool{}, keep: o.Log != nil,
		states: map[string]string{}, fields: map[string][]string{}}
	for _, f := range z.File {
		if c.files[f.Name] != nil {
			r.found("%.100q is there twice", f.Name)
		}
		c.files[f.Name] = f
	}
	switch {
	case c.files["checkpoints.jsonl"] != nil:
		return BundleReport{}, errors.New("this is an export of a whole log, no bundle")
	case c.files["bundle.txt"] == nil && c.files["entries.jsonl"] == nil:
		return BundleReport{}, errors.New("this is no bundle: it has neither bundle.txt nor entries.jsonl")
	}
	if c.keys, r.OwnKey, err = verifiers(z, o.Keys); err != nil {
		return BundleReport{}, err
	}
	c.run()
	if o.Files != nil {
		if err := c.outside(o.Files); err != nil {
			return BundleReport{}, err
		}
	}
	if o.Log != nil {
		if err := c.compare(o); err != nil {
			return BundleReport{}, err
		}
	}
	c.limits()
	return r, nil
}

type bundleChecker struct {
	report *BundleReport
	keys   note.Verifiers
	files  map[string]*zip.File
	sums   map[string]string // SHA-256 of what was read, by name
	root   []byte            // nil if the checkpoint is not valid
	said   *statement        // nil if it is not valid

	objects   map[string]*object
	documents []document
	vouched   map[string]bool     // hashes that an entry vouches for
	erased    map[string]bool     // hashes that an entry says were rightly removed
	given     map[string]bool     // hashes of documents that were there and right
	states    map[string]string   // the newest that entries tell, by object
	fields    map[string][]string // of rows that are what the entries say, by object

	keep bool   // what follows, for the comparison with the whole log
	held []held // entries of the bundle, in their order
}

type held struct {
	number int64
	leaf   [sha256.Size]byte
}

type object struct{ want, have int64 }

type document struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
}

func (d document) String() string {
	return fmt.Sprintf("document %q, version %d (SHA-256 %s)", d.Name, d.Version, d.SHA256)
}

type statement struct {
	Reference string            `json:"reference"`
	Made      time.Time         `json:"made"`
	Size      int64             `json:"size"`
	Root      string            `json:"root"`
	Entries   int64             `json:"entries"`
	Waiting   int64             `json:"waiting"`
	Documents int               `json:"documents"`
	Files     int               `json:"files"`
	SHA256    map[string]string `json:"sha256"`
}

func (c *bundleChecker) run() {
	c.checkpoint()
	c.statement()
	c.list("objects.jsonl", func(line []byte) error {
		var o struct {
			Object  string `json:"object"`
			Entries int64  `json:"entries"`
		}
		if err := json.Unmarshal(line, &o); err != nil {
			return err
		}
		if c.objects[o.Object] != nil {
			return fmt.Errorf("%q is there twice", o.Object)
		}
		c.objects[o.Object] = &object{want: o.Entries}
		return nil
	})
	c.report.Objects = len(c.objects)
	c.list("documents.jsonl", func(line []byte) error {
		var d document
		err := json.Unmarshal(line, &d)
		c.documents = append(c.documents, d)
		return err
	})
	if c.root != nil {
		c.entries()
	}
	for _, d := range c.documents {
		switch {
		case c.root == nil: // said already
		case !c.vouched[d.SHA256]:
			c.report.found("%s: no entry vouches for it", d)
		default:
			c.report.Documents++
			if c.erased[d.SHA256] {
				c.report.Erased++
			}
		}
	}
	c.rows()
	c.inside()
	c.signed()
}

// read calls f with a file of the bundle and keeps its SHA-256.
func (c *bundleChecker) read(name string, f func(r io.Reader) error) {
	part := c.files[name]
	if part == nil {
		c.report.found("%s is missing", name)
		return
	}
	r, err := part.Open()
	if err == nil {
		sum := sha256.New()
		tee := io.TeeReader(r, sum)
		if err = f(tee); err == nil {
			_, err = io.Copy(io.Discard, tee)
		}
		r.Close()
		c.sums[name] = hex.EncodeToString(sum.Sum(nil))
	}
	if err != nil {
		c.report.found("%s: %v", name, err)
	}
}

// list calls f with each line of a file.
func (c *bundleChecker) list(name string, f func(line []byte) error) {
	c.read(name, func(r io.Reader) error {
		for l := newLines(name, r); ; {
			line, ok, err := l.next()
			if err != nil || !ok {
				return err
			}
			if l.count > maxList {
				return errors.New("the list is too long")
			}
			if err := f(line); err != nil {
				return fmt.Errorf("line %d: %w", l.count, err)
			}
		}
	})
}

// checkpoint reads the size and the root that everything is proved against.
func (c *bundleChecker) checkpoint() {
	c.read("checkpoint.txt", func(r io.Reader) error {
		b, err := io.ReadAll(io.LimitReader(r, maxNote))
		if err != nil {
			return err
		}
		c.report.TreeSize, c.root, err = openNote(string(b), c.keys)
		c.report.Root = base64.StdEncoding.EncodeToString(c.root)
		return notSigned(err)
	})
}

// statement reads what the owner of the log signed about the bundle.
func (c *bundleChecker) statement() {
	c.read("bundle.txt", func(r io.Reader) error {
		b, err := io.ReadAll(io.LimitReader(r, maxNote))
		if err != nil {
			return err
		}
		n, err := note.Open(b, c.keys)
		if err != nil {
			return notSigned(err)
		}
		text, ok := strings.CutPrefix(n.Text, statementTitle)
		var s statement
		if !ok || json.Unmarshal([]byte(text), &s) != nil {
			return errors.New("this is no statement about a bundle")
		}
		c.said = &s
		c.report.Reference, c.report.Made, c.report.Waiting = s.Reference, s.Made, s.Waiting
		return nil
	})
}

func notSigned(err error) error {
	if err != nil && errors.As(err, new(*note.UnverifiedNoteError)) {
		return errors.New("it is not signed with the given key")
	}
	return err
}

// entries goes through the entries and their proofs together.
func (c *bundleChecker) entries() {
	last := int64(-1)
	c.read("entries.jsonl", func(r io.Reader) error {
		var broken error
		c.read("proofs.txt", func(p io.Reader) error {
			entries, proofs := newLines("entries.jsonl", r), newLines("proofs.txt", p)
			for {
				line, more, err := entries.next()
				if err != nil {
					broken = err
					return nil
				}
				path, ok, err := proofs.next()
				switch {
				case err != nil:
					return err
				case more && !ok:
					return fmt.Errorf("there is no proof for line %d of entries.jsonl and what follows", entries.count)
				case !more && ok:
					return fmt.Errorf("line %d and what follows prove nothing: entries.jsonl has fewer lines", proofs.count)
				case !more:
					return nil
				}
				c.entry(entries.count, line, path, &last)
			}
		})
		return broken
	})
	for name, o := range c.objects {
		if o.have != o.want {
			c.report.found("%.100q has %d entries here, but objects.jsonl says %d: some are missing or were added", name, o.have, o.want)
		}
	}
}

// entry checks one entry; last is the number of the one before.
func (c *bundleChecker) entry(number int64, line, path []byte, last *int64) {
	var e struct {
		ID      string          `json:"id"`
		Object  string          `json:"object"`
		Changes json.RawMessage `json:"changes"`
		Blobs   []string        `json:"blobs"`
		Erased  []string        `json:"erased"`
	}
	readable := json.Unmarshal(line, &e)
	leaf := rfc6962.DefaultHasher.HashLeaf(line)
	index, hashes, err := parsePath(path)
	bad := func(format string, args ...any) {
		c.report.found("entry %d (line %d, %.40q, %.100q): "+format, append([]any{index, number, e.ID, e.Object}, args...)...)
	}
	if err != nil {
		bad("its proof cannot be read: %v", err)
		return
	}
	if index <= *last {
		bad("it is out of order: it follows entry %d", *last)
	}
	*last = index
	err = proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.report.TreeSize), leaf, hashes, c.root) //nolint:gosec // neither is negative
	if err != nil {
		bad("its proof does not lead to the signed root: the entry or its proof was changed or exchanged")
		return
	}
	o := c.objects[e.Object]
	switch {
	case readable != nil:
		bad("it cannot be read: %v", readable)
		return
	case o == nil:
		bad("it is about another object than those of the bundle")
		return
	}
	o.have++
	c.report.Entries++
	if err := c.state(e.Changes); err != nil {
		bad("%v", err)
	}
	for _, h := range e.Blobs {
		c.vouched[h] = true
	}
	for _, h := range e.Erased {
		c.erased[h] = true
	}
	if c.keep {
		c.held = append(c.held, held{index, [sha256.Size]byte(leaf)})
	}
}

// parsePath reads a line of proofs.txt.
func parsePath(line []byte) (index int64, path [][]byte, err error) {
	fields := strings.Split(string(line), " ")
	index, err = strconv.ParseInt(fields[0], 10, 64)
	if err != nil || index < 0 || fields[0] != strconv.FormatInt(index, 10) {
		return 0, nil, fmt.Errorf("%.20q is no number of an entry", fields[0])
	}
	for _, f := range fields[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(f)
		if err != nil || len(h) != sha256.Size {
			return index, nil, fmt.Errorf("%.60q is no hash", f)
		}
		path = append(path, h)
	}
	return index, path, nil
}

// inside compares the documents in the bundle with their hashes.
func (c *bundleChecker) inside() {
	sizes := map[string]int64{}
	for _, d := range c.documents {
		sizes[d.SHA256] = d.Size
	}
	for _, name := range sorted(c.files) {
		want, ok := strings.CutPrefix(name, "files/")
		if !ok {
			continue
		}
		size, listed := sizes[want]
		if !listed {
			c.report.found("%.100q is none of the listed documents", name)
			continue
		}
		c.read(name, func(r io.Reader) error {
			got, err := sum(io.LimitReader(r, size+1))
			if err == nil && got != want {
				err = fmt.Errorf("the document was changed: its SHA-256 is %s", got)
			}
			if err == nil {
				c.report.Files++
				c.given[want] = true
			}
			return err
		})
	}
	if c.said == nil || c.said.Files == 0 || c.root == nil {
		return
	}
	for _, d := range c.documents {
		if !c.erased[d.SHA256] && c.files["files/"+d.SHA256] == nil {
			c.report.found("%s: its file is missing in the bundle", d)
		}
	}
}

func sum(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// signed compares what was read with what the owner signed.
func (c *bundleChecker) signed() {
	s := c.said
	if s == nil {
		return
	}
	for _, name := range sorted(c.files) {
		_, known := s.SHA256[name]
		switch {
		case name == "bundle.txt" || strings.HasPrefix(name, "files/") || known:
		default:
			c.report.found("%.100q does not belong to the bundle", name)
		}
	}
	for _, name := range sorted(s.SHA256) {
		if _, done := c.sums[name]; !done && (c.files[name] != nil || !slices.Contains(needed, name)) {
			c.read(name, func(io.Reader) error { return nil })
		}
		if got, ok := c.sums[name]; ok && got != s.SHA256[name] {
			c.report.found("%s is not the one that was signed: it was changed after the bundle was made", name)
		}
	}
	if c.root != nil && (s.Size != c.report.TreeSize || s.Root != c.report.Root) {
		c.report.found("bundle.txt: it was made under another checkpoint: %d entries, root %s", s.Size, s.Root)
	}
	if c.root != nil && s.Entries != c.report.Entries {
		c.report.found("bundle.txt says %d entries, %d are here and proved", s.Entries, c.report.Entries)
	}
	if s.Documents != len(c.documents) {
		c.report.found("bundle.txt says %d versions of documents, %d are here", s.Documents, len(c.documents))
	}
}

// limits says what is not proved, whatever was found.
func (c *bundleChecker) limits() {
	r := c.report
	r.NotProved = []string{}
	say := func(format string, args ...any) { r.NotProved = append(r.NotProved, fmt.Sprintf(format, args...)) }
	if r.OwnKey {
		say("who made it: the public key was taken from the bundle itself; give the owner's with --key")
	}
	if !r.Compared {
		say("that no entry about the objects was left out: the owner only states it; give an export of the whole log with --log")
	}
	if r.Waiting > 0 {
		say("%d entries about the objects that had no number yet when the bundle was made", r.Waiting)
	}
	unseen := 0
	for _, d := range c.documents {
		if !c.given[d.SHA256] && !c.erased[d.SHA256] {
			unseen++
		}
	}
	if unseen > 0 {
		say("the content of %d of %d documents: they were not there to compare; give their folder with --files", unseen, len(c.documents))
	}
	unbound := 0
	for _, d := range c.documents {
		if c.fields["document:"+d.ID] == nil {
			unbound++
		}
	}
	if unbound > 0 {
		say("the names of %d of %d documents, and which of them has which hash: no entry here binds their rows", unbound, len(c.documents))
	}
	say("what happened after the bundle was made, and that the owner's clock was right")
}

// Text is the report for people.
func (r BundleReport) Text() string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintln(&b, p)
	}
	word := "is whole"
	if !r.OK() {
		word = "IS NOT WHOLE"
	}
	fmt.Fprintf(&b, "bundle %q of %s %s: %d entries about %d objects are proved, of %d in the log; root %s\n",
		r.Reference, r.Made.Format(time.RFC3339), word, r.Entries, r.Objects, r.TreeSize, r.Root)
	fmt.Fprintf(&b, "%d versions of documents are vouched for, %d of them rightly destroyed later; %d files were compared; %d rows are what the entries say\n", r.Documents, r.Erased, r.Files, r.Rows)
	if r.Compared && r.OK() {
		fmt.Fprintf(&b, "compared with the whole log: nothing about these objects is left out; %d entries came later\n", r.Later)
	}
	fmt.Fprintln(&b, "not proved:")
	for _, n := range r.NotProved {
		fmt.Fprintln(&b, "-", n)
	}
	return b.String()
}
