package xzufi

import (
	"fmt"
	"strings"
)

// Version is a version of XZuFi.
type Version int

// The versions that are read and written.
const (
	V210 Version = iota // XZuFi 2.1.0
	V220                // XZuFi 2.2.0
	V230                // XZuFi 2.3.0 and its corrections
	versions
)

const namespaceBase = "http://xoev.de/schemata/xzufi/"

// Namespace is the XML namespace that the writer uses: http://xoev.de/schemata/xzufi/2_2_0. The reader also takes
// corrections of a version (2_3_1).
func (v Version) Namespace() string { return namespaceBase + strings.ReplaceAll(v.String(), ".", "_") }

// String is the number, 2.2.0.
func (v Version) String() string {
	if v < 0 || v >= versions {
		return fmt.Sprintf("Version(%d)", int(v))
	}
	return [...]string{"2.1.0", "2.2.0", "2.3.0"}[v]
}

// ParseVersion reads a number such as 2.2 or 2.2.0, and 2_2_0 as it stands in namespaces.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "_", "."), ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "2" {
		return 0, fmt.Errorf("xzufi: unknown version %.20q (2.1, 2.2 and 2.3 are known)", s)
	}
	if len(parts) == 3 && (len(parts[2]) != 1 || parts[2][0] < '0' || parts[2][0] > '9') {
		return 0, fmt.Errorf("xzufi: unknown version %.20q (2.1, 2.2 and 2.3 are known)", s)
	}
	switch parts[1] {
	case "1":
		return V210, nil
	case "2":
		return V220, nil
	case "3":
		return V230, nil
	}
	return 0, fmt.Errorf("xzufi: unknown version %.20q (2.1, 2.2 and 2.3 are known)", s)
}

func versionOf(uri string) (Version, bool) {
	number, ok := strings.CutPrefix(uri, namespaceBase)
	if !ok {
		return 0, false
	}
	v, err := ParseVersion(number)
	return v, err == nil
}

// changes is every difference between the versions that this package knows: the element name of a field in 2.1/2.2
// and in 2.3, "" where the version has no such element, and whether it may repeat only in 2.3. No difference between
// 2.1 and 2.2 is known. Source: the JSON models Leistung220 and Leistung231 of the FIM portal; see the package comment.
// What converts from one field to another is in convert.
var changes = []struct {
	Type, Field   string
	Until22, In23 string
	ListIn23      bool
}{
	{"Leistung", "ReferenzLeiKa", "referenzLeiKa", "", false},
	{"Leistung", "ReferenzLeistungsschluessel", "", "referenzLeistungsschluessel", false},
	{"Leistung", "KennzeichenEA", "kennzeichenEA", "", false},
	{"Leistung", "DurchfuehrbarEinheitlicheStelle", "", "durchfuehrbarEinheitlicheStelle", false},
	{"Leistung", "KennzeichenSchriftformerfordernis", "kennzeichenSchriftformerfordernis", "kennzeichenFormularSchriftformerfordernis", false},
	{"Leistung", "KennzeichenFormularPersoenlich", "", "kennzeichenFormularPersoenlich", false},
	{"Leistung", "KennzeichenFormularFormlos", "", "kennzeichenFormularFormlos", false},
	{"Leistung", "InformationsbereichSDG", "informationsbereichSDG", "", false},
	{"Leistung", "InformationsbereicheSDG", "", "informationsbereicheSDG", false},
	{"Leistung", "LeistungImKontextID", "idLeistungImKontext", "leistungImKontextID", false},
	{"Leistung", "ProzessID", "idProzess", "prozessID", false},
	{"Leistung", "StatusKatalog", "", "statusKatalog", false},
	{"Leistung", "StatusBibliothek", "", "statusBibliothek", false},
	{"Leistung", "Detailstufe", "", "detailstufe", false},
	{"Leistung", "BezugsortTyp", "", "bezugsortTyp", false},
	{"*", "Versionsinformation", "versionsinformation", "versionsinformationen", false},
	{"*", "ModulFrist", "modulFrist", "modulFrist", true},
	{"*", "ModulKosten", "modulKosten", "modulKosten", true},
	{"*", "ModulBearbeitungsdauer", "modulBearbeitungsdauer", "modulBearbeitungsdauer", true},
	{"*", "ModulDokument", "modulDokument", "modulDokument", true},
	{"*", "ModulFachlicheFreigabe", "modulFachlicheFreigabe", "modulFachlicheFreigabe", true},
	{"*", "ModulAuskunftshinweis", "modulAuskunftshinweis", "modulAuskunftshinweis", true},
	{"Struktur", "Leistungsgruppierung", "leistungsgruppierung", "", false},
	{"Struktur", "LeistungsgruppierungLeiKa", "", "leistungsgruppierungLeiKa", false},
	{"Struktur", "Verrichtung", "verrichtung", "", false},
	{"Struktur", "VerrichtungLeiKa", "", "verrichtungLeiKa", false},
	{"*", "Zugangskanal", "", "zugangskanal", false},
	{"Dokument", "Typ", "typ", "art", false},
	{"Dokument", "FormularReferenz", "referenzFormularID", "formularReferenz", false},
	{"DokumentEingehend", "Pflichtangabetyp", "", "pflichtangabetyp", false},
	{"DokumentEingehend", "PflichtangabeGrundKontextabhaengigkeit", "", "pflichtangabeGrundKontextabhaengigkeit", false},
	{"DokumentEingehend", "KennzeichenAusloeser", "", "kennzeichenAusloeser", false},
	{"DokumentEingehend", "Dokument", "", "dokument", false},
	{"DokumentEingehend", "Typ", "typ", "", false},
	{"DokumentEingehend", "Bezeichnung", "bezeichnung", "", false},
	{"DokumentEingehend", "Beschreibung", "beschreibung", "", false},
	{"DokumentEingehend", "FormularReferenz", "referenzFormularID", "", false},
	{"DokumentEingehend", "AngabeSignatur", "angabeSignatur", "", false},
	{"Dokumentmodul", "Beschreibung", "beschreibung", "", false},
	{"Dokumentmodul", "BeschreibungEingehend", "", "beschreibungEingehend", false},
	{"Dokumentmodul", "BeschreibungAusgehend", "", "beschreibungAusgehend", false},
	{"Ursprungsportalmodul", "DynamischeParameter", "", "dynamischeParameter", false},
	{"Sprachversion", "KennzeichenMaschinelleUebersetzung", "", "kennzeichenMaschinelleUebersetzung", false},
}

func namesOf(typ, fieldName, name string) (names [versions]string, listIn23 bool) {
	for i := range names {
		names[i] = name
	}
	for _, c := range changes {
		if (c.Type == typ || c.Type == "*") && c.Field == fieldName {
			names, listIn23 = [versions]string{c.Until22, c.Until22, c.In23}, c.ListIn23
		}
	}
	return names, listIn23
}
