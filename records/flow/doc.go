// Package flow is the course of business (Geschäftsgang) of the electronic file: who has to see, do, co-sign or sign
// what, in which order, until when.
//
// Words (German terms in docs/GLOSSARY.md): a Circulation (Laufweg) goes through a case, on one document or on the case
// as a whole; it has Steps, one after the other, and each step a Task (Verfügung) for every recipient, side by side. A
// recipient is a person, an organisational unit or a role in one. What is asked for is a Kind: z.K., z.w.V.,
// Mitzeichnung, Schlusszeichnung, z.d.A., Wiedervorlage, or a free task.
//
// Journey: Start gives the tasks out, of a Template or freely; who may not read the file yet gets a rule that they may
// (never above their clearance, never over a block) → the tasks of the open step lie in the inbox of their recipients,
// or of their deputies while they are absent → Finish, Sign, Refuse, Forward → when all of a step are done the next one
// opens; a refusal stops the circulation and brings it back to the initiator → z.d.A. closes the case.
//
// A signature binds to one version of the document: its number and its SHA-256. A newer version makes the
// co-signatures before it void and opens their tasks again, in the transaction that files it. The final signature makes
// the document final. It is an entry in the log of the house, not a qualified electronic signature (eIDAS).
//
// A deputy acts "i. V." with the right of who is absent, for that one's tasks and while the absence lasts: see deputy.go.
//
// Whoever acts holds the lock on the case, so that two never act on one circulation at once; a form carries the version
// of its task, and sending it twice does its work once.
package flow
