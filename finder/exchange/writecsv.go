package exchange

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
)

// tableWriter writes CSV: UTF-8 with a byte order mark, semicolons, as German spreadsheets expect it.
type tableWriter struct {
	w     *csv.Writer
	begun bool
	row   []string
}

func newTableWriter(w io.Writer) *tableWriter {
	t := &tableWriter{w: csv.NewWriter(w), row: make([]string, len(columns))}
	t.w.Comma = ';'
	return t
}

func (t *tableWriter) close() error {
	if err := t.begin(); err != nil {
		return err
	}
	t.w.Flush()
	return t.w.Error()
}

func (t *tableWriter) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	head := slices.Clone(columns)
	head[0] = "\uFEFF" + head[0]
	return t.w.Write(head)
}

var places = func() map[string]int {
	at := map[string]int{}
	for i, c := range columns {
		at[c] = i
	}
	return at
}()

// guard puts an apostrophe before what a spreadsheet would take for a formula; unguard takes it away.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func unguard(s string) string { return strings.TrimPrefix(s, "'") }

func (t *tableWriter) write(cells map[string]string) error {
	if err := t.begin(); err != nil {
		return err
	}
	clear(t.row)
	for name, v := range cells {
		t.row[places[name]] = guard(v)
	}
	return t.w.Write(t.row)
}

// ids are the columns of an id that is not ours.
func ids(id ident) map[string]string {
	return map[string]string{"agency": id.Agency, "scheme": id.Scheme, "id": id.Value}
}

func (t *tableWriter) put(x *exported) error {
	cells := ids(x.id)
	switch {
	case x.record.service != nil:
		s := x.record.service
		cells["row"], cells["key"], cells["type"], cells["law"] = "service", s.LeiKa, s.Type, s.Law
		return t.texts(cells, s.Texts)
	case x.text != nil:
		cells["row"], cells["key"], cells["authority"] = "text", x.service, x.authority
		return t.texts(cells, x.text.Texts)
	case x.unit != nil:
		u := x.unit
		cells["row"], cells["name"], cells["area"], cells["hours"] = "authority", u.Name, u.Area, u.Contact.Hours
		if u.Kind != finder.Unit {
			cells["kind"] = string(u.Kind)
		}
		if len(u.Contact.Addresses) > 0 {
			a := u.Contact.Addresses[0]
			cells["street"], cells["house"], cells["box"] = a.Street, a.House, a.Box
			cells["postcode"], cells["town"], cells["district"] = a.Postcode, a.Town, a.District
		}
		for _, c := range channels {
			cells[c.column] = u.Contact.Channel(c.kind)
		}
	case x.record.online != nil:
		o := x.record.online
		cells["row"], cells["kind"], cells["url_name"], cells["url"] = "online", o.Kind, o.Name, o.URL
	default:
		d := x.duty
		areas := slices.Clone(d.Areas)
		slices.Sort(areas)
		cells["row"], cells["role"], cells["area"], cells["services"], cells["authority"] = "duty", d.Role, strings.Join(areas, " "), strings.Join(x.services, " "), x.authority
		if x.online != "" {
			cells["authority"] = "online:" + x.online
		}
	}
	return t.write(cells)
}

// texts writes a row for each language.
func (t *tableWriter) texts(cells map[string]string, texts map[i18n.Lang]*text) error {
	for _, l := range i18n.Langs {
		x := texts[l]
		if x == nil {
			continue
		}
		cells["lang"], cells["name"] = string(l), x.Modules[finder.ModuleName].Text
		var adds []string
		for column, m := range moduleColumns {
			cells[column] = x.Modules[m].Text
			if x.Modules[m].Adds {
				adds = append(adds, column)
			}
		}
		slices.Sort(adds)
		cells["adds"] = strings.Join(adds, " ")
		var words []string
		for _, w := range x.Words {
			if w.Type != "" {
				w.Term += "=" + w.Type
			}
			words = append(words, w.Term)
		}
		cells["words"], cells["changed"] = strings.Join(words, "|"), ""
		if !x.At.IsZero() {
			cells["changed"] = x.At.UTC().Format(time.RFC3339Nano)
		}
		if err := t.write(cells); err != nil {
			return err
		}
	}
	return nil
}
