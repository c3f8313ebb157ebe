package filing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// secret stands in whatever a stranger must not see.
const secret = "Geheimrat"

// guarded is what Erfurt has: a case with a mail, its attachment, two versions, one put aside, a rendition; and post.
type guarded struct {
	c        records.Case
	doc      Document
	held     string
	incoming string
	paper    string            // of the post
	handed   string            // post to be given to the unit u20
	failure  string            // of a scan
	posts    map[string]string // by the use-case that is tried on it
}

func guard(t *testing.T, h *house) guarded {
	t.Helper()
	g := guarded{c: h.newCase(t, erfurt, "s1")}
	h.exec(t, `UPDATE records_case SET subject = $1 WHERE id = $2`, secret, g.c.ID)
	g.doc = h.file(t, erika, g.c.ID, secret+".docx", secret, "b.txt", secret)[0]
	_, _, err := h.NewVersion(erika, g.doc.ID, 1, db.NewID(), h.stored(t, secret+".docx", secret+" zwei"), secret, false)
	must1(t, err)
	_, g.held, err = h.NewVersion(erika, g.doc.ID, 1, db.NewID(), h.stored(t, secret+".docx", secret+" drei"), secret, false)
	must1(t, err)
	g.incoming = db.NewID()
	must1(t, h.Register(erika, Post{ID: g.incoming, Authority: erfurt, Sender: secret, Subject: secret, ReceivedAt: time.Now()},
		[]Stored{h.stored(t, secret+".pdf", secret)}))
	_, papers, err := h.Incoming(erika, g.incoming)
	must1(t, err)
	g.paper = papers[0].ID
	g.handed = h.register(t, erika, "", h.stored(t, secret+".pdf", secret))
	h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u20', $1, '20', 'Amt', '', '/u20/', 0)`, erfurt)
	g.failure, g.posts = db.NewID(), map[string]string{}
	for _, name := range []string{"Forward", "Finish", "Reopen", "Correct", "Unassign"} {
		g.posts[name] = h.register(t, erika, "", h.stored(t, secret+".pdf", secret+name))
	}
	must1(t, h.Finish(erika, g.posts["Reopen"], 1, Advert, ""))
	_, err = h.Assign(erika, g.posts["Unassign"], Target{Case: g.c.Reference})
	must1(t, err)
	h.exec(t, `INSERT INTO filing_scan_failure (id, authority_id, name, reason, failed_at, done_at, done_name) VALUES ($1, $2, $3, 'x', 1, 0, '')`, g.failure, erfurt, secret)
	h.settleAll(t)
	g.doc, err = h.store.document(t.Context(), h.h.DB.Reader(), access.All, g.doc.ID, "")
	must1(t, err)
	return g
}

func withGrants(kind identity.Kind, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "stranger", Name: "Fremd", Kind: kind, Grants: grants})
}

// strangers are callers who have nothing to do with Erfurt's records, and the code each is answered with.
var strangers = map[string]struct {
	ctx  context.Context
	code errs.Code
}{
	"anonymous":           {context.Background(), errs.Unauthenticated},
	"citizen":             {withGrants(identity.Citizen, identity.Grant{Role: identity.Clerk, Authority: erfurt}), errs.Denied},
	"clerk of Jena":       {jens, errs.NotFound},
	"registrar of Jena":   {withGrants(identity.Staff, identity.Grant{Role: identity.Registrar, Authority: jena}), errs.NotFound},
	"treasurer of Erfurt": {withGrants(identity.Staff, identity.Grant{Role: identity.Treasurer, Authority: erfurt}), errs.Denied},
	"auditor":             {withGrants(identity.Staff, identity.Grant{Role: identity.Auditor, Authority: identity.Everywhere}), errs.Denied},
	"the program":         {identity.AsSystem(context.Background(), "x"), errs.Unauthenticated},
}

// useCases are those for people, by name.
func (h *house) useCases(t *testing.T, g guarded) map[string]func(ctx context.Context) error {
	file, subject := h.stored(t, "x.txt", "x"), "x"
	closing := func(c interface{ Close() error }, err error) error {
		if err == nil {
			return c.Close()
		}
		return err
	}
	return map[string]func(ctx context.Context) error{
		"Documents": func(ctx context.Context) error { _, _, err := h.Documents(ctx, g.c.ID, Filter{}); return err },
		"Mark": func(ctx context.Context) error {
			return h.Mark(ctx, g.c.ID, []string{g.doc.ID}, Marks{Subject: &subject})
		},
		"Describe": func(ctx context.Context) error {
			return h.Describe(ctx, g.doc.ID, g.doc.Revision, Details{Name: "x", Kind: g.doc.Kind})
		},
		"Move": func(ctx context.Context) error { return h.Move(ctx, g.c.ID, []string{g.doc.ID}, "x-1") },
		"File": func(ctx context.Context) error {
			_, err := h.File(ctx, g.c.ID, db.NewID(), []Stored{file}, true)
			return err
		},
		"NewVersion": func(ctx context.Context) error {
			_, _, err := h.NewVersion(ctx, g.doc.ID, g.doc.Version, db.NewID(), file, "", true)
			return err
		},
		"AddVersion": func(ctx context.Context) error {
			return h.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				a, err := access.Load(ctx, tx)
				if err == nil {
					_, err = h.AddVersion(ctx, tx, a, g.doc.ID, g.doc.Version, file, "")
				}
				return err
			})
		},
		"Settle": func(ctx context.Context) error { return h.Settle(ctx, g.doc.ID, g.held, true, g.doc.Version) },
		"OpenVersion": func(ctx context.Context) error {
			_, c, err := h.OpenVersion(ctx, g.doc.ID, 1, "")
			return closing(c, err)
		},
		"Look": func(ctx context.Context) error { _, err := h.Look(ctx, g.doc.ID, 1, 1); return err },
		"Sheet": func(ctx context.Context) error {
			_, err := h.Sheet(ctx, g.doc.ID, g.doc.Version, 1, smallWidth)
			return err
		},
		"LookIncoming": func(ctx context.Context) error {
			_, _, _, err := h.LookIncoming(ctx, g.incoming, g.paper, 1)
			return err
		},
		"IncomingSheet": func(ctx context.Context) error {
			_, err := h.IncomingSheet(ctx, g.incoming, g.paper, 1, smallWidth)
			return err
		},
		"Lock":      func(ctx context.Context) error { return h.Lock(ctx, g.doc.ID) },
		"Unlock":    func(ctx context.Context) error { return h.Unlock(ctx, g.doc.ID) },
		"BreakLock": func(ctx context.Context) error { return h.BreakLock(ctx, g.doc.ID) },
		"Card":      func(ctx context.Context) error { _, err := h.Card(ctx, g.doc.ID); return err },
		"Incoming":  func(ctx context.Context) error { _, _, err := h.Incoming(ctx, g.incoming); return err },
		"OpenIncoming": func(ctx context.Context) error {
			_, c, err := h.OpenIncoming(ctx, g.incoming, g.paper)
			return closing(c, err)
		},
		"Register": func(ctx context.Context) error {
			return h.Register(ctx, Post{ID: db.NewID(), Authority: erfurt, ReceivedAt: time.Now().Add(-time.Hour)}, []Stored{file})
		},
		"Assign": func(ctx context.Context) error {
			_, err := h.Assign(ctx, g.incoming, Target{Case: g.c.Reference})
			return err
		},
		"Letter":     func(ctx context.Context) error { _, err := h.Letter(ctx, g.incoming, ""); return err },
		"Targets":    func(ctx context.Context) error { _, err := h.Targets(ctx, erfurt, g.c.Reference); return err },
		"Colleagues": func(ctx context.Context) error { _, err := h.Colleagues(ctx, erfurt); return err },
		"Forward":    func(ctx context.Context) error { return h.Forward(ctx, g.posts["Forward"], 1, "u20", "") },
		"Finish":     func(ctx context.Context) error { return h.Finish(ctx, g.posts["Finish"], 1, NotOurs, "") },
		"Reopen":     func(ctx context.Context) error { return h.Reopen(ctx, g.posts["Reopen"]) },
		"Correct": func(ctx context.Context) error {
			return h.Correct(ctx, g.posts["Correct"], 1, "x", "x", time.Now().Add(-time.Hour))
		},
		"Unassign":        func(ctx context.Context) error { return h.Unassign(ctx, g.posts["Unassign"]) },
		"ScanFailureSeen": func(ctx context.Context) error { return h.ScanFailureSeen(ctx, g.failure) },
		"HandTo":          func(ctx context.Context) error { return h.HandTo(ctx, g.handed, "u20") },
		"Render":          func(ctx context.Context) error { return h.Render(ctx, g.doc.ID) },
		"OpenRendition": func(ctx context.Context) error {
			_, c, err := h.OpenRendition(ctx, g.doc.ID)
			return closing(c, err)
		},
	}
}

// lists are the use-cases that give a stranger an empty list.
func (h *house) lists() map[string]func(ctx context.Context) (int, error) {
	return map[string]func(ctx context.Context) (int, error){
		"NextPost": func(ctx context.Context) (int, error) {
			x, err := h.NextPost(ctx, IncomingFilter{}, Incoming{ID: db.NewID()})
			return len(x.ID), err
		},
		"IncomingPost": func(ctx context.Context) (int, error) {
			l, err := h.IncomingPost(ctx, IncomingFilter{})
			return len(l.Items), err
		},
		"Search": func(ctx context.Context) (int, error) {
			hits, _, err := h.Search(ctx, SearchFilter{Query: secret})
			return len(hits), err
		},
	}
}

func TestStrangersUseCases(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		before := dump(t, h)
		for who, s := range strangers {
			for name, use := range h.useCases(t, g) {
				if err := use(s.ctx); !errs.Is(err, s.code) {
					t.Errorf("%s by %s: %v, want %s", name, who, err, s.code)
				}
			}
			for name, use := range h.lists() {
				n, err := use(s.ctx)
				if n != 0 || err != nil && !errs.Is(err, s.code) {
					t.Errorf("%s by %s: %d entries, %v", name, who, n, err)
				}
			}
		}
		if after := dump(t, h); after != before {
			t.Error("a stranger changed something")
		}
		for name, use := range h.lists() { // and yet there is something to see
			if n, err := use(erika); n == 0 || err != nil {
				t.Errorf("%s by the clerk: %d entries, %v", name, n, err)
			}
		}
	})
}

// Who may only read sees everything and changes nothing; who is blocked sees nothing.
func TestReadersAndBlocked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		reader, blocked := clerk("Rita Lesen", erfurt), clerk("Bert Gesperrt", erfurt)
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(
				access.Put(ctx, tx, access.All, access.Grant{Authority: erfurt, File: g.c.FileID, Holder: access.Person("s:Rita Lesen"), May: access.Read}),
				access.Put(ctx, tx, access.All, access.Grant{Authority: erfurt, File: g.c.FileID, Holder: access.Person("s:Bert Gesperrt"), May: access.Nothing}))
		})
		reads := []string{"Documents", "OpenVersion", "Card", "Look", "Sheet", "OpenRendition", "Render", "LookIncoming", "IncomingSheet", "Incoming", "OpenIncoming", "Register", "HandTo", "Letter", "Targets", "Colleagues", "Forward", "Finish", "Reopen", "Correct"}
		once := []string{"Forward", "Finish", "Correct"}                                                                                                    // a second one sees that there was a first
		outside := []string{"LookIncoming", "IncomingSheet", "Incoming", "OpenIncoming", "Register", "HandTo", "Letter", "Targets", "Colleagues", "Reopen"} // post is no part of the file
		for name, use := range h.useCases(t, g) {
			err := use(reader)
			switch {
			case slices.Contains(reads, name):
				if err != nil {
					t.Errorf("%s by a reader: %v", name, err)
				}
			case name == "Move": // the target is asked first, and is not there
				if !errs.Is(err, errs.Invalid) {
					t.Errorf("%s by a reader: %v", name, err)
				}
			case !errs.Is(err, errs.Denied):
				t.Errorf("%s by a reader: %v", name, err)
			}
			err = use(blocked)
			switch {
			case slices.Contains(once, name):
				if !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.NotFound) {
					t.Errorf("%s a second time: %v", name, err)
				}
			case name == "ScanFailureSeen":
				if !errs.Is(err, errs.Denied) {
					t.Errorf("%s by a clerk: %v", name, err)
				}
			case slices.Contains(outside, name):
				if err != nil {
					t.Errorf("%s by a blocked person: %v", name, err)
				}
			case name == "Assign":
				if !errs.Is(err, errs.Invalid) { // no such case
					t.Errorf("%s by a blocked person: %v", name, err)
				}
			case !errs.Is(err, errs.NotFound):
				t.Errorf("%s by a blocked person: %v", name, err)
			}
		}
		for _, x := range h.find(t, blocked, SearchFilter{Query: secret}) {
			if !strings.HasPrefix(x, "post:") { // that is no part of the file
				t.Errorf("a blocked person finds %s", x)
			}
		}
		if n := len(h.find(t, reader, SearchFilter{Query: secret})); n == 0 {
			t.Error("a reader finds nothing")
		}
	})
}

// dump is the content of all tables.
func dump(t *testing.T, h *house) string {
	t.Helper()
	var b strings.Builder
	for _, table := range append(tables(t), "records_document", "records_version", "records_view", "records_case") {
		b.WriteString(rowsOf(t, h, `SELECT * FROM `+table+` ORDER BY 1, 2`))
	}
	return b.String()
}

// rowsOf is the answer to a query as text, a row a line.
func rowsOf(t *testing.T, h *house, q string) string {
	t.Helper()
	rows, err := h.h.DB.Reader().Query(t.Context(), q)
	must1(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must1(t, err)
	var b strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must1(t, rows.Scan(values...))
		for _, v := range values {
			fmt.Fprintf(&b, "%v|", *v.(*any))
		}
		b.WriteByte('\n')
	}
	must1(t, rows.Err())
	return b.String()
}

// tables are those of this part, of which each has an authority; that of the full text is no tenant's.
func tables(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"migrations/0001_filing.sql", "migrations/0002_text.sqlite.sql", "migrations/0004_post.sql"} {
		b, err := fs.ReadFile(Files, name)
		must1(t, err)
		for _, m := range regexp.MustCompile(`CREATE TABLE (\w+) \(\n([^;]*)\);`).FindAllStringSubmatch(string(b), -1) {
			out = append(out, m[1])
			if m[1] != "filing_text" && !strings.Contains(m[2], "authority_id") {
				t.Errorf("table %s has no authority", m[1])
			}
		}
	}
	if len(out) < 10 {
		t.Fatalf("%d tables found", len(out))
	}
	return out
}

// addresses are the patterns of Routes, read from its source.
func addresses(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("web.go")
	must1(t, err)
	var out []string
	for _, m := range regexp.MustCompile(`handle\("((?:GET|POST) [^"]+)"`).FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	if len(out) < 20 {
		t.Fatalf("addresses: %v", out)
	}
	return out
}

func TestStrangersAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		before := dump(t, h)
		open := []string{"/akte/posteingang", "/akte/posteingang.csv", "/akte/suche", "/akte/suche.csv"} // lists of their own, empty
		for _, pattern := range addresses(t) {
			method, path, _ := strings.Cut(pattern, " ")
			if strings.HasPrefix(path, "/akte/skript/") {
				continue // for everybody
			}
			id := g.c.ID
			switch {
			case strings.Contains(path, "/dokument/{id}"):
				id = g.doc.ID
			case strings.Contains(path, "/fehlscan/"):
				id = g.failure
			case strings.HasSuffix(path, "/zuruecknehmen"):
				id = g.posts["Unassign"]
			case strings.HasSuffix(path, "/oeffnen"):
				id = g.posts["Reopen"]
			case strings.Contains(path, "/posteingang/"):
				id = g.incoming
			}
			path = strings.NewReplacer("{id}", id, "{number}", "1", "{held}", g.held, "{document}", g.paper, "{page}", "1.png").Replace(path)
			kind, body := "application/x-www-form-urlencoded", []byte(url.Values{"dokument": {g.doc.ID}, "betreff": {"x"}, "was": {"markieren"},
				"version": {fmt.Sprint(g.doc.Version)}, "id": {g.held}, "wahl": {"behalten"}, "vorgang": {g.c.Reference}, records.ChosenName: {g.incoming}}.Encode())
			if strings.HasSuffix(pattern, "/dokumente") || strings.HasSuffix(pattern, "/fassung") || strings.HasSuffix(pattern, "/posteingang") {
				kind, body = form(t, map[string]string{"id": db.NewID(), "version": fmt.Sprint(g.doc.Version), "behoerde": erfurt, "eingang": i18n.ISODate(time.Now())}, "x.txt", "x")
			}
			if method == http.MethodGet {
				kind, body = "", nil
			}
			for who, s := range strangers {
				w := h.do(s.ctx, method, path, kind, body)
				want := errs.Status(s.code)
				switch {
				case s.code == errs.Unauthenticated && method == http.MethodGet:
					want = http.StatusSeeOther // to the sign-in
				case s.code == errs.NotFound && slices.Contains(open, path) && method == http.MethodGet:
					want = http.StatusOK
				case s.code == errs.NotFound && path == "/akte/posteingang/auswahl":
					want = http.StatusConflict // a list of their own that says that there is no such row
				}
				said := strings.Contains(w.Body.String(), g.c.Reference) && w.Code != http.StatusUnauthorized // who has to sign in again gets back what they sent
				if w.Code != want || said || strings.Contains(w.Body.String(), secret) {
					t.Errorf("%s by %s: status %d, want %d; or it shows what it must not", pattern, who, w.Code, want)
				}
			}
		}
		if after := dump(t, h); after != before {
			t.Error("a stranger changed something")
		}
	})
}
