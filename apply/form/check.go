package form

import (
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
)

// Required reports whether an answer must be given, seeing the others.
func (f *Field) Required(a Answers) bool {
	if f.RequiredIf != nil {
		return f.RequiredIf.holds(a)
	}
	return !f.Optional
}

func (f *Field) maxLength() int {
	switch {
	case f.MaxLength > 0:
		return f.MaxLength
	case f.Kind == Textarea:
		return 4000
	case f.Kind == Email:
		return 254 // RFC 5321 §4.5.3.1.3, less the brackets
	case f.Kind == Tel:
		return 40
	}
	return 200
}

// MaxChars is the most characters an answer may have; 0 where that is no matter of typing.
func (f *Field) MaxChars() int {
	switch f.Kind {
	case Line, Textarea, Email, Tel:
		if f.Format == Free {
			return f.maxLength()
		}
	}
	return 0
}

// check returns what is wrong with the answer to f, if anything.
func (f *Field) check(a Answers, now time.Time) (errs.Field, bool) {
	wrong := func(key string, args ...any) (errs.Field, bool) {
		return errs.Field{Name: f.ID, Key: "apply.answer." + key, Args: append([]any{f.Label}, args...)}, false
	}
	values := a[f.ID]
	if len(values) == 0 {
		if !f.Required(a) {
			return errs.Field{}, true
		}
		switch f.Kind {
		case Select, Radio, Checkboxes:
			return wrong("choose")
		case Checkbox:
			return wrong("tick")
		case File:
			return wrong("upload")
		}
		return wrong("missing")
	}
	if f.Kind == File {
		return errs.Field{}, true
	}
	if len(values) > 1 && f.Kind != Checkboxes {
		return wrong("single")
	}
	for _, v := range values {
		if !wellFormed(v) {
			return wrong("malformed")
		}
		if key, args := f.checkValue(v, a, now); key != "" {
			return wrong(key, args...)
		}
	}
	return errs.Field{}, true
}

var (
	telephone = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{3,}$`)
	postcode  = regexp.MustCompile(`^\d{5}$`)
	digits    = regexp.MustCompile(`^\d+$`)
)

// checkValue returns the key of what is wrong with one value, and what the text needs besides the label.
func (f *Field) checkValue(v string, a Answers, now time.Time) (string, []any) {
	if n := utf8.RuneCountInString(v); n > f.maxLength() {
		return "too_long", []any{f.maxLength()}
	}
	switch f.Kind {
	case Select, Radio, Checkboxes:
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			return "choose", nil
		}
	case Email:
		// net/mail also takes `Name <a@b>`; an address here is the address alone.
		if at, err := mail.ParseAddress(v); err != nil || at.Address != v || !strings.Contains(v[strings.LastIndexByte(v, '@'):], ".") {
			return "email", nil
		}
	case Tel:
		if !telephone.MatchString(v) {
			return "tel", nil
		}
	case Date:
		return f.checkDate(v, a, now)
	case Number:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "number", nil
		}
		if f.Min != nil && n < *f.Min {
			return "min", []any{strconv.FormatInt(*f.Min, 10)}
		}
		if f.Max != nil && n > *f.Max {
			return "max", []any{strconv.FormatInt(*f.Max, 10)}
		}
	case Money:
		c, err := money.Parse(v)
		if err != nil {
			return "money", nil
		}
		if f.Min != nil && int64(c) < *f.Min {
			return "min", []any{money.Cents(*f.Min)}
		}
		if f.Max != nil && int64(c) > *f.Max {
			return "max", []any{money.Cents(*f.Max)}
		}
	}
	switch f.Format {
	case IBAN:
		if !ValidIBAN(v) {
			return "iban", nil
		}
	case Postcode:
		if !postcode.MatchString(v) || v < "01000" { // the lowest ones in use begin with 01
			return "postcode", nil
		}
	case Digits:
		if !digits.MatchString(v) {
			return "digits", nil
		}
	}
	if n := utf8.RuneCountInString(v); n < f.MinLength {
		if f.MinLength == f.MaxLength {
			return "length", []any{f.MinLength}
		}
		return "too_short", []any{f.MinLength}
	}
	if f.pattern != nil && !f.pattern.MatchString(v) {
		return "pattern", []any{f.PatternText}
	}
	return "", nil
}

func (f *Field) checkDate(v string, a Answers, now time.Time) (string, []any) {
	t, err := time.Parse(time.DateOnly, v)
	if err != nil || t.Year() < 1880 || t.Year() > 2200 {
		return "date", nil
	}
	// ISO dates compare as text; the day is the one in Berlin.
	today := now.In(i18n.Berlin).Format(time.DateOnly)
	switch {
	case f.NotFuture && v > today:
		return "future", nil
	case f.NotPast && v < today:
		return "past", nil
	}
	if other := a[f.NotBefore]; len(other) == 1 && v < other[0] {
		if o, err := time.ParseInLocation(time.DateOnly, other[0], i18n.Berlin); err == nil {
			return "before", []any{o}
		}
	}
	return "", nil
}

// ValidIBAN checks length and check digits of an IBAN without spaces (ISO 13616, ISO 7064 MOD 97-10).
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 || strings.HasPrefix(s, "DE") && len(s) != 22 {
		return false
	}
	rest := 0
	for i, r := range s[4:] + s[:4] {
		letter := i >= len(s)-4 && i < len(s)-2 // the country, moved behind
		switch {
		case r >= '0' && r <= '9' && !letter:
			rest = (rest*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z' && i < len(s)-2:
			rest = (rest*100 + int(r-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}
