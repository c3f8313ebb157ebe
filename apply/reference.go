package apply

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"rennsteig/platform/i18n"
)

// alphabet is Crockford's base 32: no I, L, O, U. The place of a symbol is its value, an element of GF(32).
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Reference is a reference number as people read it: "R26-4K7M-92XD". R and the year, seven symbols by chance, one
// check symbol over all of them that catches every wrong symbol and every swap of two.
type Reference string

func newReference(now time.Time) Reference {
	var raw [7]byte
	rand.Read(raw[:]) // never fails, see crypto/rand
	s := now.In(i18n.Berlin).Format("06")
	for _, b := range raw {
		s += string(alphabet[b&31])
	}
	return writeReference(s + string(alphabet[checkSymbol(s)]))
}

func writeReference(s string) Reference { return Reference("R" + s[:2] + "-" + s[2:6] + "-" + s[6:]) }

// ParseReference reads a reference as people type it: any case, spaces and hyphens, O for 0, I and L for 1. It is
// false if symbols are missing or the check symbol does not fit.
func ParseReference(s string) (Reference, bool) {
	s = symbols(s)
	if len(s) != 11 || s[0] != 'R' {
		return "", false
	}
	s = s[1:]
	if strings.Trim(s, alphabet) != "" || alphabet[checkSymbol(s[:9])] != s[9] {
		return "", false
	}
	return writeReference(s), true
}

// symbols drops what only groups, and reads what looks alike.
func symbols(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case b.Len() > 64:
			return ""
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r == ' ' || r == '-' || r == '\u00a0' || r == '\u2011' || r == '\u2013':
			continue
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// checkSymbol is the sum of the symbols, each times another power of the field's generator. A wrong symbol changes one
// term; a swap of a and b at i and j changes the sum by (a−b)(gⁱ−gʲ), which is not 0.
func checkSymbol(s string) byte {
	var sum, weight byte = 0, 1
	for _, r := range []byte(s) {
		weight = times(weight, 2)
		sum ^= times(weight, byte(strings.IndexByte(alphabet, r)))
	}
	return sum
}

// times multiplies in GF(32) = GF(2)[x]/(x⁵+x²+1).
func times(a, b byte) byte {
	var p byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		if a <<= 1; a&32 != 0 {
			a ^= 0b100101
		}
	}
	return p
}

// newSecret returns what guards a draft without an account: 256 bits, and the hash that is kept of it.
func newSecret() (secret string, hash []byte) {
	secret = rand.Text() + rand.Text() // 2 × 130 bits
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte("rennsteig draft " + secret))
	return h[:]
}

// accessCode is the code that opens an application's status, made from the draft's secret: the browser that sent the
// application can show it again after a repeated click or the way back from the payment, though only its hash is kept.
func accessCode(secret, application string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("access code " + application))
	sum := m.Sum(nil)
	var b strings.Builder
	for i := range 16 { // 80 bits
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[sum[i]&31])
	}
	return b.String()
}

// hashCode is what is kept of an access code; spelling does not matter.
func hashCode(code string) []byte {
	h := sha256.Sum256([]byte("rennsteig status " + symbols(code)))
	return h[:]
}

// purpose is what the payer's bank shows, at most 27 characters.
func purpose(ref Reference) string { return fmt.Sprintf("Antrag %s", ref) }
