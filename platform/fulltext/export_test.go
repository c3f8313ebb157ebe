package fulltext

import "testing"

// Window has the newest documents, so many, asked for first, until the test ends.
func Window(t testing.TB, documents int) {
	was := window
	window = documents
	t.Cleanup(func() { window = was })
}
