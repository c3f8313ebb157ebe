// Package extract gives the text of documents, for search, pictures of their pages, to look at, and their renditions as
// PDF, for people without the program that wrote them.
//
// What a document is made of decides who reads it: PDF is read by pdfium, compiled to WebAssembly and run inside of this
// process within a memory of its own; DOCX, ODT, XLSX and their kin, HTML, RTF, mail and plain text by readers in Go;
// pictures, and pages of a PDF that hold nothing else, are recognised by the program tesseract; LibreOffice renders.
// The two programs may be missing: then a document's How says so, and PDF returns ErrNoConverter. They run without a
// shell, within limits of time and memory, and LibreOffice without macros and with a profile that loads nothing that a
// document links to.
//
// Documents come from strangers. Whatever is in one, Text returns a How that says what became of it, and an error only
// when something outside of the document failed, so that trying again later makes sense.
package extract
