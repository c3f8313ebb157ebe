package fulltext

import (
	"strconv"
	"strings"
)

// PostgreSQL's index knows no order. So that it can skip what is not within a window of time, it has for each document,
// beside its tokens, the places where it is found: the span of time of each length that its number is in. The function
// …_places of the migration makes them.
const (
	shortest = 20 // bits of a number within the shortest span: 16 seconds
	longer   = 3  // bits more in the next
	lengths  = 8  // the longest is 13 months
)

// between gives the few places that cover the numbers from oldest to newest, and the first number they cover.
func between(oldest, newest int64) (places []int64, from int64) {
	length := int64(0)
	bits := shortest
	for ; length < lengths-1 && newest>>bits-oldest>>bits >= 1<<longer; length++ {
		bits += longer
	}
	for span := oldest >> bits; span <= newest>>bits; span++ {
		places = append(places, span*lengths+length)
	}
	return places, oldest >> bits << bits
}

// array writes numbers as PostgreSQL reads them.
func array(numbers []int64) string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.FormatInt(n, 10)
	}
	return "{" + strings.Join(list, ",") + "}"
}
