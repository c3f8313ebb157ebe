// Package leika reads keys of the Leistungskatalog der öffentlichen Verwaltung (LeiKa), the catalogue of German
// administrative services: 99 | group 3 | object 3 | procedure 3 | detail 3 digits, e.g. 99115005104001
// (Wohnsitz Anmeldung als Hauptwohnsitz).
package leika

import (
	"fmt"
	"strings"
)

// Key is a valid LeiKa key: 14 digits starting with 99.
type Key string

// Kind is how precisely a key names a service.
type Kind string

// The kinds, with the abbreviations of the LeiKa handbook.
const (
	Object          Kind = "lo"   // Leistungsobjekt, e.g. Wohnsitz
	ObjectProcedure Kind = "lov"  // with Verrichtung, e.g. Wohnsitz Anmeldung
	Detailed        Kind = "lovd" // with Verrichtungsdetail, e.g. Wohnsitz Anmeldung als Hauptwohnsitz
)

// Parse checks a key.
func Parse(s string) (Key, error) {
	if len(s) != 14 || !strings.HasPrefix(s, "99") || strings.Trim(s, "0123456789") != "" {
		return "", fmt.Errorf("not a LeiKa key: %.20q (want 99 and twelve digits)", s)
	}
	return Key(s), nil
}

// Group is the three-digit group (Leistungsgruppe), e.g. 115 Einwohnermeldewesen.
func (k Key) Group() string { return string(k[2:5]) }

// ObjectPrefix is the part of the key that all services of the same object share: eight digits.
func (k Key) ObjectPrefix() string { return string(k[:8]) }

// ProcedurePrefix is the part that all details of the same procedure share: eleven digits.
func (k Key) ProcedurePrefix() string { return string(k[:11]) }

// Procedure is the three-digit Verrichtung: 012 Ausstellung, 104 Anmeldung, 000 none …
func (k Key) Procedure() string { return string(k[8:11]) }

// Detail is the three-digit Verrichtungsdetail; 000 is none.
func (k Key) Detail() string { return string(k[11:]) }

// Kind tells how precise the key is.
func (k Key) Kind() Kind {
	switch {
	case k.Detail() != "000":
		return Detailed
	case k.Procedure() != "000":
		return ObjectProcedure
	}
	return Object
}

// Match reports whether the key is the pattern, or starts with it when the pattern ends in "*".
func (k Key) Match(pattern string) bool {
	if p, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(string(k), p)
	}
	return string(k) == pattern
}
