package xzufi

import (
	"fmt"
	"hash/maphash"
	"net/url"
	"strings"
)

// Checker looks at objects one after the other for what practice needs: ids, LeiKa keys, module codes, roles, links.
// It remembers ids (some 50 bytes each) to find duplicates.
type Checker struct {
	version Version
	seed    maphash.Seed
	seen    map[uint64]int32
}

// NewChecker checks the objects of a message of a version.
func NewChecker(version Version) *Checker {
	return &Checker{version: version, seed: maphash.MakeSeed(), seen: map[uint64]int32{}}
}

// Check gives the findings of an item, those of its reading first.
func (c *Checker) Check(item Item) []Finding {
	found := append([]Finding(nil), item.Findings()...)
	ck := &check{version: c.version, found: found}
	switch it := item.(type) {
	case *Write:
		ck.object(it.Object)
		id := it.Object.Identity()
		if class := it.Object.Class(); class != "" && id.Value != "" {
			sum := maphash.Comparable(c.seed, struct {
				Class
				Key
			}{class, id.Key()})
			line, _ := it.Object.Position()
			if first, ok := c.seen[sum]; ok {
				ck.add(Warning, "duplicate-id", id.Source, "id", id.Key().String(), "this %s stands in the message already, in line %d; the last one counts", class, first)
			} else {
				c.seen[sum] = int32(min(line, 1<<31-1))
			}
		}
	case *Delete:
		ck.path = []string{"loesche"}
		ck.idIn(it.ID, it.Source)
		switch it.Class {
		case ClassLeistung, ClassSpezialisierung, ClassOrganisationseinheit, ClassOnlinedienst, ClassZustaendigkeit:
		case "":
			ck.add(Fault, "class-missing", it.Source, "@klasse", "", "loesche does not say of which class the object is")
		default:
			ck.add(Warning, "class-unknown", it.Source, "@klasse", string(it.Class), "nothing is known of a class %.40q", it.Class)
		}
	}
	return ck.found
}

// CheckHeader looks at the head of a message.
func CheckHeader(h Header) []Finding {
	ck := &check{version: h.Version}
	if h.Nachrichtenkopf == nil {
		ck.add(Warning, "head-missing", h.Source, "nachrichtenkopf", "", "the message has no nachrichtenkopf")
	} else if h.Nachrichtenkopf.NachrichtUUID == "" {
		ck.add(Warning, "head-missing", h.Nachrichtenkopf.Source, "nachrichtenkopf/nachrichtUUID", "", "the message has no nachrichtUUID")
	}
	return ck.found
}

// CheckObject gives the findings of one object for a version.
func CheckObject(o Object, version Version) []Finding {
	ck := &check{version: version}
	ck.object(o)
	return ck.found
}

// knownModule reports whether there is a text module of this code.
func knownModule(code string) bool {
	switch code {
	case ModulLeistungsbezeichnung, ModulLeistungsbezeichnung2, ModulKurztext, ModulVolltext, ModulHandlungsgrundlagen,
		ModulErforderlicheUnterlagen, ModulVoraussetzungen, ModulVerfahrensablauf, ModulFormulare,
		ModulWeiterfuehrendeInfos, ModulHinweise, ModulUrheber, ModulZustaendigeStelle, ModulAnsprechpunkt, ModulTeaser,
		ModulRechtsbehelf:
		return true
	}
	return false
}

// typisierung: urn:de:fim:leika:typisierung.
const typisierung = " 1 2 2a 2b 3 3a 3b 2/3 2/3a 2/3b 4 4a 4b 5 6 7 8 9 10 11 12 "

type check struct {
	version Version
	path    []string
	found   []Finding
}

const maxFindings = 100 // of one object

func (c *check) add(sev Severity, code string, at Source, element, value, format string, args ...any) {
	if len(c.found) >= maxFindings {
		return
	}
	line, col := at.Position()
	path := strings.Join(append(c.path[:len(c.path):len(c.path)], element), "/")
	c.found = append(c.found, Finding{sev, code, strings.TrimSuffix(path, "/"), line, col, strings.Clone(short(value)), fmt.Sprintf(format, args...)})
}

func (c *check) in(element string, f func()) {
	c.path = append(c.path, element)
	f()
	c.path = c.path[:len(c.path)-1]
}

func (c *check) object(o Object) {
	switch x := o.(type) {
	case *Leistung:
		c.in("leistung", func() { c.leistung(x) })
	case *Spezialisierung:
		c.in("spezialisierung", func() {
			c.idIn(x.ID, x.Source)
			if len(x.LeistungID) == 0 {
				c.add(Warning, "service-missing", x.Source, "leistungID", "", "the Spezialisierung does not say which Leistung it changes")
			}
			c.module(&x.Module)
		})
	case *Organisationseinheit:
		c.in("organisationseinheit", func() {
			c.idIn(x.ID, x.Source)
			c.need(x.Name.Name, x.Source, "name")
			for i := range x.Zustaendigkeit {
				c.in("zustaendigkeit", func() { c.zustaendigkeit(&x.Zustaendigkeit[i]) })
			}
			for _, a := range x.Anschrift {
				c.anschrift(a)
			}
		})
	case *Onlinedienst:
		c.in("onlinedienst", func() {
			c.idIn(x.ID, x.Source)
			c.need(x.Bezeichnung, x.Source, "bezeichnung")
			if len(x.Link) == 0 {
				c.add(Warning, "link-missing", x.Source, "link", "", "the Onlinedienst leads nowhere")
			}
			for _, l := range x.Link {
				c.link(l.Link.Value, l.Source, "link")
			}
			for i := range x.Zustaendigkeit {
				c.in("zustaendigkeit", func() { c.zustaendigkeit(&x.Zustaendigkeit[i]) })
			}
		})
	case *ZustaendigkeitTransferObjekt:
		c.in("zustaendigkeitTransferObjekt", func() {
			if x.UebergeordnetesObjektID.Value == "" {
				c.add(Fault, "id-missing", x.Source, "uebergeordnetesObjektID", "", "it does not say whose Zustaendigkeit this is")
			}
			c.in("zustaendigkeit", func() { c.zustaendigkeit(&x.Zustaendigkeit) })
		})
	}
}

// idIn checks the id of an object; owner is where to point if there is none.
func (c *check) idIn(id Identifikator, owner Source) {
	if id.k == nil && id.Value == "" {
		id.Source = owner
	}
	c.id(id, "id")
}

func (c *check) id(id Identifikator, element string) {
	switch {
	case id.Value == "":
		c.add(Fault, "id-missing", id.Source, element, "", "the object has no id")
	case len(id.Value) > 500:
		c.add(Warning, "id-long", id.Source, element, id.Value, "an id of %d characters", len(id.Value))
	}
}

func (c *check) need(t Texte, owner Source, element string) {
	for i := range t {
		if strings.TrimSpace(t[i].Value) != "" {
			return
		}
	}
	c.add(Warning, "name-missing", owner, element, "", "the object has no name")
}

func (c *check) leistung(l *Leistung) {
	c.idIn(l.ID, l.Source)
	keys := 0
	key := func(s string, at Source, element string) {
		keys++
		if s = strings.TrimSpace(s); len(s) != 14 || !strings.HasPrefix(s, "99") || strings.Trim(s, "0123456789") != "" {
			c.add(Fault, "leika-key", at, element, s, "not a LeiKa key: 99 and twelve digits are wanted")
		}
	}
	for _, r := range l.ReferenzLeiKa {
		key(r.Code, r.Source, "referenzLeiKa")
	}
	for _, r := range l.ReferenzLeistungsschluessel {
		key(r.Value, r.Source, "referenzLeistungsschluessel")
	}
	if keys == 0 {
		c.add(Warning, "leika-missing", l.Source, "", "", "the Leistung refers to no LeiKa key")
	}
	named := false
	for i := range l.ModulText {
		code := l.ModulText[i].LeikaTextmodul.Code
		named = named || code == ModulLeistungsbezeichnung || code == ModulLeistungsbezeichnung2
	}
	if !named {
		c.add(Warning, "name-missing", l.Source, "modulText", "", "the Leistung has neither module 02 nor 03, its names")
	}
	for _, t := range l.Typisierung {
		if !strings.Contains(typisierung, " "+t.Code+" ") {
			c.add(Warning, "typisierung", t.Source, "typisierung", t.Code, "not a code of the Typisierung")
		}
	}
	c.module(&l.Module)
}

func (c *check) module(m *Module) {
	seen := map[string]bool{}
	for i := range m.ModulText {
		t := &m.ModulText[i]
		c.in("modulText", func() {
			code := t.LeikaTextmodul.Code
			switch {
			case code == "":
				c.add(Fault, "module-missing", t.Source, "leikaTextmodul/code", "", "the text does not say which module it is")
			case !knownModule(code):
				c.add(Warning, "module-unknown", t.LeikaTextmodul.Source, "leikaTextmodul/code", code, "not a code of the text modules")
			}
			channel := ""
			if t.Zugangskanal != nil {
				channel = t.Zugangskanal.Code
			}
			c.texts(t.Inhalt, "inhalt")
			for _, x := range t.Inhalt {
				k := code + "\x00" + channel + "\x00" + x.LanguageCode
				if seen[k] && code != "" {
					c.add(Warning, "module-twice", x.Source, "inhalt", code, "module %s stands twice in language %.10q", code, x.LanguageCode)
				}
				seen[k] = true
			}
			c.links(t.WeiterfuehrenderLinks)
		})
	}
	if c.version < V230 {
		for _, list := range []struct {
			name string
			n    int
		}{
			{"modulFrist", len(m.ModulFrist)}, {"modulKosten", len(m.ModulKosten)},
			{"modulBearbeitungsdauer", len(m.ModulBearbeitungsdauer)}, {"modulDokument", len(m.ModulDokument)},
			{"modulFachlicheFreigabe", len(m.ModulFachlicheFreigabe)}, {"modulAuskunftshinweis", len(m.ModulAuskunftshinweis)},
		} {
			if list.n > 1 {
				c.add(Warning, "not-a-list", Source{}, list.name, "", "%d of them; before 2.3 there is only one", list.n)
			}
		}
	}
	for i := range m.ModulBegriffImKontext {
		for _, b := range m.ModulBegriffImKontext[i].BegriffImKontext {
			if strings.TrimSpace(b.Begriff.Value) == "" {
				c.add(Warning, "word-empty", b.Source, "modulBegriffImKontext/begriffImKontext", "", "an empty word")
			}
			if b.Typ != nil && !strings.Contains(" 001 002 003 999 ", " "+b.Typ.Code+" ") {
				c.add(Warning, "word-type", b.Typ.Source, "modulBegriffImKontext/begriffImKontext/typ", b.Typ.Code, "not a kind of word: 001, 002, 003 and 999 are known")
			}
		}
	}
	for i := range m.ModulUrsprungsportal {
		c.link(m.ModulUrsprungsportal[i].URI, m.ModulUrsprungsportal[i].Source, "modulUrsprungsportal/uri")
	}
}

func (c *check) texts(t Texte, element string) {
	for i := range t {
		switch l := t[i].LanguageCode; {
		case l == "":
			c.add(Warning, "language-missing", t[i].Source, element, "", "the text does not say its language")
		case len(l) < 2 || len(l) > 35 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
			c.add(Warning, "language", t[i].Source, element, l, "not a language code")
		}
	}
}

func (c *check) links(links []Hyperlink) {
	for _, l := range links {
		c.link(l.URI, l.Source, "weiterfuehrenderLink/uri")
	}
}

func (c *check) link(s string, at Source, element string) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	switch {
	case s == "":
		c.add(Warning, "link-missing", at, element, "", "an empty link")
	case err != nil || u.Scheme == "":
		c.add(Warning, "link", at, element, s, "not a full web address")
	case u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" && u.Scheme != "tel":
		c.add(Fault, "link-scheme", at, element, s, "links of the kind %.20q are not followed", u.Scheme)
	}
}

func (c *check) zustaendigkeit(z *Zustaendigkeit) {
	c.idIn(z.ID, z.Source)
	if len(z.LeistungID) == 0 {
		c.add(Warning, "service-missing", z.Source, "leistungID", "", "responsible for no Leistung")
	}
	if len(z.GebietID) == 0 {
		c.add(Warning, "area-missing", z.Source, "gebietID", "", "responsible in no area")
	}
	switch {
	case z.Rolle == nil || z.Rolle.Code == "":
		c.add(Warning, "role-missing", z.Source, "rolle", "", "the role is missing; 01 and 02 are zuständige Stelle")
	case len(z.Rolle.Code) != 2 || strings.Trim(z.Rolle.Code, "0123456789") != "":
		c.add(Warning, "role", z.Rolle.Source, "rolle", z.Rolle.Code, "not a role: two digits are wanted")
	}
}

func (c *check) anschrift(a Anschrift) {
	v := a.VerwaltungspolitischeKodierung
	if v == nil {
		return
	}
	digits := func(code *Code, n int, element string) {
		if code != nil && code.Code != "" && (len(code.Code) != n || strings.Trim(code.Code, "0123456789") != "") {
			c.add(Warning, "area-key", code.Source, "anschrift/verwaltungspolitischeKodierung/"+element, code.Code, "not a key of %d digits", n)
		}
	}
	digits(v.Bundesland, 2, "bundesland")
	digits(v.Gemeindeschluessel, 8, "gemeindeschluessel")
	digits(v.Regionalschluessel, 12, "regionalschluessel")
}
