package disposal

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// Person is about whom somebody asks what the electronic file says (Art. 15 GDPR). Name, Mail and Address find alone;
// Born tells people of one name apart.
type Person struct {
	Authority string
	Name      string
	Mail      string
	Address   string
	Born      string // "1980-01-31"; "" if it is not known
	Citizen   string // account of the applicant; "" if it is not known
	Staff     bool   // also where they did something in office
}

// Search is the looking for a person in all places of an authority. It runs in steps, of which each is kept, and goes on
// where it stopped.
type Search struct {
	ID       string
	Person   Person
	Place    int64 // how many places were searched
	Complete bool  // all hits are kept; else it stopped because there are too many
	Unread   int64 // documents whose text nobody could read; set at the end
	By       string
	At       time.Time
	Ended    time.Time // zero while it runs

	by    string // subject
	after string
}

const (
	maxKept     = 5000 // hits of a search
	shownHits   = 50   // on a page
	minLetter   = 3    // of a name: fewer are found everywhere
	maxSearches = 20   // that are listed
	// keepSearch is how long a search is kept: an answer is due within a month, within three if it is hard (Art. 12 (3) GDPR).
	keepSearch = 92 * 24 * time.Hour
	readAtOnce = 200 // rows that are found by an index
)

// atOnce is how long somebody waits for a search: one that takes longer goes on as a job.
var atOnce = 1500 * time.Millisecond

type searchJob struct{ Authority, Search string }

// check tidies what was typed and names what is wrong with it.
func (p *Person) check() error {
	var wrong []errs.Field
	p.Name, p.Mail, p.Address, p.Citizen = web.Query(p.Name), web.Query(p.Mail), web.Query(p.Address), web.Query(p.Citizen)
	if letters := strings.Join(Person{Name: p.Name}.words(), ""); p.Name != "" && len([]rune(letters)) < minLetter || p.Name+p.Mail+p.Address+p.Citizen == "" {
		wrong = append(wrong, errs.Field{Name: "name", Key: "disposal.error.person"})
	}
	if at := strings.Index(p.Mail, "@"); p.Mail != "" && (at < 1 || strings.Contains(p.Mail, " ")) {
		wrong = append(wrong, errs.Field{Name: "mail", Key: "disposal.error.mail"})
	}
	if letters := strings.Join(Person{Address: p.Address}.words(), ""); p.Address != "" && len([]rune(letters)) < minLetter {
		wrong = append(wrong, errs.Field{Name: "anschrift", Key: "disposal.error.address"})
	}
	if _, err := time.Parse(time.DateOnly, p.Born); p.Born != "" && err != nil {
		wrong = append(wrong, errs.Field{Name: "geboren", Key: "disposal.error.born"})
	}
	return errs.InvalidFields(wrong)
}

func (p Person) words() (out []string) {
	for _, x := range p.terms().finds {
		out = append(out, x.words...)
	}
	return out
}

// Find begins a search at an authority whose records the caller keeps. id is chosen by the form. What is found within a
// moment is there when it returns; a job finds the rest. The log does not say whom it was about.
func (r *Room) Find(ctx context.Context, id string, p Person) error {
	if web.ID(id) == "" {
		return notFound()
	}
	me := identity.From(ctx)
	s := Search{ID: id, Person: p, By: me.Name, by: me.Subject, At: r.h.Now()}
	err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if !a.Registrar(p.Authority) {
			return notFound()
		}
		if err := s.Person.check(); err != nil {
			return err
		}
		if isNew, err := r.store.insertSearch(ctx, tx, a, s); err != nil || !isNew {
			return err // the form was sent twice
		}
		if err := r.h.Audit.Append(ctx, tx, audit.Entry{Action: "disposal.person_searched", Authority: p.Authority, Object: searchObject(id)}); err != nil {
			return err
		}
		return r.h.Queue.PublishAt(ctx, tx, topicSearch, searchJob{p.Authority, id}, r.h.Now().Add(atOnce))
	})
	if err != nil {
		return err
	}
	return r.seek(ctx, access.At(p.Authority), id, time.Now().Add(atOnce))
}

func searchObject(id string) string { return "disclosure:" + id }

func (r *Room) doSearch(ctx context.Context, _ *queue.Job, b searchJob) error {
	return r.seek(ctx, access.At(b.Authority), b.Search, time.Time{})
}

// seek goes on with a search until it has ended, or until that time. It looks everywhere at the authority, for it tells
// that there is something, too, which who reads the result may not read.
func (r *Room) seek(ctx context.Context, a access.Access, id string, until time.Time) error {
	for until.IsZero() || time.Now().Before(until) {
		s, err := r.store.search(ctx, r.h.DB.Reader(), a, id)
		if errs.Is(err, errs.NotFound) { // it was forgotten meanwhile
			return nil
		}
		if err != nil || !s.Ended.IsZero() {
			return err
		}
		if err := r.step(ctx, a, s); err != nil {
			return err
		}
	}
	return nil
}

// step searches the next piece of a place.
func (r *Room) step(ctx context.Context, a access.Access, s Search) error {
	q, places := r.h.DB.Reader(), r.places()
	if s.Place >= int64(len(places)) {
		var unread int64
		for _, p := range places {
			if p.Unread != nil && len(s.Person.terms().finds) > 0 {
				n, err := p.Unread(ctx, q, s.Person.Authority)
				if err != nil {
					return err
				}
				unread += n
			}
		}
		return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return r.store.endSearch(ctx, tx, a, s.ID, unread, r.h.Now())
		})
	}
	place, t := places[s.Place], s.Person.terms()
	var rows []placeRow
	var err error
	after, ended := "", true
	switch {
	case place.Name == placeAccount:
		rows, err = r.ofAccount(ctx, q, a, s.Person)
	case len(t.finds) == 0 || said(place, s.Person.Staff) == "":
	case place.Read != nil:
		if rows, after, err = r.readPlace(ctx, q, a, place, s, t); err == nil {
			ended = after == ""
		}
	default:
		var end string
		if end, err = windowEnd(ctx, q, place, s.after); err == nil && end != "" {
			after, ended = end, false
			rows, err = r.store.window(ctx, q, a, place, s.Person.Staff, s.Person.Authority, t, s.after, end)
		}
	}
	if err != nil {
		return err
	}
	var hits []hit
	for _, x := range rows {
		if place.Name == placeAccount || len(t.match(readable(x.text))) > 0 {
			hits = append(hits, newHit(place.Name, x))
		}
	}
	next, complete := s.Place, true
	if ended {
		next, after = s.Place+1, ""
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if len(hits) > 0 {
			n, err := r.store.countHits(ctx, tx, a, s.ID)
			if err != nil {
				return err
			}
			if n+len(hits) > maxKept {
				hits, next, after, complete = hits[:max(0, maxKept-n)], int64(len(places)), "", false
			}
		}
		if first, err := r.store.advance(ctx, tx, a, s, next, after, complete); err != nil || !first {
			return err
		}
		return r.store.insertHits(ctx, tx, a, s, hits)
	})
}

func (r *Room) ofAccount(ctx context.Context, q db.Querier, a access.Access, p Person) ([]placeRow, error) {
	if p.Citizen == "" || r.Applicants == nil {
		return nil, nil
	}
	sources, err := r.Applicants.Applications(ctx, p.Citizen)
	if err != nil {
		return nil, err
	}
	return r.store.casesOfSources(ctx, q, a, p.Authority, sources)
}

// readPlace asks the index of a place for one term after the other; after says which, and where it goes on.
func (r *Room) readPlace(ctx context.Context, q db.Querier, a access.Access, place PersonPlace, s Search, t terms) (rows []placeRow, after string, err error) {
	number, at, _ := strings.Cut(s.after, ":")
	n, _ := strconv.Atoi(number)              // "" is the first
	before, _ := strconv.ParseInt(at, 10, 64) // "" is the newest
	ids, before, err := place.Read(ctx, q, s.Person.Authority, t.finds[n].query(), before, readAtOnce)
	if err != nil {
		return nil, "", err
	}
	if before == 0 {
		n++
	}
	if n < len(t.finds) {
		after = strconv.Itoa(n) + ":" + strconv.FormatInt(before, 10)
	}
	rows, err = r.store.rowsOf(ctx, q, a, place, s.Person.Staff, s.Person.Authority, ids)
	return rows, after, err
}

// Searches are the last ones at the authorities whose records the caller keeps, the latest first.
func (r *Room) Searches(ctx context.Context) ([]Search, error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return nil, err
	}
	return r.store.searches(ctx, q, a, maxSearches)
}

// Finding is what a search has found in one thing: in a document, or in one row of another place.
type Finding struct {
	Value     string // what Choose calls it
	File      heading
	Case      heading // the zero heading for what lies in a file itself, or in none
	Document  heading
	Places    []string // catalogue keys
	By        []string // "name", "mail", "address", "born"
	At        time.Time
	Shown     []fulltext.Segment // nil for what is confidential: opening it is logged
	Sensitive bool
	Chosen    bool
}

// Findings is one page of what a search has found.
type Findings struct {
	Search Search
	Places int // how many there are
	List   []Finding
	Wholes []string // cases that are to be given out as a whole
	Next   string   // where the next page begins; "" if there is none
	Hidden int64    // files with hits that the caller may not read
}

// Findings reads what a search has found and the caller may read, from after on. errs.NotFound for one of an authority
// whose records they do not keep.
func (r *Room) Findings(ctx context.Context, id, after string) (f Findings, err error) {
	q := r.h.DB.Reader()
	a, err := registrar(ctx, q)
	if err != nil {
		return f, err
	}
	if f.Search, err = r.store.search(ctx, q, a, id); err != nil {
		return f, err
	}
	f.Places = len(r.places())
	hits, err := r.store.hits(ctx, q, a, id, after, shownHits+1)
	if err != nil {
		return f, err
	}
	if len(hits) > shownHits {
		hits = hits[:shownHits]
		f.Next = hits[shownHits-1].sort
	}
	if f.Hidden, err = r.store.hiddenFiles(ctx, q, a, id); err != nil {
		return f, err
	}
	if f.Wholes, err = r.store.wholes(ctx, q, a, id); err != nil {
		return f, err
	}
	texts, err := r.texts(ctx, q, f.Search, hits)
	if err != nil {
		return f, err
	}
	heads, err := r.headings(ctx, q, a, hits)
	if err != nil {
		return f, err
	}
	t := f.Search.Person.terms()
	query := fulltext.Parse(t.query())
	for _, h := range hits {
		x, there := texts[h.sort]
		by := t.match(x.text)
		if h.place == placeAccount {
			there, by = true, []string{"account"}
		}
		if !there || len(by) == 0 { // it was changed meanwhile, or erased
			continue
		}
		n := Finding{Value: "fund:" + h.sort, File: heads[h.file], Case: heads[h.caseID], Document: heads[h.document], Places: []string{h.place}, By: by, At: x.at, Chosen: h.chosen}
		n.Sensitive = max(n.File.level, n.Case.level).Sensitive()
		if !n.Sensitive && x.text != "" {
			n.Shown = fulltext.Snippet(x.text, query, snippetSize)
		}
		if h.document != "" {
			n.Value = "dokument:" + h.document
			if last := len(f.List) - 1; last >= 0 && f.List[last].Value == n.Value {
				f.List[last].add(n)
				continue
			}
		}
		f.List = append(f.List, n)
	}
	return f, nil
}

// snippetSize is how many bytes of a text are shown.
const snippetSize = 200

// add joins what was found in another place of the same document.
func (f *Finding) add(n Finding) {
	f.Places = append(f.Places, n.Places...)
	f.Chosen = f.Chosen || n.Chosen
	for _, by := range n.By {
		if !slices.Contains(f.By, by) {
			f.By = append(f.By, by)
		}
	}
	if len(f.Shown) == 0 {
		f.Shown = n.Shown
	}
}

// texts are what the rows of hits say now, by the hit.
func (r *Room) texts(ctx context.Context, q db.Querier, s Search, hits []hit) (map[string]placeRow, error) {
	out := map[string]placeRow{}
	for _, place := range r.places() {
		ids := map[string]string{}
		var list []string
		for _, h := range hits {
			if h.place == place.Name && place.Table != "" && said(place, s.Person.Staff) != "" { // two tables can have one name
				ids[h.row] = h.sort
				list = append(list, h.row)
			}
		}
		rows, err := r.store.rowsOf(ctx, q, access.At(s.Person.Authority), place, s.Person.Staff, s.Person.Authority, list)
		if err != nil {
			return nil, err
		}
		for _, x := range rows {
			x.text = readable(x.text)
			out[ids[x.id]] = x
		}
	}
	return out, nil
}

func (r *Room) headings(ctx context.Context, q db.Querier, a access.Access, hits []hit) (map[string]heading, error) {
	var files, cases, documents []string
	for _, h := range hits {
		files, cases, documents = append(files, h.file), append(cases, h.caseID), append(documents, h.document)
	}
	tidy := func(ids []string) []string {
		slices.Sort(ids)
		return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
	}
	return r.store.headings(ctx, q, a, tidy(files), tidy(cases), tidy(documents))
}

// Choose notes which of what was shown of a search is about the person: values of Findings, and "vorgang:ID" for cases that
// are to be given out as a whole. What the caller may not read stays as it is.
func (r *Room) Choose(ctx context.Context, id string, shown, chosen []string) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := registrar(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := r.store.search(ctx, tx, a, id); err != nil {
			return err
		}
		if len(shown) > 4*shownHits {
			return errs.E(errs.Invalid, "disposal.error.too_many", 4*shownHits)
		}
		for _, on := range []bool{false, true} {
			values := map[string][]string{}
			for _, v := range shown {
				if kind, value, _ := strings.Cut(v, ":"); slices.Contains(chosen, v) == on {
					values[kind] = append(values[kind], value)
				}
			}
			if err := r.store.choose(ctx, tx, a, id, "sort", values["fund"], on); err != nil {
				return err
			}
			if err := r.store.choose(ctx, tx, a, id, "document_id", values["dokument"], on); err != nil {
				return err
			}
			for _, c := range values["vorgang"] {
				if err := r.store.chooseWhole(ctx, tx, a, id, c, on); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// forgetOld deletes searches that were answered long ago.
func (r *Room) forgetOld(ctx context.Context) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.store.forgetSearches(ctx, tx, access.All, r.h.Now().Add(-keepSearch))
	})
}
