// Package disposal is what happens to files of the electronic file after they are closed: retention, appraisal by the
// archive, hand-over to it, destruction (Aussonderung).
//
// Words (German terms in docs/GLOSSARY.md): a closed file has the end of its retention (Aufbewahrungsende) from its
// unit in the file plan. Then it is offered to the archive in a Process (Aussonderungsverfahren), which has an Item for
// each file: A goes to the archive (archivwürdig), V is destroyed (vernichten), B is for the archive to say. What the
// two send each other are messages of xdomea in packages (standards/xdomea); ProzessID is the id of the Process.
//
// Journey in four steps: Offer writes a 0501 → Take reads the archive's 0502, which appraises each file → HandOver
// writes a 0503 with the files of what is A → Take reads the 0506, which says of each file whether the archive has it →
// Destroy. In two steps it begins with the 0503, for units whose rule says A. What is V is destroyed after two different
// registrars said so (Approve). An item that the archive could not take stays and is sent again.
//
// Nothing is lost: state is in the database before anything is done; packages are written and files destroyed by jobs
// that go on where they stopped. What was handed over or approved is known by a digest; a file that changed since is
// not destroyed. What is left of a file is its reference and a Destruction, and its place in the log; a stored file is
// deleted after the transaction, once nothing names it and nobody can be about to.
//
// The only other way to delete is an Erasure that a court ordered, again by two people. Import takes over files of
// another authority; Disclosure (Art. 15 GDPR) is all that the electronic file says about a person.
package disposal
