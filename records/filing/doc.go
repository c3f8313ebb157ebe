// Package filing is what happens to the documents of a case: they come in, are found, get versions, and are given out.
//
// Words (German terms in docs/GLOSSARY.md): a Document lies in a case and has versions (Fassungen), the newest of which is
// the current one; who edits it holds its lock (Bearbeitungssperre). A message (E-Mail) is a document whose attachments
// are documents of their own, each with the message as its parent. A rendition (Wiedergabe) is a PDF made of a version.
// An Incoming (Posteingang) is post that lies in no case yet; a transfer note (Transfervermerk, BSI TR-03138) says how a
// scan was made.
//
// Journey: post comes by upload, or from a watched folder of a scanner → a clerk reads it beside what is proposed and assigns
// it to a case, or to a new one, passes it on, or is done with it without a case → its text is read by a job, and who may read the case finds it → it is edited against the version that was seen; who
// was slower chooses what becomes of theirs → once signed finally it stays as it is.
//
// Looking (Sight): pages are drawn here and sent as pictures, so that nothing of a document's own bytes runs in a browser;
// mails and texts are shown as text, office documents as their rendition.
//
// Rights are those of package access: each statement that reads for people has its predicate. Bytes are stored before the
// transaction that names them, so that what breaks off leaves nothing half.
//
// The search: filing_entry has a row for each file, case and document. Triggers note in filing_due what was changed,
// whoever changed it; a relay makes jobs of these notes, and each job reads its object's words and puts them into the
// index of platform/fulltext. What lags is at most what is found, never who may see it: rights are asked of the rows
// themselves, in the query of the search.
package filing
