package records

import (
	"mime"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/platform/web"
)

// TestTransitions writes the state machines down a second time, whole, so that a change to them is made twice.
func TestTransitions(t *testing.T) {
	const no = State("")
	want := map[CaseKind]map[action][5]State{ // new, in_work, waiting, decided, closed
		Application: {
			actTake:   {StateInWork, StateInWork, StateWaiting, StateDecided, no},
			actNote:   {StateNew, StateInWork, StateWaiting, StateDecided, no},
			actAsk:    {StateWaiting, StateWaiting, StateWaiting, no, no},
			actAnswer: {StateInWork, StateInWork, StateInWork, StateDecided, StateClosed},
			actDecide: {StateDecided, StateDecided, StateDecided, no, no},
			actClose:  {no, no, no, StateClosed, no},
		},
		General: {
			actTake:   {StateInWork, StateInWork, no, no, no},
			actNote:   {StateNew, StateInWork, no, no, no},
			actAsk:    {no, no, no, no, no},
			actAnswer: {no, no, no, no, no},
			actDecide: {no, no, no, no, no},
			actClose:  {StateClosed, StateClosed, no, no, no},
		},
	}
	for kind, actions := range want {
		if len(actions) != len(transitions) {
			t.Fatalf("%d actions are tested, there are %d", len(actions), len(transitions))
		}
		for a, row := range actions {
			for i, s := range States {
				c := Case{Kind: kind, State: s}
				got, err := c.after(a)
				switch {
				case row[i] == no:
					if !errs.Is(err, errs.Conflict) {
						t.Errorf("%s of %s in %s: %v, want a conflict", a, kind, s, err)
					}
				case err != nil || got != row[i]:
					t.Errorf("%s of %s in %s: %s, %v, want %s", a, kind, s, got, err, row[i])
				}
				if can := c.Can(string(a)); can != (row[i] != no) {
					t.Errorf("Can(%s) of %s in %s: %v", a, kind, s, can)
				}
			}
		}
	}
}

func TestReference(t *testing.T) {
	// In Berlin the new year has begun at 23:00 UTC.
	if y := yearOf(time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)); y != 2027 {
		t.Errorf("year %d, want 2027", y)
	}
	if y := yearOf(time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC)); y != 2026 {
		t.Errorf("year %d, want 2026", y)
	}
	if r := caseReference(fileReference(DefaultPattern, "22.31", "", 2026, 17), false, 1); r != "22.31-2026/000017-1" {
		t.Errorf("reference %q", r)
	}
	if u := (Unit{RetentionYears: Forever}).RetainedUntil(time.Now()); !u.IsZero() {
		t.Errorf("kept for ever until %v", u)
	}
	until := Unit{RetentionYears: 10}.RetainedUntil(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	if i18n.ISODate(until) != "2036-12-31" {
		t.Errorf("retained until %s", until)
	}
}

func TestPlan(t *testing.T) {
	p, err := readPlan("fileplan/municipal.tsv")
	must(t, err)
	units := map[string]bool{}
	for _, u := range p.units {
		units[u.Code] = true
		if u.Parent != "" && !strings.HasPrefix(u.Code, u.Parent) {
			t.Errorf("unit %s stands under %s", u.Code, u.Parent)
		}
	}
	routed := map[string]string{}
	for _, r := range p.routing {
		routed[r.leikaKey] = r.unit
		if !units[r.unit] {
			t.Errorf("%s leads to unit %s, which is not there", r.leikaKey, r.unit)
		}
	}
	for key, unit := range map[string]string{"99110009104000": "22.31", "99115003012000": "11.10", "99050012104000": "11.30", anyService: "00.10"} {
		if routed[key] != unit {
			t.Errorf("%s leads to %q, want %s", key, routed[key], unit)
		}
	}
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"Impfpass.pdf":                    "Impfpass.pdf",
		"Größe Żółć.pdf":                  "Größe Żółć.pdf",
		"../../etc/passwd":                "passwd",
		`C:\Users\x\Vertrag.docx`:         "Vertrag.docx",
		"a\r\nSet-Cookie: x=1.pdf":        "aSet-Cookie_ x=1.pdf",
		"rechnung\u202efdp.exe":           "rechnungfdp.exe",
		`quote".pdf`:                      "quote_.pdf",
		"":                                "Datei",
		"..":                              "Datei",
		"/":                               "_",
		"\xff\xfe.pdf":                    "_.pdf",
		strings.Repeat("ä", 300) + ".pdf": strings.Repeat("ä", 116) + ".pdf",
	} {
		if got := SafeName(in); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzSafeName: whatever a name from outside holds, the header is one line, and a browser reads the very name from it.
func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"a.pdf", "ä\"; filename=x.exe", "\x00\n", "%41.pdf", "'.pdf", "a;b", strings.Repeat("x", 400)} {
		f.Add(s, "text/html; charset=utf-8")
	}
	f.Fuzz(func(t *testing.T, name, media string) {
		safe := SafeName(name)
		if !utf8.ValidString(safe) || safe == "" || utf8.RuneCountInString(safe) > 120 || strings.ContainsAny(safe, `/\`) ||
			strings.ContainsFunc(safe, unicode.IsControl) {
			t.Fatalf("SafeName(%q) = %q", name, safe)
		}
		if again := SafeName(safe); again != safe {
			t.Fatalf("SafeName is not stable: %q, %q", safe, again)
		}
		d := Disposition(name)
		kind, params, err := mime.ParseMediaType(d)
		if err != nil || kind != "attachment" || params["filename"] != safe || strings.ContainsAny(d, "\r\n") {
			t.Fatalf("Disposition(%q) = %q (%v), reads as %q", name, d, err, params["filename"])
		}
		if s := SafeType(media); strings.ContainsAny(s, "\r\n") || s == "" {
			t.Fatalf("SafeType(%q) = %q", media, s)
		}
	})
}

// TestFilterAddress: a filter survives its address, also inside the address of a case.
func TestFilterAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Filter{
			Query: web.Query(rapid.String().Draw(t, "q")),
			State: rapid.SampledFrom([]string{"", StateAll, string(StateNew), string(StateClosed)}).Draw(t, "state"),
			Who:   rapid.SampledFrom([]string{"", WhoMine, WhoFree}).Draw(t, "who"),
			Sort:  rapid.SampledFrom([]string{"", SortNewest, SortDue}).Draw(t, "sort"),
		}
		if rapid.Bool().Draw(t, "paged") {
			f.Page.After = paging.Number(rapid.Int64Range(1, 1<<53).Draw(t, "at"), db.NewID())
		}
		u, err := url.Parse(f.casePath(db.NewID(), ""))
		if err != nil {
			t.Fatal(err)
		}
		if back := list(u.Query()); back != f {
			t.Fatalf("%+v came back as %+v", f, back)
		}
	})
}

// TestTexts: every state, kind, action and appraisal has its words.
func TestTexts(t *testing.T) {
	b, err := os.ReadFile("texts/de.json")
	must(t, err)
	has := func(key string) {
		t.Helper()
		if !strings.Contains(string(b), `"`+key+`"`) {
			t.Errorf("no text %s", key)
		}
	}
	for _, s := range States {
		has("records.state." + string(s))
		has("records.filter.state." + string(s))
	}
	for _, k := range []Kind{ApplicationJSON, ApplicationPDF, AttachmentKind, AnswerKind, NoticeHTML, NoticePDF} {
		has("records.kind." + string(k))
	}
	for a := range transitions {
		has("records.error.state." + string(a))
	}
	for _, a := range []Appraisal{Archive, Appraise, Destroy} {
		has("records.appraisal." + string(a))
	}
}
