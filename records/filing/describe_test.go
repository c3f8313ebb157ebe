package filing

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// eml is a message with more lines in its head.
func eml(id, more, text string) string {
	return "From: Jörg <joerg@example.org>\r\nMessage-ID: <" + id + "@x>\r\n" + more + "Subject: Hund\r\n\r\n" + text + "\r\n"
}

func (h *house) docNow(t *testing.T, id string) Document {
	t.Helper()
	c, err := h.Card(erika, id)
	must1(t, err)
	return c.Document
}

func TestDescribe(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "Anlage 1.pdf", "eins", "Brief.eml", eml("m1", "To: Stadt <stadt@example.org>\r\nCc: amt@example.org\r\n", "Hallo"))
		one, letter := d[0], d[1]
		said := Details{Name: "Gutachten  Lärm", Subject: "Lärm", Keywords: "Lärm, Straße, Lärm", Kind: records.AttachmentKind}
		must1(t, h.Describe(erika, one.ID, 0, said))
		must1(t, h.Describe(erika, one.ID, 0, said)) // sent twice
		now := h.docNow(t, one.ID)
		if now.Name != "Gutachten Lärm.pdf" || now.Subject != "Lärm" || now.Keywords != "Lärm\nStraße" || now.Kind != records.AttachmentKind || now.Revision != 1 || now.Version != 1 {
			t.Errorf("said: %+v", now)
		}
		if v, _, err := h.OpenVersion(erika, one.ID, 1, ""); err != nil || v.Name != "Anlage 1.pdf" {
			t.Errorf("the version is called %s, %v", v.Name, err)
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.described'`); n != 1 {
			t.Errorf("%d entries", n)
		}
		other := said
		other.Subject = "anders"
		wantKey(t, "from an old page", h.Describe(max_, one.ID, 0, other), errs.Conflict, "filing.error.described")
		for name, bad := range map[string]Details{"name": {Name: " ", Kind: records.AttachmentKind}, "betreff": {Name: "x", Kind: Paper, Subject: strings.Repeat("x", 501)},
			"art": {Name: "x", Kind: Mail}, "schlagworte": {Name: "x", Kind: Paper, Keywords: strings.Repeat("x", 1001)}} {
			if err := h.Describe(erika, one.ID, 1, bad); !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A mail stays one; what is said of it else keeps whom it went to.
		if err := h.Describe(erika, letter.ID, letter.Revision, Details{Name: letter.Name, Kind: Paper}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a mail becomes a paper: %v", err)
		}
		must1(t, h.Describe(erika, letter.ID, h.docNow(t, letter.ID).Revision, Details{Name: letter.Name, Kind: Mail, Subject: "Hallo"}))
		if m := h.docNow(t, letter.ID); m.Recipients != "Stadt <stadt@example.org>" || m.Copies != "amt@example.org" || m.Message == "" {
			t.Errorf("%+v", m)
		}

		// What stands against it stands against doing it to several, too.
		circulating := ""
		h.core.OnDocumentMove(func(_ context.Context, _ *db.Tx, document string) error {
			if document == circulating {
				return errs.E(errs.Conflict, "records.error.in_circulation", "x")
			}
			return nil
		})
		refused := func(what, key string) {
			t.Helper()
			wantKey(t, what, h.Describe(max_, one.ID, 1, other), errs.Conflict, key)
			wantKey(t, what+", several", h.Mark(max_, c.ID, []string{letter.ID, one.ID}, Marks{Subject: &other.Subject}), errs.Conflict, key)
		}
		circulating = one.ID
		refused("circulating", "filing.error.circulates")
		circulating = ""
		must1(t, h.Lock(erika, one.ID))
		refused("locked", "filing.error.locked")
		must1(t, h.Describe(erika, one.ID, 1, other)) // by who locked it
		must1(t, h.Unlock(erika, one.ID))
		h.exec(t, `UPDATE records_document SET final_at = $1 WHERE id = $2`, db.Micros(time.Now()), one.ID)
		refused("final", "filing.error.final_details")
		if m := h.docNow(t, letter.ID); m.Subject != "Hallo" {
			t.Error("one of several was changed")
		}
	})
}

func wantKey(t *testing.T, what string, err error, code errs.Code, key string) {
	t.Helper()
	if errs.CodeOf(err) != code || errs.As(err).Key != key {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

// TestDescribeOnCard fills in the card's form, and finds what was said.
func TestDescribeOnCard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		d := h.file(t, erika, c.ID, "Anlage 1.txt", "eins", "Brief.eml", eml("m1", "To: Ute Empfang <ute@example.org>\r\n", "Hallo"))
		card := func(d Document) string { return "/akte/dokument/" + d.ID + "/karte" }
		h.seen(t, erika, card(d[0]), "Name, Art, Betreff oder Schlagwörter ändern", `value="Anlage 1.txt"`, "geschaeftsgang?dokument="+d[0].ID+"#starten")
		h.seen(t, erika, records.LookPath(d[0].ID, 1), "geschaeftsgang?dokument="+d[0].ID+"#starten")
		send := func(ctx context.Context, id string, pairs ...string) (int, string) {
			v := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				v.Set(pairs[i], pairs[i+1])
			}
			w := h.post(ctx, "/akte/dokument/"+id+"/angaben", v.Encode())
			return w.Code, w.Body.String()
		}
		if code, body := send(erika, d[0].ID, "stand", "0", "name", "", "art", "document", "betreff", "<Neu>"); code != http.StatusUnprocessableEntity ||
			!strings.Contains(body, "einen Namen") || !strings.Contains(body, "&lt;Neu&gt;") || !strings.Contains(body, "<details open><summary>Name, Art") {
			t.Errorf("without a name: %d", code)
		}
		if code, _ := send(erika, d[0].ID, "stand", "0", "name", "Rechnung.txt", "art", "attachment", "betreff", "Miete", "schlagworte", "Mai"); code != http.StatusSeeOther {
			t.Errorf("saved: %d", code)
		}
		if code, body := send(max_, d[0].ID, "stand", "0", "name", "Meins.txt", "art", "attachment"); code != http.StatusConflict || !strings.Contains(body, "Meins.txt") ||
			!strings.Contains(body, "inzwischen geändert") || !strings.Contains(body, `name="stand" value="1"`) {
			t.Errorf("from an old page: %d", code)
		}
		if code, body := send(context.Background(), d[0].ID, "stand", "1", "betreff", "Nicht verloren"); code != http.StatusUnauthorized || !strings.Contains(body, "Nicht verloren") {
			t.Errorf("after the session: %d", code)
		}
		h.seen(t, erika, card(d[0]), "Rechnung.txt", "Miete", "Anlage 1.txt", "Name, Art, Betreff oder Schlagwörter geändert")
		h.seen(t, erika, card(d[1]), "Ute Empfang &lt;ute@example.org&gt;")
		h.seen(t, erika, "/akte/vorgang/"+c.ID+"/dokumente.csv", "Ute Empfang <ute@example.org>")
		made := value[string](t, h, `SELECT id FROM records_document WHERE case_id = $1 AND kind = 'application_json'`, c.ID)
		if code, _ := send(erika, made, "stand", "0", "betreff", "Antrag"); code != http.StatusSeeOther {
			t.Errorf("the subject of what the program made: %d", code)
		}
		if err := h.Describe(erika, made, 1, Details{Name: "Meins.json", Kind: records.ApplicationJSON}); errs.As(err).Key != "filing.error.stays" {
			t.Errorf("another name for what the program made: %v", err)
		}
		people, err := h.Correspondents(t.Context(), h.h.DB.Reader(), access.At(erfurt), c.ID)
		if must1(t, err); len(people) != 1 || people[d[1].ID] != [3]string{"Jörg <joerg@example.org>", "Ute Empfang <ute@example.org>", ""} {
			t.Errorf("who wrote to whom: %v", people)
		}
		// Post.
		id := h.register(t, erika, "", h.stored(t, "post.eml", eml("m2", "To: Ute Empfang <ute@example.org>\r\nCc: Olga Kopie <olga@example.org>\r\n", "Guten Tag")))
		h.settleAll(t)
		h.seen(t, erika, "/akte/posteingang/"+id, "Ute Empfang", "Olga Kopie")
		if got := h.find(t, erika, SearchFilter{Query: "olga@example.org"}); len(got) != 1 {
			t.Errorf("found by whom a copy went to: %v", got)
		}
	})
}
