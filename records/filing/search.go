package filing

import (
	"context"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/fulltext"
	"rennsteig/records"
	"rennsteig/records/access"
)

// SearchFilter says what is looked for. Without a Query nothing is.
type SearchFilter struct {
	Query string // as fulltext.Parse reads it
	Kind  string // "" is all, "file", "case", "document", "post"
	Unit  string // code in the file plan
	From  time.Time
	Until time.Time // before
	After int64     // key of the hit that the page follows; 0 is the first page
	size  int       // hits of a page; 0 is hitsShown
}

// The kinds of what is found.
var searchKinds = []string{"document", "case", "file", "post"}

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

// Hit is what was found: a document with its case and file, a case with its file, a file, or post that lies in no case.
type Hit struct {
	Key       int64
	Kind      string
	Authority string
	At        time.Time // when the document was filed, the case or the post received, the file opened
	Document  records.Document
	Case      records.Case
	File      records.File
	Post      Incoming           // id, sender, subject
	Shown     []fulltext.Segment // the place where it was found in what a document or post says, or what was written in a case; nil if it was found by its name
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
	texts, err := r.said(ctx, q, scope, hits)
	if err != nil {
		return nil, 0, err
	}
	query := fulltext.Parse(f.Query)
	for i, h := range hits {
		shown := fulltext.Snippet(texts[h.object()], query, snippetSize)
		if slices.ContainsFunc(shown, func(s fulltext.Segment) bool { return s.Hit }) { // else it was found by its name
			hits[i].Shown = shown
		}
	}
	return hits, next, nil
}

// object names what was found, as its entry.
func (h Hit) object() string {
	id := map[string]string{"document": h.Document.ID, "case": h.Case.ID, "file": h.File.ID, "post": h.Post.ID}[h.Kind]
	return h.Kind + ":" + id
}

// said are the texts of the hits that are not confidential, by object.
func (r *Room) said(ctx context.Context, q db.Querier, scope access.Access, hits []Hit) (map[string]string, error) {
	var documents, cases, post []string
	for _, h := range hits {
		switch {
		case max(h.Case.Level, h.File.Level).Sensitive():
		case h.Kind == "document":
			documents = append(documents, h.Document.ID)
		case h.Kind == "case":
			cases = append(cases, h.Case.ID)
		case h.Kind == "post":
			post = append(post, h.Post.ID)
		}
	}
	out := map[string]string{}
	put := func(kind string, texts map[string]string, err error) error {
		for id, text := range texts {
			out[kind+":"+id] = text
		}
		return err
	}
	texts, err := r.store.texts(ctx, q, scope, documents)
	if err := put("document", texts, err); err != nil {
		return nil, err
	}
	texts, err = r.store.postSays(ctx, q, scope, post)
	if err := put("post", texts, err); err != nil {
		return nil, err
	}
	written, err := r.core.SaidIn(ctx, q, scope, cases)
	for id, said := range written {
		out["case:"+id] = strings.Join(said, "\n\n")
	}
	return out, err
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
