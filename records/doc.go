// Package records is the electronic file (E-Akte): what an application becomes at its authority, and what the clerk
// does with it.
//
// Words (German terms in docs/GLOSSARY.md): a Unit is a place in the file plan (Aktenplaneinheit), with its retention
// period; a File (Akte) is opened under a unit and has the reference (Aktenzeichen) "22.31-2026/000017"; a Case
// (Vorgang) lies in a file, "22.31-2026/000017-1", and has documents, notes, questions to the applicant and at most
// one decision. The notice (Bescheid) is what the applicant gets of a decision.
//
// Journey: Receive opens a file with its first case, numbered without gaps in that very transaction → a clerk of the
// authority finds it in the inbox, takes it over, adds notes, asks for a missing paper (Ask; Answered files what the
// applicant sends back) → Decide grants or refuses, by notice with an amount to be paid (Paid) → a job makes the notice
// as HTML and as PDF and files both → Close puts the case to the files (z.d.A.), from where retention runs.
//
// Rights: everything belongs to one authority. A Scope says which authorities a caller may touch; it is the first
// argument of every store method and stands in its WHERE clause. What is outside it does not exist for the caller.
//
// Concurrency: a case has a version. A clerk's form carries the version it was made from; if the case has changed
// since, the answer is a conflict that shows the new state and keeps the typed text. A form also carries the id of
// what it makes, so the same form sent twice does its work once.
package records
