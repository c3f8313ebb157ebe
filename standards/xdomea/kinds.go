package xdomea

import (
	"slices"
	"strings"
)

// Message is the kind of a message (Nachrichtentyp), by its code.
type Message string

// The messages that are read and written.
const (
	Information             Message = "0101" // Information: copies for another authority
	InformationReceipt      Message = "0102"
	FilePlan                Message = "0301" // Aktenplan
	FilePlanReceipt         Message = "0302"
	Transfer                Message = "0401" // Abgabe: records and files go to another authority
	TransferResult          Message = "0402" // ImportBestaetigen
	TransferReceipt         Message = "0403"
	Offer                   Message = "0501" // Anbieteverzeichnis: metadata of what the archive may choose from
	AppraisalList           Message = "0502" // Bewertungsverzeichnis: what the archive chose
	Disposal                Message = "0503" // Aussonderung: records and files go to the archive
	OfferReceipt            Message = "0504"
	AppraisalListReceipt    Message = "0505"
	DisposalResult          Message = "0506" // AussonderungImportBestaetigen: what the archive took
	DisposalReceipt         Message = "0507"
	PlanForAppraisal        Message = "0511" // AktenplanZurBewertung
	PlanForAppraisalReceipt Message = "0512"
	AppraisalCatalogue      Message = "0513" // Bewertungskatalog: the archive's appraisal of units of the plan
	CatalogueResult         Message = "0514" // BewertungskatalogImportBestaetigen
	CatalogueReceipt        Message = "0515"
)

// String is the name of the message in a file's name: "Aussonderung.Aussonderung.0503".
func (m Message) String() string {
	if k, ok := messages[m]; ok {
		return k.name + "." + string(m)
	}
	return string(m)
}

// kind is what sets one message apart.
type kind struct {
	name    string
	content string // the element of which the message must have one
	has     string // what of the fields with the option in
	schema  string // the schema's file is named so
}

var messages = map[Message]kind{
	Information:             {"Information.Information", "Schriftgutobjekt", "WE", "InformationAustauschen"},
	InformationReceipt:      {"Information.EmpfangBestaetigen", "", "", "InformationAustauschen"},
	FilePlan:                {"Aktenplan.Aktenplan", "Aktenplan", "WE", "AktenplanAustauschen"},
	FilePlanReceipt:         {"Aktenplan.EmpfangBestaetigen", "", "", "AktenplanAustauschen"},
	Transfer:                {"Abgabe.Abgabe", "Schriftgutobjekt", "WIE", "AbgabeDurchfuehren"},
	TransferResult:          {"Abgabe.ImportBestaetigen", "AbgegebenesObjekt", "", "AbgabeDurchfuehren"},
	TransferReceipt:         {"Abgabe.EmpfangBestaetigen", "", "", "AbgabeDurchfuehren"},
	Offer:                   {"Aussonderung.Anbieteverzeichnis", "Schriftgutobjekt", "E", disposal},
	AppraisalList:           {"Aussonderung.Bewertungsverzeichnis", "BewertetesObjekt", "E", disposal},
	Disposal:                {"Aussonderung.Aussonderung", "Schriftgutobjekt", "IAE", disposal},
	OfferReceipt:            {"Aussonderung.AnbietungEmpfangBestaetigen", "", "", disposal},
	AppraisalListReceipt:    {"Aussonderung.BewertungEmpfangBestaetigen", "", "", disposal},
	DisposalResult:          {"Aussonderung.AussonderungImportBestaetigen", "AusgesondertesSGO", "K", disposal},
	DisposalReceipt:         {"Aussonderung.AussonderungEmpfangBestaetigen", "", "", disposal},
	PlanForAppraisal:        {"Aussonderung.AktenplanZurBewertung", "Aktenplan", "WEP", disposal},
	PlanForAppraisalReceipt: {"Aussonderung.AktenplanZurBewertungEmpfangBestaetigen", "", "", disposal},
	AppraisalCatalogue:      {"Aussonderung.Bewertungskatalog", "BewerteteAktenplaneinheit", "WE", disposal},
	CatalogueResult:         {"Aussonderung.BewertungskatalogImportBestaetigen", "BewerteteAktenplaneinheit", "", disposal},
	CatalogueReceipt:        {"Aussonderung.BewerteterAktenplanEmpfangBestaetigen", "", "", disposal},
}

const disposal = "AussonderungDurchfuehren"

// content is the element of which the message must have one, "" if it is a receipt.
func (m Message) content(version string) string {
	if version == "2.4.0" && (m == DisposalResult || m == TransferResult) {
		return "ErfolgOderMisserfolg"
	}
	return messages[m].content
}

// codeList is a list of codes of the XRepository.
type codeList struct {
	uri, version string
	codes        []string // nil: not checked
}

func list(name, version, codes string) *codeList {
	return &codeList{"urn:xoev-de:xdomea:codeliste:" + name, version, strings.Fields(codes)}
}

func (l *codeList) has(code string) bool { return len(l.codes) == 0 || slices.Contains(l.codes, code) }

// coded is a type of the codes of one list.
type coded interface{ list() *codeList }

var (
	messageList         = list("nachrichtentyp", "2.0", "")
	appraisalList       = list("aussonderungsart", "1.0", "A B V")
	proposalList        = list("bewertungsvorschlag", "1.0", "A V")
	mediumList          = list("medium", "1.0", "001 002 003")
	confidentialityList = list("vertraulichkeitsstufe", "1.0", "001 002 003 004 005")
	stepStatusList      = list("beteiligungsstatus", "1.1", "001 002 003 004")
	recordKindList      = list("schriftgutobjekttyp", "1.0", "001 002 003")
	addressKindList     = list("anschriftstyp", "1.0", "001 002 003")
	fileFormatList      = list("dateiformat", "1.0", "")
	dataTypeList        = list("datentyp", "1.1", "")
	channelList         = &codeList{uri: "urn:de:xoev:codeliste:erreichbarkeit", version: "3"}
	countryList         = &codeList{uri: "urn:xoev-de:kosit:codeliste:country-codes", version: "7"}
)

// Appraisal says what becomes of a record (Aussonderungsart). A Reader refuses codes other than these.
type Appraisal string

// The appraisals.
const (
	Archive  Appraisal = "A" // archivwürdig
	Appraise Appraisal = "B" // to be appraised by the archive (bewerten)
	Destroy  Appraisal = "V" // vernichten
)

// Proposal is what the authority proposes to the archive (Bewertungsvorschlag).
type Proposal string

// The proposals.
const (
	ProposeArchive Proposal = "A"
	ProposeDestroy Proposal = "V"
)

// Medium is where a record is (Medium).
type Medium string

// The media.
const (
	Electronic Medium = "001"
	Hybrid     Medium = "002" // part electronic, part paper
	Paper      Medium = "003"
)

// Confidentiality is the level of a record (Vertraulichkeitsstufe).
type Confidentiality string

// The levels.
const (
	Secret       Confidentiality = "001" // geheim
	Restricted   Confidentiality = "002" // VS-NfD
	Open         Confidentiality = "003" // not classified
	TopSecret    Confidentiality = "004" // streng geheim
	Confidential Confidentiality = "005" // VS-Vertraulich
)

// StepStatus is how far a step of the workflow is (Beteiligungsstatus).
type StepStatus string

// The statuses.
const (
	StepAhead   StepStatus = "001"
	StepCurrent StepStatus = "002"
	StepDone    StepStatus = "003"
	StepSkipped StepStatus = "004"
)

// RecordKind is what a Link leads to (Schriftgutobjekttyp).
type RecordKind string

// The kinds of records.
const (
	KindFile     RecordKind = "001"
	KindDocument RecordKind = "002"
	KindCase     RecordKind = "003"
)

// AddressKind is a code of Anschriftstyp: 001 current, 002 main, 003 second.
type AddressKind string

// ChannelKind is a code of Erreichbarkeit: 01 e-mail, 02 telephone, 03 mobile, 04 fax, 08 De-Mail, 09 web, 07 other.
type ChannelKind string

// Country is a code of the list country-codes: DE, FR …
type Country string

// DataType is a code of Datentyp: 038 string, 005 date, 003 boolean, 007 decimal …
type DataType string

// FileFormat is a code of Dateiformat: see FormatOf.
type FileFormat string

// The formats that are asked for most; OtherFormat needs a name (Format.OtherName).
const (
	PDF         FileFormat = "018"
	PDFA        FileFormat = "044"
	OtherFormat FileFormat = "100"
)

func (Message) list() *codeList         { return messageList }
func (Appraisal) list() *codeList       { return appraisalList }
func (Proposal) list() *codeList        { return proposalList }
func (Medium) list() *codeList          { return mediumList }
func (Confidentiality) list() *codeList { return confidentialityList }
func (StepStatus) list() *codeList      { return stepStatusList }
func (RecordKind) list() *codeList      { return recordKindList }
func (AddressKind) list() *codeList     { return addressKindList }
func (ChannelKind) list() *codeList     { return channelList }
func (Country) list() *codeList         { return countryList }
func (DataType) list() *codeList        { return dataTypeList }
func (FileFormat) list() *codeList      { return fileFormatList }

// formats are the codes of Dateiformat by ending, where one ending has one code.
var formats = map[string]FileFormat{
	"bmp": "001", "csv": "002", "doc": "003", "eml": "006", "htm": "007", "html": "008", "jpe": "009", "jpeg": "010",
	"jpg": "011", "msg": "012", "odp": "013", "ods": "014", "odt": "015", "otp": "016", "ots": "017", "pdf": PDF,
	"png": "019", "ppt": "020", "ps": "021", "rtf": "022", "tif": "023", "tiff": "024", "wps": "025", "xlc": "026",
	"xlm": "027", "xls": "028", "xlw": "029", "xml": "030", "xsd": "031", "dot": "032", "pot": "033", "xlt": "034",
	"docx": "035", "xlsx": "036", "pptx": "037", "dotx": "038", "xltx": "039", "potx": "040", "dtd": "041", "mpp": "042",
	"ott": "043", "txt": "045",
}

// FormatOf is the format of a file with this ending ("pdf"), and its name if the code list has none for it.
func FormatOf(ending string) (f FileFormat, otherName string) {
	ending = strings.ToLower(strings.TrimPrefix(ending, "."))
	if f, ok := formats[ending]; ok {
		return f, ""
	}
	return OtherFormat, ending
}
