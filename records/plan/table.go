package plan

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/errs"
)

// maxFile bounds a table or a message, in bytes.
const maxFile = 8 << 20

// table is what is to be changed: rows of units, and the columns that say something about them.
type table struct {
	columns []string // colCode is among them
	names   []string // what the file calls them; nil is the same
	rows    []row
}

type row struct {
	line  int // from 1, of the file that it stood in
	cells []string
}

// of makes the table of one unit.
func tableOf(values map[string]string) table {
	t := table{rows: []row{{line: 1}}}
	for _, c := range columns {
		if v, ok := values[c]; ok {
			t.columns, t.rows[0].cells = append(t.columns, c), append(t.rows[0].cells, v)
		}
	}
	return t
}

// cell is what the row says in the column; ok is false if the table does not have it.
func (t table) cell(r row, column string) (value string, ok bool) {
	i := slices.Index(t.columns, column)
	if i < 0 || i >= len(r.cells) {
		return "", false
	}
	return r.cells[i], true
}

// separators of a table, the likeliest first.
const separators = "\t;,"

// readTable reads a table: UTF-8 with or without a byte order mark, a line of headings, columns separated by tabs,
// semicolons or commas, as the headings are. errs.Invalid with problems says what cannot be read, by line and column.
func readTable(b []byte) (t table, err error) {
	if len(b) > maxFile {
		return t, errs.E(errs.TooLarge, "errs.too_large", "8 MB")
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return t, faulty(problem{Line: 1, Key: "plan.error.encoding"})
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	first, _, _ := strings.Cut(string(b[:min(len(b), 4096)]), "\n")
	r.Comma = ';'
	for _, c := range separators {
		if strings.ContainsRune(first, c) {
			r.Comma = c
			break
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			return t, faulty(problem{Line: parse.StartLine, Key: "plan.error.quotes", Args: []any{parse.Column}})
		}
		if err != nil {
			return t, err
		}
		line, _ := r.FieldPos(0)
		if t.columns == nil {
			if t.columns, t.names, err = headings(line, cells); err != nil {
				return t, err
			}
			continue
		}
		if strings.Join(cells, "") == "" {
			continue
		}
		if len(cells) > len(t.columns) && strings.Join(cells[len(t.columns):], "") != "" {
			return t, faulty(problem{Line: line, Key: "plan.error.cells", Args: []any{len(cells), len(t.columns)}})
		}
		if len(t.rows) == maxUnits {
			return t, faulty(problem{Line: line, Key: "plan.error.units", Args: []any{maxUnits}})
		}
		x := row{line: line, cells: make([]string, len(t.columns))}
		for i := range min(len(cells), len(t.columns)) {
			x.cells[i] = unguard(cells[i])
		}
		t.rows = append(t.rows, x)
	}
	if len(t.rows) == 0 {
		return t, faulty(problem{Line: 1, Key: "plan.error.empty"})
	}
	return t, nil
}

// headings reads the first line of a table: columns, and what the file calls them. Separators at its end are no headings.
func headings(line int, cells []string) (out, names []string, err error) {
	for len(cells) > 0 && oneLine(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	var wrong []problem
	for _, h := range cells {
		h = oneLine(h)
		column := headingNames()[folded(h)]
		if column == "" {
			wrong = append(wrong, problem{Line: line, Column: shown(h), Key: "plan.error.heading"})
		} else if slices.Contains(out, column) {
			wrong = append(wrong, problem{Line: line, Column: shown(h), Key: "plan.error.heading_twice"})
		}
		out, names = append(out, column), append(names, h)
	}
	if !slices.Contains(out, colCode) {
		wrong = append(wrong, problem{Line: line, Key: "plan.error.heading_missing"})
	}
	return out, names, faulty(wrong...)
}

// shown is a heading that is none, as it can be shown: an empty one in quotes, a long one cut.
func shown(heading string) string {
	if r := []rune(heading); len(r) > 60 {
		heading = string(r[:60]) + "…"
	}
	return cmp.Or(heading, `""`)
}

// named puts what the file calls a column into what is wrong with it.
func (t table) named(wrong []problem) []problem {
	for i, x := range wrong {
		if n := slices.Index(t.columns, x.Column); n >= 0 && n < len(t.names) && x.Line > 0 {
			wrong[i].Column = t.names[n]
		}
	}
	return wrong
}

// guard puts an apostrophe before what a spreadsheet would take for a formula; unguard takes it away.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func unguard(s string) string { return strings.TrimPrefix(s, "'") }

// write writes the table, with separator between its columns.
func (t table) write(w io.Writer, separator rune) error {
	c := csv.NewWriter(w)
	c.Comma = separator
	if t.names == nil {
		t.names = t.columns
	}
	_ = c.Write(t.names) // Error tells
	cells := make([]string, len(t.columns))
	for _, r := range t.rows {
		for i, s := range r.cells {
			cells[i] = guard(s)
		}
		_ = c.Write(cells) // Error tells
	}
	c.Flush()
	return c.Error()
}

// table has all that the plan says, each unit after the one above it.
func (p Plan) table() table {
	t := table{columns: columns}
	for _, n := range p.tree() {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = n.cell(c)
		}
		t.rows = append(t.rows, row{cells: cells})
	}
	return t
}

// problems are what is wrong with a table, for people to mend.
type problems []problem

// Error is for logs and tests.
func (p problems) Error() string {
	var b strings.Builder
	for _, x := range p {
		b.WriteString(x.Column + ": " + x.Key + "; ")
	}
	return b.String()
}

// faulty is errs.Invalid with the problems; nil if there are none.
func faulty(p ...problem) error {
	if len(p) == 0 {
		return nil
	}
	return errs.E(errs.Invalid, "plan.error.file", len(p), problems(p))
}
