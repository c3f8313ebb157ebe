// Package xdomea checks packages of disposal (Aussonderung) as authorities and archives exchange them in xdomea, the
// XÖV standard for files (Akte), cases (Vorgang) and documents (Dokument), versions 2.4, 3.0 and 3.1.
//
// A package is a flat ZIP named <ProzessID>_<message>.zip that holds one message, <ProzessID>_<message>.xml, and the
// files (Primärdokumente) that the message names, each <UUID>[_Name].<ext>:
//
//	9fde…871b7c_Aussonderung.Aussonderung.0503.zip
//	├── 9fde…871b7c_Aussonderung.Aussonderung.0503.xml
//	└── f4bc…871b7c_Bescheid.pdf
//
// The messages are 0501 (offer), 0502 (appraisal), 0503 (hand-over), 0506 (result of the import) and the receipts 0504,
// 0505, 0507. CheckPackage looks at a package as the receiving archive would, without unpacking it to disk, and takes
// any bytes: the message is streamed within bounds, and a ZIP that would unpack to too much is refused unread.
//
// What is checked without a schema: the ZIP and every name in it, that all files can be read (CRC-32), that files named
// and files present are the same; name, namespace, prefix, schemaLocation and Kopf of the message; UUIDs, dates and
// times; the archive's metadata (ArchivspezifischeMetadaten) that the schema leaves optional and its hint demands.
// All else that a schema says, order and presence of elements and codes, is left to it: see Options.Schema.
//
// Not checked: hashes (none of these versions carries any), file formats against their names, code lists, references
// between objects, local headers of the ZIP against its directory. The names of elements of 2.4 are taken to be those
// of 3.0, whose schema was at hand; its dates are not looked at.
package xdomea
