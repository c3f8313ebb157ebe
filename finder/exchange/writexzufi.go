package exchange

import (
	"io"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
	"rennsteig/standards/ars"
	"rennsteig/standards/xzufi"
)

// The code lists that a message names.
const (
	listLeiKa  = "urn:de:fim:leika:leistung"
	listType   = "urn:de:fim:leika:typisierung"
	listModule = "urn:de:xzufi:codeliste:leistungstextmodulleika"
	listWord   = "urn:de:xzufi:codeliste:begriffimkontexttyp"
	listRole   = "urn:de:xzufi:codeliste:zustaendigkeitsrolle"
	listKanal  = "urn:de:xoev:codeliste:erreichbarkeit"
	listLink   = "urn:xoev-de:fim:codeliste:onlinedienstlinktyp"
	schemeARS  = "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs"
)

// messageWriter writes an XZuFi message.
type messageWriter struct{ w *xzufi.Writer }

func newMessageWriter(w io.Writer, opt ExportOptions) *messageWriter {
	return &messageWriter{xzufi.NewWriter(w, opt.Version, xzufi.Header{Produktbezeichnung: "Rennsteig", Nachrichtenkopf: &xzufi.Nachrichtenkopf{
		NachrichtUUID: opt.ID, ErstelltDatumZeit: opt.At.UTC().Format(time.RFC3339), Sender: "Rennsteig"}, TransaktionID: opt.ID, TransaktionPosition: "1"})}
}

func (m *messageWriter) close() error { return m.w.Close() }

func (m *messageWriter) put(x *exported) error {
	switch {
	case x.record.service != nil:
		return m.w.WriteObject(xmlService(x.id, x.record.service))
	case x.record.text != nil:
		return m.w.WriteObject(xmlLocal(x.id, x.record.text, x.authority))
	case x.record.unit != nil:
		return m.w.WriteObject(xmlUnit(x.id, x.record.unit))
	case x.record.online != nil:
		return m.w.WriteObject(xmlOnline(x.id, x.record.online))
	}
	return m.w.WriteObject(xmlDuty(x.id, x.record.duty))
}

func identifier(id ident) xzufi.Identifikator {
	return xzufi.Identifikator{Value: id.Value, SchemeAgencyID: id.Agency, SchemeID: id.Scheme}
}

func code(list, value string) *xzufi.Code { return &xzufi.Code{ListURI: list, Code: value} }

func deutsch(s string) xzufi.Texte {
	if s == "" {
		return nil
	}
	return xzufi.Texte{{LanguageCode: string(i18n.German), Value: s}}
}

func xmlService(id ident, s *service) *xzufi.Leistung {
	l := &xzufi.Leistung{ID: identifier(id)}
	if s.LeiKa != "" {
		l.ReferenzLeiKa = []xzufi.Code{*code(listLeiKa, s.LeiKa)}
	}
	for t := range strings.SplitSeq(s.Type, ",") {
		if t = strings.TrimSpace(t); t != "" {
			l.Typisierung = append(l.Typisierung, *code(listType, t))
		}
	}
	if s.Law != "" {
		l.Klassifizierung = []xzufi.Code{*code(listLaw, s.Law)}
	}
	l.Module, l.Sprachversion = xmlTexts(s.Texts)
	return l
}

func xmlLocal(id ident, t *localText, authority string) *xzufi.Spezialisierung {
	o := &xzufi.Spezialisierung{ID: identifier(id), LeistungID: []xzufi.Identifikator{identifier(t.Service)},
		Herausgeber: &xzufi.Herausgeber{ID: identifier(t.Authority)}}
	if _, err := ars.Parse(authority); err == nil {
		o.GueltigkeitGebietID = []xzufi.Identifikator{{Value: authority, SchemeID: schemeARS}}
	}
	o.Module, o.Sprachversion = xmlTexts(t.Texts)
	return o
}

// xmlTexts are texts as modules. Costs, deadlines and durations have their own, of which we know the words only.
func xmlTexts(texts map[i18n.Lang]*text) (m xzufi.Module, languages []xzufi.Sprachversion) {
	for _, module := range finder.Modules {
		for _, adds := range []bool{false, true} {
			var content xzufi.Texte
			for _, l := range i18n.Langs {
				if t := texts[l]; t != nil && t.Modules[module].Text != "" && t.Modules[module].Adds == adds {
					content = append(content, xzufi.Text{LanguageCode: string(l), Value: t.Modules[module].Text})
				}
			}
			if content == nil {
				continue
			}
			var common xzufi.Modul
			if adds {
				common.IDSekundaer = []xzufi.Identifikator{{Value: "true", SchemeAgencyID: Agency, SchemeID: schemeAdds}}
			}
			switch module {
			case "Frist":
				m.ModulFrist = append(m.ModulFrist, xzufi.Fristmodul{Modul: common, Beschreibung: content})
			case "Kosten":
				m.ModulKosten = append(m.ModulKosten, xzufi.Kostenmodul{Modul: common, Beschreibung: content})
			case "Bearbeitungsdauer":
				m.ModulBearbeitungsdauer = append(m.ModulBearbeitungsdauer, xzufi.Bearbeitungsdauermodul{Modul: common, Beschreibung: content})
			default:
				m.ModulText = append(m.ModulText, xzufi.Textmodul{Modul: common, LeikaTextmodul: *code(listModule, string(module)), Inhalt: content})
			}
		}
	}
	var words []xzufi.BegriffImKontext
	for _, l := range i18n.Langs {
		t := texts[l]
		if t == nil {
			continue
		}
		for _, w := range t.Words {
			b := xzufi.BegriffImKontext{Begriff: xzufi.Text{LanguageCode: string(l), Value: w.Term}}
			if w.Type != "" {
				b.Typ = code(listWord, w.Type)
			}
			words = append(words, b)
		}
		if !t.At.IsZero() {
			languages = append(languages, xzufi.Sprachversion{LanguageCode: string(l), GeaendertDatumZeit: t.At.UTC().Format(time.RFC3339Nano)})
		}
	}
	if words != nil {
		m.ModulBegriffImKontext = []xzufi.BegriffImKontextModul{{BegriffImKontext: words}}
	}
	return m, languages
}

func xmlUnit(id ident, u *unit) *xzufi.Organisationseinheit {
	o := &xzufi.Organisationseinheit{ID: identifier(id), Name: xzufi.NameOrganisation{Name: deutsch(u.Name)}}
	second := func(scheme, value string) {
		if value != "" {
			o.IDSekundaer = append(o.IDSekundaer, xzufi.Identifikator{Value: value, SchemeAgencyID: Agency, SchemeID: scheme})
		}
	}
	if u.Kind != finder.Unit {
		second(schemeKind, string(u.Kind))
	}
	second(schemeHours, u.Contact.Hours)
	if u.Parent.Value != "" {
		parent := identifier(u.Parent)
		o.UebergeordneteOrganisationseinheit = &parent
	}
	for _, a := range u.Contact.Addresses {
		out := xzufi.Anschrift{Strasse: a.Street, Hausnummer: a.House, Postfach: a.Box, Postleitzahl: a.Postcode, Ort: a.Town, Ortsteil: a.District, Zusatz: deutsch(a.Note)}
		if a.Kind != "" {
			out.Typ = &xzufi.Code{Code: a.Kind}
		}
		o.Anschrift = append(o.Anschrift, out)
	}
	if u.Area != "" {
		if len(o.Anschrift) == 0 {
			o.Anschrift = []xzufi.Anschrift{{}}
		}
		o.Anschrift[0].VerwaltungspolitischeKodierung = &xzufi.VerwaltungspolitischeKodierung{Regionalschluessel: code(schemeARS, u.Area)}
	}
	for _, c := range u.Contact.Channels {
		k := xzufi.Kommunikation{Kennung: c.Value, Zusatz: deutsch(c.Note)}
		if c.Kind != "" {
			k.Kanal = code(listKanal, c.Kind)
		}
		o.Kommunikation = append(o.Kommunikation, k)
	}
	return o
}

func xmlOnline(id ident, o *online) *xzufi.Onlinedienst {
	out := &xzufi.Onlinedienst{ID: identifier(id), Bezeichnung: deutsch(o.Name), Link: []xzufi.OnlinedienstLink{{Typ: code(listLink, "01"), Link: xzufi.Text{LanguageCode: "de", Value: o.URL}}}}
	if o.Kind == "form" {
		out.IDSekundaer = []xzufi.Identifikator{{Value: o.Kind, SchemeAgencyID: Agency, SchemeID: schemeKind}}
	}
	return out
}

func xmlDuty(id ident, d *duty) *xzufi.ZustaendigkeitTransferObjekt {
	z := xzufi.Zustaendigkeit{ID: identifier(id)}
	for _, s := range d.Services {
		z.LeistungID = append(z.LeistungID, identifier(s))
	}
	areas := slices.Clone(d.Areas)
	slices.Sort(areas)
	for _, a := range areas {
		g := xzufi.Identifikator{Value: a, SchemeID: schemeARS}
		if _, err := ars.Parse(a); err != nil {
			g = identifier(own(schemeAuthority, a))
		}
		z.GebietID = append(z.GebietID, g)
	}
	if d.Role != "" {
		z.Rolle = code(listRole, d.Role)
	}
	return &xzufi.ZustaendigkeitTransferObjekt{UebergeordnetesObjektID: identifier(d.Owner), Zustaendigkeit: z}
}
