package xdomea

import "time"

// The tag x says which element a field is, a path below its struct's element; fields stand in the schema's order.
// Options: must (not empty), always (written even if empty), uuid, file, date (a day only; else a time), in=X (only in
// messages whose kind has X), old=PATH (what 2.4 calls it; read only), read (never written).
//
// A day is the one of the time in its own location when written, midnight UTC when read; a time without a zone is read
// as UTC. IDs are UUIDs, read in small letters. The zero value is left out unless the schema demands the element.

// Head is the head of a message (Kopf).
type Head struct {
	ProcessID string    `x:"ProzessID,uuid,must"` // the same for all messages of one disposal or transfer
	Message   Message   `x:"Nachrichtentyp,must"`
	Created   time.Time `x:"Erstellungszeitpunkt,must"` // written in whole seconds
	Sender    Contact   `x:"Absender,always"`
	Recipient Contact   `x:"Empfaenger,always"`
	System    System    `x:"SendendesSystem"`
	Note      string    `x:"Hinweis"`
	// Extra are metadata of the message that xdomea has no element for.
	Extra    *Extension `x:"AnwendungsspezifischeErweiterung"`
	ExtraXML RawXML     `x:"AnwendungsspezifischeErweiterungXML,read"`
	// OtherRecipients are possible in 0101, 0301, 0401, 0511 and 0513.
	OtherRecipients []Contact `x:"WeitererEmpfaenger,in=W"`
	// WantsResult is always so in 0401 and 0503: the Writer sees to it.
	WantsResult     bool `x:"Importbestaetigung,in=I,always"`
	WantsArchiveIDs bool `x:"RueckmeldungArchivkennung,in=A,always"` // 0503 only
	WantsReceipt    bool `x:"Empfangsbestaetigung,in=E,always"`      // 0101, 0301, 0401, 0501 to 0503, 0511 and 0513

	// Version of xdomea. A Writer takes 3.1.0 if it is empty, or 3.0.0.
	Version string
}

// Item is a part of a message behind its Head: a *CoverLetter, *File, *Case, *Document, *Plan, *Appraised or *Result.
type Item interface{ item() }

func (*CoverLetter) item() {}
func (*File) item()        {}
func (*Case) item()        {}
func (*Document) item()    {}
func (*Plan) item()        {}
func (*Appraised) item()   {}
func (*Result) item()      {}

// CoverLetter goes with records (Anschreiben): any number in 0501 and 0503, at most one in 0101 and 0401.
type CoverLetter struct{ Document }

// Appraised is what the archive decided on a record (0502, BewertetesObjekt) or on a unit of the file plan (0513).
type Appraised struct {
	ID        string    `x:"ID,uuid,must"`
	Appraisal Appraisal `x:"Aussonderungsart>Aussonderungsart,old=Aussonderungsart>code"`
	// Other is a value that archive and authority agreed on instead of an Appraisal.
	Other string `x:"Aussonderungsart>AussonderungsartKonfigurierbar"`
}

// Result says if a record was taken: by the archive (0506, AusgesondertesSGO), by another authority (0402), or a unit's
// appraisal by the authority (0514). In 2.4 there is one Result without ID for the whole message, and one more for each
// record that has an ArchiveID.
type Result struct {
	ID        string   `x:"IDSGO,uuid,must,old=ID"`
	OK        bool     `x:"Erfolgreich,always"`
	Errors    []string `x:"Fehlermeldung"`
	Codes     []Code   `x:"FehlermeldungCode"`
	ArchiveID string   `x:"Archivkennung,in=K"` // 0506 only
}

// unitResult is the Result of 0514.
type unitResult struct {
	ID        string   `x:"ID,uuid,must"`
	OK        bool     `x:"Erfolgreich,always"`
	Errors    []string `x:"Fehlermeldung"`
	Codes     []Code   `x:"FehlermeldungCode"`
	ArchiveID string   `x:"Archivkennung,in=K"`
}

// oldResult is that of a whole message in 2.4.
type oldResult struct {
	OK     bool     `x:"Erfolgreich"`
	Errors []string `x:"Fehlermeldung"`
	Taken  []Result `x:"Rueckgabeparameter"`
}

// Code is a code of a list that the message names.
type Code struct{ Value, Name, ListURI, ListVersion string }

// File is a file (Akte) or a part file (Teilakte).
type File struct {
	ID        string     `x:"Identifikation>ID,uuid,must"`
	Number    uint32     `x:"Identifikation>NummerImUebergeordnetenContainer"`
	General   General    `x:"AllgemeineMetadaten"`
	Retention Retention  `x:"ArchivspezifischeMetadaten"`
	Location  string     `x:"Standort"` // of paper
	Type      string     `x:"Typ"`
	Period    Period     `x:"Laufzeit"`
	History   []Change   `x:"HistorienProtokollInformation"`
	Workflow  *Workflow  `x:"InternerGeschaeftsgang"`
	Documents []Document `x:"Akteninhalt>Dokument"`
	Cases     []Case     `x:"Akteninhalt>Vorgang"`
	Parts     []File     `x:"Akteninhalt>Teilakte,old=Teilakte"`
	Links     []Link     `x:"Verweis"`
	Contacts  []Contact  `x:"Kontakt"`
	Closed    bool       `x:"ZdA"`
	ClosedOn  time.Time  `x:"ZdADatum,date"`
	Extra     *Extension `x:"AnwendungsspezifischeErweiterung"`
	ExtraXML  RawXML     `x:"AnwendungsspezifischeErweiterungXML,read"`
}

// Case is a case (Vorgang) or a sub-case (Teilvorgang).
type Case struct {
	ID          string     `x:"Identifikation>ID,uuid,must"`
	Number      uint32     `x:"Identifikation>NummerImUebergeordnetenContainer"`
	General     General    `x:"AllgemeineMetadaten"`
	Retention   Retention  `x:"ArchivspezifischeMetadaten"`
	FileSubject string     `x:"Aktenbetreff"`
	Type        string     `x:"Typ"`
	Closed      bool       `x:"ZdA"`
	ClosedOn    time.Time  `x:"ZdADatum,date"`
	Period      Period     `x:"Laufzeit"`
	History     []Change   `x:"HistorienProtokollInformation"`
	Workflow    *Workflow  `x:"InternerGeschaeftsgang"`
	Documents   []Document `x:"Dokument"`
	Links       []Link     `x:"Verweis"`
	Contacts    []Contact  `x:"Kontakt"`
	SubCases    []Case     `x:"Teilvorgang"`
	Extra       *Extension `x:"AnwendungsspezifischeErweiterung"`
	ExtraXML    RawXML     `x:"AnwendungsspezifischeErweiterungXML,read"`
}

// Document is a document (Dokument) with its versions.
type Document struct {
	ID               string       `x:"Identifikation>ID,uuid,must"`
	Number           uint32       `x:"Identifikation>NummerImUebergeordnetenContainer"`
	General          General      `x:"AllgemeineMetadaten"`
	ForeignReference string       `x:"FremdesGeschaeftszeichen"`
	Received         time.Time    `x:"Posteingangsdatum,date"`
	Sent             time.Time    `x:"Postausgangsdatum,date"`
	Written          time.Time    `x:"DatumDesSchreibens,date"`
	RefersTo         string       `x:"Bezug"`
	Here             string       `x:"Hier"`
	Clerk            string       `x:"Bearbeiter"`
	Type             string       `x:"Typ"`
	History          []Change     `x:"HistorienProtokollInformation"`
	Workflow         *Workflow    `x:"InternerGeschaeftsgang"`
	Versions         []Version    `x:"Version"`
	Links            []Link       `x:"Verweis"`
	Attachments      []Attachment `x:"Anlage"`
	Senders          []Contact    `x:"Absender"`
	Recipients       []Contact    `x:"Empfaenger"`
	Contacts         []Contact    `x:"WeitererKontakt"`
	Extra            []Extension  `x:"AnwendungsspezifischeErweiterung"`
	ExtraXML         []RawXML     `x:"AnwendungsspezifischeErweiterungXML,read"`
}

// Attachment is a document that belongs to another (Anlage).
type Attachment struct {
	Document
	Label string `x:"Nummer"`
}

// Version is a version of a document, with one Format for each rendition.
type Version struct {
	Label   string   `x:"Nummer,always"`
	Formats []Format `x:"Format,must"`
}

// Format is one file of a version (Format, Primaerdokument).
type Format struct {
	Format    FileFormat `x:"Name,must"`
	OtherName string     `x:"SonstigerName"`  // of OtherFormat
	Version   string     `x:"Version,always"` // of the format: "1.7"
	// FileName is the name in the package, <UUID>[_Name].<ending>: see FileName.
	FileName     string    `x:"Primaerdokument>Dateiname,file,must"`
	OriginalName string    `x:"Primaerdokument>DateinameOriginal"`
	Author       string    `x:"Primaerdokument>Ersteller"`
	Created      time.Time `x:"Primaerdokument>DatumUhrzeit"`
	// Signed says that a signature or seal is in the file; else SignatureFiles are files of the package.
	Signed         bool     `x:"Primaerdokument>SignaturSiegel>SignaturSiegelEingebettet"`
	SignatureFiles []string `x:"Primaerdokument>SignaturSiegel>SignaturSiegelDatei,file"`
}

// General is what files, cases and documents have (AllgemeineMetadaten).
type General struct {
	Subject         string          `x:"Betreff"`
	Reference       string          `x:"Kennzeichen"` // Aktenzeichen
	LeadUnit        string          `x:"Federfuehrung"`
	KeepingUnit     string          `x:"Aktenfuehrung"`
	Confidentiality Confidentiality `x:"Vertraulichkeitsstufe"`
	Remark          string          `x:"Bemerkung"`
	Medium          Medium          `x:"Medium"`
	Unit            UnitRef         `x:"Aktenplaneinheit"`
}

// UnitRef names the unit of the file plan.
type UnitRef struct {
	Reference    string `x:"Kennzeichen"`
	Description  string `x:"Inhaltsangabe"`
	ShortSubject string `x:"BetreffKurz"`
}

// Retention is how long a record is kept and what becomes of it then (ArchivspezifischeMetadaten). A File or Case in an
// Offer or Disposal must have all but ArchiveID, and Proposal in an Offer only; one inside of another that has none is
// written with that of the other.
type Retention struct {
	Keep      Keep      `x:"Aufbewahrungsdauer"`
	Appraisal Appraisal `x:"Aussonderungsart>Aussonderungsart,old=Aussonderungsart>code"`
	// Other is a value that archive and authority agreed on instead of an Appraisal.
	Other     string   `x:"Aussonderungsart>AussonderungsartKonfigurierbar"`
	ArchiveID string   `x:"Kennung"`
	Proposal  Proposal `x:"Bewertungsvorschlag"`
	// End is the last day of the retention period. In 2.4 it was a year: read as 31 December.
	End time.Time `x:"Aufbewahrungsende,date"`
}

// Keep is for how long: see Years and Forever. The zero value says nothing.
type Keep struct {
	n int32 // years + 1; -1: without end
}

// Years keeps for n years, 0 to 65535.
func Years(n uint16) Keep { return Keep{int32(n) + 1} }

// Forever keeps without end (Unbefristet).
func Forever() Keep { return Keep{-1} }

// Years are the years; ok is false without end, and if nothing was said.
func (k Keep) Years() (n uint16, ok bool) {
	if k.n <= 0 {
		return 0, false
	}
	return uint16(k.n - 1), true
}

// IsForever reports whether the record is kept without end.
func (k Keep) IsForever() bool { return k.n < 0 }

// Period is a span of days, each open if zero (Zeitraum).
type Period struct {
	From time.Time `x:"Beginn,date"`
	To   time.Time `x:"Ende,date"`
}

// Change is an entry of the history (HistorienProtokollInformation).
type Change struct {
	Field  string    `x:"MetadatumName,old=Metadatum"`
	Old    string    `x:"MetadatumAlterWert,old=AlterWert"`
	New    string    `x:"MetadatumNeuerWert,old=NeuerWert"`
	Actor  string    `x:"Akteur,always"`
	At     time.Time `x:"DatumUhrzeit,must"`
	Remark string    `x:"Bemerkung"`
	Action string    `x:"Aktion,always"`
}

// Link leads to another record (Verweis).
type Link struct {
	ID        string     `x:"ID,uuid"`
	Kind      RecordKind `x:"SGOTyp,must"`
	Reference string     `x:"SGOKennzeichen"`
	Remark    string     `x:"Bemerkung"`
}
