package disposal

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Searches end before the page is shown, however busy the machine is.
func init() { atOnce = 10 * time.Minute }

func TestMatch(t *testing.T) {
	for _, x := range []struct {
		person Person
		text   string
		want   string // kinds
	}{
		{Person{Name: "Zacharias Quellwasser"}, "Herr Quellwasser, Zacharias", "name"},
		{Person{Name: "quellwasser ZACHARIAS"}, "ZachariasQuellwasser.pdf", "name"},
		{Person{Name: "Zacharias Quellwasser"}, "Zacharias Brunnen", ""},
		{Person{Name: "Jörg Müßig"}, "MUESSIG, Joerg", "name"},
		{Person{Name: "Joerg Muessig"}, "Jo\u0308rg Müßigs Antrag", "name"},
		{Person{Name: "Łucja Ott"}, "Lucja Ott", "name"},
		{Person{Name: "Lucja Ott"}, "Łucja, Schrott", ""},
		{Person{Name: "Ott"}, "Schrott und Otts Brief", "name"},
		{Person{Name: "Hans-Peter Kühn"}, "Hans Peter Kuehn", "name"},
		{Person{Name: "Anna Ulm", Mail: "A.Ulm@example.org"}, "von <a.ulm@example.org>", "mail"},
		{Person{Name: "Anna Ulm", Address: "Lindenweg 7"}, "Lindenweg 7, Erfurt", "address"},
		{Person{Name: "Anna Ulm", Address: "Lindenweg 7"}, "Lindenweg 17, Erfurt", ""},
		{Person{Name: "Anna Ulm", Born: "1980-03-02"}, "Anna Ulm, geb. 2. März 1980", "name born"},
		{Person{Name: "Anna Ulm", Born: "1980-03-02"}, "Anna Ulm 02.03.1980", "name born"},
		{Person{Name: "Anna Ulm", Born: "1980-03-02"}, "Anna Ulm, 12.3.1980", "name"},
		{Person{Name: "Anna Ulm", Born: "1980-03-02"}, "geboren 02.03.1980", ""},
		{Person{Name: "Anna Ulm"}, `[{"Label":"Name","Value":"Ulm"},{"Label":"Vorname","Value":"Anna"}]`, "name"},
		{Person{Name: "Jörg Kühn"}, "q=K%C3%BChn+J%C3%B6rg", "name"},
	} {
		terms := x.person.terms()
		if got := strings.Join(terms.match(readable(x.text)), " "); got != x.want {
			t.Errorf("%v in %q: %q, want %q", x.person, x.text, got, x.want)
		}
		// What the database leaves out does not match.
		for _, f := range terms.finds {
			for _, p := range f.patterns() {
				rest, left := strings.ToLower(x.text), false
				for _, c := range strings.Split(strings.Trim(p, "%"), "%") {
					_, after, ok := strings.Cut(rest, c)
					rest, left = after, left || !ok
				}
				if left && strings.Contains(x.want, f.kind) {
					t.Errorf("%q leaves out %q", p, x.text)
				}
			}
		}
	}
}

// search looks for a person to the end.
func (h *house) search(t testing.TB, who context.Context, p Person) Findings {
	t.Helper()
	id := db.NewID()
	must(t, h.Find(who, id, p))
	h.drain(t)
	f, err := h.Findings(who, id, "")
	must(t, err)
	return f
}

func (f Findings) values() (out []string) {
	for _, x := range f.List {
		out = append(out, x.Value)
	}
	return out
}

func TestDisclosure(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		_, c := h.open(t, claudia, erfurt, unitV)
		h.open(t, jenny, jena, unitV)
		one := h.as(t, regina)
		one.Get(personPath).Fill("Name der Person", "ab").Press("Suchen").Want(http.StatusUnprocessableEntity, "mindestens drei Zeichen")
		one.Get(personPath).Fill("Name der Person", "Niemand Sonst").Press("Suchen").Want(http.StatusOK, "Nichts gefunden.")
		page := one.Get(personPath).Fill("Name der Person", "QUASTENFLOSSER geheimrat").Press("Suchen").Want(http.StatusOK, c.Reference, "Notiz",
			"Betreff oder Schlagwort der Akte", "Name oder Betreff eines Dokuments", "Erkannt an: Name", "Derselbe Name ist nicht dieselbe Person")
		path := page.Path
		if strings.Contains(path, "uasten") || page.Has("checked") {
			t.Error("the name is in the address, or something is chosen already")
		}
		h.as(t, claudia).Get(personPath).Want(http.StatusForbidden)
		h.as(t, claudia).Get(path).Want(http.StatusForbidden)
		id := strings.TrimPrefix(path, personPath+"/")
		f, err := h.Findings(regina, id, "")
		must(t, err)
		documents := h.documentsOfCase(t, c.ID)
		var note string
		for _, x := range f.List {
			if slices.Equal(x.Places, []string{"disposal.place.note"}) {
				note = x.Value
			}
		}
		if note == "" || !slices.Contains(f.values(), "dokument:"+documents[1]) {
			t.Fatalf("found %v", f.values())
		}
		form := url.Values{"gezeigt": {strings.Join(f.values(), "\r\n")}, "treffer": {note, "dokument:" + documents[1]}}
		index, content := h.export(t, path, form)
		if len(index.Cases) != 0 || len(index.Documents) != 1 || len(index.Texts) != 2 || len(content) != 3 {
			t.Errorf("index %+v of %d files", index, len(content))
		}
		form = url.Values{"gezeigt": {strings.Join(append(f.values(), "vorgang:"+c.ID), "\r\n")}, "treffer": {"vorgang:" + c.ID, note}}
		index, content = h.export(t, path, form)
		if len(index.Cases) != 1 || len(index.Cases[0].Documents) != 2 || len(index.Documents) != 0 || len(content) != 4 {
			t.Errorf("index %+v of %d files", index, len(content))
		}
		for _, d := range index.Cases[0].Documents {
			if !strings.Contains(content[d.File], secret) {
				t.Errorf("%s: %q", d.File, content[d.File])
			}
		}
		if !strings.Contains(content["index.html"], "Notiz "+secret) {
			t.Error("the page lacks the note")
		}
		if log := h.dump(t, "audit_entry"); strings.Count(log, "|disposal.disclosed|") != 2 || strings.Count(log, "|disposal.person_searched|") != 2 ||
			strings.Contains(strings.ToLower(log), "quasten") {
			t.Error("the log lacks an entry, has too many, or holds the name")
		}
		before := h.state(t)
		if w := h.post(t, identity.From(regina), path+"/export", url.Values{"gezeigt": {note + "\r\nvorgang:" + c.ID}}); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("nothing chosen: status %d", w.Code)
		}
		if strings.Count(h.state(t), "disposal.disclosed") != strings.Count(before, "disposal.disclosed") {
			t.Error("a refused disclosure is in the log")
		}
		// A search is forgotten some months later.
		h.at.Add(int64(keepSearch + time.Hour))
		must(t, h.Sweep(t.Context()))
		if h.dump(t, "disposal_search")+h.dump(t, "disposal_hit") != "" {
			t.Error("the search is kept for ever")
		}
	})
}

func (h *house) export(t testing.TB, path string, form url.Values) (index disclosureIndex, content map[string]string) {
	t.Helper()
	w := h.post(t, identity.From(regina), path+"/export", form)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	must(t, err)
	content = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		content[f.Name] = string(b)
	}
	must(t, json.Unmarshal([]byte(content["index.json"]), &index))
	return index, content
}

// What a registrar is kept out of is counted, not shown, and not disclosed by them; who may read it goes on with the same
// search.
func TestDisclosureOfHidden(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		h.tx(t, arne, func(ctx context.Context, tx *db.Tx) error {
			return access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: f.ID, Holder: access.Person("staff:Regina Ablage"), May: access.Nothing, Reason: "befangen"})
		})
		got := h.search(t, regina, Person{Authority: erfurt, Name: secret})
		if len(got.List) != 0 || got.Hidden != 1 {
			t.Errorf("%d hits, %d hidden files", len(got.List), got.Hidden)
		}
		path := personPath + "/" + got.Search.ID
		h.as(t, regina).Get(path).Want(http.StatusOK, "Fundstellen in 1 Akte dürfen Sie nicht lesen", "Ermächtigung", "Hier ist nichts, was Sie lesen dürfen")
		if page := h.as(t, regina).Get(path); page.Has(f.Reference) || page.Has("Nichts gefunden") {
			t.Error("the page tells what is hidden, or says that there is nothing")
		}
		// Regina chooses what she cannot see: nothing happens.
		whole := []string{"vorgang:" + c.ID}
		must(t, h.Choose(regina, got.Search.ID, whole, whole))
		_, err := h.Disclose(arne, got.Search.ID)
		wantCode(t, err, errs.Invalid, "disposal.error.nothing_chosen")
		// Arne sees and chooses; Regina gives nothing of it out.
		other, err := h.Findings(arne, got.Search.ID, "")
		must(t, err)
		if len(other.List) < 4 || other.Hidden != 0 {
			t.Errorf("another registrar finds %v", other.values())
		}
		must(t, h.Choose(arne, got.Search.ID, append(other.values(), whole...), append(other.values(), whole...)))
		_, err = h.Disclose(regina, got.Search.ID)
		wantCode(t, err, errs.Invalid, "disposal.error.nothing_chosen")
		d, err := h.Disclose(arne, got.Search.ID)
		must(t, err)
		if len(d.cases) != 1 || len(d.texts) < 4 {
			t.Errorf("disclosed %+v", d)
		}
	})
}

// Of what is confidential no text is shown, and giving it out is logged as reading.
func TestDisclosureOfConfidential(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f, c := h.open(t, claudia, erfurt, unitV)
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			housetest.ByHand(h.h.DB)
			if _, err := tx.Exec(ctx, `UPDATE records_file SET level = 2 WHERE id = $1`, f.ID); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`, erfurt, identity.From(arne).Subject)
			return err
		})
		got := h.search(t, regina, Person{Authority: erfurt, Name: secret})
		if len(got.List) != 0 || got.Hidden != 1 {
			t.Errorf("above the clearance: %d hits, %d hidden files", len(got.List), got.Hidden)
		}
		got, err := h.Findings(arne, got.Search.ID, "")
		must(t, err)
		for _, x := range got.List {
			if !x.Sensitive || x.Shown != nil {
				t.Errorf("%s shows %v", x.Value, x.Shown)
			}
		}
		must(t, h.Choose(arne, got.Search.ID, []string{"vorgang:" + c.ID}, []string{"vorgang:" + c.ID}))
		_, err = h.Disclose(arne, got.Search.ID)
		must(t, err)
		if log := h.dump(t, "audit_entry"); strings.Count(log, "|disposal.read|") != 1 || !strings.Contains(log, records.CaseObject(c.ID)) {
			t.Error("the reading is not logged")
		}
	})
}

// What was destroyed or erased is found no more; of a destroyed file only what its record of destruction keeps.
func TestDestroyedIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		f := h.closed(t, claudia, erfurt, unitV)
		got := h.search(t, regina, Person{Authority: erfurt, Name: secret})
		if len(got.List) == 0 {
			t.Fatal("nothing is found")
		}
		h.years(40)
		p := h.offer(t, 4, f)
		must(t, h.take(regina, message(t, p, "0502", appraised("V", f)...)))
		approval := db.NewID()
		must(t, h.Propose(regina, p, approval))
		must(t, h.Approve(arne, p, approval))
		_, err := h.Destroy(regina, p)
		must(t, err)
		h.drain(t)
		later, err := h.Findings(regina, got.Search.ID, "")
		if err == nil && (len(later.List) != 0 || later.Hidden != 0) {
			t.Errorf("the old search shows %v", later.values())
		}
		again := h.search(t, regina, Person{Authority: erfurt, Name: secret})
		for _, x := range again.List {
			if !slices.Equal(x.Places, []string{"disposal.place.destruction"}) && !slices.Equal(x.Places, []string{"disposal.place.package"}) {
				t.Errorf("a new search finds %v", x.Places)
			}
		}
	})
}

// A search goes on where it stopped, from one page of a table to the next, and ends at too many hits.
func TestLongSearch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		h.many(t, 400)
		id := db.NewID()
		s := Search{ID: id, Person: Person{Authority: erfurt, Name: "Mueller Lucja"}, At: h.h.Now()}
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			return drop(h.store.insertSearch(ctx, tx, access.At(erfurt), s))
		})
		h.as(t, regina).Get(personPath+"/"+id).Want(http.StatusOK, "Die Suche läuft: 0 von", "Seite neu laden")
		_, err := h.Disclose(regina, id)
		wantCode(t, err, errs.Conflict, "disposal.error.searching")
		for range 3 { // two workers at once do each step once
			now, err := h.store.search(t.Context(), h.h.DB.Reader(), access.At(erfurt), id)
			must(t, err)
			must(t, h.step(t.Context(), access.At(erfurt), now))
			must(t, h.step(t.Context(), access.At(erfurt), now))
		}
		must(t, h.doSearch(t.Context(), nil, searchJob{erfurt, id}))
		must(t, h.doSearch(t.Context(), nil, searchJob{erfurt, id}))
		seen, after := map[string]bool{}, ""
		for {
			f, err := h.Findings(regina, id, after)
			must(t, err)
			if f.Search.Ended.IsZero() || len(f.List) > shownHits {
				t.Fatalf("%+v", f.Search)
			}
			for _, v := range f.values() {
				if seen[v] {
					t.Errorf("%s twice", v)
				}
				seen[v] = true
			}
			if after = f.Next; after == "" {
				break
			}
		}
		if len(seen) != 800 { // 400 files, 400 cases
			t.Errorf("%d hits", len(seen))
		}
	})
}

// applications answers which applications an account sent.
type applications map[string][]string

func (a applications) Applications(_ context.Context, citizen string) ([]string, error) {
	return a[citizen], nil
}

func TestDisclosureByAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		_, c := h.open(t, claudia, erfurt, unitV)
		h.Applicants = applications{"citizen-1": {"desk:" + c.ID}}
		got := h.search(t, regina, Person{Authority: erfurt, Citizen: "citizen-1"})
		if len(got.List) != 1 || got.List[0].Case.id != c.ID {
			t.Errorf("found %v", got.values())
		}
		h.as(t, regina).Get(personPath).Fill("Kennung des Bürgerkontos", "citizen-1").Press("Suchen").Want(http.StatusOK, c.Reference, "Bürgerkonto")
	})
}
