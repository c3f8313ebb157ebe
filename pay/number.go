package pay

import (
	"fmt"
	"strings"
)

// Number is a Kassenzeichen in its one written form, "10001-0000042-20": see the package comment.
type Number string

const prefixDigits, countDigits, checkDigits = 5, 7, 2

// newNumber builds the number from the authority's prefix and the count.
func newNumber(prefix, count int64) Number {
	p, n := fmt.Sprintf("%0*d", prefixDigits, prefix), fmt.Sprintf("%0*d", countDigits, count)
	return Number(fmt.Sprintf("%s-%s-%02d", p, n, 98-mod97(p+n+"00")))
}

// ParseNumber reads a Kassenzeichen as people type it, with any spaces and hyphens; false if digits are missing or the
// check digits do not fit.
func ParseNumber(s string) (Number, bool) {
	d, ok := digits(s)
	if !ok || len(d) != prefixDigits+countDigits+checkDigits || mod97(d) != 1 {
		return "", false
	}
	return Number(written(d)), true
}

// digits drops spaces and hyphens; false if anything else is left, or nothing.
func digits(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "", "\u2013", "").Replace(s)
	return s, s != "" && strings.Trim(s, "0123456789") == ""
}

// written puts the hyphens into the digits of a number or of its beginning.
func written(d string) string {
	if len(d) <= prefixDigits {
		return d
	}
	s := d[:prefixDigits] + "-"
	if len(d) <= prefixDigits+countDigits {
		return s + d[prefixDigits:]
	}
	return s + d[prefixDigits:prefixDigits+countDigits] + "-" + d[prefixDigits+countDigits:]
}

// mod97 is the remainder of the decimal number in d (ISO/IEC 7064, MOD 97-10).
func mod97(d string) int {
	m := 0
	for _, c := range []byte(d) {
		m = (m*10 + int(c-'0')) % 97
	}
	return m
}
