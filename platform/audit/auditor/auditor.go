// Package auditor checks an export of the audit log, or a bundle about a file, from the outside. It shares no code with the log: the tree is
// computed by github.com/transparency-dev/merkle, and only the formats are the same (see README.txt in an export).
package auditor

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

const (
	maxLine     = 1 << 20 // bytes of a line; the log's entries are far smaller
	maxKeys     = 64 << 10
	maxProblems = 100
)

// Report says what was found.
type Report struct {
	Entries     int64    `json:"entries"`
	Checkpoints int64    `json:"checkpoints"`
	Root        string   `json:"root"`   // base64, of all entries
	Newest      string   `json:"newest"` // the newest checkpoint that was confirmed; keep it for the next export
	OwnKey      bool     `json:"ownKey"` // the public key came from the export itself: it proves nothing about its origin
	Problems    []string `json:"problems"`
}

// OK reports whether nothing was found wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) found(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Check reads an export of that size in bytes and verifies it with the public keys (form of
// golang.org/x/mod/sumdb/note); without any, with those in the export. An error means that it is no readable export.
func Check(file io.ReaderAt, size int64, keys []string) (Report, error) {
	return check(file, size, keys, nil)
}

// check calls seen, if it is not nil, with each entry, its leaf hash and the tree up to it.
func check(file io.ReaderAt, size int64, keys []string, seen func(line, leaf []byte, tree *compact.Range) error) (Report, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return Report{}, fmt.Errorf("this is no export of an audit log: %w", err)
	}
	r := Report{Problems: []string{}}
	c := checker{report: &r, seen: seen}
	if c.keys, r.OwnKey, err = verifiers(z, keys); err != nil {
		return Report{}, err
	}
	for name, l := range map[string]**lines{"entries.jsonl": &c.entries, "hashes.txt": &c.hashes, "checkpoints.jsonl": &c.checkpoints} {
		f, err := z.Open(name)
		if err != nil {
			return Report{}, fmt.Errorf("the export is not complete: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read: what was read is checked
		*l = newLines(name, f)
	}
	if err := c.run(); err != nil {
		return Report{}, err
	}
	return r, nil
}

// verifiers reads the public keys; own is true if they had to come from the file itself.
func verifiers(z *zip.Reader, keys []string) (_ note.Verifiers, own bool, err error) {
	if len(keys) == 0 {
		own = true
		if keys, err = ownKeys(z); err != nil {
			return nil, own, err
		}
	}
	var list []note.Verifier
	for _, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil {
			return nil, own, fmt.Errorf("public key %.80q: %w", k, err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, own, errors.New("there is no public key to check with")
	}
	return note.VerifierList(list...), own, nil
}

func ownKeys(z *zip.Reader) ([]string, error) {
	f, err := z.Open("audit.pub")
	if err != nil {
		return nil, fmt.Errorf("there is no public key in the file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read: what was read is checked
	b, err := io.ReadAll(io.LimitReader(f, maxKeys))
	if err != nil {
		return nil, fmt.Errorf("audit.pub: %w", err)
	}
	return strings.Fields(string(b)), nil
}

// lines reads a file of the export line by line.
type lines struct {
	name  string
	scan  *bufio.Scanner
	count int64
}

func newLines(name string, r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	s.Split(func(data []byte, end bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil // a carriage return belongs to the line: every byte counts
		}
		if end && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	return &lines{name: name, scan: s}
}

// next returns the next line, valid until the next call; false at the end.
func (l *lines) next() ([]byte, bool, error) {
	if !l.scan.Scan() {
		if err := l.scan.Err(); err != nil {
			return nil, false, fmt.Errorf("%s, line %d: %w", l.name, l.count+1, err)
		}
		return nil, false, nil
	}
	l.count++
	return l.scan.Bytes(), true, nil
}

type checker struct {
	report                       *Report
	keys                         note.Verifiers
	entries, hashes, checkpoints *lines
	seen                         func(line, leaf []byte, tree *compact.Range) error // may be nil

	next      *checkpoint // to be compared when the tree has its size
	last      int64       // number of the last checkpoint read, -1 before
	lastSize  int64
	confirmed int64 // entries covered by a confirmed checkpoint
	broken    bool
}

type checkpoint struct {
	Number int64  `json:"number"`
	Size   int64  `json:"size"`
	Note   string `json:"note"`
	root   []byte
}

func (c *checker) run() error {
	r := c.report
	hasher := rfc6962.DefaultHasher
	tree := (&compact.RangeFactory{Hash: hasher.HashChildren}).NewEmptyRange(0)
	c.last = -1
	if err := c.nextCheckpoint(); err != nil {
		return err
	}
	for {
		line, ok, err := c.entries.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		leaf := hasher.HashLeaf(line)
		if err := c.compareHash(line, leaf); err != nil {
			return err
		}
		if err := tree.Append(leaf, nil); err != nil {
			return err
		}
		r.Entries++
		if c.seen != nil {
			if err := c.seen(line, leaf, tree); err != nil {
				return err
			}
		}
		for c.next != nil && c.next.Size == r.Entries {
			root, err := tree.GetRootHash(nil)
			if err != nil {
				return err
			}
			switch {
			case bytes.Equal(root, c.next.root):
				r.Newest, c.confirmed = c.next.Note, r.Entries
			case !c.broken: // all later ones are wrong too
				c.broken = true
				r.found("checkpoint %d does not sign these entries: one from %d to %d was changed, exchanged, removed or added", c.next.Number, c.confirmed, r.Entries-1)
			}
			if err := c.nextCheckpoint(); err != nil {
				return err
			}
		}
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return err
	}
	r.Root = base64.StdEncoding.EncodeToString(root)
	for c.next != nil {
		r.found("checkpoint %d covers %d entries, but the export has only %d", c.next.Number, c.next.Size, r.Entries)
		if err := c.nextCheckpoint(); err != nil {
			return err
		}
	}
	if !c.broken && c.confirmed < r.Entries {
		r.found("no checkpoint covers the entries from %d on", c.confirmed)
	}
	if r.Checkpoints == 0 {
		r.found("the export has no checkpoint")
	}
	if _, ok, err := c.hashes.next(); err != nil || ok {
		r.found("hashes.txt has more lines than there are entries")
		return err
	}
	return nil
}

func (c *checker) compareHash(line, leaf []byte) error {
	stored, ok, err := c.hashes.next()
	if err != nil {
		return err
	}
	want := strconv.FormatInt(c.report.Entries, 10) + " " + hex.EncodeToString(leaf)
	if ok && string(stored) == want {
		return nil
	}
	var entry struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(line, &entry) // only to name it
	c.report.found("entry %d (%.40s) does not match its hash", c.report.Entries, entry.ID)
	return nil
}

// nextCheckpoint moves to the next checkpoint with a valid signature and reports those without.
func (c *checker) nextCheckpoint() error {
	for {
		c.next = nil
		line, ok, err := c.checkpoints.next()
		if err != nil || !ok {
			return err
		}
		c.report.Checkpoints++
		var p checkpoint
		if err := json.Unmarshal(line, &p); err != nil {
			c.report.found("line %d of checkpoints.jsonl is no checkpoint", c.checkpoints.count)
			continue
		}
		if p.Number != c.last+1 {
			c.report.found("checkpoint %d: number %d was expected", p.Number, c.last+1)
		}
		c.last = p.Number
		size, root, err := openNote(p.Note, c.keys)
		switch {
		case err != nil:
			c.report.found("checkpoint %d: %v", p.Number, err)
		case size != p.Size || size <= c.lastSize:
			c.report.found("checkpoint %d: it says %d entries, %d were signed, and the one before has %d", p.Number, p.Size, size, c.lastSize)
		default:
			p.root, c.lastSize = root, size
			c.next = &p
			return nil
		}
	}
}

// openNote checks the signature of a checkpoint (c2sp.org/tlog-checkpoint) and reads it.
func openNote(msg string, keys note.Verifiers) (size int64, root []byte, err error) {
	n, err := note.Open([]byte(msg), keys)
	if err != nil {
		return 0, nil, err
	}
	text := strings.Split(n.Text, "\n")
	if len(text) < 4 || text[0] != n.Sigs[0].Name {
		return 0, nil, errors.New("this is no checkpoint of the signer's log")
	}
	if size, err = strconv.ParseInt(text[1], 10, 64); err != nil || size < 0 {
		return 0, nil, errors.New("the checkpoint has no valid size")
	}
	root, err = base64.StdEncoding.Strict().DecodeString(text[2])
	if err != nil || len(root) != rfc6962.DefaultHasher.Size() {
		return 0, nil, errors.New("the checkpoint has no valid root hash")
	}
	return size, root, nil
}
