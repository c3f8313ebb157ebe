// Package desk is the editorial desk of the finder: where the descriptions of services are written, checked by a second
// person, released and kept true.
//
// # Words
//
// A text is the description of a service in one language: the whole Land's (Stammtext, authority ""), or what one
// authority adds to it or replaces in it. A Version of a text is worked on as a draft, put to review, and either returned
// with a comment (it stays as it was; its successor is the new draft) or released, now or at a time. Versions are never
// overwritten once somebody else has seen them. Modules are the parts of a text as FIM has them (finder.Modules).
//
// # Rules
//
// Editors of an authority write its own additions, editors of everything (identity.Everywhere) the Stammtexte too. Whoever
// wrote in a version cannot release it (four eyes). Citizens see nothing but finder.Release, a copy of what was released.
//
// Beside the texts the desk keeps their quality: Run looks at links (link.go says how it stays out of the house's own
// network) and keeps the figures of each day; Assess rates readability; readers say on the finder's pages whether a page
// helped. Tables and texts are the finder's, the pages under /redaktion are the desk's.
//
//	StartDraft → Save… → Submit → Return → (Save… → Submit →) Release → finder.PutRelease → Withdraw
package desk
