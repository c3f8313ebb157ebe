// Package web is the house's face: layout and components on KERN, pages typed and checked, errors turned into pages
// in one place, security headers, assets.
//
// A request goes through Middleware (headers, request id, bad addresses, forms of other sites, panics), the sessions of
// package identity, Mux (our pages for what no pattern matches) and Handle to a Handler. What the Handler returns as an
// error becomes a page, or a problem (RFC 9457) for programs. A form of somebody whose session has ended comes back with
// all that was typed, to be sent again once they have signed in; no handler does anything for it.
//
// A page is a template "content" over View[T], made once with NewPage. It renders the only h1 itself. In it, KERN's
// classes work, plain elements (p, ul, table, details, a) are set like KERN's, and what stands in main, form or section
// has air between. Ours, where KERN has nothing (static/app.css):
//
//	rs-lead rs-small rs-muted          introduction, small print, less important words
//	rs-actions                         a row of buttons and links
//	rs-columns, rs-panel               two columns; the tinted box at the side
//	rs-cards, rs-card                  a grid of boxes
//	rs-filter, rs-list                 the lines of fields and tools above a list
//	rs-tasks, rs-task__text, …__hint   a list with states, see taskList
//	rs-summary, rs-summary__row        label and value, see summaryList
//	rs-flow                            air between children, elsewhere
//	rs-numeric, rs-nowrap              right-aligned figures, what must stay on one line
//
// Staff get all of it set more tightly. Everything works without script; suggest.js makes the search boxes complete what
// is typed, list.js ticks all rows of a table at once.
//
// Cookies: "lang" and "ort" (a year, set when somebody chooses), "hinweis" (a minute, a message for the next page);
// each strictly necessary for what was asked for, so there is no banner. Pages are not compressed here: it would add a
// third to their cost, and secrets beside reflected input had better not be; a proxy in front may.
package web
