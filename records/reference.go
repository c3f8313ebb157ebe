package records

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// DefaultPattern is how an authority writes its Aktenzeichen unless it has set another: "22.31-2026/000017".
const DefaultPattern = "{unit}-{year}/{number:6}"

// placeholder is a part of a pattern that is filled in; number may have a least length.
var placeholder = regexp.MustCompile(`\{[a-z]+(?::[1-9])?\}`)

// CheckPattern says what is wrong with a pattern of Aktenzeichen: it must name unit, year and number, each once, so that
// no two files can get the same. It may name the code of the leading unit too: {lead}.
func CheckPattern(pattern string) error {
	if len(pattern) > 80 || strings.ContainsAny(placeholder.ReplaceAllString(pattern, ""), "{}\\\n\t") {
		return errs.E(errs.Invalid, "records.error.pattern")
	}
	count := map[string]int{}
	for _, t := range placeholder.FindAllString(pattern, -1) {
		name, width, _ := strings.Cut(strings.Trim(t, "{}"), ":")
		if count[name]++; width != "" && name != "number" {
			return errs.E(errs.Invalid, "records.error.pattern")
		}
	}
	if count["unit"] != 1 || count["year"] != 1 || count["number"] != 1 || count["lead"] > 1 || len(count) != 3+count["lead"] {
		return errs.E(errs.Invalid, "records.error.pattern")
	}
	return nil
}

// fileReference is the Aktenzeichen of a file by the pattern. The year is Berlin's.
func fileReference(pattern, unit, lead string, year int, number int64) string {
	return placeholder.ReplaceAllStringFunc(pattern, func(t string) string {
		name, width, _ := strings.Cut(strings.Trim(t, "{}"), ":")
		switch name {
		case "unit":
			return unit
		case "lead":
			return lead
		case "year":
			return strconv.Itoa(year)
		}
		n, _ := strconv.Atoi(width) // no width is 0
		return fmt.Sprintf("%0*d", n, number)
	})
}

// caseReference is the Aktenzeichen of the nth case of a file, "22.31-2026/000017-1", or of a case, "22.31-2026/000017-1.2".
func caseReference(above string, sub bool, n int64) string {
	if sub {
		return above + "." + strconv.FormatInt(n, 10)
	}
	return above + "-" + strconv.FormatInt(n, 10)
}

// number gives the next Aktenzeichen of the unit, without a gap: the counter goes back with the transaction.
func (r *Room) number(ctx context.Context, tx *db.Tx, authority, unit, lead string) (string, error) {
	scope, year := access.At(authority), yearOf(r.h.Now())
	n, err := r.store.nextNumber(ctx, tx, scope, authority, unit, year)
	if err != nil {
		return "", err
	}
	pattern, code, err := r.store.pattern(ctx, tx, scope, authority, lead)
	return fileReference(pattern, unit, code, year, n), err
}
