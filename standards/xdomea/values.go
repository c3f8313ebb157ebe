package xdomea

import (
	"regexp"
	"strings"
	"time"
)

const (
	zone  = `(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?`
	clock = `(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?)`
)

var (
	dateForm     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}` + zone + `$`)
	dateTimeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T` + clock + zone + `$`)
	clockForm    = regexp.MustCompile(`^` + clock + zone + `$`)
	zoned        = regexp.MustCompile(`(Z|[+-]..:..)$`)
	yearForm     = regexp.MustCompile(`^[0-9]{4}` + zone + `$`)
)

// Clock is the time of a day, "15:04:05" with fractions and a zone if somebody says so (xs:time); "" is none.
type Clock string

// ClockOf is the time of day of t, with the zone of its location.
func ClockOf(t time.Time) Clock { return Clock(t.Format("15:04:05Z07:00")) }

// validTime reports whether s is an xs:time.
func validTime(s string) bool { return clockForm.MatchString(s) }

// validDate reports whether s is an xs:date of the years 0001 to 9999.
func validDate(s string) bool { return dateForm.MatchString(s) && day(s[:10]) }

// validDateTime reports whether s is an xs:dateTime of the years 0001 to 9999, with or without a zone.
func validDateTime(s string) bool { return dateTimeForm.MatchString(s) && day(s[:10]) }

// day reports whether the calendar has the day.
func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && !strings.HasPrefix(s, "0000")
}

// parseDay reads an xs:date as midnight UTC, whatever its zone; what 2.4 calls a day may be a year: its last day.
func parseDay(s string, year bool) (time.Time, bool) {
	if year && yearForm.MatchString(s) {
		s = s[:4] + "-12-31"
	}
	if !validDate(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateOnly, s[:10])
	return t, err == nil
}

// parseTime reads an xs:dateTime in UTC; without a zone it is taken as UTC.
func parseTime(s string) (time.Time, bool) {
	if !validDateTime(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateOnly, s[:10])
	if clock, ok := strings.CutPrefix(s[10:], "T24"); ok {
		t, s = t.AddDate(0, 0, 1), "T00"+clock
	} else {
		s = s[10:]
	}
	layout := "2006-01-02T15:04:05Z07:00"
	if !zoned.MatchString(s) {
		layout = "2006-01-02T15:04:05"
	}
	if err == nil {
		t, err = time.Parse(layout, t.Format(time.DateOnly)+s)
	}
	return t.UTC(), err == nil
}

// isUUID reports whether s is of xdomea's stringUUIDType.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c < '0' || c > '9' && c < 'A' || c > 'F' && c < 'a' || c > 'f':
			return false
		}
	}
	return true
}
