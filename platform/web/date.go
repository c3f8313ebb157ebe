package web

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// DateValue reads the date field name from a form: three inputs NAME-day, NAME-month and NAME-year, or one value NAME
// ("2026-11-24" or "24.11.2026"). It returns "2026-11-24", or "" if nothing was given. What is no real date comes back
// as it was typed, in the order year-month-day, with ok false: the Field shows it again in its three inputs.
func DateValue(form url.Values, name string) (value string, ok bool) {
	day, month, year := form.Get(name+"-day"), form.Get(name+"-month"), form.Get(name+"-year")
	if day == "" && month == "" && year == "" {
		one := strings.TrimSpace(form.Get(name))
		if d, m, y, found := cut3(one, "."); found {
			day, month, year = d, m, y
		} else if y, m, d, found := cut3(one, "-"); found {
			day, month, year = d, m, y
		} else {
			return one, one == ""
		}
	}
	day, month, year = datePart(day), datePart(month), datePart(year)
	if day == "" && month == "" && year == "" {
		return "", true
	}
	typed := year + "-" + month + "-" + day
	d, errDay := strconv.Atoi(day)
	m, errMonth := strconv.Atoi(month)
	y, errYear := strconv.Atoi(year)
	if errDay != nil || errMonth != nil || errYear != nil || len(year) != 4 {
		return typed, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || t.Month() != time.Month(m) || t.Day() != d {
		return typed, false
	}
	return t.Format(time.DateOnly), true
}

// datePart trims one input; "-" would be taken for the separator, a date has no use for it.
func datePart(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "-", "") }

func cut3(s, sep string) (a, b, c string, ok bool) {
	parts := strings.Split(s, sep)
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

// joinDates adds NAME for every NAME-day, NAME-month, NAME-year.
func joinDates(form url.Values) {
	var names []string
	for key := range form {
		if name, found := strings.CutSuffix(key, "-day"); found && form.Has(name+"-month") && form.Has(name+"-year") && !form.Has(name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		value, _ := DateValue(form, name)
		form.Set(name, value)
	}
}

// Days reads the days of a form as who types many of them writes them, in fields of kind day: "24.11.2026", "24.11.26",
// "24.11.", "2026-11-24", "heute", and "+14" or "-1", days from today. Whatever is a day stands in the form afterwards as
// "2026-11-24", so that a form that comes back says which day it was taken for.
type Days struct {
	Form url.Values
	Now  time.Time

	wrong []errs.Field
}

// Ahead is the beginning of the day in the field name, in Berlin; the zero time for an empty field, and for what is no day,
// which Err names. A day without a year is the next one: this year's, or next year's if it is over.
func (d *Days) Ahead(name string) time.Time { return d.read(name, 1) }

// Back is Ahead for a day that has been: without a year it is the last one.
func (d *Days) Back(name string) time.Time { return d.read(name, -1) }

// Any is Ahead for a day that may lie anywhere: without a year it is this year's.
func (d *Days) Any(name string) time.Time { return d.read(name, 0) }

// Err names the fields that have something else than a day; nil if there are none.
func (d *Days) Err() error { return errs.InvalidFields(d.wrong) }

// Explain is err, of a use-case that refuses none where there is to be a day, with what Err says at those fields instead.
func (d *Days) Explain(err error) error {
	if len(d.wrong) == 0 || !errs.Is(err, errs.Invalid) {
		return err
	}
	fields := slices.DeleteFunc(slices.Clone(errs.As(err).Fields), func(f errs.Field) bool {
		return slices.ContainsFunc(d.wrong, func(w errs.Field) bool { return w.Name == f.Name })
	})
	return errs.InvalidFields(append(fields, d.wrong...))
}

func (d *Days) read(name string, direction int) time.Time {
	typed := strings.TrimSpace(d.Form.Get(name))
	if typed == "" {
		return time.Time{}
	}
	day, ok := readDay(typed, direction, d.Now)
	if !ok {
		if cut := []rune(typed); len(cut) > 30 {
			typed = string(cut[:30]) + "…"
		}
		d.wrong = append(d.wrong, errs.Field{Name: name, Key: "errs.field.day", Args: []any{typed}})
		return time.Time{}
	}
	d.Form.Set(name, i18n.ISODate(day))
	return day
}

var (
	dotted  = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d{2})?)?$`)
	counted = regexp.MustCompile(`^[+-]\d{1,4}$`)
)

// readDay reads a day of the years 1800 to 2999.
func readDay(typed string, direction int, now time.Time) (time.Time, bool) {
	typed = strings.ToLower(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, typed))
	today := i18n.StartOfDay(now)
	if typed == "heute" || typed == "today" {
		return today, true
	}
	if counted.MatchString(typed) {
		n, err := strconv.Atoi(typed)
		return today.AddDate(0, 0, n), err == nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, typed, i18n.Berlin); err == nil {
		return t, t.Year() >= 1800 && t.Year() < 3000
	}
	m := dotted.FindStringSubmatch(typed)
	if m == nil {
		return time.Time{}, false
	}
	d, _ := strconv.Atoi(m[1]) // digits only
	month, _ := strconv.Atoi(m[2])
	if m[3] != "" {
		return dayOf(yearOf(m[3], direction, today.Year()), month, d)
	}
	day, ok := dayOf(today.Year(), month, d)
	if direction*day.Compare(today) < 0 || !ok && direction != 0 {
		day, ok = dayOf(today.Year()+direction, month, d)
	}
	return day, ok
}

// yearOf is the year of these digits; two are of a year that is not far ahead, and not ahead at all for a day that has been.
func yearOf(digits string, direction, now int) int {
	y, _ := strconv.Atoi(digits) // digits only
	if len(digits) == 4 {
		return y
	}
	most := now + 30
	if direction < 0 {
		most = now
	}
	if y += 2000; y > most {
		y -= 100
	}
	return y
}

func dayOf(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, i18n.Berlin)
	return t, t.Year() == year && int(t.Month()) == month && t.Day() == day && year >= 1800 && year < 3000
}
