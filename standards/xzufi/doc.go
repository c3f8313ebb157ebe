// Package xzufi reads and writes transfer messages of XZuFi, the XÖV standard in which Germany's responsibility finders
// exchange services (Leistung), offices (Organisationseinheit), online services (Onlinedienst) and who is responsible
// for what and where (Zustaendigkeit), in versions 2.1, 2.2 and 2.3.
//
// A message is a stream of items: `schreibe` with an object, `loesche` with a class and an id. The Reader holds one
// object at a time; the Writer puts back what this package does not know at its place, so that read and written again
// a message is the same but for how XML may be spelled (Canonical XML). An object of one version can be written in a
// message of another; Writer.Dropped names what the other version has no place for. CheckObject and Checker tell what
// practice would stumble over.
//
//	r := xzufi.NewReader(file)
//	h, err := r.Header()
//	for item, err := range r.Items() {
//		// *Write, *Delete, *Other
//	}
//
// Go names of types and fields are those of the standard. All values are strings as they stand: dates, numbers and
// booleans (true, false, 1, 0) too. Texts may hold any HTML: who shows them sanitises them.
//
// # Sources
//
// No schema (XSD) of XZuFi and no real message was at hand. What is written here comes from
//
//   - the JSON models Leistung220 and Leistung231 of the FIM portal's OpenAPI document: the fields of Leistung and of
//     its modules, Identifikator, code lists, and the differences between 2.2 and 2.3; element names are theirs in
//     camel case (modul_begriff_im_kontext: modulBegriffImKontext);
//   - what public readers of messages of the federal collector (PVOG, 2.2) expect: root attributes, nachrichtenkopf,
//     transaktionID, transaktionPosition, schreibe and its five kinds, loesche with klasse and the five classes,
//     zustaendigkeitTransferObjekt, the endings "ID" in leistungID, gebietID, leistungsobjektID and
//     uebergeordneteKategorieID, code and name of codes without namespace, languageCode as attribute of texts and as
//     element of sprachversion, xsi:type of struktur, the fields of Organisationseinheit and Onlinedienst;
//   - a sample head of 2.1: nachrichtUUID, erstelltDatumZeit, empfaenger, sender. There, codes have the namespace; the
//     reader takes both.
//
// Not seen anywhere and so assumed: the name of the message itself (the reader takes any), the namespace of 2.3
// (…/2_3_0; the reader takes corrections too), that 2.1 names elements as 2.2 does, the choices fristDauer, kostenFix,
// kostenFrei, kostenVariabel, most of Spezialisierung, the parts of Anschrift and Kommunikation, the names of codes'
// children other than code and name, and the order of elements in objects that the program made itself (that of the
// Go fields). A wrong assumption loses nothing on reading: an element of another name is carried along. It may make a
// new object invalid against the real schema: check exports against it before the first real delivery.
//
// # Why an XML reader of its own
//
// encoding/xml resolves references and CDATA before it hands text out, bounds neither tokens nor depth, and takes twice
// as long for the tokens alone as ours with the objects (go test -bench .). Ours reads less: UTF-8 only, no document
// types, no entities but the five of XML. Tests hold it against encoding/xml.
package xzufi
