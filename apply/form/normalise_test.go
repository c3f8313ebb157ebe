package form

import "testing"

// TestNormaliseTwice: what is kept is written the same way when it is read again, also where a blank kept a letter and
// its accent apart.
func TestNormaliseTwice(t *testing.T) {
	for _, format := range []Format{Postcode, Digits, IBAN, ""} {
		f := Field{Kind: Line, Format: format}
		for _, typed := range []string{"A \u0300", " 99 084 ", "de12 3456", "a\u0300 x", "\u0300 A", "i \u0307", "\u0149 x"} {
			once := f.normalise(typed)
			if twice := f.normalise(once); twice != once {
				t.Errorf("%s: %q becomes %q, then %q", format, typed, once, twice)
			}
		}
	}
}
