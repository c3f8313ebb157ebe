// Package office is how an authority sets up its electronic file: its organisational units with their members, who is
// cleared for what, the rules of single files, its types of files, how it writes Aktenzeichen.
//
// Registrars (identity.Registrar) set up their authority. The rules of a file are set by who manages it: registrars, and
// the head of the unit that leads it, or of one above. Everybody at the authority may look at its units: who works where
// is no secret there. Tables are those of package records; what they mean for access says package access.
package office
