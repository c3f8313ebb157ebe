package xdomea

import (
	"regexp"
	"strings"
	"time"
)

const zone = `(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?`

var (
	dateForm     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}` + zone + `$`)
	dateTimeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?)` + zone + `$`)
)

// validDate reports whether s is an xs:date of the years 0001 to 9999.
func validDate(s string) bool { return dateForm.MatchString(s) && day(s[:10]) }

// validDateTime reports whether s is an xs:dateTime of the years 0001 to 9999, with or without a zone.
func validDateTime(s string) bool { return dateTimeForm.MatchString(s) && day(s[:10]) }

// day reports whether the calendar has the day.
func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && !strings.HasPrefix(s, "0000")
}
