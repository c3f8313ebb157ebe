// Package audit keeps the log of who did what: entries written in the transaction of the change, put into a Merkle
// tree whose signed checkpoints an outsider can verify.
//
// Words: an entry (Eintrag) says time, actor, authority, action, object, changes, and the stored files it vouches for.
// Its own hash is the RFC 6962 leaf hash of its canonical form, one line of JSON. A seal protects it until it is
// sequenced: gets its number, from 0, and its place in the tree. A checkpoint (Prüfpunkt) signs size and root of the
// tree, in the forms of c2sp.org/tlog-checkpoint and c2sp.org/signed-note.
//
// Journey: Append, in the transaction of a use-case, writes the entry with hash and seal. Run, in every process, takes
// what waits soon after, one process at a time, adds it to the tree and signs. Verify reads everything again and names
// what is wrong; Prove shows that one entry is in the tree; Export gives an outside auditor a file that package
// auditor, which shares no code with this one, checks; WriteBundle does so for the entries about a few objects, a file
// (Akte) for example. A Rechecker reads the stored files again all the time; a finding (Befund) is one that is missing or
// damaged. Pages are what the role auditor sees.
//
// What protects what: the key lies in a file beside the data, not in the database. Who can write the database but does
// not have the key cannot change, exchange, add or remove a sequenced entry unseen, nor change or add one that waits.
// The newest checkpoint is also kept in a file beside the key, so that turning the whole database back is seen. What
// cannot be seen is that an entry was removed before it was sequenced, which takes a fraction of a second; and nothing
// protects against someone who has the key and the database and that file, unless an outsider keeps a checkpoint.
// A bundle proves what it holds; that it holds everything about its objects is the owner's signed word, and proved only
// against an export of the whole log. It is a log, no evidence record as of RFC 4998.
package audit
