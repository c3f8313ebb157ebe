package filing

import (
	"context"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// place is where words stand that can be found: written by one statement, changed and deleted by others. $1 is the authority, $2 the
// case, $3 its file, $4 the text.
type place struct {
	name, kind          string
	write, change, gone string
}

var places = []place{
	{name: "note", kind: "case", write: `INSERT INTO records_note (id, authority_id, case_id, text, created_at, created_by) VALUES ('n', $1, $2, $3, 1, 'E')`,
		change: `UPDATE records_note SET text = $1 WHERE id = 'n'`, gone: `DELETE FROM records_note WHERE id = 'n'`},
	{name: "question", kind: "case", write: `INSERT INTO records_question (id, authority_id, case_id, text, due_at, asked_at, asked_by, answer, answered_at)
		VALUES ('q', $1, $2, $3, 1, 1, 'E', '', 0)`, change: `UPDATE records_question SET text = $1 WHERE id = 'q'`, gone: `DELETE FROM records_question WHERE id = 'q'`},
	{name: "answer", kind: "case", write: `INSERT INTO records_question (id, authority_id, case_id, text, due_at, asked_at, asked_by, answer, answered_at)
		VALUES ('q2', $1, $2, 'Frage', 1, 2, 'E', $3, 2)`, change: `UPDATE records_question SET answer = $1 WHERE id = 'q2'`, gone: `DELETE FROM records_question WHERE id = 'q2'`},
	{name: "decision", kind: "case", write: decided(`'T', $3, 'G'`), change: `UPDATE records_decision SET decision = $1`, gone: `DELETE FROM records_decision`},
	{name: "reasons", kind: "case", write: decided(`'T', 'D', $3`), change: `UPDATE records_decision SET reasons = $1`, gone: `DELETE FROM records_decision`},
	{name: "title of the decision", kind: "case", write: decided(`$3, 'D', 'G'`), change: `UPDATE records_decision SET title = $1`, gone: `DELETE FROM records_decision`},
	{name: "words of a part", kind: "case", write: `INSERT INTO said_test (id, authority_id, case_id, text) VALUES ('s', $1, $2, $3)`,
		change: `UPDATE said_test SET text = $1`, gone: `DELETE FROM said_test`},
	{name: "former Aktenzeichen of the case", kind: "case", write: `UPDATE records_case SET former = $3 WHERE authority_id = $1 AND id = $2`,
		change: `UPDATE records_case SET former = $1 WHERE former <> ''`, gone: `UPDATE records_case SET former = '' WHERE former <> ''`},
	{name: "former Aktenzeichen of the file", kind: "file", write: `UPDATE records_file SET former = $3 WHERE authority_id = $1 AND id = (SELECT file_id FROM records_case WHERE id = $2)`,
		change: `UPDATE records_file SET former = $1 WHERE former <> ''`, gone: `UPDATE records_file SET former = '' WHERE former <> ''`},
	{name: "field of the file", kind: "file", write: `UPDATE records_file SET fields = '{"a":"' || $3 || '"}' WHERE authority_id = $1 AND id = (SELECT file_id FROM records_case WHERE id = $2)`,
		change: `UPDATE records_file SET fields = '{"a":"' || $1 || '"}' WHERE fields <> '{}'`, gone: `UPDATE records_file SET fields = '{}' WHERE fields <> '{}'`},
}

func decided(texts string) string {
	return `INSERT INTO records_decision (id, authority_id, case_id, granted, remedy, amount, demo, kassenzeichen, pay_path, pay_due_at, paid_at, decided_at, decided_by,
		title, decision, reasons) VALUES ('d', $1, $2, true, 'R', 0, false, '', '', 0, 0, 1, 'E', ` + texts + `)`
}

// part is a part of the room that keeps words of cases in a table of its own, as the course of business does.
func (h *house) part(t *testing.T) {
	t.Helper()
	h.exec(t, `CREATE TABLE said_test (id TEXT PRIMARY KEY, authority_id TEXT NOT NULL, case_id TEXT NOT NULL, text TEXT NOT NULL)`)
	for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
		row := map[bool]string{true: "OLD", false: "NEW"}[event == "DELETE"]
		if h.h.DB.Dialect() == db.SQLite {
			h.exec(t, `CREATE TRIGGER said_test_`+event+` AFTER `+event+` ON said_test BEGIN UPDATE records_case SET said = said + 1 WHERE id = `+row+`.case_id; END`)
		} else {
			h.exec(t, `CREATE TRIGGER said_test_`+event+` AFTER `+event+` ON said_test FOR EACH ROW EXECUTE FUNCTION records_said()`)
		}
	}
	h.core.OnSaid(func(ctx context.Context, q db.Querier, a access.Access, cases []string) ([]records.Said, error) {
		return records.ReadSaid(ctx, q, a, cases, []records.SaidTable{{Table: "said_test", At: "id", Columns: []string{"text"}}})
	})
}

// Every place is found by who may read it, a guest of a case too, and by nobody else: as it was written, as it was changed, after the index
// was built again, and not after it is gone.
func TestEveryPlaceIsFound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.part(t)
		guest := clerk("Gast", erfurt)
		c, other := h.newCase(t, erfurt, "a1"), h.newCase(t, erfurt, "a2")
		h.exec(t, `UPDATE records_file SET readers = 'person:s:Erika Amt', writers = 'person:s:Erika Amt' WHERE id = $1`, c.FileID)
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			return access.Admit(ctx, tx, access.All, access.Guest{Authority: erfurt, Case: c.ID, Holder: access.Person("s:Gast"), Source: "x"})
		})
		objects := map[string]string{"case": "case:" + c.ID, "file": "file:" + c.FileID}
		readers := []struct {
			who         string
			ctx         context.Context
			case_, file bool
		}{{"clerk", erika, true, true}, {"registrar", registrar, true, true}, {"guest", guest, true, false}, {"colleague", max_, false, false}, {"other authority", jens, false, false}}
		for _, x := range places {
			check := func(when, word string, there bool) {
				t.Helper()
				for _, r := range readers {
					var want []string
					if there && (x.kind == "case" && r.case_ || x.kind == "file" && r.file) {
						want = []string{objects[x.kind]}
					}
					if got := h.find(t, r.ctx, SearchFilter{Query: word}); !slices.Equal(got, want) {
						t.Errorf("%s %s, %s: %v, want %v", x.name, when, r.who, got, want)
					}
				}
			}
			h.exec(t, x.write, erfurt, c.ID, "Dackelzucht")
			h.settleAll(t)
			check("written", "dackelzucht", true)
			h.exec(t, `DELETE FROM filing_text`)
			_, err := h.Reindex(t.Context(), false, func(int64, int64) {})
			must1(t, err)
			check("after rebuilding", "dackelzucht", true)
			h.exec(t, x.change, "Pudelparade")
			h.settleAll(t)
			check("changed", "dackelzucht", false)
			check("changed", "pudelparade", true)
			h.exec(t, x.gone)
			h.settleAll(t)
			check("gone", "pudelparade", false)
		}
		if got := h.find(t, max_, SearchFilter{Query: other.Reference, Kind: "case"}); len(got) != 1 {
			t.Errorf("the other case: %v", got)
		}
	})
}

// A case's hit shows where the words stand, unless it is confidential; the note of a destroyed case is gone.
func TestSaidIsShown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		h.exec(t, places[0].write, erfurt, c.ID, "Bitte den Halter anrufen")
		h.exec(t, `UPDATE records_file SET fields = '{"seit":"2026-03-02"}' WHERE id = $1`, c.FileID)
		h.settleAll(t)
		hits, _, err := h.Search(erika, SearchFilter{Query: "anrufen"})
		must1(t, err)
		if len(hits) != 1 || !slices.Contains(hits[0].Shown, fulltext.Segment{Text: "anrufen", Hit: true}) {
			t.Errorf("hits: %+v", hits)
		}
		for _, query := range []string{"02.03.2026", "2026-03-02"} {
			if got := h.find(t, erika, SearchFilter{Query: query}); !slices.Equal(got, []string{"file:" + c.FileID}) {
				t.Errorf("%s: %v", query, got)
			}
		}
		h.exec(t, `UPDATE records_case SET level = 2 WHERE id = $1`, c.ID)
		h.exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 's:Erika Amt', 'Erika', 2)`, erfurt)
		if hits, _, err = h.Search(erika, SearchFilter{Query: "anrufen"}); err != nil || len(hits) != 1 || hits[0].Shown != nil {
			t.Errorf("confidential: %+v %v", hits, err)
		}
		if got := h.find(t, max_, SearchFilter{Query: "anrufen"}); len(got) != 0 {
			t.Errorf("without clearance: %v", got)
		}
	})
}

// Post is found for whom it is for, by sender, subject and what it says, as long as it lies in no case.
func TestPostIsFound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.units(t)
		ute, kim := clerk("Ute Recht", erfurt), clerk("Kim Post", erfurt)
		treasurer := staff("Kassierer", identity.Grant{Role: identity.Treasurer, Authority: erfurt})
		id := h.register(t, kim, "", h.stored(t, "brief.txt", "Der Wellensittich ist entflogen"))
		h.exec(t, `UPDATE filing_incoming SET sender = 'Zacharias Zimmermann', subject = 'Vogelverlust' WHERE id = $1`, id)
		h.settleAll(t)
		found := func(when string, readers ...context.Context) {
			t.Helper()
			for name, who := range map[string]context.Context{"Kim": kim, "Ute": ute, "Max": max_, "Erika": erika, "Regina": registrar, "Jens": jens} {
				var want []string
				if slices.Contains(readers, who) {
					want = []string{"post:" + id}
				}
				for _, query := range []string{"wellensittich", "zacharias", "vogelverlust", "brief.txt"} {
					if got := h.find(t, who, SearchFilter{Query: query, Kind: "post"}); !slices.Equal(got, want) {
						t.Errorf("%s, %s by %s: %v, want %v", when, query, name, got, want)
					}
				}
			}
		}
		found("for all", kim, ute, max_, erika, registrar)
		if _, _, err := h.Search(treasurer, SearchFilter{Query: "wellensittich"}); err == nil {
			t.Error("a treasurer searches")
		}
		h.seen(t, erika, searchPath+"?q=wellensittich&art=post", `href="/akte/posteingang/`+id+`"`, "<mark>Wellensittich</mark>", "Eingang", "Zacharias Zimmermann")
		if body := h.get(erika, searchPath+".csv?q=wellensittich").Body.String(); !strings.Contains(body, "Vogelverlust") {
			t.Errorf("the list lacks it: %s", body)
		}
		if got := h.find(t, erika, SearchFilter{Query: "wellensittich", Unit: "22.31"}); len(got) != 0 {
			t.Errorf("post has no unit of the plan: %v", got)
		}
		must1(t, h.Forward(erika, id, 1, "u20", ""))
		found("passed on, before the index follows", kim, max_, registrar)
		h.settleAll(t)
		found("for a unit", kim, max_, registrar)
		must1(t, h.Forward(max_, id, 2, "", "s:Ute Recht"))
		h.settleAll(t)
		found("for a person", kim, ute, registrar)
		h.exec(t, `DELETE FROM filing_text`)
		_, err := h.Reindex(t.Context(), true, func(int64, int64) {})
		must1(t, err)
		h.settleAll(t)
		found("after rebuilding", kim, ute, registrar)
		must1(t, h.Finish(ute, id, 3, Advert, ""))
		found("done, before the index follows")
		h.settleAll(t)
		found("done")
		if n := value[int](t, h, `SELECT (SELECT count(*) FROM filing_text WHERE id = $1) + (SELECT count(*) FROM filing_entry WHERE id = $1)`, "post:"+id); n != 0 {
			t.Error("words of what is done are left")
		}
		must1(t, h.Reopen(ute, id))
		h.settleAll(t)
		found("taken up again", kim, ute, registrar)
		c := h.newCase(t, erfurt, "a1")
		_, err = h.Assign(ute, id, Target{Case: c.Reference})
		must1(t, err)
		found("assigned, before the index follows")
		h.settleAll(t)
		found("assigned")
		if got := h.find(t, ute, SearchFilter{Query: "wellensittich"}); len(got) != 1 || !strings.HasPrefix(got[0], "document:") {
			t.Errorf("the document of the case: %v", got)
		}
	})
}

// noteAll makes the notes that the migration makes of what lies there, behind those words of it.
func (h *house) noteAll(t *testing.T, migration, behind string) {
	t.Helper()
	text, err := Files.ReadFile("migrations/" + migration + ".sql")
	must1(t, err)
	_, due, _ := strings.Cut(string(text), behind)
	due, _, _ = strings.Cut(due, "-- +goose Down")
	for statement := range strings.SplitSeq(due, ";\n") {
		if _, statement, ok := strings.Cut(statement, "INSERT INTO"); ok {
			h.exec(t, "INSERT INTO"+statement)
		}
	}
}

// What lay there before the migration is found after it, without anybody doing anything: words of cases and files, and post, whose
// documents had not been read either.
func TestUpgradeFindsWhatWasThere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		h.exec(t, places[0].write, erfurt, c.ID, "Dackelzucht")
		h.exec(t, `UPDATE records_file SET fields = '{"a":"Dackelzucht"}' WHERE id = $1`, c.FileID)
		id := h.register(t, erika, "", h.stored(t, "brief.txt", "Dackelzucht"))
		h.settleAll(t)
		for _, statement := range []string{`DELETE FROM filing_text`, `DELETE FROM filing_entry WHERE kind = 'post'`, `UPDATE filing_incoming_document SET how = '', text = ''`,
			`DELETE FROM filing_due`} {
			h.exec(t, statement)
		}
		h.noteAll(t, "0006_words."+string(h.h.DB.Dialect()), "-- What lies here already")
		for range 2 { // reading post makes another note
			h.settleAll(t)
		}
		want := []string{"case:" + c.ID, "file:" + c.FileID, "post:" + id}
		if got := h.find(t, erika, SearchFilter{Query: "dackelzucht"}); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
	})
}

// To whom messages went that came before that was kept is read again after the upgrade: for lists, exports and the search. One
// that is damaged keeps no other from it, and what was read is not read twice.
func TestUpgradeReadsAddressees(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		to := "To: Ute Empfang <ute@example.org>\r\nCc: Olga Kopie <olga@example.org>\r\n"
		d := h.file(t, erika, c.ID, "Alt.eml", eml("m1", to, "Hallo"), "Kaputt.eml", eml("m2", to, "Guten Tag"), "Ohne.eml", eml("m3", "", "Hallo"), "Notiz.txt", "x")
		id := h.register(t, erika, "", h.stored(t, "post.eml", eml("m4", to, "Guten Morgen")))
		assigned := h.register(t, erika, "", h.stored(t, "zugeordnet.eml", eml("m5", to, "Guten Abend")))
		_, err := h.Assign(erika, assigned, Target{Case: c.Reference})
		must1(t, err)
		h.settleAll(t)
		was := value[int64](t, h, `SELECT revision FROM filing_document WHERE document_id = $1`, d[0].ID)
		for _, table := range []string{"filing_document", "filing_incoming_document"} {
			h.exec(t, `UPDATE `+table+` SET recipients = '', copies = ''`)
		}
		for _, table := range []string{"filing_content", "filing_incoming_document"} { // the texts of these tests are all that is in the files
			h.exec(t, `UPDATE `+table+` SET text = ''`)
		}
		h.settleAll(t)
		good := value[string](t, h, `SELECT hash FROM records_document WHERE id = $1`, d[1].ID)
		h.exec(t, `UPDATE records_document SET hash = $1 WHERE id = $2`, strings.Repeat("0", 64), d[1].ID)
		if got := h.find(t, erika, SearchFilter{Query: "olga@example.org", Kind: "document"}); len(got) != 0 {
			t.Fatalf("found before: %v", got)
		}
		h.noteAll(t, "0009_addressees", "-- +goose Up")
		if n := value[int](t, h, `SELECT count(*) FROM filing_due`); n != 6 { // three messages in the case, one that was assigned, two of post
			t.Errorf("%d notes", n)
		}
		must1(t, h.Catch(t.Context())) // it is stopped here, and gone on with
		if err := h.h.Queue.Drain(t.Context()); err == nil {
			t.Error("nothing is said of the damaged one")
		}
		h.settleAll(t)
		want := []string{"document:" + d[0].ID}
		want = append(want, "document:"+value[string](t, h, `SELECT id FROM records_document WHERE case_id = $1 AND name = 'zugeordnet.eml'`, c.ID))
		slices.Sort(want)
		if got := h.find(t, erika, SearchFilter{Query: "olga@example.org", Kind: "document"}); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		if got := h.find(t, erika, SearchFilter{Query: "ute@example.org", Kind: "post"}); !slices.Equal(got, []string{"post:" + id}) {
			t.Errorf("found %v", got)
		}
		h.seen(t, erika, "/akte/vorgang/"+c.ID+"/dokumente.csv", "Ute Empfang <ute@example.org>")
		h.seen(t, erika, "/akte/dokument/"+d[0].ID+"/karte", "Ute Empfang", "Olga Kopie")
		h.seen(t, erika, incomingPath+"/"+id, "Ute Empfang", "Olga Kopie")
		if n := value[int64](t, h, `SELECT revision FROM filing_document WHERE document_id = $1`, d[0].ID); n != was {
			t.Errorf("who describes it is told that somebody was faster: %d, was %d", n, was)
		}

		// Mended, and asked once more; what is known already stays as it is.
		h.exec(t, `UPDATE records_document SET hash = $1 WHERE id = $2`, good, d[1].ID)
		h.exec(t, `UPDATE filing_document SET recipients = 'Von Hand' WHERE document_id = $1`, d[0].ID)
		for _, x := range d {
			h.exec(t, `INSERT INTO filing_due (object, authority_id, times) VALUES ($1, $2, 0)`, "mail:"+x.ID, erfurt)
		}
		h.exec(t, `INSERT INTO filing_due (object, authority_id, times) VALUES ('mail:none', $1, 0), ('letter:none', $1, 0)`, erfurt)
		h.settleAll(t)
		for i, want := range []string{"Von Hand", "Ute Empfang <ute@example.org>", ""} {
			if got := value[string](t, h, `SELECT recipients FROM filing_document WHERE document_id = $1`, d[i].ID); got != want {
				t.Errorf("%s went to %q, want %q", d[i].Name, got, want)
			}
		}
	})
}
