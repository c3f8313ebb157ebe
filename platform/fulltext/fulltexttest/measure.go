package fulltexttest

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
)

// Figure is how long searches of one kind took for one reader, who asked for the newest 50 documents and whether there
// are more.
type Figure struct {
	Query, Reader string
	P50, P99      time.Duration
	Hits          float64 // on average
}

// queries are by kind; each makes the i-th of its variants. Documents are as many as were filled.
func queries(documents int) []struct {
	kind string
	make func(i int) string
} {
	words := Vocabulary(20_000)
	small := len(strings.Fields(small))
	frequent := func(i int) string { return words[small+i%40] }
	rare := func(i int) string { return words[len(words)-1-i*97] }
	return []struct {
		kind string
		make func(i int) string
	}{
		{"rare word", rare},
		{"frequent word", frequent},
		{"two frequent words", func(i int) string { return frequent(i) + " " + frequent(i*7+1) }},
		{"frequent and rare", func(i int) string { return frequent(i) + " " + rare(i+1) }},
		{"phrase of frequent words", func(i int) string { return `"` + frequent(i) + " " + frequent(i*7+1) + `"` }},
		{"phrase of articles", func(i int) string { return `"` + words[i%small] + " " + words[(i*7+1)%small] + `"` }},
		{"beginning", func(i int) string { w := []rune(frequent(i)); return string(w[:min(len(w), 4+i%5)]) + "*" }},
		{"without a frequent word", func(i int) string { return frequent(i) + " -" + frequent(i*7+1) }},
		{"reference", func(i int) string { return Reference(i * 7919 % documents) }},
	}
}

// Measure asks every kind of query in 20 variants, so many rounds in random order, after one to warm up.
func Measure(ctx context.Context, d *db.DB, documents, rounds int, readers []Reader) ([]Figure, error) {
	const variants = 20
	kinds := queries(documents)
	took := make([][]time.Duration, len(kinds)*len(readers))
	hits := make([]int, len(took))
	r := rand.New(rand.NewPCG(3, 4))
	for round := range rounds + 1 {
		for _, k := range r.Perm(len(took) * variants) {
			cell, i := k/variants, k%variants
			began := time.Now()
			found, err := Find(ctx, d, d.Reader(), readers[cell%len(readers)], kinds[cell/len(readers)].make(i), 0, 51)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				took[cell] = append(took[cell], time.Since(began))
				hits[cell] += len(found)
			}
		}
	}
	var out []Figure
	for cell, all := range took {
		slices.Sort(all)
		out = append(out, Figure{kinds[cell/len(readers)].kind, readers[cell%len(readers)].Name,
			all[len(all)/2], all[len(all)*99/100], float64(hits[cell]) / float64(len(all))})
	}
	return out, nil
}
