package filing

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
)

const post = "From: \"Jörg Müller\" <joerg@example.org>\r\nSubject: Mein Hund\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nAnbei der Impfpass.\r\n--x\r\n" +
	"Content-Type: application/pdf; name=impfpass.pdf\r\nContent-Disposition: attachment; filename=impfpass.pdf\r\n\r\npdf\r\n--x--\r\n"

func (h *house) register(t testing.TB, ctx context.Context, org string, files ...Stored) string {
	t.Helper()
	id := db.NewID()
	must1(t, h.Register(ctx, Post{ID: id, Authority: erfurt, Org: org, ReceivedAt: time.Now().Add(-time.Hour)}, files))
	return id
}

func TestRegisterAndAssign(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "a1")
		id := db.NewID()
		kind, body := form(t, map[string]string{"id": id, "eingang": "1.11."}, "post.eml", post)
		h.h.Now = func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
		for range 2 {
			if w := h.do(erika, http.MethodPost, incomingPath, kind, body); w.Code != http.StatusSeeOther {
				t.Fatalf("register: %d %s", w.Code, w.Body)
			}
		}
		l, err := h.IncomingPost(erika, IncomingFilter{Query: "HUND müller"})
		must1(t, err)
		if len(l.Items) != 1 || l.Items[0].Subject != "Mein Hund" || i18n.ISODate(l.Items[0].ReceivedAt) != "2026-11-01" {
			t.Fatalf("registered: %+v", l.Items)
		}
		w := h.get(max_, incomingPath+"/"+id)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "impfpass.pdf") {
			t.Errorf("page: %d", w.Code)
		}
		_, docs, err := h.Incoming(erika, id)
		must1(t, err)
		if w := h.get(erika, incomingPath+"/"+id+"/dokument/"+docs[1].ID); w.Body.String() != "pdf" {
			t.Errorf("attachment: %d %q", w.Code, w.Body)
		}
		to := url.Values{"id": {db.NewID()}, "was": {"vorgang"}, "vorgang": {c.Reference}}
		for range 2 {
			if w := h.post(erika, incomingPath+"/"+id+"/zuordnen", to.Encode()); w.Code != http.StatusSeeOther || w.Header().Get("Location") != incomingPath+"/"+id {
				t.Fatalf("assign: %d %s", w.Code, w.Body)
			}
		}
		_, filed, err := h.Documents(erika, c.ID, Filter{Query: "impfpass"})
		must1(t, err)
		if len(filed.Items) != 1 || filed.Items[0].Parent != docs[0].ID {
			t.Errorf("filed: %+v", filed.Items)
		}
		if _, err := h.Assign(max_, id, Target{File: "x", NewCase: records.NewCase{ID: db.NewID(), Subject: "x"}}); !errs.Is(err, errs.Conflict) {
			t.Errorf("assigned a second time: %v", err)
		}
		if w := h.get(erika, incomingPath+"?stand=zugeordnet"); !strings.Contains(w.Body.String(), "Mein Hund") {
			t.Error("not listed as assigned")
		}
		if w := h.get(erika, incomingPath); strings.Contains(w.Body.String(), "Mein Hund") {
			t.Error("still listed as open")
		}
	})
}

func TestAssignToNew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		unit := value[string](t, h, `SELECT code FROM records_unit WHERE authority_id = $1 AND code LIKE '%.%' ORDER BY code LIMIT 1`, erfurt)
		id := h.register(t, erika, "", h.stored(t, "brief.pdf", "%PDF-1"))
		f := url.Values{"id": {db.NewID()}, "was": {"neu"}, "betreff": {"Beschwerde"}, "planeinheit": {unit}}
		var path string
		for range 2 {
			w := h.post(erika, incomingPath+"/"+id+"/zuordnen", f.Encode())
			if w.Code != http.StatusSeeOther || path != "" && path != w.Header().Get("Location") {
				t.Fatalf("new file: %d %s", w.Code, w.Body)
			}
			path = w.Header().Get("Location")
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_case WHERE subject = 'Beschwerde'`); n != 1 {
			t.Errorf("%d cases", n)
		}
		reference := value[string](t, h, `SELECT f.reference FROM records_file f JOIN records_case c ON c.file_id = f.id WHERE c.subject = 'Beschwerde'`)
		second := h.register(t, erika, "", h.stored(t, "brief2.pdf", "%PDF-2"))
		g := url.Values{"id": {db.NewID()}, "was": {"akte"}, "betreff": {"Zweites"}, "akte": {reference}}
		if w := h.post(erika, incomingPath+"/"+second+"/zuordnen", g.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("in file: %d %s", w.Code, w.Body)
		}
		third := h.register(t, erika, "", h.stored(t, "brief3.pdf", "%PDF-3"))
		for name, g := range map[string]url.Values{"no unit": {"was": {"neu"}, "betreff": {"x"}}, "no subject": {"was": {"akte"}, "akte": {reference}},
			"unknown file": {"was": {"akte"}, "akte": {"99-1"}, "betreff": {"x"}}, "no file": {"was": {"akte"}}, "unknown case": {"was": {"vorgang"}, "vorgang": {"99"}}} {
			if w := h.post(erika, incomingPath+"/"+third+"/zuordnen", g.Encode()); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		if n := value[int](t, h, `SELECT count(*) FROM records_case WHERE subject = 'x'`); n != 0 {
			t.Error("half a case was opened")
		}
	})
}

// Post for a unit is seen there and by registrars.
func TestPostForAUnit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'Steuern', '', '/u20/', 0)`, erfurt)
		h.exec(t, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ('u20', 's:Max Amt', 'member', $1, 'Max')`, erfurt)
		id := h.register(t, registrar, "u20", h.stored(t, "brief.pdf", "%PDF-1"))
		for name, c := range map[string]struct {
			ctx  context.Context
			want int
		}{"another clerk": {erika, 0}, "member": {max_, 1}, "registrar": {registrar, 1}, "another authority": {jens, 0},
			"registrar elsewhere": {staff("R", identity.Grant{Role: identity.Registrar, Authority: jena}), 0}} {
			l, err := h.IncomingPost(c.ctx, IncomingFilter{})
			must1(t, err)
			if len(l.Items) != c.want {
				t.Errorf("%s sees %d", name, len(l.Items))
			}
			if _, _, err := h.Incoming(c.ctx, id); (err == nil) != (c.want == 1) {
				t.Errorf("%s reads: %v", name, err)
			}
		}
		if err := h.Register(erika, Post{ID: db.NewID(), Authority: erfurt, Org: "u99", ReceivedAt: time.Now()}, []Stored{h.stored(t, "a.pdf", "x")}); !errs.Is(err, errs.Invalid) {
			t.Errorf("an unknown unit: %v", err)
		}
		if err := h.Register(erika, Post{ID: db.NewID(), Authority: jena, ReceivedAt: time.Now()}, []Stored{h.stored(t, "a.pdf", "x")}); !errs.Is(err, errs.NotFound) {
			t.Errorf("another authority: %v", err)
		}
	})
}

func scanFile(t *testing.T, dir, name, content string) {
	t.Helper()
	must1(t, os.MkdirAll(filepath.Join(dir, erfurt), 0o700))
	must1(t, os.WriteFile(filepath.Join(dir, erfurt, name), []byte(content), 0o600))
}

func left(t *testing.T, dir ...string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir...))
	must1(t, err)
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestScanIntake(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		dir := t.TempDir()
		s := h.Scans(dir)
		look := func() {
			t.Helper()
			must1(t, s.Look(t.Context()))
		}
		scanFile(t, dir, "brief.json", `{"operator": "Poststelle 2", "device": "Fujitsu fi-7160", "pages": 3, "anomalies": "Seite 2 geknickt", "check": "vollständig", "sender": "Jörg Müller", "subject": "Widerspruch"}`)
		scanFile(t, dir, "brief.pdf", "%PDF-1.4 halb")
		look()
		scanFile(t, dir, "brief.pdf", "%PDF-1.4 ganz fertig")
		look() // it has grown
		if n := value[int](t, h, `SELECT count(*) FROM filing_incoming`); n != 0 {
			t.Fatal("taken before it was complete")
		}
		look()
		l, err := h.IncomingPost(erika, IncomingFilter{})
		must1(t, err)
		if len(l.Items) != 1 || l.Items[0].Subject != "Widerspruch" || l.Items[0].Sender != "Jörg Müller" || l.Items[0].Source != ByScanner {
			t.Fatalf("taken: %+v", l.Items)
		}
		_, docs, err := h.Incoming(erika, l.Items[0].ID)
		must1(t, err)
		if len(docs) != 2 || docs[0].Kind != Scan || docs[1].Kind != TransferNote || docs[1].Parent != docs[0].ID || docs[1].Size < 1000 {
			t.Errorf("documents: %+v", docs)
		}
		if got := left(t, dir, erfurt, "done"); len(got) != 2 {
			t.Errorf("done: %v", got)
		}
		scanFile(t, dir, "brief.pdf", "%PDF-1.4 ganz fertig") // the same again, and a new one of that name
		look()
		look()
		scanFile(t, dir, "brief.pdf", "%PDF-1.4 ein anderer")
		look()
		look()
		if n := value[int](t, h, `SELECT count(*) FROM filing_incoming`); n != 2 {
			t.Errorf("%d of 2 taken", n)
		}
		scanFile(t, dir, "falsch.pdf", "MZ")
		scanFile(t, dir, "text.txt", "x")
		scanFile(t, dir, "kaputt.pdf", "%PDF-1")
		scanFile(t, dir, "kaputt.xml", "<transfer><pages>")
		look()
		look()
		if got := left(t, dir, erfurt, "failed"); len(got) != 7 { // three, a reason for each, and one more beside
			t.Errorf("failed: %v", got)
		}
		if got := left(t, dir, erfurt); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	})
}

// A process may die at any point: what lies in taking is gone on with, once.
func TestScanAfterADeath(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		dir := t.TempDir()
		s := h.Scans(dir)
		scanFile(t, dir, "a.pdf", "%PDF-a")
		must1(t, s.Look(t.Context()))
		taking := filepath.Join(dir, erfurt, scanTaking)
		dead := func(files ...string) {
			t.Helper()
			to := filepath.Join(taking, db.NewID())
			must1(t, os.Mkdir(to, 0o700))
			for _, f := range files {
				must1(t, os.WriteFile(filepath.Join(to, f), []byte("%PDF-"+f), 0o600))
			}
			old := time.Now().Add(-time.Hour)
			must1(t, os.Chtimes(to, old, old))
		}
		dead()         // after the folder was made
		dead("b.pdf")  // after the file was moved
		dead("c.json") // between what lies beside and the file
		// After the transaction, before it was put away.
		f := h.stored(t, "d.pdf", "%PDF-d.pdf")
		must1(t, s.keep(identity.AsSystem(t.Context(), "scan"), erfurt, f, Transfer{}, false))
		dead("d.pdf")
		must1(t, h.Scans(dir).Look(t.Context())) // a new process has seen nothing yet
		must1(t, s.Look(t.Context()))
		if n := value[int](t, h, `SELECT count(*) FROM filing_incoming`); n != 3 {
			t.Errorf("%d of 3 taken", n)
		}
		if got := left(t, dir, erfurt); len(got) != 1 || got[0] != "c.json" {
			t.Errorf("left: %v", got)
		}
		if got, err := os.ReadDir(taking); err != nil || len(got) != 0 {
			t.Errorf("taking: %v, %v", got, err)
		}
		if got := left(t, dir, erfurt, "done"); len(got) != 3 {
			t.Errorf("done: %v", got)
		}
	})
}

func TestUnknownAuthority(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		dir := t.TempDir()
		must1(t, os.MkdirAll(filepath.Join(dir, "tippfehler"), 0o700))
		must1(t, os.WriteFile(filepath.Join(dir, "tippfehler", "a.pdf"), []byte("%PDF-"), 0o600))
		for range 3 {
			if err := h.Scans(dir).Look(t.Context()); err == nil {
				t.Error("nobody hears of it")
			}
		}
		if got := left(t, dir, "tippfehler"); len(got) != 1 {
			t.Errorf("left: %v", got)
		}
	})
}

func FuzzTransfer(f *testing.F) {
	f.Add([]byte(`{"pages": 3}`), true)
	f.Add([]byte(`<transfer><pages>3</pages><operator>x</operator></transfer>`), false)
	f.Fuzz(func(t *testing.T, b []byte, isJSON bool) {
		ext := ".xml"
		if isJSON {
			ext = ".json"
		}
		got, err := parseTransfer(b, ext)
		if err == nil && (got.Pages < 0 || len([]rune(got.Operator)) > maxSubject || strings.ContainsAny(got.Subject, "\x00\n")) {
			t.Errorf("read: %+v", got)
		}
	})
}

// What is wrong with new post is said at once.
func TestRegisterSaysAll(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		kind, body := form(t, map[string]string{"eingang": "1.11.1999", "einheit": "gibtsnicht", "betreff": strings.Repeat("x", maxSubject+1)})
		w := h.do(erika, http.MethodPost, incomingPath, kind, body)
		if w.Code != http.StatusUnprocessableEntity {
			t.Fatalf("status %d", w.Code)
		}
		for _, want := range []string{"Bitte kürzen Sie", "nicht mehr als fünf Jahre", "mindestens eine Datei", "Diese Einheit gibt es nicht", `href="#dateien"`, `href="#eingang"`} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	})
}

// TestChosenIncoming: several at once into one case, or to a unit; each on its own, and the truth about each.
func TestChosenIncoming(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, other := h.newCase(t, erfurt, "a1"), h.newCase(t, erfurt, "a2")
		h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'Amt', '', '/u20/', 0)`, erfurt)
		var ids []string
		for range 5 {
			ids = append(ids, h.register(t, erika, "", h.stored(t, "brief.pdf", "pdf")))
		}
		_, err := h.Assign(erika, ids[0], Target{Case: other.Reference})
		must1(t, err)
		assign := url.Values{"was": {"zuordnen"}, "vorgang": {c.Reference}, "liste": {"q=brief"}, records.ChosenName: ids[:3]}
		w := h.post(erika, incomingPath+"/auswahl", assign.Encode())
		for _, want := range []string{"2 Eingänge zugeordnet.", "1 nicht.", "brief.pdf: Die Post ist schon zugeordnet"} {
			if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%d: the page lacks %q", w.Code, want)
			}
		}
		assign[records.ChosenName] = ids[1:3]
		if w := h.post(erika, incomingPath+"/auswahl", assign.Encode()); w.Code != http.StatusSeeOther || w.Header().Get("Location") != incomingPath+"?q=brief" { // sent twice
			t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
		}
		_, filed, err := h.Documents(erika, c.ID, Filter{Query: "brief"})
		must1(t, err)
		if len(filed.Items) != 2 {
			t.Errorf("%d filed", len(filed.Items))
		}
		hand := url.Values{"was": {"weitergeben"}, "an_einheit": {"u20"}, records.ChosenName: ids[3:4]}
		for range 2 { // the second time erika sees it no more
			if w := h.post(erika, incomingPath+"/auswahl", hand.Encode()); w.Code != http.StatusSeeOther {
				t.Fatalf("hand to: %d", w.Code)
			}
		}
		if _, _, err := h.Incoming(max_, ids[3]); !errs.Is(err, errs.NotFound) {
			t.Errorf("still seen: %v", err)
		}
		if n := value[int](t, h, `SELECT count(*) FROM audit_entry WHERE action = 'filing.handed'`); n != 1 {
			t.Errorf("%d entries in the log", n)
		}
		for name, err := range map[string]error{"elsewhere": h.HandTo(erika, ids[3], "u30"), "assigned": h.HandTo(erika, ids[1], "u20"), "no unit": h.HandTo(erika, ids[4], "u30")} {
			if want := map[string]errs.Code{"elsewhere": errs.Denied, "assigned": errs.Conflict, "no unit": errs.Invalid}[name]; !errs.Is(err, want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
		for _, was := range []string{"zuordnen", "weitergeben"} {
			if w := h.post(erika, incomingPath+"/auswahl", url.Values{"was": {was}, records.ChosenName: ids[4:]}.Encode()); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), " checked>") {
				t.Errorf("%s without saying where: %d", was, w.Code)
			}
		}
		w = h.get(erika, incomingPath+".csv?stand=zugeordnet")
		if n := strings.Count(w.Body.String(), "\r\n"); n != 4 || !strings.Contains(w.Body.String(), "Erika Amt") {
			t.Errorf("csv: %s", w.Body)
		}
	})
}
