package flow

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/records"
	"rennsteig/records/access"
)

// plain reads texts as they are.
type plain struct{}

func (plain) Text(_ context.Context, mediaType, _ string, r io.ReaderAt, size int64) (string, extract.How, error) {
	if mediaType != "text/plain" {
		return "", extract.Unsupported, nil
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	return string(b), extract.Read, err
}

// write files a text as the next version of the document.
func (h *house) write(document, text string) {
	h.t.Helper()
	ref, err := h.h.Blobs.Put(context.Background(), strings.NewReader(text), 1<<20)
	must(h.t, err)
	must(h.t, h.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE records_document SET version = version + 1, hash = $1, media_type = 'text/plain' WHERE id = $2`, ref.Hash, document); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
			SELECT id, version, authority_id, name, hash, $1, media_type, '', 1, '' FROM records_document WHERE id = $2`, ref.Size, document); err != nil {
			return err
		}
		return h.core.VersionAdded(ctx, tx, document)
	}))
}

// TestDesk: who is to sign sees the text of the document beside the button, what has changed since they signed, and
// goes from task to task without the list.
func TestDesk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Texts = plain{}
		c := h.newCase(nil)
		doc := h.newDocument(c)
		h.write(doc, "Die Gebühr beträgt 50 Euro. Sie ist in zwei Wochen fällig.")
		id := h.start(c, doc, step(CoSign, "birgit"), step(Sign, "doris"))
		more := h.start(c, doc, step(CoSign, "birgit"))
		k := h.task(id, "birgit")
		path := "/akte/aufgabe/" + k.ID
		h.must200("birgit", path, "Mitzeichnung: "+c.Reference, "Die Gebühr beträgt 50 Euro", h.content(doc).Hash, "Mitzeichnen und nächste Aufgabe", "/akte/dokument/"+doc+"/fassung/2")
		h.must200("doris", path, "liegt nicht (mehr) bei Ihnen", "Die Gebühr")
		if status, _ := h.get("cem", path); status != http.StatusNotFound {
			t.Errorf("a stranger's look: %d", status)
		}
		send := func(who string, k Task, more ...string) (int, string, string) {
			at := h.content(doc)
			f := url.Values{"version": {fmt.Sprint(k.Version)}, "fassung": {fmt.Sprint(at.Version)}, "hash": {at.Hash}, "tun": {"zeichnen"}, "seite": {"aufgabe"}, "weiter": {"ja"}}
			for i := 0; i < len(more); i += 2 {
				f.Set(more[i], more[i+1])
			}
			return h.send(who, "/akte/aufgabe/"+k.ID, f)
		}
		next := h.task(more, "birgit")
		if status, to, _ := send("birgit", k); status != http.StatusSeeOther || to != "/akte/aufgabe/"+next.ID {
			t.Fatalf("signed: %d, on to %q", status, to)
		}
		if status, to, _ := send("birgit", next); status != http.StatusSeeOther || to != "/akte/aufgaben" {
			t.Fatalf("signed the last: %d, on to %q", status, to)
		}
		h.write(doc, "Die Gebühr beträgt 75 Euro. Sie ist in zwei Wochen fällig.")
		k = h.task(id, "birgit")
		h.must200("birgit", path, "Geändert seit Fassung 2", "<del>", "50", "<ins>", "75", "/fassung/2", "neue Fassung: Mitzeichnung erneut nötig")
		status, _, page := send("birgit", k, "tun", "ablehnen")
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("refused without a reason: %d", status)
		}
		contains(t, page, "Bitte geben Sie den Grund an", "Mitzeichnung: "+c.Reference, "Geändert seit")
		h.exec(`UPDATE records_version SET media_type = 'image/png' WHERE document_id = $1`, doc)
		h.must200("birgit", path, "lässt sich hier nicht zeigen")
		if status, to, _ := send("birgit", k, "tun", "ablehnen", "text", "75 sind zu viel"); status != http.StatusSeeOther || to != "/akte/aufgaben" {
			t.Fatalf("refused: %d, on to %q", status, to)
		}
		h.must200("birgit", path, "abgelehnt", "75 sind zu viel")
	})
}

func (h *house) send(who, path string, form url.Values) (status int, to, page string) {
	w := h.request(who, http.MethodPost, path, form)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

// TestDeskReading: the text of something confidential is not shown without an entry in the log that names the version.
func TestDeskReading(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Texts = plain{}
		for _, who := range []string{"claudia", "birgit"} {
			h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 3)`, erfurt, who)
		}
		c := h.newCase(func(f *records.File, _ *records.Case) { f.Level = access.Confidential })
		doc := h.newDocument(c)
		h.write(doc, "Vertraulich")
		k := h.task(h.start(c, doc, step(CoSign, "birgit")), "birgit")
		h.must200("birgit", "/akte/aufgabe/"+k.ID, "Vertraulich")
		if n := h.count(`audit_entry WHERE action = 'flow.read' AND actor = 'birgit' AND object = '` + records.DocumentObject(doc) + `' AND changes LIKE '%"version":2%'`); n != 1 {
			t.Errorf("%d readings of the document in the log", n)
		}
	})
}

// TestNext goes from any task through all of its sort, in the order of the list, and from the last to the first.
func TestNext(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		for i := range 6 {
			s := step([]Kind{CoSign, Act}[i%2], "birgit")
			s.Days = 6 - i
			document := ""
			if s.Kind.Signs() {
				document = doc
			}
			h.start(c, document, s)
		}
		l, err := h.Inbox(as("birgit"), Filter{})
		must(t, err)
		cosign, err := h.Inbox(as("birgit"), Filter{Kind: CoSign})
		must(t, err)
		check := func(list []Entry, k Kind) {
			for i, e := range list {
				if e.Kind != k && k != "" {
					continue
				}
				next, err := h.Next(as("birgit"), e.Task, nil)
				must(t, err)
				if want := list[(i+1)%len(list)].ID; next != want {
					t.Errorf("after %d: %s, want %s", i, next, want)
				}
			}
		}
		check(l.Items, Act)
		check(cosign.Items, "")
		next, err := h.Next(as("cem"), l.Items[0].Task, nil)
		must(t, err)
		same(t, "Cem's next", next, "")
	})
}

// TestAddCoSigner: one more is asked to co-sign while a circulation runs; the final signature waits for them.
func TestAddCoSigner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(nil)
		doc := h.newDocument(c)
		id := h.start(c, doc, step(CoSign, "birgit"), step(Sign, "doris"))
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		form := db.NewID()
		want(t, h.AddCoSigner(as("birgit"), id, form, "person:cem", ""), errs.Denied) // her task is done, and she did not start it
		want(t, h.AddCoSigner(as("cem"), id, form, "person:cem", ""), errs.NotFound)
		want(t, h.AddCoSigner(as("doris"), id, form, "person:nobody", ""), errs.Invalid)
		want(t, h.AddCoSigner(as("doris"), h.start(c, "", step(Act, "doris")), form, "person:cem", ""), errs.Invalid)
		for range 2 { // the form sent twice
			must(t, h.AddCoSigner(as("doris"), id, form, "person:cem", "Bitte die Rechtsgrundlage prüfen."))
		}
		want(t, h.AddCoSigner(as("claudia"), id, db.NewID(), "person:cem", ""), errs.Invalid) // asked already
		same(t, "asked", h.states(id), "1 birgit done, 2 cem open, 2 doris open")
		same(t, "Cem was let in", h.inboxOf("cem", Filter{}), "cosign")
		l, err := h.Inbox(as("cem"), Filter{})
		must(t, err)
		same(t, "who asked Cem", l.Items[0].From.Name, "Doris") // not Claudia, who started it
		h.must200("cem", "/akte/aufgabe/"+l.Items[0].ID, ">Doris<")
		if err := h.sign("doris", h.task(id, "doris"), doc); errs.As(err).Key != "flow.error.cosign_first" {
			t.Fatalf("signed before: %v", err)
		}
		must(t, h.sign("cem", h.task(id, "cem"), doc))
		h.revise(doc)
		same(t, "void", h.states(id), "1 birgit open, 2 cem waiting, 2 doris waiting")
		must(t, h.sign("birgit", h.task(id, "birgit"), doc))
		must(t, h.sign("cem", h.task(id, "cem"), doc))
		h.absent("doris", "sabine", 3)
		status, _, page := h.send("sabine", "/akte/laufweg/"+id+"/mitzeichnung", url.Values{"id": {db.NewID()}, "zeichner": {"Nobody"}, "seite": {h.task(id, "doris").ID}})
		if status != http.StatusUnprocessableEntity {
			t.Fatalf("nobody: %d", status)
		}
		contains(t, page, "„Nobody“ gibt es an Ihrer Behörde nicht", "Schlusszeichnung: ")
		if status, to, _ := h.send("sabine", "/akte/laufweg/"+id+"/mitzeichnung", url.Values{"id": {db.NewID()}, "zeichner": {"Claudia"}}); status != http.StatusSeeOther || !strings.HasSuffix(to, "/geschaeftsgang") {
			t.Fatalf("Claudia: %d %s", status, to)
		}
		if n := h.count(`audit_entry WHERE action = 'flow.added' AND changes LIKE '%"for":"doris"%'`); n != 1 {
			t.Errorf("%d entries name both", n)
		}
		must(t, h.sign("claudia", h.task(id, "claudia"), doc))
		must(t, h.sign("sabine", h.task(id, "doris"), doc))
		want(t, h.AddCoSigner(as("claudia"), id, db.NewID(), "person:birgit", ""), errs.Conflict)
	})
}

// TestMovedDocument: a document that was moved into another case is not signed in the one that it left.
func TestMovedDocument(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, other := h.newCase(nil), h.newCase(func(f *records.File, _ *records.Case) { f.Readers, f.Writers = access.Unit("30"), access.Unit("30") })
		doc := h.newDocument(c)
		id := h.start(c, doc, step(Sign, "doris"))
		seen := h.content(doc)
		h.exec(`UPDATE records_document SET case_id = $1, file_id = $2 WHERE id = $3`, other.ID, other.FileID, doc)
		k := h.task(id, "doris")
		if err := h.Sign(as("doris"), k.ID, k.Version, seen, ""); errs.As(err).Key != "flow.error.moved" {
			t.Fatalf("signed: %v", err)
		}
		h.must200("doris", "/akte/aufgabe/"+k.ID, "Schlusszeichnung")
	})
}

// TestDifference: what is the same and what was removed make the old text, what is the same and what was added the new,
// but for what is left out far from any change.
func TestDifference(t *testing.T) {
	show := func(before, after string) string {
		var out []string
		for _, p := range difference(before, after) {
			out = append(out, map[string]string{"": "=", "removed": "-", "added": "+"}[p.Op]+p.Text)
		}
		return strings.Join(out, "|")
	}
	long := strings.Repeat("w ", 40)
	for _, x := range [][3]string{
		{"a b c", "a b c", ""}, {"a b c", "a\nb  c", ""}, {"a b c", "a x c", "=a|-b|+x|=c"}, {"", "a", "+a"}, {"a", "", "-a"},
		{"die alte Frist läuft", "eine neue Frist läuft", "-die alte|+eine neue|=Frist läuft"},
		{long + "a " + long, long + "b " + long, "=… w w w w w w w w w w w w|-a|+b|=w w w w w w w w w w w w …"},
	} {
		if got := show(x[0], x[1]); got != x[2] {
			t.Errorf("%q to %q: %q, want %q", x[0], x[1], got, x[2])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 10)
		before, after := words.Draw(t, "before"), words.Draw(t, "after")
		var old, now []string
		pieces := difference(strings.Join(before, " "), strings.Join(after, " "))
		for _, p := range pieces {
			if p.Op != "added" {
				old = append(old, strings.Fields(p.Text)...)
			}
			if p.Op != "removed" {
				now = append(now, strings.Fields(p.Text)...)
			}
		}
		if len(pieces) > 0 && (fmt.Sprint(old) != fmt.Sprint(before) || fmt.Sprint(now) != fmt.Sprint(after)) || len(pieces) == 0 && fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("%v to %v: %v", before, after, pieces)
		}
	})
}
