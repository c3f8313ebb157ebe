package fulltext

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The places cover what they should, are few, and reach no further back than one of them.
func TestBetween(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.Custom(func(r *rapid.T) int64 {
			return rapid.Int64Range(1, 1<<rapid.IntRange(1, 48).Draw(r, "bits")).Draw(r, "number")
		})
		a, b := number.Draw(r, "a"), number.Draw(r, "b")
		oldest, newest := min(a, b), max(a, b)
		places, from := between(oldest, newest)
		if decades := int64(1) << (shortest + longer*(lengths-1)); len(places) > 1<<longer+1 && newest-oldest < decades<<longer {
			r.Errorf("%d places", len(places))
		}
		if from > oldest || oldest-from > max(newest-oldest, 1<<shortest) {
			r.Errorf("from %d to cover %d to %d", from, oldest, newest)
		}
		length := places[0] % lengths
		for _, n := range []int64{from, oldest, (oldest + newest) / 2, newest} {
			if !slices.Contains(places, n>>(shortest+longer*length)*lengths+length) {
				r.Errorf("%d is not in %d", n, places)
			}
		}
	})
}
