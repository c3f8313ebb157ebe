package filing

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/fulltext"
	"rennsteig/records"
	"rennsteig/records/access"
)

// SearchFilter says what is looked for. Without a Query nothing is.
type SearchFilter struct {
	Query string // as fulltext.Parse reads it
	Kind  string // "" is all, "file", "case", "document"
	Unit  string // code in the file plan
	From  time.Time
	Until time.Time // before
	After int64     // key of the hit that the page follows; 0 is the first page
	size  int       // hits of a page; 0 is hitsShown
}

// The kinds of what is found.
var searchKinds = []string{"document", "case", "file"}

func (f SearchFilter) search(labels []string) fulltext.Search {
	return fulltext.Search{Query: fulltext.Parse(f.Query), Labels: labels, Before: f.After, Limit: f.shown() + 1}
}

func (f SearchFilter) shown() int {
	if f.size == 0 {
		return hitsShown
	}
	return f.size
}

// hitsShown is how many hits a page has.
const hitsShown = 20

// Hit is what was found: a document with its case and file, a case with its file, or a file.
type Hit struct {
	Key       int64
	Kind      string
	Authority string
	At        time.Time // when the document was filed, the case received, the file opened
	Document  records.Document
	Case      records.Case
	File      records.File
	Shown     []fulltext.Segment // the place in a document's text where it was found; nil if it was found by its name
}

// snippetSize is how many bytes of a document are shown.
const snippetSize = 240

// Search finds what the caller may read, the newest first; next is the SearchFilter.After of the next page, 0 if there is
// none. Of what is confidential the content is not shown: opening it is logged.
func (r *Room) Search(ctx context.Context, f SearchFilter) (hits []Hit, next int64, err error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil || fulltext.Parse(f.Query).Empty() {
		return nil, 0, err
	}
	if hits, err = r.store.found(ctx, q, scope, r.index, f); err != nil {
		return nil, 0, err
	}
	if n := f.shown(); len(hits) > n {
		hits = hits[:n]
		next = hits[n-1].Key
	}
	var ids []string
	for _, h := range hits {
		if h.Kind == "document" && !max(h.Case.Level, h.File.Level).Sensitive() {
			ids = append(ids, h.Document.ID)
		}
	}
	texts, err := r.store.texts(ctx, q, scope, ids)
	if err != nil {
		return nil, 0, err
	}
	query := fulltext.Parse(f.Query)
	for i := range hits {
		shown := fulltext.Snippet(texts[hits[i].Document.ID], query, snippetSize)
		if slices.ContainsFunc(shown, func(s fulltext.Segment) bool { return s.Hit }) { // else it was found by its name
			hits[i].Shown = shown
		}
	}
	return hits, next, nil
}

// Why says why a search found nothing, as far as the caller may know: the catalogue key of a sentence.
func (r *Room) Why(ctx context.Context, f SearchFilter) (string, error) {
	wider := SearchFilter{Query: f.Query}
	if f == wider {
		return "filing.search.why.words", nil
	}
	hits, _, err := r.Search(ctx, wider)
	if errs.CodeOf(err) == "" && len(hits) > 0 {
		return "filing.search.why.filter", nil
	}
	return "filing.search.why.words", err
}
