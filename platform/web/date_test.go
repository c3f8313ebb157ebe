package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// readDay reads the day as the three kinds of fields do; "" is none.
func readDay(typed string, now time.Time, read func(*web.Days, string) time.Time) (string, error) {
	d := web.Days{Form: url.Values{"am": {typed}}, Now: now}
	return i18n.ISODate(read(&d, "am")), d.Err()
}

func TestDays(t *testing.T) {
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) // in Berlin it is the 25th
	for typed, want := range map[string][3]string{         // ahead, back, any
		"":                  {"", "", ""},
		" ":                 {"", "", ""},
		"24.11.2026":        {"2026-11-24", "2026-11-24", "2026-11-24"},
		" 24. 11. 2026 ":    {"2026-11-24", "2026-11-24", "2026-11-24"},
		"2026-11-24":        {"2026-11-24", "2026-11-24", "2026-11-24"},
		"1.2.1985":          {"1985-02-01", "1985-02-01", "1985-02-01"},
		"01.02.26":          {"2026-02-01", "2026-02-01", "2026-02-01"},
		"1.2.27":            {"2027-02-01", "1927-02-01", "2027-02-01"},
		"1.2.85":            {"1985-02-01", "1985-02-01", "1985-02-01"},
		"24.11.":            {"2027-11-24", "2026-11-24", "2026-11-24"},
		"25.11.":            {"2026-11-25", "2026-11-25", "2026-11-25"},
		"26.11":             {"2026-11-26", "2025-11-26", "2026-11-26"},
		"10.1.":             {"2027-01-10", "2026-01-10", "2026-01-10"},
		"29.2.2028":         {"2028-02-29", "2028-02-29", "2028-02-29"},
		"heute":             {"2026-11-25", "2026-11-25", "2026-11-25"},
		"Heute":             {"2026-11-25", "2026-11-25", "2026-11-25"},
		"today":             {"2026-11-25", "2026-11-25", "2026-11-25"},
		"+14":               {"2026-12-09", "2026-12-09", "2026-12-09"},
		"+ 0":               {"2026-11-25", "2026-11-25", "2026-11-25"},
		"-1":                {"2026-11-24", "2026-11-24", "2026-11-24"},
		"+125":              {"2027-03-30", "2027-03-30", "2027-03-30"}, // summer time begins between
		"31.02.2027":        {"!", "!", "!"},
		"29.2.":             {"!", "!", "!"}, // neither in 2025 to 2027
		"2026-13-01":        {"!", "!", "!"},
		"2026-1-1":          {"!", "!", "!"},
		"0.0.2026":          {"!", "!", "!"},
		"24.11.206":         {"!", "!", "!"},
		"24.11.0206":        {"!", "!", "!"},
		"9999-01-01":        {"!", "!", "!"},
		"24":                {"!", "!", "!"},
		"+99999":            {"!", "!", "!"},
		"gestern":           {"!", "!", "!"},
		"24.11.2026\x00":    {"!", "!", "!"},
		"۲۴.۱۱.":            {"!", "!", "!"},
		"24.11.2026-12-01":  {"!", "!", "!"},
		"2026-11-24T00:00Z": {"!", "!", "!"},
	} {
		for i, read := range []func(*web.Days, string) time.Time{(*web.Days).Ahead, (*web.Days).Back, (*web.Days).Any} {
			got, err := readDay(typed, now, read)
			if err != nil {
				got = "!"
			}
			if got != want[i] {
				t.Errorf("%q, way %d: %s, want %s", typed, i, got, want[i])
			}
		}
	}
}

func TestLeapDayWithoutYear(t *testing.T) {
	for now, want := range map[int][3]string{2027: {"2028-02-29", "!", "!"}, 2028: {"2028-02-29", "!", "2028-02-29"}, 2029: {"!", "2028-02-29", "!"}} {
		for i, read := range []func(*web.Days, string) time.Time{(*web.Days).Ahead, (*web.Days).Back, (*web.Days).Any} {
			got, err := readDay("29.2.", time.Date(now, 1, 15, 12, 0, 0, 0, time.UTC), read)
			if err != nil {
				got = "!"
			}
			if got != want[i] {
				t.Errorf("in %d, way %d: %s, want %s", now, i, got, want[i])
			}
		}
	}
}

// What is wrong stands at its field as it was typed; what is a day is written out.
func TestDaysErr(t *testing.T) {
	d := web.Days{Form: url.Values{"von": {"31.02.2027"}, "bis": {"+7"}, "am": {strings.Repeat("ä", 100)}}, Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	if from, until := d.Ahead("von"), d.Ahead("bis"); !from.IsZero() || i18n.ISODate(until) != "2026-12-01" {
		t.Errorf("from %v until %v", from, until)
	}
	d.Any("am")
	if got := d.Form.Get("von") + " " + d.Form.Get("bis"); got != "31.02.2027 2026-12-01" {
		t.Errorf("the form has %q", got)
	}
	h := newHouse(t)
	r := post(urlencoded, "")
	if got := h.FieldError(r, d.Err(), "von"); got != "Diesen Tag gibt es nicht: 31.02.2027. Bitte schreiben Sie ihn wie 24.11.2026" {
		t.Errorf("von: %s", got)
	}
	if got := h.FieldError(r, d.Err(), "am"); len([]rune(got)) > 120 || !errs.Is(d.Err(), errs.Invalid) {
		t.Errorf("am: %s", got)
	}
	if got := h.FieldError(r, d.Err(), "bis"); got != "" {
		t.Errorf("bis: %s", got)
	}
	refused := d.Explain(errs.InvalidFields([]errs.Field{{Name: "von", Key: "errs.field.required"}, {Name: "text", Key: "errs.field.required"}}))
	if got := h.FieldError(r, refused, "von") + h.FieldError(r, refused, "text"); strings.Count(got, "31.02.2027") != 1 || strings.Count(got, "Bitte füllen") != 1 {
		t.Errorf("explained: %s", got)
	}
	if denied := errs.E(errs.Denied, "errs.denied"); !errs.Is(d.Explain(denied), errs.Denied) || d.Explain(nil) != nil {
		t.Error("another error is explained")
	}
}

// A day is the same however it is written, and a field shows it so that it is read again.
func TestDayIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(1800, 1, 1, 0, 0, 0, 0, i18n.Berlin).AddDate(0, 0, rapid.IntRange(0, 430000).Draw(t, "day"))
		now := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0)
		days := int(time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC).Sub(day(now)).Hours()) / 24
		spellings := []string{i18n.ISODate(at), at.Format("02.01.2006"), at.Format("2.1.2006"), web.Field{Kind: "day", Value: i18n.ISODate(at)}.Text()}
		if days > -10000 && days < 10000 {
			spellings = append(spellings, fmt.Sprintf("%+d", days))
		}
		if y := now.In(i18n.Berlin).Year(); at.Year() > y-70 && at.Year() < y+30 {
			spellings = append(spellings, at.Format("02.01.06"))
		}
		for _, s := range spellings {
			if got, err := readDay(s, now, (*web.Days).Ahead); err != nil || got != i18n.ISODate(at) {
				t.Fatalf("%q at %s: %q, %v; want %s", s, now, got, err, i18n.ISODate(at))
			}
		}
	})
}

// day is the day in Berlin, counted where all days have 24 hours.
func day(t time.Time) time.Time {
	y, m, d := t.In(i18n.Berlin).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func FuzzDays(f *testing.F) {
	for _, s := range []string{"24.11.2026", "24.11.26", "24.11.", "2026-11-24", "+14", "-1", "heute", "31.02.2027", "29.2."} {
		f.Add(s, int64(1795521600))
	}
	f.Fuzz(func(t *testing.T, typed string, at int64) {
		now := time.Unix(at%4e9, 0)
		d := web.Days{Form: url.Values{"am": {typed}}, Now: now}
		for i, got := range []time.Time{d.Ahead("am"), d.Back("am"), d.Any("am")} {
			if got.IsZero() {
				if d.Err() == nil && strings.TrimSpace(typed) != "" {
					t.Fatalf("%q is taken for none", typed)
				}
				continue
			}
			if !got.Equal(i18n.StartOfDay(got)) {
				t.Fatalf("%q is %v, no beginning of a day", typed, got)
			}
			if i18n.ISODate(got) != d.Form.Get("am") {
				t.Fatalf("way %d: %q is first %s, then %v", i, typed, d.Form.Get("am"), got)
			}
		}
	})
}
