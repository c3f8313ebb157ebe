// Package exchange takes the finder's facts in and gives them out: as XZuFi transfer messages, as CSV, and to programs
// that ask (our JSON API, and the read API that clients of the federal portal know). docs/EXCHANGE.md is its manual.
//
// # Words
//
// A record is one object of a file, whatever the format: a service, a text of an authority, an office, an online service,
// a duty (who does which services where; XZuFi: Zustaendigkeit), or the order to delete one of them. Its ident is the
// Identifikator of XZuFi; objects that were made here have the agency Agency. A target is what an object became here.
//
// # Journey
//
//	FILE, URL → Open → source ─┬→ check (whole file, without the database)
//	                           └→ Import: one transaction → finder_import_…, desk.TakeOver → Report
//	tables → Export → XZuFi or CSV
//
// The file is read three times: once to find out whether it can be read to its end, then once for what others refer to
// (services, offices, online services) and once for what refers to them. Memory holds one object, a batch of 50, and some
// 50 bytes per id. An object whose hash is the stored one is left alone, so the same file again changes nothing.
//
// # Deleting
//
// Only `loesche` deletes. What a file does not mention stays, also a responsibility that an office no longer names: a
// sender that forgets half of its objects must not empty the finder.
package exchange
