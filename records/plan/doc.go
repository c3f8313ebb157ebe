// Package plan is the file plan (Aktenplan) of an authority: the tree of units in which its files lie, with how long
// they are kept and what becomes of them.
//
// Words: a unit (Aktenplaneinheit) has a code (Kennzeichen), a retention (Aufbewahrungsfrist), a transfer period
// (Transferfrist), an appraisal (A to the archive, B the archive decides, V destroyed) and days between which files may
// be opened in it. Services are routed to units: whatever has none of its own goes where "*" (any service) goes.
//
// Everybody at the authority looks at its plan; registrars (identity.Registrar) change it. A unit is never deleted: it
// ends, and its files stay where they are. What shortens or lengthens the retention of closed files, or changes their
// appraisal, is shown with their number before it is saved.
//
// Every change is a table: rows of units, columns of what is known about them; columns that it lacks stay as they are.
// A form is a table of one row, a CSV file has many, a file plan of xdomea (0301, 0511) and the appraisal of its units
// by the archive (0513) are read into one. Merging it into the plan gives the new plan, what differs, and what is wrong,
// by line and column: it is taken whole or not at all. A plan changed meanwhile is noticed by its digest.
package plan
