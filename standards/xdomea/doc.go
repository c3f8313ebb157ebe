// Package xdomea reads, writes and checks messages and packages of xdomea, the XÖV standard in which authorities and
// archives exchange files (Akte), cases (Vorgang), documents (Dokument) and file plans: disposal (Aussonderung, 0501 to
// 0507 and 0511 to 0515), hand-over to another authority (Abgabe, 0401 to 0403), information (0101, 0102) and file
// plans (0301, 0302). Versions 2.4.0, 3.0.0 and 3.1.0 are read, 3.1.0 is written (3.0.0 if the Head says so).
//
// A package is a flat ZIP named <ProzessID>_<message>.zip that holds one message, <ProzessID>_<message>.xml, and the
// files (Primärdokumente) that the message names, each <UUID>[_Name].<ext>:
//
//	9fde…871b7c_Aussonderung.Aussonderung.0503.zip
//	├── 9fde…871b7c_Aussonderung.Aussonderung.0503.xml
//	└── f4bc…871b7c_Bescheid.pdf
//
// A message is a Head and a stream of items:
//
//	0101 0401 0501 0503  *CoverLetter … then *File, *Case, *Document … then at most one *Plan (not in 0101)
//	0301 0511            *Plan
//	0502 0513            *Appraised …
//	0402 0506 0514       *Result …
//	the receipts         none
//
// # Writing
//
// A Writer writes a message, a PackageWriter a package; both hold one item at a time.
//
//	p, err := xdomea.NewPackageWriter(out, xdomea.Head{ProcessID: id, Message: xdomea.Disposal, Created: now, Sender: …, Recipient: …})
//	err = p.Write(&xdomea.File{ID: …, Retention: xdomea.Retention{Keep: xdomea.Years(10), Appraisal: xdomea.Archive, End: …}, Documents: …})
//	for _, name := range p.Missing() {
//		err = p.AddFile(name, reader) // named by Format.FileName: xdomea.FileName(uuid, title, "pdf")
//	}
//	err = p.Close() // name the ZIP xdomea.PackageName(head)
//
// What archives demand and the schema leaves open, Retention, is never left out: without it Write is an error.
//
// # Reading
//
// A Reader reads a message, OpenPackage a package; what they refuse is an *Error.
//
//	p, err := xdomea.OpenPackage(file, size, xdomea.Options{})
//	defer p.Close()
//	for item, err := range p.Items() { // p.Head() says which message it is
//		switch it := item.(type) {
//		case *xdomea.File: // it.Cases[0].Documents[0].Versions[0].Formats[0].FileName
//		case *xdomea.Appraised: // 0502: it.ID, it.Appraisal
//		case *xdomea.Result: // 0506: it.ID, it.OK, it.Errors, it.ArchiveID
//		}
//	}
//	r, err := p.Open(fileName)
//
// Names and order of elements are those of the schemas of 2.4.0, 3.0.0 and 3.1.0. Elements that a version does not know
// are passed over, missing ones are zero; size, depth, IDs, dates and what an archive decided are taken strictly. Not
// kept: of 2.4 signatures that are in the message, and numbers in a container that are
// no numbers.
//
// # Checking
//
// CheckPackage looks at a package as the receiving archive would, without unpacking it to disk, and takes any bytes: the
// message is streamed within bounds, and a ZIP that would unpack to too much is refused unread.
//
// What is checked without a schema: the ZIP and every name in it, that all files can be read (CRC-32), that files named
// and files present are the same; name, namespace, prefix, schemaLocation and Kopf of the message; UUIDs, dates and
// times; the archive's metadata (ArchivspezifischeMetadaten) that the schema leaves optional and its hint demands.
// All else that a schema says, order and presence of elements and codes, is left to it: see Options.Schema.
//
// Not checked: hashes (none of these versions carries any), file formats against their names, code lists, references
// between objects, local headers of the ZIP against its directory. Dates of 2.4, some of which are years, are not
// looked at.
package xdomea
