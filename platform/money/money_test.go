package money

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Cents{
		"12": 1200, "12,5": 1250, "12,50": 1250, "1.234,50": 123450, "12.50": 1250, " 12,50 € ": 1250, "0": 0, "0,01": 1,
		"999999999,99": 99999999999, "1 234,50": 123450, "1.234.567,00": 123456700,
	} {
		if got, err := Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "€", ",50", "-1", "+1", "1e3", "1,234", "1,2,3", "12,5x", "0x10", "1_000", "1000000000", "١٢", "12,", "1.23.456,00", "1..2", "1.234", "1234.567,00", "1 2,50"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", in, got)
		}
	}
}

func TestFormat(t *testing.T) {
	for c, want := range map[Cents][3]string{
		0:         {"0.00", "0,00 €", "€0.00"},
		5:         {"0.05", "0,05 €", "€0.05"},
		-5:        {"-0.05", "-0,05 €", "-€0.05"},
		123450:    {"1234.50", "1.234,50 €", "€1,234.50"},
		-12345678: {"-123456.78", "-123.456,78 €", "-€123,456.78"},
		100000000: {"1000000.00", "1.000.000,00 €", "€1,000,000.00"},
	} {
		if got := [3]string{c.String(), c.German(), c.English()}; got != want {
			t.Errorf("%d: got %q, want %q", int64(c), got, want)
		}
	}
}

// What is written can be read again: as a file has it, and as people type it.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cents(rapid.Int64Range(0, 99999999999).Draw(t, "cents"))
		for _, s := range []string{c.String(), c.German(), strings.ReplaceAll(c.German(), ".", "")} {
			got, err := Parse(s)
			if err != nil || got != c {
				t.Fatalf("Parse(%q) = %v, %v; want %v", s, got, err, c)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"12,50", "1.234,5", "€", "9.9.9", "-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			return
		}
		if c < 0 || c > 99999999999 {
			t.Fatalf("Parse(%q) = %v", s, c)
		}
		if again, err := Parse(c.String()); err != nil || again != c {
			t.Fatalf("Parse(%q) = %v, again %v, %v", s, c, again, err)
		}
	})
}
