package desk

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web/webtest"
)

func TestSyllables(t *testing.T) {
	for word, want := range map[string]int{"Hund": 1, "Anmeldung": 3, "Ausweis": 2, "Bürgerinnen": 4, "Behörde": 3, "Theater": 3, "Gebäude": 3, "freie": 2,
		"Steuer": 2, "Quittung": 2, "See": 1, "Euro": 2, "Nation": 3, "Verwaltungsgemeinschaft": 6, "99084": 1, "GmbH": 1, "Zuständigkeit": 4} {
		if got := syllables(word); got != want {
			t.Errorf("%s has %d syllables, want %d", word, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"Eins. Zwei! Drei?": {"Eins.", "Zwei!", "Drei?"},
		"Nach § 3 Abs. 2 BMG, z. B. am 1. Januar 2026.": {"Nach § 3 Abs. 2 BMG, z. B. am 1. Januar 2026."},
		"Das kostet 3.500 Euro. Siehe www.example.org.": {"Das kostet 3.500 Euro.", "Siehe www.example.org."},
		"Liste\nPunkt eins\n\nPunkt zwei":               {"Liste", "Punkt eins", "Punkt zwei"},
		"":                                              nil,
	} {
		var got []string
		for _, p := range sentences(text) {
			got = append(got, p.Text)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// The scores are worked out by hand: 180 − words/sentences − 58.5 × syllables/words.
func TestAssess(t *testing.T) {
	for _, c := range []struct {
		text                   string
		score                  float64
		words, sentences, bad1 int
		bad2                   int
	}{
		{"Der Hund bellt.", 118.5, 3, 1, 0, 0},                                        // 180 − 3 − 58.5 × 3/3
		{"Die Anmeldung ist kostenlos. Bringen Sie den Ausweis mit.", 78, 9, 2, 0, 0}, // 180 − 4.5 − 58.5 × 15/9
		{"Die Beantragung der Genehmigung zur Veranstaltung obliegt Ihnen.", 180 - 8 - 58.5*19/8, 8, 1, 0, 1},
		{strings.Repeat("wort ", 21), 180 - 21 - 58.5, 21, 1, 1, 0},
		{strings.Repeat("wort ", 20), 180 - 20 - 58.5, 20, 1, 0, 0},
		{"", 0, 0, 0, 0, 0},
		{"– … –", 0, 0, 0, 0, 0},
	} {
		got, _ := Assess(c.text)
		if math.Abs(got.Score-c.score) > 0.06 || got.Words != c.words || got.Sentences != c.sentences || got.Long != c.bad1 || got.Nominal != c.bad2 {
			t.Errorf("%q: %+v, want %v", c.text, got, c)
		}
	}
}

func FuzzAssess(f *testing.F) {
	for _, s := range []string{"Ein Satz.", "z. B. 1. Januar", "..", "a.\n\n.b", "😀 ein.", "\xff."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, passages := Assess(s)
		if math.IsNaN(r.Score) || math.IsInf(r.Score, 0) || r.Sentences > len(passages) || r.Long > r.Sentences {
			t.Fatalf("%q: %+v", s, r)
		}
	})
}

const hardText = "Die Beantragung der Genehmigung zur Durchführung der Veranstaltung hat unter Berücksichtigung der Zuständigkeitsregelungen und der Verwaltungsvorschriften schriftlich durch Einreichung der Unterlagen bei der Genehmigungsbehörde rechtzeitig zu erfolgen."

func TestQuality(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		d.set(start)
		full := content("03", "Hund anmelden", "05", "Sie haben einen Hund.", "06", "Melden Sie ihn an.", "07", "ThürKAG", "08", hardText, "09", "Keine.", "11", "Sie rufen an.", "Kosten", "Es kostet nichts.")
		full.ReviewDate = "2026-11-24"
		d.released(t, edda, emil, stamm, full)
		move := finder.TextRef{Service: "99115005104000", Lang: i18n.German}
		d.released(t, edda, emil, move, content("05", "Kurz.", "08", "<p>"+strings.ToUpper(hardText)+"</p>"))
		d.released(t, lena, olaf, local, content("05", "Im Rathaus."))
		must(t, d.Snapshot(context.Background()))
		d.set(start.Add(24 * time.Hour))
		must(t, d.Snapshot(context.Background()))
		must(t, d.Snapshot(context.Background()))
		q := ok[Quality](t)(d.Quality(as(edda), ""))
		if len(q.Now) != 2 || q.Now[0] != (Figures{"", "", 2, 1, q.Now[0].Readable, 1, 0}) || q.Now[1] != (Figures{"", erfurt, 1, 1, 1, 0, 0}) {
			t.Errorf("now: %+v", q.Now)
		}
		if len(q.Trend) != 2 || q.Trend[0].Day != "2026-11-24" || q.Trend[1].Day != "2026-11-25" || q.Trend[1].Texts != 2 {
			t.Errorf("trend: %+v", q.Trend)
		}
		if len(q.Duplicates) != 1 || len(q.Duplicates[0].Refs) != 2 || q.Duplicates[0].Module != "08" {
			t.Errorf("duplicates: %+v", q.Duplicates)
		}
		if len(q.Gaps) != 2 || !q.Gaps[0].NoForm || q.Gaps[0].NoResponsibility || len(q.Hard) == 0 {
			t.Errorf("gaps: %+v, hard: %+v", q.Gaps, q.Hard)
		}
		if w := ok[Work](t)(d.Work(as(edda))); len(w.Gaps) != 1 || w.Gaps[0].Service != move.Service || len(w.Stale) != 1 {
			t.Errorf("work: %+v", w)
		}
		c := webtest.New(t, d.mux)
		c.As(edda).Get("/redaktion/qualitaet").Want(200, "Stadt Erfurt", "Am 24.11.2026 waren es 2", "Gleiche Texte unter mehreren Leistungen", "kein Formular und kein Onlinedienst")
		p := c.As(lena).Get("/redaktion/qualitaet").Want(200, "Stadt Erfurt")
		if p.Has("Stammtext") || p.Has("Gleiche Texte") {
			t.Error("the local editor sees the central team's figures")
		}
		for _, path := range []string{"/redaktion/qualitaet?behoerde=" + jena, "/redaktion/qualitaet?behoerde=land"} {
			c.As(lena).Get(path).Want(404)
		}
		if _, err := d.Quality(as(jens), erfurt); !errs.Is(err, errs.NotFound) {
			t.Errorf("Jens: %v", err)
		}
		v := ok[[]Version](t)(d.Texts(as(edda), dog))
		c.As(edda).Get(textPath(v[0].ID)).Want(200, "Lesbarkeitswert", "Nominalstil", "27 Wörter")
	})
}
