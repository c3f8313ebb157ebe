package pay

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

func TestNumber(t *testing.T) {
	if got := newNumber(10001, 42); got != "10001-0000042-20" {
		t.Errorf("%s", got)
	}
	for s, ok := range map[string]bool{
		"10001-0000042-20": true, " 10001 0000042 20 ": true, "10001000004220": true, "10001‑0000042–20": true,
		"10001-0000042-21": false, "": false, "10001-0000042": false, "10001-0000042-20-": true, "10001-0000042-20x": false, "١٠٠٠١٠٠٠٠٠٤٢٢٠": false,
	} {
		if n, got := ParseNumber(s); got != ok || ok && n != "10001-0000042-20" {
			t.Errorf("%q: %s %v", s, n, got)
		}
	}
}

// The check digits catch every single wrong digit and every swap of neighbours.
func TestCheckDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := newNumber(rapid.Int64Range(10001, 99999).Draw(t, "prefix"), rapid.Int64Range(1, 9_999_999).Draw(t, "count"))
		if got, ok := ParseNumber(string(n)); !ok || got != n {
			t.Fatalf("%s is read as %s, %v", n, got, ok)
		}
		d := []byte(strings.ReplaceAll(string(n), "-", ""))
		for i := range d {
			was := d[i]
			for c := byte('0'); c <= '9'; c++ {
				d[i] = c
				if _, ok := ParseNumber(string(d)); ok != (c == was) {
					t.Fatalf("%s passes for %s", d, n)
				}
			}
			d[i] = was
			if i > 0 && d[i] != d[i-1] {
				d[i], d[i-1] = d[i-1], d[i]
				if _, ok := ParseNumber(string(d)); ok {
					t.Fatalf("%s passes for %s", d, n)
				}
				d[i], d[i-1] = d[i-1], d[i]
			}
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	f.Add("10001-0000042-20")
	f.Add("1 – 0")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseNumber(s); ok {
			if again, ok := ParseNumber(string(n)); !ok || again != n || len(n) != 16 {
				t.Errorf("%q gives %q", s, n)
			}
		}
		if d, ok := digits(s); ok && len(d) <= 14 && strings.ReplaceAll(written(d), "-", "") != d {
			t.Errorf("%q is written %q", d, written(d))
		}
	})
}

// Numbers of an authority run without gaps, also when requests are made at the same time and some are undone.
func TestNumbersWithoutGaps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const workers, each = 8, 6
		var wg sync.WaitGroup
		for k := range workers {
			wg.Go(func() {
				for i := range each {
					o := order(fmt.Sprintf("s:%d-%d", k, i), 100)
					if k%2 == 1 {
						o.Authority = weimar
					}
					ctx := identity.AsSystem(context.Background(), "test")
					_ = w.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { // undone by its caller
						o := o
						o.Source += "-undone"
						if _, err := w.Request(ctx, tx, o); err != nil {
							t.Error(err)
						}
						return errs.E(errs.Conflict, "pay.error.not_open")
					})
					if _, err := w.request(o); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, authority := range []string{erfurt, weimar} {
			all, err := listTransactions(t.Context(), w.h.DB.Reader(), identity.At(authority), filter{}, position{}, 1000)
			if err != nil || len(all) != workers*each/2 {
				t.Fatalf("%d, %v", len(all), err)
			}
			seen := map[string]bool{}
			for _, p := range all {
				if _, ok := ParseNumber(string(p.Kassenzeichen)); !ok {
					t.Errorf("%s is no number", p.Kassenzeichen)
				}
				seen[string(p.Kassenzeichen)[:13]] = true
			}
			for i := range len(all) {
				if want := fmt.Sprintf("%s-%07d", string(all[0].Kassenzeichen)[:5], i+1); !seen[want] {
					t.Errorf("%s: %s is missing", authority, want)
				}
			}
		}
	})
}

// The same source at the same moment is one payment.
func TestSameSourceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got := make(chan Payment)
		for range 8 {
			go func() {
				p, err := w.request(order("apply:1", 500))
				if err != nil {
					t.Error(err)
				}
				got <- p
			}()
		}
		first := <-got
		for range 7 {
			if p := <-got; p != first {
				t.Errorf("%+v, %+v", p, first)
			}
		}
	})
}
