// Package finder is the Zuständigkeitsfinder: it leads from everyday words and a place to the service, the authority
// responsible there and why, the fee and the online form.
//
// # Words
//
// A Service is an entry of the LeiKa catalogue, known by its key. An Area is a municipality, Verwaltungsgemeinschaft,
// Kreis, the Land or the Bund, known by its ARS. An Authority is an office that acts for an area; municipalities,
// Verwaltungsgemeinschaften and Kreise have their ARS (padded to twelve digits) as id, offices of Land and Bund a name
// ("th-tlvwa", "bund-kba"). An assignment says on which level a service is done; Resolve turns it, with an area, into a
// Responsibility: who is responsible, who does the work, who takes applications, and the reason in words.
//
// # Journey
//
// Load writes the facts (facts/, see its README) into the tables once. A Catalog is everything read from the tables
// into memory together with the search index; Run follows the version counter and swaps a new one in. Pages, command
// line and other rooms ask the current Catalog and touch no database.
//
//	facts/*.tsv → Load → tables → readCatalog → Catalog{Places, Resolve, Search} → pages, cli
package finder
