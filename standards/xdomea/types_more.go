package xdomea

import "time"

// Plan is a file plan (Aktenplan): the content of 0301 and 0511, and at the end of 0401, 0501 and 0503.
type Plan struct {
	ID      string     `x:"ID,uuid,must,in=P"` // in 0511 only
	Name    string     `x:"Bezeichnung,always"`
	Type    string     `x:"Typ"`
	Version string     `x:"Version,always"`
	Units   []PlanUnit `x:"Einheit"`
	Valid   Period     `x:"Gueltigkeit"`
	Files   []Format   `x:"Aktenplandatei"`
}

// PlanUnit is a unit of a file plan (Aktenplaneinheit), with the units below it.
type PlanUnit struct {
	Reference    string    `x:"Kennzeichen"`
	Description  string    `x:"Inhaltsangabe"`
	ShortSubject string    `x:"BetreffKurz"`
	ID           string    `x:"ID,uuid,must,in=P"` // in 0511 only
	Appraisal    Appraisal `x:"Aussonderungsart>Aussonderungsart,old=Aussonderungsart>code"`
	// Other is a value that archive and authority agreed on instead of an Appraisal.
	Other    string     `x:"Aussonderungsart>AussonderungsartKonfigurierbar"`
	Valid    Period     `x:"Gueltigkeit"`
	Disused  bool       `x:"Stillgelegt,always"`
	Keep     Keep       `x:"Aufbewahrungsdauer,must"`
	Units    []PlanUnit `x:"Einheit"`
	SeeUnits []string   `x:"VerweisAktenplaneinheit"`
	Extra    *Extension `x:"AnwendungsspezifischeErweiterung"`
	ExtraXML RawXML     `x:"AnwendungsspezifischeErweiterungXML,read"`
}

// System is a program (System).
type System struct {
	InstanceID string `x:"InstanzID"`
	Product    string `x:"Produktname"`
	Version    string `x:"Version"`
}

// Contact is an organisation, a unit or a person (Kontakt).
type Contact struct {
	AuthorityKey   Code           `x:"Behoerdenkennung>Behoerdenschluessel,old=Behoerdenkennung>Kennung"`
	Prefix         Code           `x:"Behoerdenkennung>Praefix"`
	Organisation   string         `x:"Institution>Name"`
	Short          string         `x:"Institution>Kurzbezeichnung"`
	Unit           string         `x:"Organisationseinheit>Name"`
	Salutation     string         `x:"Name>Anrede"`
	Title          string         `x:"Name>Titel"`
	FamilyName     string         `x:"Name>Familienname>Name"`
	GivenName      string         `x:"Name>Vorname>Name"`
	Occupation     string         `x:"Taetigkeit"`
	Responsibility string         `x:"Zustaendigkeit"`
	Addresses      []Address      `x:"Anschrift"`
	Channels       []Channel      `x:"Kommunikation"`
	Role           Code           `x:"Rolle"`
	Lines          []AddressLines `x:"UnstrukturierteAnschrift"`
	Born           time.Time      `x:"Geburt>Datum,date"`
}

// Address is a postal address (Anschrift).
type Address struct {
	Country  Country     `x:"Staat>Staat"`
	Street   string      `x:"Strasse"`
	Number   string      `x:"Hausnummer"`
	POBox    string      `x:"Postfach"`
	Postcode string      `x:"Postleitzahl"`
	Place    string      `x:"Ort"`
	More     string      `x:"Zusatz"`
	Kind     AddressKind `x:"Typ"`
}

// AddressLines is a postal address as it is written on an envelope (UnstrukturierteAnschrift).
type AddressLines struct {
	Kind  AddressKind `x:"Typ"`
	Line1 string      `x:"Zeile1"`
	Line2 string      `x:"Zeile2"`
	Line3 string      `x:"Zeile3"`
	Line4 string      `x:"Zeile4"`
	Line5 string      `x:"Zeile5"`
	Line6 string      `x:"Zeile6"`
	More  string      `x:"Zusatz"`
}

// Channel is an e-mail address, a telephone number and the like (Kommunikation).
type Channel struct {
	Official bool        `x:"IstDienstlich"`
	Kind     ChannelKind `x:"Kanal"`
	Value    string      `x:"Kennung"`
	More     string      `x:"Zusatz"`
}

// Workflow is who had to do what with a record (InternerGeschaeftsgang).
type Workflow struct {
	ID     string `x:"Identifikation>ID,uuid,must"`
	Number uint32 `x:"Identifikation>NummerImUebergeordnetenContainer"`
	Steps  []Step `x:"Beteiligungsschritt,must"`
}

// Step is one step of a Workflow (Beteiligungsschritt) with its disposition (Verfuegung) and what was done
// (Bearbeitung).
type Step struct {
	Number    string     `x:"Nummer,always"`
	Status    StepStatus `x:"Status,must"`
	From      Contact    `x:"Verfuegung>Ersteller,always"`
	To        Contact    `x:"Verfuegung>Adressat,always"`
	Ordered   time.Time  `x:"Verfuegung>Erstellungsdatum,date,must"`
	OrderedAt Clock      `x:"Verfuegung>Erstellungsuhrzeit"`
	Order     string     `x:"Verfuegung>Verfuegung"` // Mitzeichnung, z.K., z.w.V. …
	Due       time.Time  `x:"Verfuegung>TerminDatum,date"`
	DueAt     Clock      `x:"Verfuegung>TerminUhrzeit"`
	Note      string     `x:"Verfuegung>Notiz"`
	Done      *Done      `x:"Bearbeitung"`
}

// Done is who did a Step, and when.
type Done struct {
	By          Contact    `x:"Bearbeiter,always"`
	On          time.Time  `x:"Datum,date,must"`
	At          Clock      `x:"Uhrzeit"`
	Mark        string     `x:"Vermerk"`
	Note        string     `x:"Notiz"`
	Attachments []Document `x:"Anlage"`
}

// RawXML is XML of another standard, as it came in (AnwendungsspezifischeErweiterungXML): elements side by side, each of
// which says its namespace. It is read and never written.
type RawXML string

// Extension holds metadata that xdomea has no element for (AnwendungsspezifischeErweiterung).
type Extension struct {
	ID          string       `x:"Kennung,always"`
	Name        string       `x:"Name,always"`
	Description string       `x:"Beschreibung"`
	Version     string       `x:"Versionsnummer"`
	VersionOn   time.Time    `x:"Versionsdatum,date"`
	Groups      []FieldGroup `x:"Feldgruppe"`
	Fields      []Field      `x:"Feld"`
}

// FieldGroup is a group of fields (Feldgruppe).
type FieldGroup struct {
	Name        string       `x:"Name,always"`
	Description string       `x:"Beschreibung,always"`
	Groups      []FieldGroup `x:"Unterfeldgruppe"`
	Fields      []Field      `x:"Feld"`
}

// Field is a value with a name (Feld).
type Field struct {
	Name        string   `x:"Name,always"`
	Description string   `x:"Beschreibung"`
	Type        DataType `x:"Datentyp"`
	Value       string   `x:"Wert"`
}
