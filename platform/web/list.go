package web

import (
	"encoding/csv"
	"iter"
	"mime"
	"net/http"
	"strings"
)

// ListTools stand between a list's filter and the list: the searches that the reader keeps, what they keep and how the
// list looks, and the way out: {{template "listTools" .}}.
type ListTools struct {
	Views   []ListView
	Fields  []Chosen // what the forms send unseen: Value and, as Text, the name
	Keep    string   // address that takes a search to keep or to forget
	Choose  string   // address that takes the chosen columns
	CSV     string   // address of the list as a file
	Query   string   // of the address, to be kept; "" is no search
	Name    Field
	Columns Field
}

// ListView is a search that somebody keeps.
type ListView struct {
	ID, Name, Href string
	Current        bool
}

// Table is a list with the columns that its reader chose: {{template "listTable" .}}. With Choose each row begins with a
// box of this name, for what is done with several rows at once; list.js adds one that ticks them all.
type Table struct {
	Label  string // for who cannot see the table
	Choose string
	Form   string // id of the form that the boxes belong to, where the table does not lie in it: a row may have its own button
	Heads  []Head
	Rows   []TableRow
}

// Head is a column's head. With Href it leads to the list sorted by the column; Sorted is "ascending", "descending" or "".
type Head struct {
	Text, Href, Sorted string
	Numeric            bool
}

// TableRow is one row. Value is what its box sends; a row without cannot be chosen.
type TableRow struct {
	Value, Name string // Name is what the row is called, for its box
	Chosen      bool
	Cells       []TableCell
}

// TableCell is what stands in one place.
type TableCell struct {
	Text    string
	Href    string // Text leads there
	Hidden  string // said after Text to who cannot see
	Note    string // stands after Text, muted
	File    string // in a CSV file instead of Text
	Badges  []Badge
	Button  RowButton
	Heading bool // names the row
	Save    bool // Href is a file to be saved
	Numeric bool
	NoWrap  bool
}

// Plain is the cell in a CSV file.
func (c TableCell) Plain() string {
	switch {
	case c.File != "":
		return c.File
	case c.Text == "" && len(c.Badges) > 0:
		texts := make([]string, len(c.Badges))
		for i, b := range c.Badges {
			texts[i] = b.Text
		}
		return strings.Join(texts, ", ")
	}
	return c.Text
}

// RowButton does something with one row: it sends the form that the table lies in to Action.
type RowButton struct{ Text, Hidden, Action, Name, Value string }

// SendCSV streams a table for a spreadsheet, row by row: UTF-8 with its mark, semicolons, CRLF, no cell taken for a
// formula. name is what the file is called without ".csv". An error of the first row is returned before anything is
// written; a later one breaks the connection, so that nobody takes half a list for a whole one.
func SendCSV(w http.ResponseWriter, name string, head []string, rows iter.Seq2[[]string, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	row, err, more := next()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName.Replace(name) + ".csv"}))
	h.Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return nil // the reader has gone, here and below
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	if err := out.Write(head); err != nil {
		return nil
	}
	for ; more; row, err, more = next() {
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		for i, cell := range row {
			row[i] = Cell(cell)
		}
		if err := out.Write(row); err != nil {
			return nil
		}
	}
	out.Flush()
	return nil
}

// fileName keeps what a name of a file cannot have out of it: Aktenzeichen have strokes.
var fileName = strings.NewReplacer("/", "-", "\\", "-", "\"", "", "\n", " ", "\r", " ")
