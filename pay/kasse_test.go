package pay

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/snapshot"
)

var hrefs = regexp.MustCompile(`href="(/kasse\?[^"]*)" rel="(prev|next)"`)

// Paging forth and back shows each payment once, the youngest first, and keeps the filter.
func TestListPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 2*pageSize + 7
		var want []string
		for i := range n {
			if i%10 != 0 { // several at the same moment
				w.pass(time.Second)
			}
			p := w.mustRequest(order(fmt.Sprint("s:", i), money.Cents(100+i)))
			want = append([]string{p.Kassenzeichen}, want...)
		}
		numbers := regexp.MustCompile(`>(\d{5}-\d{7}-\d{2})</a>`)
		get := func(path string) (got []string, prev, next string) {
			t.Helper()
			rec := w.do(treasurer(erfurt), "GET", path, nil)
			if rec.Code != 200 {
				t.Fatalf("%s: %d", path, rec.Code)
			}
			for _, m := range numbers.FindAllStringSubmatch(rec.Body.String(), -1) {
				got = append(got, m[1])
			}
			for _, m := range hrefs.FindAllStringSubmatch(rec.Body.String(), -1) {
				if m[2] == "prev" {
					prev = strings.ReplaceAll(m[1], "&amp;", "&")
				} else {
					next = strings.ReplaceAll(m[1], "&amp;", "&")
				}
			}
			return got, prev, next
		}
		var all []string
		one, prev, next := get("/kasse?stand=INITIAL")
		if prev != "" || !strings.Contains(next, "stand=INITIAL") {
			t.Errorf("first page: %q %q", prev, next)
		}
		two, prev2, next2 := get(next)
		three, prev3, next3 := get(next2)
		all = append(append(append(all, one...), two...), three...)
		if strings.Join(all, " ") != strings.Join(want, " ") {
			t.Errorf("forth: %v", all)
		}
		if prev2 == "" || next3 != "" {
			t.Errorf("ends: %q %q", prev2, next3)
		}
		back2, prevB, _ := get(prev3)
		back1, prevA, _ := get(prevB)
		if strings.Join(back2, " ") != strings.Join(two, " ") || strings.Join(back1, " ") != strings.Join(one, " ") || prevA != "" {
			t.Errorf("back: %v, %v, %q", back2, back1, prevA)
		}
		if got, _, _ := get("/kasse?kassenzeichen=" + url.QueryEscape(strings.ReplaceAll(want[3], "-", " "))); len(got) != 1 || got[0] != want[3] {
			t.Errorf("search: %v", got)
		}
		if got, _, _ := get("/kasse?kassenzeichen=10001"); len(got) != pageSize {
			t.Errorf("search by the beginning: %d", len(got))
		}
		for _, q := range []string{"kassenzeichen=%25", "kassenzeichen=_____", "kassenzeichen=10001-0000001-00", "kassenzeichen=" + strings.Repeat("9", 5000),
			"stand=PAYED", "stand=refund"} {
			if got, _, _ := get("/kasse?" + q); len(got) != 0 {
				t.Errorf("%.40s finds %d", q, len(got))
			}
		}
		for _, q := range []string{"ab=x", "ab=-5.x", "ab=1.%00", "stand=x", "kassenzeichen=%ff", "ab=99999999999999999999999.aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"} {
			if got, _, _ := get("/kasse?" + q); len(got) != pageSize {
				t.Errorf("%s shows %d", q, len(got))
			}
		}
		if body := w.do(treasurer(erfurt), "GET", "/kasse", nil).Body.String(); !strings.Contains(body, i18n.Money(i18n.German, sum(n))) {
			t.Error("the total is wrong")
		}
	})
}

func sum(n int) (c money.Cents) {
	for i := range n {
		c += money.Cents(100 + i)
	}
	return c
}

func TestBookingsOfADay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.h.AuthorityName = func(id string) string { return "=HYPERLINK(\"" + id + "\")" }
		w.time = time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) // the 25th in Berlin
		o := order("apply:1", 123456)
		o.Purpose = "+49 \"Müll\"; Gebühr"
		p := w.mustRequest(o)
		get := func(day string) [][]string {
			t.Helper()
			rec := w.do(treasurer(erfurt), "GET", "/kasse/buchungen.csv?tag="+day, nil)
			body, ok := strings.CutPrefix(rec.Body.String(), "\ufeff")
			if rec.Code != 200 || !ok || !strings.HasPrefix(rec.Header().Get("Content-Disposition"), "attachment;") {
				t.Fatalf("%d %v", rec.Code, rec.Header())
			}
			r := csv.NewReader(strings.NewReader(body))
			r.Comma = ';'
			rows, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return rows[1:]
		}
		if rows := get("2026-11-24"); len(rows) != 0 {
			t.Errorf("the day before: %v", rows)
		}
		rows := get("2026-11-25")
		if len(rows) != 2 {
			t.Fatalf("%v", rows)
		}
		want := []string{"2026-11-25 00:30:00", "'=HYPERLINK(\"erfurt\")", p.Kassenzeichen, "'" + o.Purpose, "Sollstellung", "Forderung", "1234,56", ""}
		for i, v := range want {
			if rows[0][i] != v {
				t.Errorf("column %d: %q, want %q", i, rows[0][i], v)
			}
		}
		if rows[1][7] != "1234,56" || rows[0][8] != rows[1][8] {
			t.Errorf("%v", rows[1])
		}
		for _, day := range []string{"", "24.11.2026", "2026-13-01", "2026-11-24x", "9999999-01-01"} {
			if rec := w.do(treasurer(erfurt), "GET", "/kasse/buchungen.csv?tag="+url.QueryEscape(day), nil); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("day %q: %d", day, rec.Code)
			}
		}
	})
}

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{"": "", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"a=1": "a=1", "5,00": "5,00"} {
		if got := harmless(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestFees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const dog, certificate = "99110009104000", "99115003012000"
		sys := identity.AsSystem(t.Context(), "test")
		want := func(authority, key string, amount money.Cents, ok bool) {
			t.Helper()
			a, demo, got, err := w.Fee(t.Context(), key, authority)
			if err != nil || got != ok || a != amount || demo != ok {
				t.Errorf("%s %s: %v %v %v %v", authority, key, a, demo, got, err)
			}
		}
		want(erfurt, dog, 0, false)
		if err := w.SetFees(sys, []FeeSetting{{erfurt, certificate, 500, true}, {weimar, certificate, 600, true}, {erfurt, dog, 0, true}}); err != nil {
			t.Fatal(err)
		}
		want(erfurt, certificate, 500, true)
		want(weimar, certificate, 600, true)
		want(erfurt, dog, 0, true) // free of charge is not unknown
		want(weimar, dog, 0, false)
		own := identity.With(t.Context(), treasurer(erfurt))
		if err := w.SetFees(own, []FeeSetting{{erfurt, certificate, 700, true}, {weimar, certificate, 1, true}}); err == nil {
			t.Error("a treasurer sets a stranger's fees")
		}
		want(erfurt, certificate, 500, true) // all or none
		if err := w.SetFees(t.Context(), []FeeSetting{{erfurt, certificate, 1, true}}); err == nil {
			t.Error("nobody sets fees")
		}
		if err := w.SetFees(own, []FeeSetting{{erfurt, certificate, 700, true}}); err != nil {
			t.Error(err)
		}
		want(erfurt, certificate, 700, true)
		for _, f := range []FeeSetting{{erfurt, "x", 1, true}, {erfurt, certificate, -1, true}, {erfurt, certificate, MaxAmount + 1, true}, {"", certificate, 1, true}} {
			if err := w.SetFees(sys, []FeeSetting{f}); err == nil {
				t.Errorf("%+v is accepted", f)
			}
		}
		var entries int
		count := func() int {
			if err := w.h.DB.Reader().QueryRow(t.Context(), `SELECT COUNT(*) FROM audit_entry`).Scan(&entries); err != nil {
				t.Fatal(err)
			}
			return entries
		}
		before := count()
		if err := w.SetFees(sys, []FeeSetting{{erfurt, certificate, 700, true}}); err != nil {
			t.Fatal(err)
		}
		if count() != before {
			t.Error("what is so already is written into the log")
		}
	})
}

// A process that did not make the change sees it after a while.
func TestFeesOfAnotherProcess(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const key = "99115003012000"
		other := &Room{h: w.h}
		other.fees = snapshot.New(w.h.Now, other.loadFees)
		if _, _, ok, err := other.Fee(t.Context(), key, erfurt); ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := w.SetFees(identity.AsSystem(t.Context(), "test"), []FeeSetting{{erfurt, key, 500, true}}); err != nil {
			t.Fatal(err)
		}
		w.pass(snapshot.Age + time.Second)
		if a, _, ok, err := other.Fee(t.Context(), key, erfurt); !ok || err != nil || a != 500 {
			t.Errorf("%v %v %v", a, ok, err)
		}
	})
}

// Both catalogues have the same keys, each with the same arguments, and every key that code and pages use.
func TestTexts(t *testing.T) {
	texts := map[string]map[string]string{}
	for _, lang := range []string{"de", "en"} {
		b, err := Files.ReadFile("texts/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		texts[lang] = m
	}
	for k, v := range texts["de"] {
		e, ok := texts["en"][k]
		if !ok || strings.Count(v, "%") != strings.Count(e, "%") {
			t.Errorf("%s: %q, %q", k, v, e)
		}
	}
	if len(texts["de"]) != len(texts["en"]) {
		t.Error("the catalogues differ")
	}
	each(t, func(t *testing.T, w *world) { // every page in every state, without a gap
		p := w.mustRequest(order("apply:1", 500))
		gap := regexp.MustCompile(`\[pay\.[^\]]*\]`)
		see := func(who identity.Principal, path string) {
			t.Helper()
			if m := gap.FindString(w.do(who, "GET", path, nil).Body.String()); m != "" {
				t.Errorf("%s: %s", path, m)
			}
		}
		all := func() {
			t.Helper()
			see(nobody, p.Path)
			see(treasurer(erfurt), "/kasse")
			see(treasurer(erfurt), "/kasse/"+p.ID)
			see(treasurer(erfurt), "/kasse/"+p.ID+"/aufheben")
			see(treasurer(erfurt), "/kasse/buchungen.csv?tag=2026-11-24")
		}
		all()
		for _, outcome := range []string{"failed", "cancelled", "paid"} {
			test := w.to(w.do(nobody, "POST", p.Path, nil))
			see(nobody, test)
			all()
			back := w.to(w.do(nobody, "POST", test, url.Values{"outcome": {outcome}}))
			see(nobody, test)
			w.to(w.do(nobody, "GET", back, nil))
			all()
		}
	})
}
