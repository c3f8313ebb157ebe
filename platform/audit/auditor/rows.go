package auditor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rows reads what the rows of the objects say (rows.jsonl, which earlier bundles do not have) and compares it with the states
// that the entries hold: revision and digest, of which the highest revision counts.
func (c *bundleChecker) rows() {
	if c.files["rows.jsonl"] == nil {
		return
	}
	c.list("rows.jsonl", func(line []byte) error {
		var r struct {
			Object string   `json:"object"`
			State  string   `json:"state"`
			Fields []string `json:"fields"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		revision, digest, _ := strings.Cut(r.State, ":")
		switch {
		case c.fields[r.Object] != nil:
			return fmt.Errorf("%q is there twice", r.Object)
		case digest != digestOf(r.Object, r.Fields):
			c.report.found("the row of %.100q is not the one of its digest: it was changed", r.Object)
		case c.root != nil && c.states[r.Object] != r.State:
			c.report.found("the row of %.100q, revision %.20s, is not what the newest entry about it says", r.Object, revision)
		default:
			c.report.Rows++
			c.fields[r.Object] = append([]string{}, r.Fields...)
		}
		return nil
	})
	for _, d := range c.documents {
		fields, bound := c.fields["document:"+d.ID]
		if !bound {
			continue
		}
		version := fmt.Sprintf("version %d ", d.Version)
		if !slices.Contains(fields, version+"hash="+d.SHA256) || !slices.Contains(fields, version+"name="+d.Name) {
			c.report.found("%s: its row has another name or hash", d)
		}
	}
}

// state keeps what an entry says of rows.
func (c *bundleChecker) state(changes json.RawMessage) error {
	var e struct{ States map[string]string }
	if len(changes) > 0 {
		if err := json.Unmarshal(changes, &e); err != nil {
			return err
		}
	}
	for object, state := range e.States {
		before, known := c.states[object]
		is, was := revisionOf(state), revisionOf(before)
		switch {
		case known && is < was && before != "gone":
		case known && is == was && state != before:
			return errors.New("it tells another state of " + object + " than an entry before, of the same revision")
		default:
			c.states[object] = state
		}
	}
	return nil
}

func revisionOf(state string) int64 {
	revision, _, _ := strings.Cut(state, ":")
	n, err := strconv.ParseInt(revision, 10, 64)
	if err != nil { // "gone"
		return 1<<63 - 1
	}
	return n
}

// digestOf is the beginning of the SHA-256 of the object and the fields, each with its length in bytes (64 bit, big endian)
// before it.
func digestOf(object string, fields []string) string {
	h := sha256.New()
	for _, f := range append([]string{object}, fields...) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write([]byte(f))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
