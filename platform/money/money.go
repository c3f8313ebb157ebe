// Package money is an amount of euros in whole cents. There are no floats in this program's money.
package money

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Cents is an amount in euro cents; negative is owed.
type Cents int64

// amount is what Parse takes: thousands grouped or not, then at most two decimals. "1.234" is refused: it may mean
// either.
var amount = regexp.MustCompile(`^(?:(\d{1,9})|(\d{1,3}(?:\.\d{3}){1,2})|(\d{1,3}(?: \d{3}){1,2}))(?:,(\d{1,2}))?$|^(\d{1,9})\.(\d{1,2})$`)

// Parse reads "12", "12,5", "12,50", "1.234,50", "1 234,50" or "12.50", with or without "€"; at most 999,999,999.99.
func Parse(s string) (Cents, error) {
	m := amount.FindStringSubmatch(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "€")))
	if m == nil || m[2] != "" && m[4] == "" {
		return 0, fmt.Errorf("not an amount: %q", s)
	}
	whole := strings.NewReplacer(".", "", " ", "").Replace(m[1] + m[2] + m[3] + m[5])
	frac := (m[4] + m[6] + "00")[:2]
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("not an amount: %q", s)
	}
	return Cents(n), nil
}

// German formats as "1.234,50 €".
func (c Cents) German() string { return c.format('.', ',') + " €" }

// English formats as "€1,234.50".
func (c Cents) English() string {
	if c < 0 {
		return "-€" + (-c).format(',', '.')
	}
	return "€" + c.format(',', '.')
}

// String formats as "1234.50", for files and interfaces.
func (c Cents) String() string {
	sign, n := "", int64(c)
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

func (c Cents) format(group, point byte) string {
	s := c.String()
	dot := len(s) - 3
	var b strings.Builder
	for i := 0; i < dot; i++ {
		if i > 0 && s[i-1] != '-' && (dot-i)%3 == 0 {
			b.WriteByte(group)
		}
		b.WriteByte(s[i])
	}
	b.WriteByte(point)
	b.WriteString(s[dot+1:])
	return b.String()
}
