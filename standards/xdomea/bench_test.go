package xdomea

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// offered makes the n-th record of a large offer: a file with a case and a document, as offices keep them.
func offered(n int) *File {
	id := func(k int) string { return fmt.Sprintf("%08x-%04x-4000-8000-%012x", n, k, n) }
	day := time.Date(2010, 4, 1, 0, 0, 0, 0, time.UTC)
	general := General{Subject: "Hundesteuer, Veranlagung und Erlass", Reference: fmt.Sprintf("22.31-%d/2010", n), LeadUnit: "Kämmerei", Confidentiality: Open, Medium: Electronic, Unit: UnitRef{Reference: "22.31", Description: "Hundesteuer"}}
	history := []Change{{Actor: "Registratur", At: day, Action: "angelegt"}, {Actor: "Registratur", At: day.AddDate(1, 0, 0), Action: "zu den Akten"}}
	return &File{ID: id(1), General: general, Retention: kept, Period: Period{day, day.AddDate(2, 0, 0)}, History: history, Closed: true, ClosedOn: day.AddDate(2, 0, 0),
		Cases: []Case{{ID: id(2), General: general, Period: Period{day, day.AddDate(2, 0, 0)}, History: history,
			Documents: []Document{{ID: id(3), General: general, Written: day, Clerk: "Muster", History: history[:1]}}}}}
}

// BenchmarkWriteOffer writes an offer (0501) of 26,000 files, each with a case and a document.
func BenchmarkWriteOffer(b *testing.B) {
	const objects = 26_000
	b.ReportAllocs()
	var peak, size uint64
	for b.Loop() {
		out := &counter{w: io.Discard}
		w, err := NewWriter(out, testHead(Offer))
		if err != nil {
			b.Fatal(err)
		}
		for n := range objects {
			if err := w.Write(offered(n)); err != nil {
				b.Fatal(err)
			}
			if n%5_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		size = uint64(out.n)
	}
	b.ReportMetric(objects*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(float64(size)/(1<<20), "message-MB")
}

// BenchmarkReadOffer reads one of 2,000.
func BenchmarkReadOffer(b *testing.B) {
	const objects = 2_000
	var items []Item
	for n := range objects {
		items = append(items, offered(n))
	}
	message := write(b, testHead(Offer), items...)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, items, err := read(NewReader(bytes.NewReader(message))); err != nil || len(items) != objects {
			b.Fatal(err)
		}
	}
	b.ReportMetric(objects*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}
