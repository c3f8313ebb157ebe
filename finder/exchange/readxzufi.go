package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
	"rennsteig/standards/ars"
	"rennsteig/standards/xzufi"
)

// records reads a file from its beginning to its end. check looks closer and adds what there is to remark.
type records interface {
	each(ctx context.Context, check bool, f func(*record) error) error
	about() (format, sender string)
}

// message is an XZuFi transfer message.
type message struct {
	open   func() (io.Reader, error)
	header xzufi.Header
}

func (m *message) about() (format, sender string) {
	if k := m.header.Nachrichtenkopf; k != nil {
		sender = strings.Clone(k.Sender)
	}
	return "XZuFi " + m.header.Version.String(), sender
}

func (m *message) each(ctx context.Context, check bool, f func(*record) error) error {
	in, err := m.open()
	if err != nil {
		return err
	}
	r := xzufi.NewReader(in)
	if m.header, err = r.Header(); err != nil {
		return err
	}
	var checker *xzufi.Checker
	if check {
		checker = xzufi.NewChecker(m.header.Version)
	}
	for n := 0; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var found []Finding
		if check {
			for _, x := range checker.Check(item) {
				found = append(found, Finding{x.Line, string(x.Severity), x.Code, x.Path + ": " + x.Message})
			}
		}
		for _, rec := range m.records(item) {
			rec.findings, found = append(found, rec.findings...), nil
			if err := f(rec); err != nil {
				return err
			}
		}
		if len(found) > 0 {
			line, _ := item.Position()
			if err := f(&record{line: line, findings: found}); err != nil {
				return err
			}
		}
	}
}

// records are what an item says, in an order in which nothing refers to what comes later.
func (m *message) records(item xzufi.Item) []*record {
	line, _ := item.Position()
	switch it := item.(type) {
	case *xzufi.Delete:
		return []*record{{line: line, class: it.Class, id: cloneKey(it.ID), drop: true}}
	case *xzufi.Write:
		line, _ = it.Object.Position()
		r := &record{line: line, class: it.Object.Class(), id: cloneKey(it.Object.Identity())}
		out := []*record{r}
		switch o := it.Object.(type) {
		case *xzufi.Leistung:
			r.service = readService(o, r)
		case *xzufi.Spezialisierung:
			r.text = readLocal(o, r)
		case *xzufi.Organisationseinheit:
			r.unit = readUnit(o)
			out = append(out, nested(o.Zustaendigkeit, r)...)
		case *xzufi.Onlinedienst:
			r.online = readOnlineService(o, r)
			out = append(out, nested(o.Zustaendigkeit, r)...)
		case *xzufi.ZustaendigkeitTransferObjekt:
			r.duty = readDuty(&o.Zustaendigkeit, cloneKey(o.UebergeordnetesObjektID), "")
		case *xzufi.Unbekannt:
			r.findings = append(r.findings, Finding{line, "note", "unknown-object", "an object of kind " + o.Name + " is not taken over"})
		}
		return out
	}
	return nil
}

func cloneKey(id xzufi.Identifikator) ident {
	k := id.Key()
	return ident{Agency: strings.Clone(k.Agency), Scheme: strings.Clone(k.Scheme), Value: strings.Clone(strings.TrimSpace(k.Value))}
}

func nested(list []xzufi.Zustaendigkeit, owner *record) []*record {
	var out []*record
	for i := range list {
		z := &list[i]
		line, _ := z.Position()
		out = append(out, &record{line: line, class: xzufi.ClassZustaendigkeit, id: cloneKey(z.ID), duty: readDuty(z, owner.id, owner.class)})
	}
	return out
}

func readDuty(z *xzufi.Zustaendigkeit, owner ident, class xzufi.Class) *duty {
	d := &duty{Class: class, Owner: owner, Services: []ident{}, Areas: []string{}}
	if z.Rolle != nil {
		d.Role = strings.Clone(z.Rolle.Code)
	}
	for _, l := range z.LeistungID {
		d.Services = append(d.Services, cloneKey(l))
	}
	for _, g := range z.GebietID {
		d.Areas = append(d.Areas, area(g.Value))
	}
	return d
}

// area is an area's key in twelve digits where it is shorter by the zeros at its end.
func area(s string) string {
	s = strings.Clone(strings.TrimSpace(s))
	if n := len(s); (n == 2 || n == 3 || n == 5 || n == 9) && strings.Trim(s, "0123456789") == "" {
		return s + string(ars.Germany[n:])
	}
	return s
}

func readService(l *xzufi.Leistung, r *record) *service {
	s := &service{}
	s.LeiKa, _ = validLeiKa(l.Schluessel())
	var kinds []string
	for _, t := range l.Typisierung {
		kinds = append(kinds, t.Code)
	}
	s.Type = strings.Join(kinds, ", ")
	for _, c := range l.Klassifizierung {
		if c.ListURI == listLaw {
			s.Law = strings.Clone(c.Code)
		}
	}
	s.Texts = readTexts(&l.Module, l.Sprachversion, l.Versionsinformation, r)
	if t := s.Texts[i18n.German]; t != nil {
		s.Name = t.Modules[finder.ModuleName].Text
		if s.Name == "" {
			s.Name = t.Modules[finder.ModuleTitle].Text
		}
	}
	return s
}

func readLocal(o *xzufi.Spezialisierung, r *record) *localText {
	t := &localText{Texts: readTexts(&o.Module, o.Sprachversion, o.Versionsinformation, r)}
	if len(o.LeistungID) > 0 {
		t.Service = cloneKey(o.LeistungID[0])
	}
	if len(o.LeistungID) > 1 {
		r.findings = append(r.findings, Finding{r.line, "warning", "several-services", "the text is taken over for the first Leistung only"})
	}
	if o.Herausgeber != nil {
		t.Authority = cloneKey(o.Herausgeber.ID)
	}
	for _, g := range o.GueltigkeitGebietID {
		t.Areas = append(t.Areas, area(g.Value))
	}
	return t
}

// readTexts gives the texts in our languages.
func readTexts(m *xzufi.Module, languages []xzufi.Sprachversion, info *xzufi.Versionsinformation, r *record) map[i18n.Lang]*text {
	out := map[i18n.Lang]*text{}
	other := map[string]bool{}
	in := func(code string) *text {
		base, _, _ := strings.Cut(strings.ToLower(code), "-")
		if base == "" {
			base = string(i18n.German)
		}
		l := i18n.Lang(base)
		if !slices.Contains(i18n.Langs, l) {
			other[base] = true
			return nil
		}
		if out[l] == nil {
			out[l] = &text{Modules: map[finder.Module]finder.ModuleText{}}
		}
		return out[l]
	}
	add := func(module finder.Module, lang, value string, adds bool) {
		value = strings.TrimSpace(value)
		if value == "" {
			return
		}
		t := in(lang)
		if t == nil {
			return
		}
		if old := t.Modules[module].Text; old != "" {
			value = old + "\n" + value
		}
		if module.Line() { // the name is kept outside of the text, too
			value = finder.CleanModule(module, value)
		}
		t.Modules[module] = finder.ModuleText{Text: strings.Clone(value), Adds: adds}
	}
	for i := range m.ModulText {
		x := &m.ModulText[i]
		module := finder.Module(strings.Clone(x.LeikaTextmodul.Code))
		if !module.Known() {
			continue
		}
		for _, v := range x.Inhalt {
			add(module, v.LanguageCode, v.Value, adds(x.Modul))
		}
	}
	readAmounts(m, add)
	for i := range m.ModulBegriffImKontext {
		for _, b := range m.ModulBegriffImKontext[i].BegriffImKontext {
			if t := in(b.Begriff.LanguageCode); t != nil && strings.TrimSpace(b.Begriff.Value) != "" {
				w := finder.Word{Term: strings.Clone(strings.TrimSpace(b.Begriff.Value))}
				if b.Typ != nil {
					w.Type = strings.Clone(b.Typ.Code)
				}
				t.Words = append(t.Words, w)
			}
		}
	}
	for lang := range other {
		r.findings = append(r.findings, Finding{r.line, "note", "language", fmt.Sprintf("texts in %.10q are not taken over", lang)})
	}
	for l, t := range out {
		t.At = changedAt(l, languages, info)
	}
	return out
}

func adds(m xzufi.Modul) bool {
	return slices.ContainsFunc(m.IDSekundaer, func(i xzufi.Identifikator) bool { return i.SchemeAgencyID == Agency && i.SchemeID == schemeAdds })
}

// readAmounts gives the modules that are more than words in XZuFi: what they say in words, else their figures.
func readAmounts(m *xzufi.Module, add func(module finder.Module, lang, value string, adds bool)) {
	all := func(module finder.Module, adds bool, texts xzufi.Texte) {
		for _, t := range texts {
			add(module, t.LanguageCode, t.Value, adds)
		}
	}
	spans := func(module finder.Module, adds bool, list []xzufi.Frist) {
		for _, f := range list {
			if len(f.Beschreibung) > 0 || f.Fristauswahl == nil || f.Fristauswahl.FristDauer == nil {
				all(module, adds, f.Beschreibung)
				continue
			}
			d := f.Fristauswahl.FristDauer
			add(module, "de", strings.TrimSpace(d.Dauer+" "+d.Einheit.Code), adds)
		}
	}
	for i := range m.ModulFrist {
		x := &m.ModulFrist[i]
		all("Frist", adds(x.Modul), x.Beschreibung)
		spans("Frist", adds(x.Modul), x.Frist)
	}
	for i := range m.ModulBearbeitungsdauer {
		x := &m.ModulBearbeitungsdauer[i]
		all("Bearbeitungsdauer", adds(x.Modul), x.Beschreibung)
		spans("Bearbeitungsdauer", adds(x.Modul), x.Bearbeitungsdauer)
	}
	for i := range m.ModulKosten {
		x := &m.ModulKosten[i]
		all("Kosten", adds(x.Modul), x.Beschreibung)
		for _, k := range x.Kosten {
			if c := k.Kostenauswahl; c != nil {
				switch {
				case c.KostenFix != nil:
					add("Kosten", "de", c.KostenFix.Betrag.Value+" "+c.KostenFix.Betrag.CurrencyCode, adds(x.Modul))
				case c.KostenFrei != nil:
					all("Kosten", adds(x.Modul), c.KostenFrei.BeschreibungKostenfreiheit)
				case c.KostenVariabel != nil:
					all("Kosten", adds(x.Modul), c.KostenVariabel.BeschreibungVariabilitaet)
				}
			}
			all("Kosten", adds(x.Modul), k.Beschreibung)
		}
	}
}

// changedAt is when the text of a language was changed; zero if it is not said or no time.
func changedAt(l i18n.Lang, languages []xzufi.Sprachversion, info *xzufi.Versionsinformation) time.Time {
	for _, s := range languages {
		if s.LanguageCode == string(l) && s.GeaendertDatumZeit != "" {
			return parseTime(s.GeaendertDatumZeit)
		}
	}
	if info != nil {
		return parseTime(info.GeaendertDatumZeit)
	}
	return time.Time{}
}

func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(s), i18n.Berlin); err == nil {
			return t.UTC().Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

func secondary(list []xzufi.Identifikator, scheme string) string {
	for _, i := range list {
		if i.SchemeAgencyID == Agency && i.SchemeID == scheme {
			return strings.Clone(i.Value)
		}
	}
	return ""
}

func inGerman(t xzufi.Texte) string {
	s := t.In(string(i18n.German))
	if s == "" && len(t) > 0 && t[0].LanguageCode == "" {
		s = t[0].Value
	}
	return strings.Clone(strings.Join(strings.Fields(finder.PlainText(s)), " "))
}

func readUnit(o *xzufi.Organisationseinheit) *unit {
	u := &unit{Name: inGerman(o.Name.Name), Kind: finder.AuthorityKind(secondary(o.IDSekundaer, schemeKind))}
	if u.Kind == "" {
		u.Kind = finder.Unit
	}
	u.Contact.Hours = secondary(o.IDSekundaer, schemeHours)
	if o.UebergeordneteOrganisationseinheit != nil {
		u.Parent = cloneKey(*o.UebergeordneteOrganisationseinheit)
	}
	for _, a := range o.Anschrift {
		if v := a.VerwaltungspolitischeKodierung; v != nil && v.Regionalschluessel != nil && u.Area == "" {
			u.Area = area(v.Regionalschluessel.Code)
		}
		out := finder.Address{Street: plain(a.Strasse), House: plain(a.Hausnummer), Box: plain(a.Postfach), Postcode: plain(a.Postleitzahl),
			Town: plain(a.Ort), District: plain(a.Ortsteil), Note: inGerman(a.Zusatz)}
		if a.Typ != nil {
			out.Kind = plain(a.Typ.Code)
		}
		if out != (finder.Address{}) {
			u.Contact.Addresses = append(u.Contact.Addresses, out)
		}
	}
	for _, k := range o.Kommunikation {
		c := finder.Channel{Value: plain(k.Kennung), Note: inGerman(k.Zusatz)}
		if k.Kanal != nil {
			c.Kind = plain(k.Kanal.Code)
		}
		if c.Value != "" {
			u.Contact.Channels = append(u.Contact.Channels, c)
		}
	}
	return u
}

// plain is a value as one line of words without anything that is no text.
func plain(s string) string { return strings.Clone(strings.Join(strings.Fields(s), " ")) }

func readOnlineService(o *xzufi.Onlinedienst, r *record) *online {
	out := &online{Kind: secondary(o.IDSekundaer, schemeKind), Name: inGerman(o.Bezeichnung)}
	if out.Kind != "form" {
		out.Kind = "service"
	}
	for _, l := range o.Link {
		if address := webAddress(l.Link.Value); address != "" {
			if out.URL != "" {
				r.findings = append(r.findings, Finding{r.line, "note", "links", "only the first link of the Onlinedienst is taken over"})
				break
			}
			out.URL = address
		}
	}
	return out
}
