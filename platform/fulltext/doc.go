// Package fulltext finds a room's documents by their words, with the database's own engine: FTS5 in SQLite, tsvector and
// GIN in PostgreSQL. Both are fed with the same tokens, made by platform/german, so both find the same in the same order.
// It is a part of the room's own query: what a reader may see is decided in the same statement.
//
// A room
//
//   - copies the migrations fulltexttest/migrations/0001_text.*.sql and 0003_places.postgres.sql with a name of its own
//     in place of demo_text, say records_text;
//   - calls Index.Put in the transaction that files a document or has got its text, and Index.Delete;
//   - searches with Newest, which puts a Match into the room's query:
//     `SELECT t.n, d.name FROM `+m.From("records_document d", "d.id", &p)+` WHERE `+rights(&p)+m.Newest(&p);
//   - shows what was hit with Snippet;
//   - puts its documents again, by a job, when Version has risen: those are the rows of
//     `records_document d LEFT JOIN records_text t ON t.id = d.id AND t.version = $1 WHERE t.id IS NULL`.
//
// How it works: a table of the room has for each document its words in their order and its other tokens, both as text,
// and a number n that grows with the time of the document. The database's index follows the table by itself: by triggers
// in SQLite, as an index on an expression in PostgreSQL. So Put and Delete are plain statements, a backup holds the
// table, and restoring it builds the index, in either database.
//
// Words that half of the documents have are the trap. SQLite walks along n from the newest, and stops when it has
// enough. PostgreSQL's GIN knows no order; Newest asks it for windows of n, the newest and smallest first, until there
// is enough. For that the index has a second column, the document's places: the spans of time of each length, from
// seconds to a year, that n is in. A window is a few of them, and GIN skips what a word has elsewhere. Either database
// would go through everything for a reader who may see nothing of it: labels, which are tokens for what rights hang on
// (an authority, a unit, a file), let the index leave out what he cannot see anyway.
//
// Phrases are found by pairs of neighbouring words, hashed to 18 bits so that the index stays small, and then compared
// with the words in the table, the newest first and no more than it takes to have enough. Positions in the index would
// do that, too, but PostgreSQL keeps 256 of a word and reads every document that has the words, for it.
package fulltext
