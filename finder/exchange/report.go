package exchange

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"rennsteig/standards/xzufi"
)

// Count is what becomes of the objects of a class.
type Count struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Refused   int `json:"refused"` // conflicts and faults: the findings say why
}

// Change is a line of the report: one object that is new, changed or deleted, and what of it.
type Change struct {
	Line  int         `json:"line"`
	What  string      `json:"what"` // new, changed, deleted
	Class xzufi.Class `json:"class"`
	ID    string      `json:"id"`
	Parts []string    `json:"parts,omitempty"`
}

// Report says what an import changes, or would change.
type Report struct {
	Source   string                `json:"source"`
	SHA256   string                `json:"sha256"`
	Bytes    int64                 `json:"bytes"`
	Format   string                `json:"format"`
	Sender   string                `json:"sender,omitempty"`
	DryRun   bool                  `json:"dryRun"`
	Objects  int                   `json:"objects"`
	Counts   map[xzufi.Class]Count `json:"counts"`
	Codes    map[string]int        `json:"codes"` // how often each finding occurs
	Changes  []Change              `json:"changes"`
	Findings []Finding             `json:"findings"`
	Left     int                   `json:"left"` // lines left out of Changes and Findings
}

// maxLines is how many changes, and how many findings of a severity, a report lists. The counts are complete.
const maxLines = 500

// Changed reports whether anything is different afterwards.
func (r *Report) Changed() bool {
	for _, c := range r.Counts {
		if c.New+c.Changed+c.Deleted > 0 {
			return true
		}
	}
	return false
}

func (r *Report) count(class xzufi.Class, f func(*Count)) {
	c := r.Counts[class]
	f(&c)
	r.Counts[class] = c
}

func (r *Report) change(rec *record, what string, parts ...string) {
	switch what {
	case "new":
		r.count(rec.class, func(c *Count) { c.New++ })
	case "changed":
		r.count(rec.class, func(c *Count) { c.Changed++ })
	case "deleted":
		r.count(rec.class, func(c *Count) { c.Deleted++ })
	}
	if len(r.Changes) >= maxLines {
		r.Left++
		return
	}
	r.Changes = append(r.Changes, Change{rec.line, what, rec.class, rec.id.String(), parts})
}

func (r *Report) find(f Finding) {
	r.Codes[f.Severity+" "+f.Code]++
	n := 0
	for _, x := range r.Findings {
		if x.Severity == f.Severity {
			n++
		}
	}
	if n >= maxLines {
		r.Left++
		return
	}
	r.Findings = append(r.Findings, f)
}

// refuse notes that an object is not taken over.
func (r *Report) refuse(rec *record, severity, code, format string, args ...any) {
	r.count(rec.class, func(c *Count) { c.Refused++ })
	r.remark(rec, severity, code, format, args...)
}

func (r *Report) remark(rec *record, severity, code, format string, args ...any) {
	r.find(Finding{rec.line, severity, code, rec.id.String() + ": " + fmt.Sprintf(format, args...)})
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d bytes, sha256 %s\n", r.Source, r.Format, r.Bytes, r.SHA256)
	if r.Sender != "" {
		fmt.Fprintf(&b, "sender: %q\n", r.Sender)
	}
	fmt.Fprintf(&b, "%-26s %9s %9s %9s %9s %9s\n", "", "new", "changed", "unchanged", "deleted", "refused")
	for _, class := range slices.Sorted(maps.Keys(r.Counts)) {
		c := r.Counts[class]
		fmt.Fprintf(&b, "%-26s %9d %9d %9d %9d %9d\n", class, c.New, c.Changed, c.Unchanged, c.Deleted, c.Refused)
	}
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "line %d: %s %s %q", c.Line, c.What, c.Class, c.ID)
		if len(c.Parts) > 0 {
			fmt.Fprintf(&b, ": %s", strings.Join(c.Parts, ", "))
		}
		b.WriteByte('\n')
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "line %d: %s: %s: %q\n", f.Line, f.Severity, f.Code, f.Message)
	}
	if r.Left > 0 {
		fmt.Fprintf(&b, "… and %d lines more\n", r.Left)
	}
	switch {
	case r.DryRun:
		b.WriteString("dry run: nothing was changed\n")
	case !r.Changed():
		b.WriteString("nothing to change\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
