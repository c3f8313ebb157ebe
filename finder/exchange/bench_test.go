package exchange

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
)

// generated is a message of n objects: a quarter services with nine texts, a quarter offices, half responsibilities.
func generated(n int) string {
	filler := strings.Repeat("Wer umzieht, meldet sich innerhalb von zwei Wochen bei der Meldebehörde an. ", 12)
	var items []string
	for i := 1; i <= n; i++ {
		switch i % 4 {
		case 0:
			modules := []string{"02", fmt.Sprintf("Leistung Nummer %d", i)}
			for j, code := range []string{"03", "05", "06", "07", "08", "09", "11", "22"} {
				modules = append(modules, code, "&lt;p&gt;"+filler[:len(filler)/(1+j%3)]+"&lt;/p&gt;")
			}
			modules[3] = modules[1]
			items = append(items, leistung(fmt.Sprint(i), "", "", modules...))
		case 1:
			items = append(items, write(strings.Replace(office, ">O1<", fmt.Sprintf(">O%d<", i), 1)))
		default:
			items = append(items, zustaendig(fmt.Sprintf("Z%d", i), fmt.Sprintf("O%d", i-i%4+1), fmt.Sprint(i-i%4+4), jena))
		}
	}
	return msg(items...)
}

// BenchmarkImport takes 20,000 objects into a fresh SQLite.
func BenchmarkImport(b *testing.B) {
	text := generated(20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		b.StopTimer()
		p := newPlace(b, housetest.New(b, db.SQLite, rooms...), false)
		src, err := Open(context.Background(), file(b, text), Fetch{})
		must(b, err)
		b.StartTimer()
		if _, err := p.im.Import(system(), src, Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		must(b, src.Close())
		b.StartTimer()
	}
}
