package xzufi

import "strings"

// Identifikator names an object: a value inside a scheme of an agency. XZuFi `Identifikator`.
type Identifikator struct {
	Source
	Value            string `x:",text,id"`
	SchemeAgencyID   string `x:"schemeAgencyID,attr"`
	SchemeAgencyName string `x:"schemeAgencyName,attr"`
	SchemeDataURI    string `x:"schemeDataURI,attr"`
	SchemeID         string `x:"schemeID,attr"`
	SchemeName       string `x:"schemeName,attr"`
	SchemeURI        string `x:"schemeURI,attr"`
	SchemeVersionID  string `x:"schemeVersionID,attr"`
}

// Key is an Identifikator that can be compared and kept: it holds on to nothing of the object it was read from.
type Key struct{ Agency, Scheme, Value string }

// Key gives the parts that tell objects apart: agency, scheme and value.
func (i Identifikator) Key() Key { return Key{i.SchemeAgencyID, i.SchemeID, i.Value} }

// String is the value with its agency and scheme, as far as there are any.
func (k Key) String() string {
	s := k.Value
	if k.Scheme != "" {
		s = k.Scheme + "/" + s
	}
	if k.Agency != "" {
		s = k.Agency + "/" + s
	}
	return s
}

// Code is an entry of a code list: XÖV `Code`, whose children have no namespace.
type Code struct {
	Source
	ListURI       string `x:"listURI,attr"`
	ListVersionID string `x:"listVersionID,attr"`
	Code          string `x:"code,bare"`
	Name          string `x:"name,bare"`

	NichtGelisteterWert string `x:"nichtGelisteterWert"`
}

// Text is text in one language: XZuFi `String.Localized`. Many hold HTML, escaped or in CDATA; Value is what stands
// after XML is decoded, so HTML with its tags, not sanitised.
type Text struct {
	Source
	LanguageCode string `x:"languageCode,attr"` // ISO 639-1, de or de-DE
	Value        string `x:",text"`
}

// Texte is the same text in several languages.
type Texte []Text

// In gives the text in a language ("de" also finds "de-DE"), "" if there is none.
func (t Texte) In(language string) string {
	for i := range t {
		if t[i].LanguageCode == language {
			return t[i].Value
		}
	}
	for i := range t {
		if strings.HasPrefix(t[i].LanguageCode, language+"-") {
			return t[i].Value
		}
	}
	return ""
}

// Set puts the text of a language; "" removes the language.
func (t *Texte) Set(language, value string) {
	for i := range *t {
		if (*t)[i].LanguageCode != language {
			continue
		}
		if value == "" {
			*t = append((*t)[:i:i], (*t)[i+1:]...)
		} else {
			(*t)[i].Value = value
		}
		return
	}
	if value != "" {
		*t = append(*t, Text{LanguageCode: language, Value: value})
	}
}

// Zeitraum is a period, with dates as in XML Schema, "" for an open end.
type Zeitraum struct {
	Source
	Beginn string `x:"beginn"`
	Ende   string `x:"ende"`
	Zusatz Texte  `x:"zusatz"`
}

// Hyperlink is a link: XZuFi `HyperlinkErweitert`.
type Hyperlink struct {
	Source
	LanguageCode        string `x:"languageCode,attr"`
	URI                 string `x:"uri"`
	Titel               string `x:"titel"`
	Beschreibung        string `x:"beschreibung"`
	PositionDarstellung string `x:"positionDarstellung"`
	Text                string `x:"text"` // not in the sources; carried where a Hyperlink has one
}

// Versionsinformation says who made and changed an object when.
type Versionsinformation struct {
	Source
	ErstelltDatumZeit  string `x:"erstelltDatumZeit"`
	ErstelltDurch      string `x:"erstelltDurch"`
	GeaendertDatumZeit string `x:"geaendertDatumZeit"`
	GeaendertDurch     string `x:"geaendertDurch"`
	Version            string `x:"version"`
}

// Sprachversion is a language in which an object exists.
type Sprachversion struct {
	Source
	LanguageCode                       string `x:"languageCode"`
	SprachbezeichnungDeutsch           string `x:"sprachbezeichnungDeutsch"`
	SprachbezeichnungNativ             string `x:"sprachbezeichnungNativ"`
	KennzeichenMaschinelleUebersetzung string `x:"kennzeichenMaschinelleUebersetzung"`
	ErstelltDatumZeit                  string `x:"erstelltDatumZeit"`
	ErstelltDurch                      string `x:"erstelltDurch"`
	GeaendertDatumZeit                 string `x:"geaendertDatumZeit"`
	GeaendertDurch                     string `x:"geaendertDurch"`
	Version                            string `x:"version"`
}

// Modul is what all modules of a Leistung share.
type Modul struct {
	Zugangskanal        *Code           `x:"zugangskanal"`
	PositionDarstellung string          `x:"positionDarstellung"`
	ID                  *Identifikator  `x:"id"`
	IDSekundaer         []Identifikator `x:"idSekundaer"`
	Gueltigkeit         []Zeitraum      `x:"gueltigkeit"`
}

// Textmodul is a text of the kind that its code names, in several languages; see Module02 and the following.
type Textmodul struct {
	Source
	Modul
	LeikaTextmodul         Code        `x:"leikaTextmodul"`
	AbweichendeBezeichnung Texte       `x:"leikaTextmodulAbweichendeBezeichnung"`
	Inhalt                 Texte       `x:"inhalt"`
	WeiterfuehrenderLinks  []Hyperlink `x:"weiterfuehrenderLink"`
}

// TextmodulIndividuell is a text of a kind that a Land defined itself.
type TextmodulIndividuell struct {
	Source
	Modul
	IndividuellesTextmodultyp Code        `x:"individuellesTextmodultyp"`
	Inhalt                    Texte       `x:"inhalt"`
	WeiterfuehrenderLinks     []Hyperlink `x:"weiterfuehrenderLink"`
}

// FristDauer is a span such as 2 TAG to 4 WOCHE.
type FristDauer struct {
	Source
	Dauer      string `x:"dauer"`
	Einheit    Code   `x:"einheit"`
	DauerBis   string `x:"dauerBis"`
	EinheitBis *Code  `x:"einheitBis"`
}

// Fristauswahl is a span or two days; the days are carried along as they stand.
type Fristauswahl struct {
	Source
	FristDauer *FristDauer `x:"fristDauer"`
}

// Frist is a deadline, or a processing time, which has no Typ.
type Frist struct {
	Source
	Typ                 *Code         `x:"typ"`
	Fristauswahl        *Fristauswahl `x:"fristauswahl"`
	Beschreibung        Texte         `x:"beschreibung"`
	PositionDarstellung string        `x:"positionDarstellung"`
	Gueltigkeit         []Zeitraum    `x:"gueltigkeit"`
}

// Fristmodul holds the deadlines.
type Fristmodul struct {
	Source
	Modul
	Frist                 []Frist     `x:"frist"`
	Beschreibung          Texte       `x:"beschreibung"`
	WeiterfuehrenderLinks []Hyperlink `x:"weiterfuehrenderLink"`
}

// Bearbeitungsdauermodul holds the processing times.
type Bearbeitungsdauermodul struct {
	Source
	Modul
	Bearbeitungsdauer     []Frist     `x:"bearbeitungsdauer"`
	Beschreibung          Texte       `x:"beschreibung"`
	WeiterfuehrenderLinks []Hyperlink `x:"weiterfuehrenderLink"`
}

// Betrag is an amount of money, a decimal number with a point.
type Betrag struct {
	Source
	CurrencyCode string `x:"currencyCode,attr"`
	Value        string `x:",text"`
}

// KostenFix is a fixed fee.
type KostenFix struct {
	Source
	Betrag Betrag `x:"betrag"`
}

// KostenFrei says why there is no fee.
type KostenFrei struct {
	Source
	BeschreibungKostenfreiheit Texte `x:"beschreibungKostenfreiheit"`
}

// KostenVariabel is a fee between two amounts.
type KostenVariabel struct {
	Source
	BetragUntergrenze         *Betrag `x:"betragUntergrenze"`
	BetragObergrenze          *Betrag `x:"betragObergrenze"`
	BeschreibungVariabilitaet Texte   `x:"beschreibungVariabilitaet"`
}

// Kostenauswahl is one of three.
type Kostenauswahl struct {
	Source
	KostenFix      *KostenFix      `x:"kostenFix"`
	KostenFrei     *KostenFrei     `x:"kostenFrei"`
	KostenVariabel *KostenVariabel `x:"kostenVariabel"`
}

// Kosten is one fee. LinkKostenbildung is a URI up to 2.2 and a Hyperlink from 2.3 on; it is carried along as it stands.
type Kosten struct {
	Source
	Typ                 *Code          `x:"typ"`
	Kostenauswahl       *Kostenauswahl `x:"kostenauswahl"`
	Beschreibung        Texte          `x:"beschreibung"`
	Vorkasse            string         `x:"vorkasse"`
	PositionDarstellung string         `x:"positionDarstellung"`
	Gueltigkeit         []Zeitraum     `x:"gueltigkeit"`
}

// Kostenmodul holds the fees.
type Kostenmodul struct {
	Source
	Modul
	Kosten                []Kosten    `x:"kosten"`
	Beschreibung          Texte       `x:"beschreibung"`
	WeiterfuehrenderLinks []Hyperlink `x:"weiterfuehrenderLink"`
}

// Dokument is a form, proof or notice.
type Dokument struct {
	Source
	Typ              *Code           `x:"typ"`
	Bezeichnung      Texte           `x:"bezeichnung"`
	Beschreibung     Texte           `x:"beschreibung"`
	FormularReferenz []Identifikator `x:"formularReferenz"`
	AngabeSignatur   *Code           `x:"angabeSignatur"`
}

// DokumentEingehend is a document that the applicant brings: a Dokument itself up to 2.2, with one inside from 2.3 on.
// Ref gives the one that counts.
type DokumentEingehend struct {
	Source
	Pflichtangabetyp                       *Code     `x:"pflichtangabetyp"`
	PflichtangabeGrundKontextabhaengigkeit []Code    `x:"pflichtangabeGrundKontextabhaengigkeit"`
	KennzeichenAusloeser                   string    `x:"kennzeichenAusloeser"`
	Dokument                               *Dokument `x:"dokument"`

	Typ              *Code           `x:"typ"`
	Bezeichnung      Texte           `x:"bezeichnung"`
	Beschreibung     Texte           `x:"beschreibung"`
	FormularReferenz []Identifikator `x:"referenzFormularID"`
	AngabeSignatur   *Code           `x:"angabeSignatur"`
}

// Ref gives the document of either version.
func (d DokumentEingehend) Ref() Dokument {
	if d.Dokument != nil {
		return *d.Dokument
	}
	return Dokument{Typ: d.Typ, Bezeichnung: d.Bezeichnung, Beschreibung: d.Beschreibung,
		FormularReferenz: d.FormularReferenz, AngabeSignatur: d.AngabeSignatur}
}

// Dokumentmodul holds the documents that go in and come out.
type Dokumentmodul struct {
	Source
	Modul
	DokumentEingehend     []DokumentEingehend `x:"dokumentEingehend"`
	DokumentAusgehend     []Dokument          `x:"dokumentAusgehend"`
	Beschreibung          Texte               `x:"beschreibung"`
	BeschreibungEingehend Texte               `x:"beschreibungEingehend"`
	BeschreibungAusgehend Texte               `x:"beschreibungAusgehend"`
	WeiterfuehrenderLinks []Hyperlink         `x:"weiterfuehrenderLink"`
}

// BegriffImKontext is a word by which people look for the Leistung: where synonyms live. Typ is 001, 002, 003 or 999.
type BegriffImKontext struct {
	Source
	Begriff Text  `x:"begriff"`
	Typ     *Code `x:"typ"`
}

// BegriffImKontextModul holds the words.
type BegriffImKontextModul struct {
	Source
	Modul
	BegriffImKontext []BegriffImKontext `x:"begriffImKontext"`
}

// FachlicheFreigabeModul says who approved the texts when.
type FachlicheFreigabeModul struct {
	Source
	Modul
	FachlichFreigegebenAm    string `x:"fachlichFreigegebenAm"`
	FachlichFreigegebenDurch Texte  `x:"fachlichFreigegebenDurch"`
}

// Auskunftshinweismodul holds hints for those who give information, such as the 115.
type Auskunftshinweismodul struct {
	Source
	Modul
	Inhalt                Texte       `x:"inhalt"`
	WeiterfuehrenderLinks []Hyperlink `x:"weiterfuehrenderLink"`
}

// DynamischerURLParameter is a parameter that the portal fills in.
type DynamischerURLParameter struct {
	Source
	Typ           Code   `x:"typ"`
	ParameterName string `x:"parameterName"`
}

// Ursprungsportalmodul is a link to the page of the portal from which the texts come.
type Ursprungsportalmodul struct {
	Source
	Modul
	LanguageCode        string                    `x:"languageCode,attr"`
	URI                 string                    `x:"uri"`
	Titel               string                    `x:"titel"`
	DynamischeParameter []DynamischerURLParameter `x:"dynamischeParameter"`
}

// Module are the texts and facts of a Leistung or Spezialisierung.
type Module struct {
	ModulText              []Textmodul              `x:"modulText"`
	ModulTextIndividuell   []TextmodulIndividuell   `x:"modulTextIndividuell"`
	ModulFrist             []Fristmodul             `x:"modulFrist"`
	ModulKosten            []Kostenmodul            `x:"modulKosten"`
	ModulBearbeitungsdauer []Bearbeitungsdauermodul `x:"modulBearbeitungsdauer"`
	ModulBegriffImKontext  []BegriffImKontextModul  `x:"modulBegriffImKontext"`
	ModulFachlicheFreigabe []FachlicheFreigabeModul `x:"modulFachlicheFreigabe"`
	ModulAuskunftshinweis  []Auskunftshinweismodul  `x:"modulAuskunftshinweis"`
	ModulDokument          []Dokumentmodul          `x:"modulDokument"`
	ModulUrsprungsportal   []Ursprungsportalmodul   `x:"modulUrsprungsportal"`
}

// Codes of leikaTextmodul, urn:de:xzufi:codeliste:leistungstextmodulleika.
const (
	ModulLeistungsbezeichnung    = "02"
	ModulLeistungsbezeichnung2   = "03" // the citizens' name
	ModulKurztext                = "05"
	ModulVolltext                = "06"
	ModulHandlungsgrundlagen     = "07"
	ModulErforderlicheUnterlagen = "08"
	ModulVoraussetzungen         = "09"
	ModulVerfahrensablauf        = "11"
	ModulFormulare               = "14"
	ModulWeiterfuehrendeInfos    = "15"
	ModulHinweise                = "16"
	ModulUrheber                 = "18"
	ModulZustaendigeStelle       = "22"
	ModulAnsprechpunkt           = "23"
	ModulTeaser                  = "24"
	ModulRechtsbehelf            = "25"
)

const listTextmodul = "urn:de:xzufi:codeliste:leistungstextmodulleika"

// Text gives the content of a text module in a language, "" if there is none.
func (m *Module) Text(code, language string) string {
	for i := range m.ModulText {
		if m.ModulText[i].LeikaTextmodul.Code == code {
			if s := m.ModulText[i].Inhalt.In(language); s != "" {
				return s
			}
		}
	}
	return ""
}

// Texts gives all text modules: code → language → content. Of several modules with the same code and language the
// first one counts, as in Text.
func (m *Module) Texts() map[string]map[string]string {
	all := make(map[string]map[string]string, len(m.ModulText))
	for i := range m.ModulText {
		code := m.ModulText[i].LeikaTextmodul.Code
		if all[code] == nil {
			all[code] = map[string]string{}
		}
		for _, t := range m.ModulText[i].Inhalt {
			if all[code][t.LanguageCode] == "" {
				all[code][t.LanguageCode] = t.Value
			}
		}
	}
	return all
}

// SetText puts the content of a text module in a language; "" removes the language, and the module with its last one.
func (m *Module) SetText(code, language, content string) {
	for i := range m.ModulText {
		t := &m.ModulText[i]
		if t.LeikaTextmodul.Code != code {
			continue
		}
		t.Inhalt.Set(language, content)
		if len(t.Inhalt) == 0 {
			m.ModulText = append(m.ModulText[:i:i], m.ModulText[i+1:]...)
		}
		return
	}
	if content != "" {
		m.ModulText = append(m.ModulText, Textmodul{
			LeikaTextmodul: Code{ListURI: listTextmodul, Code: code},
			Inhalt:         Texte{{LanguageCode: language, Value: content}},
		})
	}
}

// Begriffe gives the words under which a language's speakers look for the Leistung.
func (m *Module) Begriffe(language string) (words []string) {
	for i := range m.ModulBegriffImKontext {
		for _, b := range m.ModulBegriffImKontext[i].BegriffImKontext {
			if l := b.Begriff.LanguageCode; l == language || l == "" || strings.HasPrefix(l, language+"-") {
				words = append(words, b.Begriff.Value)
			}
		}
	}
	return words
}

// Kategoriewahl is a Verrichtung or Leistungsgruppierung up to 2.2: a LeiKa code, or a category that is carried along.
type Kategoriewahl struct {
	Source
	VerrichtungLeiKa *Code `x:"verrichtungLeiKa"`
}

// Struktur says how the Leistung is built: Typ is LeistungsstrukturObjekt, …MitVerrichtung or …MitVerrichtungUndDetail
// (the xsi:type without prefix).
type Struktur struct {
	Source
	Typ                       string         `x:"type,attr,qname"`
	Leistungsgruppierung      *Code          `x:"leistungsgruppierung"`
	LeistungsgruppierungLeiKa *Code          `x:"leistungsgruppierungLeiKa"`
	LeistungsobjektID         *Identifikator `x:"leistungsobjektID"`
	Verrichtung               *Kategoriewahl `x:"verrichtung"`
	VerrichtungLeiKa          *Code          `x:"verrichtungLeiKa"`
	Verrichtungsdetail        Texte          `x:"verrichtungsdetail"`
}

// Kategorieklasse is the system to which a Kategorie belongs.
type Kategorieklasse struct {
	Source
	ID           Identifikator   `x:"id"`
	IDSekundaer  []Identifikator `x:"idSekundaer"`
	Typ          *Code           `x:"typ"`
	Bezeichnung  Texte           `x:"bezeichnung"`
	Beschreibung Texte           `x:"beschreibung"`
	Version      string          `x:"version"`
}

// Kategorie is a subject, life situation or the like.
type Kategorie struct {
	Source
	ID                      Identifikator    `x:"id"`
	IDSekundaer             []Identifikator  `x:"idSekundaer"`
	UebergeordneteKategorie *Identifikator   `x:"uebergeordneteKategorieID"`
	UntergeordneteKategorie []Identifikator  `x:"untergeordneteKategorieID"`
	Klasse                  *Kategorieklasse `x:"klasse"`
	Bezeichnung             Texte            `x:"bezeichnung"`
	Beschreibung            Texte            `x:"beschreibung"`
}

// InformationsbereicheSDG are the areas of annexes I and II of Regulation (EU) 2018/1724, from 2.3 on.
type InformationsbereicheSDG struct {
	Source
	SDG1 []Code `x:"informationsbereichSDG1"`
	SDG2 []Code `x:"informationsbereichSDG2"`
}

// Herausgeber is the editorial office that answers for an object.
type Herausgeber struct {
	Source
	ID              Identifikator   `x:"id"`
	IDSekundaer     []Identifikator `x:"idSekundaer"`
	Bezeichnung     Texte           `x:"bezeichnung"`
	Kurzbezeichnung Texte           `x:"kurzbezeichnung"`
	Beschreibung    Texte           `x:"beschreibung"`
}

// Leistung is an administrative service: XZuFi `leistung`.
type Leistung struct {
	Source
	ID                          Identifikator   `x:"id"`
	IDSekundaer                 []Identifikator `x:"idSekundaer"`
	Struktur                    *Struktur       `x:"struktur"`
	StatusKatalog               *Code           `x:"statusKatalog"`
	StatusBibliothek            *Code           `x:"statusBibliothek"`
	Detailstufe                 *Code           `x:"detailstufe"`
	ReferenzLeiKa               []Code          `x:"referenzLeiKa"`               // until 2.2; see Schluessel
	ReferenzLeistungsschluessel []Identifikator `x:"referenzLeistungsschluessel"` // from 2.3 on
	BezugsortTyp                *Code           `x:"bezugsortTyp"`
	Module
	Typisierung                       []Code                   `x:"typisierung"`
	Vertrauensniveau                  *Code                    `x:"vertrauensniveau"`
	Leistungsadressat                 []Code                   `x:"leistungsadressat"`
	KennzeichenSchriftformerfordernis string                   `x:"kennzeichenSchriftformerfordernis"`
	KennzeichenFormularPersoenlich    string                   `x:"kennzeichenFormularPersoenlich"`
	KennzeichenFormularFormlos        string                   `x:"kennzeichenFormularFormlos"`
	Kategorie                         []Kategorie              `x:"kategorie"`
	Klassifizierung                   []Code                   `x:"klassifizierung"`
	InformationsbereichSDG            []Code                   `x:"informationsbereichSDG"`
	InformationsbereicheSDG           *InformationsbereicheSDG `x:"informationsbereicheSDG"`
	LeistungImKontextID               []Identifikator          `x:"leistungImKontextID"`
	ProzessID                         []Identifikator          `x:"prozessID"`
	Herausgeber                       *Herausgeber             `x:"herausgeber"`
	GueltigkeitGebietID               []Identifikator          `x:"gueltigkeitGebietID"`
	KennzeichenEA                     string                   `x:"kennzeichenEA"`                   // until 2.2
	DurchfuehrbarEinheitlicheStelle   []Code                   `x:"durchfuehrbarEinheitlicheStelle"` // from 2.3 on
	RelevantFuerRechtsform            []Code                   `x:"relevantFuerRechtsform"`
	Versionsinformation               *Versionsinformation     `x:"versionsinformation"`
	Sprachversion                     []Sprachversion          `x:"sprachversion"`
	Gueltigkeit                       []Zeitraum               `x:"gueltigkeit"`
}

// Schluessel gives the LeiKa keys of either version.
func (l *Leistung) Schluessel() (keys []string) {
	for _, c := range l.ReferenzLeiKa {
		keys = append(keys, strings.TrimSpace(c.Code))
	}
	for _, i := range l.ReferenzLeistungsschluessel {
		keys = append(keys, i.Value)
	}
	return keys
}

// Spezialisierung changes texts of a Leistung for an area: XZuFi `spezialisierung`. Which elements it has beyond id
// and leistungID the sources do not say; it is read with those of a Leistung.
type Spezialisierung struct {
	Source
	ID          Identifikator   `x:"id"`
	IDSekundaer []Identifikator `x:"idSekundaer"`
	LeistungID  []Identifikator `x:"leistungID"`
	Module
	GueltigkeitGebietID []Identifikator      `x:"gueltigkeitGebietID"`
	Herausgeber         *Herausgeber         `x:"herausgeber"`
	Versionsinformation *Versionsinformation `x:"versionsinformation"`
	Sprachversion       []Sprachversion      `x:"sprachversion"`
	Gueltigkeit         []Zeitraum           `x:"gueltigkeit"`
}

// VerwaltungspolitischeKodierung are the official keys of a place.
type VerwaltungspolitischeKodierung struct {
	Source
	Kreis              *Code `x:"kreis"`
	Bezirk             *Code `x:"bezirk"`
	Bundesland         *Code `x:"bundesland"`
	Gemeindeschluessel *Code `x:"gemeindeschluessel"`
	Regionalschluessel *Code `x:"regionalschluessel"`
	Nation             *Code `x:"nation"`
	Gemeindeverband    *Code `x:"gemeindeverband"`
}

// Anschrift is an address. The sources show ort and verwaltungspolitischeKodierung; the other names are those of XÖV's
// core component Anschrift.
type Anschrift struct {
	Source
	Typ                            *Code                           `x:"typ"`
	Strasse                        string                          `x:"strasse"`
	Hausnummer                     string                          `x:"hausnummer"`
	Postfach                       string                          `x:"postfach"`
	Postleitzahl                   string                          `x:"postleitzahl"`
	Ort                            string                          `x:"ort"`
	Ortsteil                       string                          `x:"ortsteil"`
	Zusatz                         Texte                           `x:"zusatz"`
	VerwaltungspolitischeKodierung *VerwaltungspolitischeKodierung `x:"verwaltungspolitischeKodierung"`
}

// Kommunikation is a way to reach somebody: Kanal says telephone, fax, e-mail …, Kennung is the number or address. The
// names are those of XÖV's core component Kommunikation.
type Kommunikation struct {
	Source
	Kanal          *Code  `x:"kanal"`
	Kennung        string `x:"kennung"`
	Kennungszusatz string `x:"kennungszusatz"`
	Zusatz         Texte  `x:"zusatz"`
}

// Zustaendigkeit says for which Leistungen in which areas somebody is there, in which role: 01 and 02 at least are
// zuständige Stelle.
type Zustaendigkeit struct {
	Source
	ID          Identifikator   `x:"id"`
	IDSekundaer []Identifikator `x:"idSekundaer"` // FIT-Connect: scheme SchemeDestination
	LeistungID  []Identifikator `x:"leistungID"`
	GebietID    []Identifikator `x:"gebietID"`
	Rolle       *Code           `x:"rolle"`
	Gueltigkeit []Zeitraum      `x:"gueltigkeit"`
}

// SchemeDestination is the schemeID of a secondary id of a Zustaendigkeit that holds FIT-Connect's DestinationSignature.
const SchemeDestination = "urn:de:fitko:fit-connect:xzufi:destination"

// NameOrganisation is the name of an Organisationseinheit, in several languages.
type NameOrganisation struct {
	Source
	Name            Texte `x:"name"`
	Kurzbezeichnung Texte `x:"kurzbezeichnung"`
}

// Organisationseinheit is an office: XZuFi `organisationseinheit`.
type Organisationseinheit struct {
	Source
	ID                                 Identifikator        `x:"id"`
	IDSekundaer                        []Identifikator      `x:"idSekundaer"`
	UebergeordneteOrganisationseinheit *Identifikator       `x:"uebergeordneteOrganisationseinheitID"`
	Name                               NameOrganisation     `x:"name"`
	Beschreibung                       Texte                `x:"beschreibung"`
	Anschrift                          []Anschrift          `x:"anschrift"`
	Kommunikation                      []Kommunikation      `x:"kommunikation"`
	Zustaendigkeit                     []Zustaendigkeit     `x:"zustaendigkeit"`
	Herausgeber                        *Herausgeber         `x:"herausgeber"`
	Versionsinformation                *Versionsinformation `x:"versionsinformation"`
	Sprachversion                      []Sprachversion      `x:"sprachversion"`
	Gueltigkeit                        []Zeitraum           `x:"gueltigkeit"`
}

// OnlinedienstLink leads to the online service. Typ is of urn:xoev-de:fim:codeliste:onlinedienstlinktyp, 01 as far as
// seen.
type OnlinedienstLink struct {
	Source
	Typ  *Code `x:"typ"`
	Link Text  `x:"link"`
}

// Onlinedienst is an online service: XZuFi `onlinedienst`.
type Onlinedienst struct {
	Source
	ID                  Identifikator        `x:"id"`
	IDSekundaer         []Identifikator      `x:"idSekundaer"`
	Bezeichnung         Texte                `x:"bezeichnung"`
	Beschreibung        Texte                `x:"beschreibung"`
	Link                []OnlinedienstLink   `x:"link"`
	Vertrauensniveau    *Code                `x:"vertrauensniveau"`
	Zustaendigkeit      []Zustaendigkeit     `x:"zustaendigkeit"`
	Herausgeber         *Herausgeber         `x:"herausgeber"`
	Versionsinformation *Versionsinformation `x:"versionsinformation"`
	Sprachversion       []Sprachversion      `x:"sprachversion"`
	Gueltigkeit         []Zeitraum           `x:"gueltigkeit"`
}

// ZustaendigkeitTransferObjekt gives an Organisationseinheit or Onlinedienst (the uebergeordnetes Objekt) one
// Zustaendigkeit: XZuFi `zustaendigkeitTransferObjekt`.
type ZustaendigkeitTransferObjekt struct {
	Source
	UebergeordnetesObjektID Identifikator  `x:"uebergeordnetesObjektID"`
	Zustaendigkeit          Zustaendigkeit `x:"zustaendigkeit"`
}

// Class is the class of an object, as `loesche/@klasse` spells it.
type Class string

// The classes of transfer messages.
const (
	ClassLeistung             Class = "Leistung"
	ClassSpezialisierung      Class = "LeistungSpezialisierung"
	ClassOrganisationseinheit Class = "Organisationseinheit"
	ClassOnlinedienst         Class = "Onlinedienst"
	ClassZustaendigkeit       Class = "Zustaendigkeit"
)

// Object is what stands in `schreibe`: *Leistung, *Spezialisierung, *Organisationseinheit, *Onlinedienst,
// *ZustaendigkeitTransferObjekt, or *Unbekannt.
type Object interface {
	// Class is "" for *Unbekannt.
	Class() Class
	// Identity is the id by which `loesche` would name the object: for a ZustaendigkeitTransferObjekt that of its
	// Zustaendigkeit.
	Identity() Identifikator
	Position() (line, column int)
}

// Class is Leistung.
func (*Leistung) Class() Class { return ClassLeistung }

// Class is LeistungSpezialisierung.
func (*Spezialisierung) Class() Class { return ClassSpezialisierung }

// Class is Organisationseinheit.
func (*Organisationseinheit) Class() Class { return ClassOrganisationseinheit }

// Class is Onlinedienst.
func (*Onlinedienst) Class() Class { return ClassOnlinedienst }

// Class is Zustaendigkeit.
func (*ZustaendigkeitTransferObjekt) Class() Class { return ClassZustaendigkeit }

// Class is "".
func (*Unbekannt) Class() Class { return "" }

// Identity is the id.
func (l *Leistung) Identity() Identifikator { return l.ID }

// Identity is the id.
func (s *Spezialisierung) Identity() Identifikator { return s.ID }

// Identity is the id.
func (o *Organisationseinheit) Identity() Identifikator { return o.ID }

// Identity is the id.
func (o *Onlinedienst) Identity() Identifikator { return o.ID }

// Identity is the id of the Zustaendigkeit.
func (z *ZustaendigkeitTransferObjekt) Identity() Identifikator { return z.Zustaendigkeit.ID }

// Identity is empty.
func (*Unbekannt) Identity() Identifikator { return Identifikator{} }

// Unbekannt is an object in `schreibe` that this package does not know; the writer puts it back as it stood.
type Unbekannt struct {
	Name         string // of the element, without prefix
	Namespace    string
	line, column int
	raw          string
	outer        *scope
}

// Position is where the element began.
func (u *Unbekannt) Position() (line, column int) { return u.line, u.column }

// Nachrichtenkopf is the head of a message.
type Nachrichtenkopf struct {
	Source
	NachrichtUUID     string `x:"nachrichtUUID"`
	ErstelltDatumZeit string `x:"erstelltDatumZeit"`
	Empfaenger        string `x:"empfaenger"`
	Sender            string `x:"sender"`
}
