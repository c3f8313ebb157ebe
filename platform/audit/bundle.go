package audit

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/blob"
	"rennsteig/platform/errs"
)

//go:embed export/BUNDLE.txt
var bundleReadme string

// Document is one version of a document.
type Document struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`    // file name or title, for people
	Version int    `json:"version"` // from 1
	SHA256  string `json:"sha256"`  // lower-case hex
	Size    int64  `json:"size"`    // bytes
}

// BundleRequest says what a bundle is about.
type BundleRequest struct {
	Reference string     // how people call it: a file's reference (Aktenzeichen)
	Objects   []string   // as entries name them: "file:018f…"; named twice does no harm
	Documents []Document // every version of every document
	Files     blob.Store // where the documents are, to be taken along; nil: only their hashes

	Progress func(done, total int64) // entries written; may be nil
}

// Summary says what a bundle holds.
type Summary struct {
	Entries   int64    // proved
	Objects   int      // that the log knows
	Unknown   []string // objects without an entry; they are not in the bundle
	Documents int
	Files     int      // documents taken along
	Waiting   int64    // entries about the objects that are not in the tree yet, and so not in the bundle
	TreeSize  int64    // entries in the whole log as the bundle's checkpoint signs it
	Problems  []string // what the verifier will also find: documents that no entry vouches for, that are missing or altered; and rows that are not what the entries say
}

// statement is what the owner of the log signs about a bundle, as JSON below statementTitle.
type statement struct {
	Reference string            `json:"reference"`
	Made      time.Time         `json:"made"`
	Size      int64             `json:"size"` // of the tree
	Root      string            `json:"root"` // base64
	Entries   int64             `json:"entries"`
	Waiting   int64             `json:"waiting"`
	Documents int               `json:"documents"`
	Files     int               `json:"files"`
	SHA256    map[string]string `json:"sha256"` // of the bundle's files, but for the documents and the statement itself
}

// statementTitle has blanks, which no key's name has: the statement cannot be taken for a checkpoint.
const statementTitle = "rennsteig audit bundle v1\n"

// bundleObject is a line of objects.jsonl.
type bundleObject struct {
	Object  string `json:"object"`
	Entries int64  `json:"entries"`
}

// WriteBundle writes a ZIP file with which a stranger can check what happened to these objects: every entry about them
// with its inclusion proof under one signed checkpoint, the hashes of the documents, and a statement, signed too, that
// these are all entries about them in the tree. Entries that wait are sequenced first. It streams; of an entry it keeps
// no more than its number. Package auditor checks such a file. It needs the secret key. ErrTampered if an entry cannot
// be proved.
//
// Authority and rights are the caller's business.
func (l *Log) WriteBundle(ctx context.Context, w io.Writer, req BundleRequest) (Summary, error) {
	b := &bundle{log: l, req: req, documents: map[string]bool{}, erased: map[string]bool{}, counts: map[string]int64{}, sums: map[string]string{}}
	err := b.check()
	if err == nil {
		err = b.collect(ctx)
	}
	if err == nil {
		err = b.rows(ctx)
	}
	if err == nil {
		err = b.write(ctx, w)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("bundle of %s: %w", req.Reference, err)
	}
	return b.summary, nil
}

type bundle struct {
	log     *Log
	req     BundleRequest
	prover  *prover
	places  []int64 // of the entries, in their order
	summary Summary

	counts    map[string]int64  // entries by object
	bound     []boundRow        // of the objects, those that the entries prove
	documents map[string]bool   // by hash, true once an entry vouches for it
	erased    map[string]bool   // hashes that an entry says were rightly removed
	sums      map[string]string // SHA-256 of what was written, by name
}

func (b *bundle) check() error {
	if !b.log.key.CanSeal() {
		return errNoSecret
	}
	b.req.Reference = clean(b.req.Reference)
	b.req.Objects = slices.Clone(b.req.Objects)
	for i, o := range b.req.Objects {
		b.req.Objects[i] = clean(o)
	}
	slices.Sort(b.req.Objects)
	b.req.Objects = slices.Compact(b.req.Objects)
	if len(b.req.Objects) == 0 {
		return errors.New("no objects are given")
	}
	for _, d := range b.req.Documents {
		if !isHash(d.SHA256) || d.Size < 0 {
			return fmt.Errorf("document %q, version %d: %q is no SHA-256 in lower-case hex, or %d no size", d.Name, d.Version, d.SHA256, d.Size)
		}
		b.documents[d.SHA256] = false
	}
	return nil
}

// settle is how long a bundle waits for another process that sequences.
const settle = 5 * time.Second

// collect sequences what waits and finds the entries under the newest checkpoint.
func (b *bundle) collect(ctx context.Context) error {
	q := b.log.d.Reader()
	for deadline := time.Now().Add(settle); ; {
		_, refused := b.log.Sequence(ctx) // an entry refused, of whatever object, stays behind and is counted below
		if refused != nil && !errors.Is(refused, ErrTampered) {
			return refused
		}
		var err error
		if b.prover, err = b.log.prover(ctx); err != nil {
			return err
		}
		if b.places, b.summary.Waiting, err = placesOf(ctx, q, b.req.Objects, b.prover.tree.N); err != nil {
			return err
		}
		if b.summary.Waiting == 0 || refused != nil || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	if len(b.places) == 0 {
		return errors.New("the log has no entry about it")
	}
	// That an entry about these objects was deleted shows only in the whole: a number is missing.
	n, err := countBelow(ctx, q, b.prover.tree.N)
	if err == nil && n != b.prover.tree.N {
		err = fmt.Errorf("%w: %d of %d entries are missing", ErrTampered, b.prover.tree.N-n, b.prover.tree.N)
	}
	b.summary.TreeSize = b.prover.tree.N
	return err
}

func (b *bundle) write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	steps := []struct {
		name string
		f    func(*bufio.Writer) error
	}{
		{"README.txt", text(bundleReadme)},
		{"audit.pub", text(strings.Join(b.log.key.Public(), "\n") + "\n")},
		{"checkpoint.txt", text(b.prover.checkpoint.note)},
		{"entries.jsonl", func(w *bufio.Writer) error { return b.entries(ctx, w) }},
		{"proofs.txt", func(w *bufio.Writer) error { return b.proofs(ctx, w) }},
		{"objects.jsonl", b.objects},
		{"documents.jsonl", b.documentList},
		{"rows.jsonl", b.rowList},
	}
	for _, s := range steps {
		if s.name == "rows.jsonl" && len(b.bound) == 0 {
			continue
		}
		if err := b.file(z, s.name, zip.Deflate, s.f); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := b.files(ctx, z); err != nil {
		return err
	}
	signed, err := b.statement()
	if err != nil {
		return err
	}
	if err := b.file(z, "bundle.txt", zip.Deflate, text(signed)); err != nil {
		return err
	}
	return z.Close()
}

// file writes one file of the bundle and keeps its SHA-256.
func (b *bundle) file(z *zip.Writer, name string, method uint16, f func(*bufio.Writer) error) error {
	part, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: time.Now()})
	if err != nil {
		return err
	}
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(part, sum), 64<<10)
	if err := errors.Join(f(w), w.Flush()); err != nil {
		return err
	}
	b.sums[name] = hexSum(sum)
	return nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func text(s string) func(*bufio.Writer) error {
	return func(w *bufio.Writer) error { _, err := w.WriteString(s); return err }
}

// each goes through the entries in their order, reading some at a time.
func (b *bundle) each(ctx context.Context, f func(r *row) error) error {
	for places := range slices.Chunk(b.places, 500) {
		rows, err := entriesAt(ctx, b.log.d.Reader(), places)
		if err != nil {
			return err
		}
		if len(rows) != len(places) {
			return fmt.Errorf("%w: entries disappeared while they were read", ErrTampered)
		}
		for i := range rows {
			if err := f(&rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bundle) entries(ctx context.Context, w *bufio.Writer) error {
	return b.each(ctx, func(r *row) error {
		rec := r.record()
		b.counts[rec.Object]++
		for _, h := range rec.Blobs {
			if _, ok := b.documents[h]; ok {
				b.documents[h] = true
			}
		}
		for _, h := range rec.Erased {
			b.erased[h] = true
		}
		_, err := w.Write(append(r.canonical(), '\n'))
		return err
	})
}

func (b *bundle) proofs(ctx context.Context, w *bufio.Writer) error {
	total := int64(len(b.places))
	var line []byte
	return b.each(ctx, func(r *row) error {
		path, err := b.prover.path(r)
		if err != nil {
			return err
		}
		line = strconv.AppendInt(line[:0], r.seq, 10)
		for _, h := range path {
			line = base64.StdEncoding.AppendEncode(append(line, ' '), h[:])
		}
		b.summary.Entries++
		if b.req.Progress != nil && (b.summary.Entries%500 == 0 || b.summary.Entries == total) {
			b.req.Progress(b.summary.Entries, total)
		}
		_, err = w.Write(append(line, '\n'))
		return err
	})
}

func (b *bundle) objects(w *bufio.Writer) error {
	enc := json.NewEncoder(w)
	for _, o := range b.req.Objects {
		if b.counts[o] == 0 {
			b.summary.Unknown = append(b.summary.Unknown, o)
			continue
		}
		b.summary.Objects++
		if err := enc.Encode(bundleObject{o, b.counts[o]}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) documentList(w *bufio.Writer) error {
	enc := json.NewEncoder(w)
	for _, d := range b.req.Documents {
		if !b.documents[d.SHA256] {
			b.problem(d, "no entry vouches for it")
		}
		d.Name = clean(d.Name)
		b.summary.Documents++
		if err := enc.Encode(d); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) problem(d Document, what string) {
	b.summary.Problems = append(b.summary.Problems, fmt.Sprintf("document %q, version %d (%s): %s", d.Name, d.Version, d.SHA256, what))
}

// files takes the documents along, each content once, under its hash.
func (b *bundle) files(ctx context.Context, z *zip.Writer) error {
	if b.req.Files == nil {
		return nil
	}
	done := map[string]bool{}
	for _, d := range b.req.Documents {
		if done[d.SHA256] {
			continue
		}
		done[d.SHA256] = true
		r, err := b.req.Files.Open(ctx, d.SHA256)
		switch {
		case errs.Is(err, errs.NotFound):
			if !b.erased[d.SHA256] {
				b.problem(d, "the stored file is missing")
			}
			continue
		case err != nil:
			return err
		}
		var altered *blob.Corrupt
		err = b.file(z, "files/"+d.SHA256, zip.Store, func(w *bufio.Writer) error { _, err := io.Copy(w, r); return err })
		err = errors.Join(err, r.Close())
		if errors.As(err, &altered) {
			b.problem(d, "the stored file was altered")
		} else if err != nil {
			return err
		}
		delete(b.sums, "files/"+d.SHA256) // its name says it
		b.summary.Files++
	}
	return nil
}

func (b *bundle) statement() (string, error) {
	s := b.summary
	j, err := json.Marshal(statement{
		Reference: b.req.Reference, Made: time.Now().UTC().Truncate(time.Second), Size: b.prover.tree.N, Root: b.prover.tree.Hash.String(),
		Entries: s.Entries, Waiting: s.Waiting, Documents: s.Documents, Files: s.Files, SHA256: b.sums,
	})
	if err != nil {
		return "", err
	}
	return b.log.key.signText(func(string) string { return statementTitle + string(j) + "\n" })
}
