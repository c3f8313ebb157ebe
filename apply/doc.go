// Package apply is the online services: forms, applications, and the citizen's account and mailbox.
//
// Words. A form (Formular, package form) is a versioned file with groups of questions. An authority offers a form or
// not (offer.go). A draft (Entwurf) is an application that nobody but its holder sees. Its holder is who is signed in,
// or who has the secret in a cookie. Sending makes it an application (Antrag) with a reference number; its state is
// shown to its holder, and to whom the reference and the access code were given. A parcel is all that the electronic
// file needs of it. A question comes from the office, the answer from the applicant. The decision (Bescheid) is kept
// here as the applicant was told it.
//
// Journey. /antrag/start/FORM → one page a group → check → send → (pay) → confirmation; afterwards /status/REFERENCE.
// States: draft → awaiting_payment → submitted → filed → question_open ↔ answered → decided → payable → paid; without
// a fee to be paid first a draft becomes submitted at once. Every change names the state it comes from.
//
// Events. Out: TopicSubmitted, TopicAnswered. In: the methods in events.go, each in the transaction that finishes its
// job. They may come twice and in any order.
//
// Nobody is an authority's caller here: a row belongs to its authority by authority_id, and to its holder, whom every
// statement of a citizen's use-case names in its predicate. What comes from other rooms comes as the system.
package apply
