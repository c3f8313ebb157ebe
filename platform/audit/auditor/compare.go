package auditor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/merkle/compact"
)

// outside compares documents that somebody has with their hashes, whatever the files are called.
func (c *bundleChecker) outside(files fs.FS) error {
	listed := map[string]bool{}
	for _, d := range c.documents {
		listed[d.SHA256] = true
	}
	there := map[string]bool{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := files.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read: what was read is checked
		got, err := sum(f)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !listed[got] {
			c.report.found("file %q is none of the listed documents, or was changed: its SHA-256 is %s", path, got)
			return nil
		}
		there[got], c.given[got] = true, true
		c.report.Files++
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range c.documents {
		if !there[d.SHA256] && !c.erased[d.SHA256] {
			c.report.found("%s: it is not among the files given", d)
		}
	}
	return nil
}

// compare looks for entries about the objects in an export of the whole log that the bundle leaves out.
func (c *bundleChecker) compare(o BundleOptions) error {
	var number int64
	var rootThen []byte
	held := c.held
	seen := func(line, leaf []byte, tree *compact.Range) (err error) {
		n := number
		number++
		if number == c.report.TreeSize {
			if rootThen, err = tree.GetRootHash(nil); err != nil {
				return err
			}
		}
		if len(held) > 0 && held[0].number == n {
			if !bytes.Equal(held[0].leaf[:], leaf) {
				c.report.found("entry %d is another one in the export", n)
			}
			held = held[1:]
			return nil
		}
		var e struct{ ID, Object string }
		if err := json.Unmarshal(line, &e); err != nil || c.objects[e.Object] == nil {
			return nil // what is no entry, the export's own check reports
		}
		if n >= c.report.TreeSize {
			c.report.Later++
		} else {
			c.report.found("entry %d (%.40q, %.100q) is in the export, but missing in the bundle", n, e.ID, e.Object)
		}
		return nil
	}
	r, err := check(o.Log, o.LogSize, o.Keys, seen)
	if err != nil {
		return fmt.Errorf("export of the log: %w", err)
	}
	for _, p := range r.Problems {
		c.report.found("export of the log: %s", p)
	}
	switch {
	case r.Entries < c.report.TreeSize:
		c.report.found("the export has only %d entries, the bundle's checkpoint covers %d: compare with an export made after the bundle", r.Entries, c.report.TreeSize)
	case c.root != nil && !bytes.Equal(rootThen, c.root):
		c.report.found("the bundle's checkpoint is not of the log in the export: there the root of %d entries is %s", c.report.TreeSize, base64.StdEncoding.EncodeToString(rootThen))
	default:
		c.report.Compared = true
	}
	return nil
}
