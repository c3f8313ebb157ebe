package xzufi

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
