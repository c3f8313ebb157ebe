// Package ars reads the Amtlicher Regionalschlüssel (ARS, 12 digits) and the Amtlicher Gemeindeschlüssel (AGS,
// 8 digits) of German areas: Land 2, Regierungsbezirk 1, Kreis 2, Gemeindeverband 4 (only in the ARS), Gemeinde 3.
// Upper levels are padded with zeros: 160000000000 is Thüringen, twelve zeros are the Bund.
package ars

import (
	"fmt"
	"strings"
)

// Key is a valid ARS.
type Key string

// Germany is the key of the Bund.
const Germany Key = "000000000000"

// Level is the level of government of an area.
type Level string

// The levels, from the bottom up.
const (
	Municipality Level = "municipality" // Gemeinde
	Association  Level = "association"  // Gemeindeverband, e.g. Verwaltungsgemeinschaft
	District     Level = "district"     // Kreis or kreisfreie Stadt
	Region       Level = "region"       // Regierungsbezirk
	State        Level = "state"        // Land
	Federation   Level = "federation"   // Bund
)

// Parse checks an ARS of twelve digits.
func Parse(s string) (Key, error) {
	if len(s) != 12 || strings.Trim(s, "0123456789") != "" {
		return "", fmt.Errorf("not a regional key: %.20q (want twelve digits)", s)
	}
	return Key(s), nil
}

// Level tells what kind of area the key names. A kreisfreie Stadt is a District.
func (k Key) Level() Level {
	switch {
	case k == Germany:
		return Federation
	case k[2:] == "0000000000":
		return State
	case k[3:] == "000000000":
		return Region
	case k[5:] == "0000000":
		return District
	case k[9:] == "000":
		return Association
	}
	return Municipality
}

// AGS is the eight-digit key without the Verband.
func (k Key) AGS() string { return string(k[:5]) + string(k[9:]) }

// State is the key of the Land.
func (k Key) State() Key { return pad(k[:2]) }

// District is the key of the Kreis or the kreisfreie Stadt.
func (k Key) District() Key { return pad(k[:5]) }

// Association is the key of the Gemeindeverband: the nine leading digits.
func (k Key) Association() Key { return pad(k[:9]) }

func pad(prefix Key) Key { return prefix + Germany[len(prefix):] }
