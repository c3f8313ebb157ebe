package xzufi

import "strings"

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
