package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/i18n"
	"rennsteig/standards/leika"
	"rennsteig/standards/xzufi"
)

// Agency is the schemeAgencyID of objects that were made here and not imported.
const Agency = "rennsteig"

// The schemes of our own ids, and of what XZuFi has no place for.
const (
	schemeService   = "leistung"
	schemeAuthority = "behoerde"
	schemeText      = "text"
	schemeOnline    = "onlinedienst"
	schemeDuty      = "zustaendigkeit"
	schemeKind      = "art"      // of an office or online service
	schemeHours     = "zeiten"   // opening hours in words
	schemeAdds      = "ergaenzt" // a local text follows the whole Land's
	listLaw         = "urn:x-rennsteig:rechtsgrundlage"
)

// ident names an object of another system.
type ident = xzufi.Key

// own is the ident of something that was made here.
func own(scheme, value string) ident { return ident{Agency: Agency, Scheme: scheme, Value: value} }

var escapeID = strings.NewReplacer("%", "%25", "|", "%7C")

// idString is the ident as one text: "agency|scheme|value".
func idString(id ident) string {
	return escapeID.Replace(id.Agency) + "|" + escapeID.Replace(id.Scheme) + "|" + escapeID.Replace(id.Value)
}

// parseID is the opposite.
func parseID(s string) ident {
	parts := strings.SplitN(s, "|", 3)
	for len(parts) < 3 {
		parts = append([]string{""}, parts...)
	}
	for i, p := range parts {
		if v, err := url.PathUnescape(p); err == nil {
			parts[i] = v
		}
	}
	return ident{Agency: parts[0], Scheme: parts[1], Value: parts[2]}
}

// record is one object of a file. Exactly one of the pointers is set, or drop.
type record struct {
	line  int
	class xzufi.Class
	id    ident
	drop  bool

	service *service
	text    *localText
	unit    *unit
	online  *online
	duty    *duty

	findings []Finding
}

// service is a Leistung. Texts are by language.
type service struct {
	LeiKa, Type, Law string
	Name             string // official, German
	Texts            map[i18n.Lang]*text
}

// text is what is said about a service in a language.
type text struct {
	Modules map[finder.Module]finder.ModuleText
	Words   []finder.Word
	At      time.Time `json:"-"` // changed; zero if unknown. The same text with a new date is the same
}

// localText is a Spezialisierung.
type localText struct {
	Service   ident
	Authority ident    // the publisher, if it is said
	Areas     []string // else the authorities of these
	Texts     map[i18n.Lang]*text
}

// unit is an Organisationseinheit.
type unit struct {
	Name    string
	Kind    finder.AuthorityKind
	Area    string
	Parent  ident
	Contact finder.Contact
}

// online is an Onlinedienst.
type online struct{ Kind, Name, URL string }

// duty is a Zustaendigkeit.
type duty struct {
	Class    xzufi.Class // of the owner; "" if the file does not say
	Owner    ident
	Role     string
	Services []ident
	Areas    []string // ARS, or the id of an authority
}

// hash is of everything that is taken over of the record.
func (r *record) hash() (string, error) {
	var v any
	switch {
	case r.service != nil:
		v = r.service
	case r.text != nil:
		v = r.text
	case r.unit != nil:
		v = r.unit
	case r.online != nil:
		v = r.online
	default:
		v = r.duty
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}

// target is what the record becomes here: the key of a service, the id of an authority …
func (r *record) target() string {
	switch r.class {
	case xzufi.ClassLeistung:
		if r.service.LeiKa != "" {
			return r.service.LeiKa
		}
		return ownKey(r.id)
	case xzufi.ClassOrganisationseinheit:
		if r.id.Agency == Agency && r.id.Scheme == schemeAuthority {
			return r.id.Value
		}
		return "oe-" + short(r.id, 16)
	case xzufi.ClassOnlinedienst:
		if r.id.Agency == Agency && r.id.Scheme == schemeOnline {
			return r.id.Value
		}
		return "od-" + short(r.id, 16)
	case xzufi.ClassZustaendigkeit:
		return "zu-" + short(r.id, 20)
	}
	return ""
}

// short is n digits of the hash of an id in base 62.
func short(id ident, n int) string {
	sum := sha256.Sum256([]byte(idString(id)))
	s := new(big.Int).SetBytes(sum[:]).Text(62)
	return fmt.Sprintf("%0*s", n, s)[:n]
}

// ownKey is the key of a service without a LeiKa key. It has the shape of one, so that whatever takes a key apart can:
// eight characters that no other service shares, and no procedure.
func ownKey(id ident) string { return "x" + short(id, 7) + "000000" }

// validLeiKa is the first valid key.
func validLeiKa(keys []string) (key string, ok bool) {
	for _, k := range keys {
		if _, err := leika.Parse(k); err == nil {
			return strings.Clone(k), true
		}
	}
	return "", false
}

// Finding is something noticed about a line of a file.
type Finding struct {
	Line     int    `json:"line"`
	Severity string `json:"severity"` // fault, conflict, warning, note
	Code     string `json:"code"`
	Message  string `json:"message"`
}
