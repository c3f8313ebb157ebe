package exchange

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
	"rennsteig/standards/leika"
	"rennsteig/standards/xzufi"
)

// table is a CSV file (RFC 4180; comma, semicolon or tab) in UTF-8 with a header line. docs/EXCHANGE.md has its columns.
type table struct {
	open func() (io.Reader, error)
}

func (*table) about() (format, sender string) { return "CSV", "" }

// moduleColumns are the columns of texts; the others are in column.
var moduleColumns = map[string]finder.Module{
	"title": finder.ModuleTitle, "teaser": finder.ModuleTeaser, "short": finder.ModuleShort, "full": finder.ModuleFull,
	"requirements": "09", "documents": "08", "costs": "Kosten", "deadline": "Frist", "duration": "Bearbeitungsdauer", "procedure": "11",
	"forms": "14", "responsible": "22", "contact": "23", "law_text": "07", "remedy": "25", "further": "15", "notes": "16", "originator": "18",
}

// columns are the columns in the order in which an export writes them. Only key or id is needed.
var columns = []string{"row", "action", "agency", "scheme", "id", "key", "name", "lang", "authority", "title", "teaser", "short", "full", "requirements",
	"documents", "costs", "deadline", "duration", "procedure", "forms", "responsible", "contact", "law_text", "remedy", "further", "notes", "originator",
	"words", "type", "law", "changed", "adds", "url", "url_name", "kind", "area", "role", "services", "street", "house", "box", "postcode", "town",
	"district", "phone", "mobile", "fax", "email", "web", "hours"}

// The limits of a CSV file.
const (
	maxCell = 256 << 10 // bytes of a value
	maxRow  = 1 << 20   // bytes of a row
)

// csvError is what is wrong with a file and where.
type csvError struct {
	line int
	msg  string
}

func (e *csvError) Error() string { return fmt.Sprintf("csv: line %d: %s", e.line, e.msg) }

func (t *table) each(ctx context.Context, _ bool, f func(*record) error) error {
	in, err := t.open()
	if err != nil {
		return err
	}
	guard := &guarded{r: bufio.NewReaderSize(in, 64<<10), line: 1}
	first, err := guard.r.Peek(8 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	r := csv.NewReader(guard)
	r.Comma, r.ReuseRecord = separator(string(first)), true
	fail := func(err error) error {
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			return &csvError{parse.Line, parse.Err.Error()}
		}
		return err
	}
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return &csvError{1, "the file is empty"}
	}
	if err != nil {
		return fail(err)
	}
	at, err := header(head)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		guard.row = 0
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fail(err)
		}
		line, _ := r.FieldPos(0)
		row, err := newRow(line, at, cells)
		if err != nil {
			return err
		}
		list, err := row.records()
		if err != nil {
			return err
		}
		for _, rec := range list {
			if err := f(rec); err != nil {
				return err
			}
		}
	}
}

// guarded checks characters and the size of rows before the CSV reader gathers them.
type guarded struct {
	r    *bufio.Reader
	line int
	row  int
	rest []byte // the beginning of a character
}

func (g *guarded) Read(p []byte) (int, error) {
	if len(p) > 4<<10 {
		p = p[:4<<10] // so that a row without end is noticed soon
	}
	n, err := g.r.Read(p)
	if g.row += n; g.row > 2*maxRow { // the CSV reader reads ahead
		return 0, &csvError{g.line, fmt.Sprintf("a row of more than %d bytes; is a quotation mark missing?", maxRow)}
	}
	b := append(g.rest, p[:n]...)
	g.rest = nil
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		switch {
		case c == utf8.RuneError && size <= 1 && !utf8.FullRune(b) && err == nil:
			g.rest = slices.Clone(b)
			return n, nil
		case c == utf8.RuneError && size <= 1:
			return 0, &csvError{g.line, "the file is not in UTF-8; save it as “CSV UTF-8”"}
		case c == 0:
			return 0, &csvError{g.line, "a zero byte; this is no text file"}
		case c == '\n':
			g.line++
		}
		b = b[size:]
	}
	return n, err
}

// separator is what stands most often in the first line.
func separator(first string) rune {
	first, _, _ = strings.Cut(first, "\n")
	best, most := ',', 0
	for _, c := range []rune{';', ',', '\t'} {
		if n := strings.Count(first, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// header gives the places of the columns.
func header(cells []string) (map[string]int, error) {
	at := map[string]int{}
	for i, c := range cells {
		name := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(c, "\uFEFF")))
		if name == "" {
			continue
		}
		if !slices.Contains(columns, name) {
			return nil, &csvError{1, fmt.Sprintf("unknown column %.40q; known are %s", name, strings.Join(columns, ", "))}
		}
		if _, twice := at[name]; twice {
			return nil, &csvError{1, fmt.Sprintf("column %q stands twice", name)}
		}
		at[name] = i
	}
	_, key := at["key"]
	_, id := at["id"]
	if !key && !id {
		return nil, &csvError{1, "neither a column key nor a column id"}
	}
	return at, nil
}

// row is a line of the table.
type row struct {
	line  int
	cells map[string]string
}

func newRow(line int, at map[string]int, cells []string) (row, error) {
	r := row{line, make(map[string]string, len(at))}
	for name, i := range at {
		if len(cells[i]) > maxCell {
			return r, &csvError{line, fmt.Sprintf("column %s has more than %d bytes", name, maxCell)}
		}
		if v := unguard(strings.TrimSpace(cells[i])); v != "" {
			r.cells[name] = strings.Clone(v)
		}
	}
	return r, nil
}

func (r row) id(scheme, value string) ident {
	id := ident{Agency: r.cells["agency"], Scheme: r.cells["scheme"], Value: r.cells["id"]}
	if id.Value == "" {
		id = own(scheme, value)
	}
	return id
}

// records are what a row says: what it is says the column row; without it, it is a service with what else there is.
func (r row) records() ([]*record, error) {
	drop := false
	switch r.cells["action"] {
	case "", "schreibe":
	case "loesche":
		drop = true
	default:
		return nil, &csvError{r.line, fmt.Sprintf("action %.20q; known are schreibe and loesche", r.cells["action"])}
	}
	switch r.cells["row"] {
	case "authority":
		return r.one(drop, &record{class: xzufi.ClassOrganisationseinheit, id: r.id(schemeAuthority, r.cells["authority"]), unit: r.unit()})
	case "online":
		return r.one(drop, &record{class: xzufi.ClassOnlinedienst, id: r.id(schemeOnline, ""), online: r.online()})
	case "duty":
		return r.one(drop, &record{class: xzufi.ClassZustaendigkeit, id: r.id(schemeDuty, ""), duty: r.duty()})
	case "", "service", "text":
		return r.service(drop)
	}
	return nil, &csvError{r.line, fmt.Sprintf("row %.20q; known are service, text, authority, online, duty", r.cells["row"])}
}

func (r row) one(drop bool, rec *record) ([]*record, error) {
	if rec.id.Value == "" {
		return nil, &csvError{r.line, "an id is missing"}
	}
	rec.line, rec.drop = r.line, drop
	return []*record{rec}, nil
}

// service is a service, or what an authority says about one, and the online service beside it.
func (r row) service(drop bool) ([]*record, error) {
	key, authority := r.cells["key"], r.cells["authority"]
	if key == "" && (r.cells["id"] == "" || authority != "") {
		return nil, &csvError{r.line, "a key is missing"}
	}
	id := own(schemeService, key)
	if _, err := leika.Parse(key); err != nil && key != "" && !isOwnKey(key) {
		return nil, &csvError{r.line, fmt.Sprintf("%.20q is no LeiKa key (99 and twelve digits); a service without one needs an id instead", key)}
	}
	lang := i18n.Lang(r.cells["lang"])
	if lang == "" {
		lang = i18n.German
	}
	if !slices.Contains(i18n.Langs, lang) {
		return nil, &csvError{r.line, fmt.Sprintf("language %.10q; known are de and en", lang)}
	}
	texts := map[i18n.Lang]*text{}
	if t := r.text(); t != nil {
		texts[lang] = t
	}
	var out []*record
	if authority == "" {
		if isOwnKey(key) && r.cells["id"] == "" {
			return nil, &csvError{r.line, "a service without a LeiKa key needs an id"}
		}
		s := &service{Type: r.cells["type"], Law: r.cells["law"], Texts: texts}
		if lang == i18n.German {
			s.Name = plain(r.cells["name"])
		}
		s.LeiKa, _ = validLeiKa([]string{key})
		if s.Name == "" && texts[i18n.German] != nil {
			s.Name = texts[i18n.German].Modules[finder.ModuleTitle].Text
		}
		rec := &record{line: r.line, class: xzufi.ClassLeistung, id: r.id(schemeService, key), drop: drop, service: s}
		id = rec.id
		out = append(out, rec)
	} else if len(texts) > 0 || drop {
		out = append(out, &record{line: r.line, class: xzufi.ClassSpezialisierung, id: r.id(schemeText, key+"."+authority), drop: drop,
			text: &localText{Service: id, Authority: own(schemeAuthority, authority), Texts: texts}})
	}
	if r.cells["url"] != "" && r.cells["row"] == "" {
		area := authority
		if area == "" {
			area = r.cells["area"]
		}
		if area == "" {
			return nil, &csvError{r.line, "an online service (url) needs an authority or an area"}
		}
		value := "csv." + key + r.cells["id"] + "." + area
		o := &record{line: r.line, class: xzufi.ClassOnlinedienst, id: own("csv", value), drop: drop, online: r.online()}
		out = append(out, o, &record{line: r.line, class: xzufi.ClassZustaendigkeit, id: own("csv", value), drop: drop,
			duty: &duty{Class: xzufi.ClassOnlinedienst, Owner: o.id, Services: []ident{id}, Areas: []string{area}}})
	}
	return out, nil
}

// isOwnKey reports whether a key has the form of ownKey.
func isOwnKey(key string) bool {
	return len(key) == 14 && key[0] == 'x' && strings.HasSuffix(key, "000000") && !strings.ContainsFunc(key, func(c rune) bool { return c > 'z' || c < '0' })
}

func (r row) text() *text {
	t := &text{Modules: map[finder.Module]finder.ModuleText{}, At: parseTime(r.cells["changed"])}
	adds := strings.Fields(r.cells["adds"])
	for column, m := range moduleColumns {
		if v := r.cells[column]; v != "" {
			if m.Line() {
				v = finder.CleanModule(m, v)
			}
			t.Modules[m] = finder.ModuleText{Text: v, Adds: slices.Contains(adds, column)}
		}
	}
	if v := r.cells["name"]; v != "" {
		t.Modules[finder.ModuleName] = finder.ModuleText{Text: finder.CleanModule(finder.ModuleName, v)}
	}
	for w := range strings.SplitSeq(r.cells["words"], "|") {
		term, kind, _ := strings.Cut(strings.TrimSpace(w), "=")
		if term = strings.TrimSpace(term); term != "" {
			t.Words = append(t.Words, finder.Word{Term: term, Type: strings.TrimSpace(kind)})
		}
	}
	if len(t.Modules) == 0 && len(t.Words) == 0 {
		return nil
	}
	return t
}

func (r row) unit() *unit {
	u := &unit{Name: plain(r.cells["name"]), Kind: finder.AuthorityKind(r.cells["kind"]), Area: area(r.cells["area"])}
	if u.Kind == "" {
		u.Kind = finder.Unit
	}
	a := finder.Address{Street: plain(r.cells["street"]), House: plain(r.cells["house"]), Box: plain(r.cells["box"]),
		Postcode: plain(r.cells["postcode"]), Town: plain(r.cells["town"]), District: plain(r.cells["district"])}
	if a != (finder.Address{}) {
		u.Contact.Addresses = []finder.Address{a}
	}
	for _, c := range channels {
		if v := plain(r.cells[c.column]); v != "" {
			u.Contact.Channels = append(u.Contact.Channels, finder.Channel{Kind: c.kind, Value: v})
		}
	}
	u.Contact.Hours = plain(r.cells["hours"])
	return u
}

var channels = []struct{ column, kind string }{
	{"email", finder.ChannelMail}, {"phone", finder.ChannelPhone}, {"mobile", finder.ChannelMobile}, {"fax", finder.ChannelFax}, {"web", finder.ChannelWeb},
}

func (r row) online() *online {
	o := &online{Kind: r.cells["kind"], Name: plain(r.cells["url_name"]), URL: webAddress(r.cells["url"])}
	if o.Kind != "form" {
		o.Kind = "service"
	}
	if o.Name == "" {
		o.Name = plain(r.cells["name"])
	}
	return o
}

// duty: authority is the id of an authority, or the id of an online service after "online:".
func (r row) duty() *duty {
	d := &duty{Class: xzufi.ClassOrganisationseinheit, Role: r.cells["role"], Services: []ident{}, Areas: []string{}}
	if id, ok := strings.CutPrefix(r.cells["authority"], "online:"); ok {
		d.Class, d.Owner = xzufi.ClassOnlinedienst, reference(schemeOnline, id)
	} else {
		d.Owner = reference(schemeAuthority, r.cells["authority"])
		if d.Role == "" {
			d.Role = "01"
		}
	}
	for _, s := range strings.Fields(r.cells["services"] + " " + r.cells["key"]) {
		d.Services = append(d.Services, reference(schemeService, s))
	}
	for _, a := range strings.Fields(r.cells["area"]) {
		d.Areas = append(d.Areas, area(a))
	}
	return d
}

// reference is an id written as "agency|scheme|value", or one of ours by its value.
func reference(scheme, s string) ident {
	if strings.Contains(s, "|") {
		return parseID(s)
	}
	return own(scheme, s)
}
