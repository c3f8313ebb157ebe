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
