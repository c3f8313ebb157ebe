package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
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
