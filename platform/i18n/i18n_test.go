package i18n_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
)

func texts(de, en string) fstest.MapFS {
	return fstest.MapFS{"texts/de.json": {Data: []byte(de)}, "texts/en.json": {Data: []byte(en)}}
}

func TestCatalog(t *testing.T) {
	c := i18n.New()
	if err := c.Add(texts(`{"a.x":"%d Akten","a.n.one":"%d Akte","a.n.other":"%d Akten","a.p":"50 % sicher"}`,
		`{"a.x":"%d files","a.n.one":"%d file","a.n.other":"%d files","a.p":"50 % safe"}`)); err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		c.T(i18n.German, "a.x", 3):    "3 Akten",
		c.T(i18n.English, "a.x", 3):   "3 files",
		c.T(i18n.German, "a.gap"):     "[a.gap]",
		c.Known(i18n.German, "a.p"):   "50 % sicher",
		c.Known(i18n.German, "Anna"):  "Anna",
		c.N(i18n.German, "a.n", 1):    "1 Akte",
		c.N(i18n.German, "a.n", 0):    "0 Akten",
		c.N(i18n.English, "a.n", 2):   "2 files",
		c.T(i18n.German, "a.p"):       "50 % sicher",
		i18n.Number(i18n.German, -12): "-12",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if err := c.Add(texts(`{"a.x":"noch einmal"}`, `{}`)); err == nil {
		t.Error("a key was taken twice")
	}
}

func TestCheckFinds(t *testing.T) {
	for name, c := range map[string]struct{ de, en, want string }{
		"missing in English": {`{"a.x":"x"}`, `{}`, "en: a.x is missing"},
		"missing in German":  {`{}`, `{"a.x":"x"}`, "de: a.x is missing"},
		"empty":              {`{"a.x":" "}`, `{"a.x":"x"}`, "de: a.x is empty"},
		"verbs":              {`{"a.x":"%d von %s"}`, `{"a.x":"%s of %d"}`, "verbs differ"},
		"verb count":         {`{"a.x":"%d"}`, `{"a.x":"one"}`, "verbs differ"},
		"plural":             {`{"a.x.one":"x"}`, `{"a.x.one":"x"}`, "a.x has no .other"},
	} {
		t.Run(name, func(t *testing.T) {
			cat := i18n.New()
			if err := cat.Add(texts(c.de, c.en)); err != nil {
				t.Fatal(err)
			}
			if err := cat.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckAllowsOtherOrder(t *testing.T) {
	cat := i18n.New()
	if err := cat.Add(texts(`{"a.x":"%d von %s"}`, `{"a.x":"%[2]s of %[1]d, 100%%"}`)); err != nil {
		t.Fatal(err)
	}
	if err := cat.Check(); err != nil {
		t.Error(err)
	}
}

func TestDay(t *testing.T) {
	for in, want := range map[time.Time][2]string{
		time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC): {"2026-12-31T00:00:00+01:00", "2026-12-31T23:59:59+01:00"},
		time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC):   {"2027-01-01T00:00:00+01:00", "2027-01-01T23:59:59+01:00"},
		time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC):    {"2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00"},
	} {
		if got := [2]string{i18n.StartOfDay(in).Format(time.RFC3339), i18n.EndOfDay(in).Format(time.RFC3339)}; got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
	if !i18n.StartOfDay(time.Time{}).IsZero() || !i18n.EndOfDay(time.Time{}).IsZero() {
		t.Error("the zero time is a day")
	}
}

func TestISODate(t *testing.T) {
	if got := i18n.ISODate(time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)); got != "2027-01-01" {
		t.Error(got)
	}
	if got := i18n.ISODate(time.Time{}); got != "" {
		t.Error(got)
	}
}

func TestDatesAreBerlins(t *testing.T) {
	// In Berlin it is next year already.
	newYear := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	summer := time.Date(2026, 7, 1, 12, 5, 0, 0, time.UTC)
	for got, want := range map[string]string{
		i18n.Date(i18n.German, newYear):              "01.01.2027",
		i18n.Date(i18n.English, newYear):             "1 January 2027",
		i18n.DateTime(i18n.German, summer):           "01.07.2026, 14:05 Uhr",
		i18n.DateTime(i18n.English, summer):          "1 July 2026, 14:05",
		i18n.Date(i18n.German, time.Time{}):          "–",
		i18n.Number(i18n.German, 20500000):           "20.500.000",
		i18n.Number(i18n.English, 20500000):          "20,500,000",
		i18n.Money(i18n.German, money.Cents(123450)): "1.234,50 €",
		i18n.Money(i18n.English, money.Cents(-5)):    "-€0.05",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
