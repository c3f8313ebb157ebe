package office

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

const (
	erfurt = "authority-erfurt"
	jena   = "authority-jena"
)

func staff(subject string, role identity.Role, authority string) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: subject, Name: strings.ToUpper(subject), Kind: identity.Staff,
		Grants: []identity.Grant{{Role: role, Authority: authority}}})
}

var (
	regina = staff("regina", identity.Registrar, erfurt)
	erika  = staff("erika", identity.Clerk, erfurt)
	doris  = staff("doris", identity.Clerk, erfurt)
	jens   = staff("jens", identity.Registrar, jena)
)

// house is the part with the people of a test.
type house struct {
	*Room
	core *records.Room
	h    *platform.House
	mux  *http.ServeMux
}

func (h *house) People(_ context.Context, authority string) ([]Person, error) {
	if authority == jena {
		return []Person{{"jens", "Jens"}}, nil
	}
	return []Person{{"doris", "Doris Leitung"}, {"erika", "Erika Amt"}, {"new", ""}, {"regina", "Regina Ablage"}}, nil
}

type nobodyPays struct{}

func (nobodyPays) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, errs.E(errs.Unavailable, "errs.unavailable")
}
func (nobodyPays) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobodyPays) ByNotice(string) bool { return false }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, []platform.Files{{Room: "records", FS: records.Files}, {Room: "office", FS: Files}}, func(t *testing.T, p *platform.House) {
		p.AuthorityName = func(id string) string { return "Stadtverwaltung " + id }
		core, err := records.New(p, nobodyPays{}, nobodyPays{}, nobodyPays{})
		must(t, err)
		h := &house{core: core, h: p, mux: http.NewServeMux()}
		h.Room = New(p, core, h)
		h.Routes(h.mux)
		must(t, core.EnsurePlan(t.Context(), []string{erfurt, jena}))
		f(t, h)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unit makes a unit and returns its id.
func (h *house) unit(t *testing.T, code, parent string) string {
	t.Helper()
	id := db.NewID()
	must(t, h.PutUnit(regina, Unit{ID: id, Authority: erfurt, Code: code, Name: "Amt " + code, Parent: parent}))
	return id
}

func (h *house) send(ctx context.Context, method, path string, form url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	return w
}

// dump is all that this part can change.
func dump(t *testing.T, h *house) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{`SELECT id || code || name || parent || path || ended_at FROM records_org ORDER BY id`,
		`SELECT org_id || subject || role || name FROM records_member ORDER BY 1`, `SELECT subject || level FROM records_clearance ORDER BY 1`,
		`SELECT file_id || holder || may FROM records_grant ORDER BY 1`, `SELECT authority_id || reference_pattern FROM records_setting ORDER BY 1`,
		`SELECT id || name || fields FROM records_file_type ORDER BY 1`} {
		rows, err := h.h.DB.Reader().Query(t.Context(), q)
		lines, err := db.All(rows, err, func(r db.Scanner) (s string, err error) { return s, r.Scan(&s) })
		must(t, err)
		fmt.Fprintln(&b, lines)
	}
	return b.String()
}

func TestUnits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		top := h.unit(t, "20", "")
		below := h.unit(t, "20.1", top)
		deep := h.unit(t, "20.1.1", below)
		other := h.unit(t, "30", "")
		o, err := h.Organisation(erika, erfurt)
		must(t, err)
		var codes []string
		for _, u := range o.Units {
			codes = append(codes, strings.Repeat(">", u.Depth())+u.Code)
		}
		if got := strings.Join(codes, " "); got != "20 >20.1 >>20.1.1 30" || o.Registrar || o.People != nil {
			t.Fatal(got, o.Registrar, o.People)
		}
		must(t, h.PutUnit(regina, Unit{ID: below, Authority: erfurt, Code: "30.1", Name: "Umgezogen", Parent: other}))
		u, err := unit(t.Context(), h.h.DB.Reader(), access.At(erfurt), deep)
		must(t, err)
		if u.Path != "/"+other+"/"+below+"/"+deep+"/" {
			t.Errorf("what is below did not move along: %s", u.Path)
		}
		for name, bad := range map[string]Unit{
			"parent": {ID: other, Authority: erfurt, Code: "30", Name: "x", Parent: deep}, // below itself
			"code":   {ID: db.NewID(), Authority: erfurt, Code: "20", Name: "x"},
			"name":   {ID: db.NewID(), Authority: erfurt, Code: "21", Name: " "},
		} {
			if err := h.PutUnit(regina, bad); !errs.Is(err, errs.Invalid) || errs.As(err).Fields[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := h.EndUnit(regina, erfurt, other); !errs.Is(err, errs.Conflict) {
			t.Errorf("ended with units below: %v", err)
		}
		must(t, h.PutMember(regina, erfurt, Member{Unit: top, Subject: "erika", Role: access.Member}))
		must(t, h.PutMember(regina, erfurt, Member{Unit: top, Subject: "erika", Role: access.Member})) // sent twice
		if err := h.EndUnit(regina, erfurt, top); !errs.Is(err, errs.Conflict) {
			t.Errorf("ended with members: %v", err)
		}
		must(t, h.DropMember(regina, erfurt, Member{Unit: top, Subject: "erika", Role: access.Member}))
		must(t, h.EndUnit(regina, erfurt, top))
		if err := h.PutMember(regina, erfurt, Member{Unit: top, Subject: "erika", Role: access.Member}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a member of an ended unit: %v", err)
		}
		if err := h.PutMember(regina, erfurt, Member{Unit: other, Subject: "jens", Role: access.Member}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a member from elsewhere: %v", err)
		}
	})
}

func TestClear(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.Clear(regina, erfurt, "regina", access.Secret); !errs.Is(err, errs.Denied) {
			t.Errorf("cleared oneself: %v", err)
		}
		must(t, h.Clear(regina, erfurt, "erika", access.Confidential))
		f, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x", Level: access.Confidential}})
		must(t, err)
		if _, err := h.core.FilePage(doris, f.ID, paging.Cursor{}); !errs.Is(err, errs.NotFound) {
			t.Errorf("read without clearance: %v", err)
		}
		if _, err := h.core.FilePage(erika, f.ID, paging.Cursor{}); err != nil {
			t.Error(err)
		}
		var n int
		must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action = 'records.read'`).Scan(&n))
		if n != 1 {
			t.Errorf("%d readings in the log, want 1", n)
		}
		must(t, h.Clear(regina, erfurt, "erika", access.Open))
		if _, err := h.core.FilePage(erika, f.ID, paging.Cursor{}); !errs.Is(err, errs.NotFound) {
			t.Errorf("read after the clearance was taken back: %v", err)
		}
	})
}

func TestRules(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		lead := h.unit(t, "20", "")
		must(t, h.PutMember(regina, erfurt, Member{Unit: lead, Subject: "doris", Role: access.Head}))
		f, err := h.core.OpenFile(doris, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x", Lead: lead, Reach: records.LeadOnly}})
		must(t, err)
		reads := func(ctx context.Context) bool {
			_, err := h.core.FilePage(ctx, f.ID, paging.Cursor{})
			return err == nil
		}
		if reads(erika) {
			t.Error("read by who is not in the unit")
		}
		if err := h.PutRule(erika, f.ID, access.Person("erika"), access.Write, "x"); !errs.Is(err, errs.NotFound) {
			t.Errorf("helped oneself: %v", err)
		}
		must(t, h.PutRule(doris, f.ID, access.Person("erika"), access.Read, "Vertretung"))
		if !reads(erika) {
			t.Error("not read with a rule")
		}
		if err := h.PutRule(erika, f.ID, access.Person("erika"), access.Write, "x"); !errs.Is(err, errs.Denied) {
			t.Errorf("a reader sets a rule: %v", err)
		}
		for _, holder := range []string{"person:jens", "unit:none", "role:" + lead + ":king", "nobody", ""} {
			if err := h.PutRule(doris, f.ID, holder, access.Read, "x"); !errs.Is(err, errs.Invalid) {
				t.Errorf("rule for %q: %v", holder, err)
			}
		}
		if err := h.PutRule(doris, f.ID, access.Authority, 7, "x"); !errs.Is(err, errs.Invalid) {
			t.Errorf("a right that there is not: %v", err)
		}
		must(t, h.DropRule(doris, f.ID, access.Person("erika")))
		must(t, h.DropRule(doris, f.ID, access.Person("erika"))) // sent twice
		if reads(erika) {
			t.Error("read after the rule was taken away")
		}
		if w := h.send(doris, "GET", "/akte/akte/"+f.ID+"/zugriff", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Erika Amt") {
			t.Errorf("page: %d", w.Code)
		}
		if w := h.send(doris, "POST", "/akte/akte/"+f.ID+"/zugriff", url.Values{"holder": {"authority"}, "may": {"1"}, "reason": {"<offen>"}}); w.Code != http.StatusSeeOther {
			t.Errorf("rule by page: %d %s", w.Code, w.Body)
		}
		if w := h.send(erika, "GET", "/akte/akte/"+f.ID+"/zugriff", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "&lt;offen&gt;") || strings.Contains(w.Body.String(), "zugriff-entfernen") {
			t.Errorf("page of a reader: %d, or it offers what is not theirs", w.Code)
		}
	})
}

// Who is limited to reading does not lift that themselves, nor does anybody let themselves in: a rule about a person is for others.
func TestOwnRule(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		lead := h.unit(t, "20", "")
		must(t, h.PutMember(regina, erfurt, Member{Unit: lead, Subject: "doris", Role: access.Head}))
		f, err := h.core.OpenFile(doris, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x", Lead: lead}})
		must(t, err)
		path := "/akte/akte/" + f.ID + "/zugriff"
		must(t, h.PutRule(regina, f.ID, access.Person("doris"), access.Read, "befangen"))
		must(t, h.PutRule(doris, f.ID, access.Person("regina"), access.Read, "Nachbarin"))
		for name, ctx := range map[string]context.Context{"doris": doris, "regina": regina} {
			before := dump(t, h)
			for what, err := range map[string]error{
				"set": h.PutRule(ctx, f.ID, access.Person(name), access.Write, "x"), "limit": h.PutRule(ctx, f.ID, access.Person(name), access.Nothing, "x"),
				"drop": h.DropRule(ctx, f.ID, access.Person(name)),
			} {
				if !errs.Is(err, errs.Denied) || errs.As(err).Key != "office.error.own_rule" {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
			if w := h.send(ctx, "POST", path+"-entfernen", url.Values{"holder": {access.Person(name)}}); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "die Sie selbst betrifft") {
				t.Errorf("%s, by page: %d", name, w.Code)
			}
			if got := dump(t, h); got != before {
				t.Errorf("%s changed their own rule: %s", name, got)
			}
			body := h.send(ctx, "GET", path, nil).Body.String()
			if n := strings.Count(body, `"person:`+name+`"`); n != 0 || strings.Count(body, "zugriff-entfernen") != 1 || !strings.Contains(body, "betrifft Sie selbst") {
				t.Errorf("%s is offered their own rule %d times", name, n)
			}
		}
		must(t, h.DropRule(regina, f.ID, access.Person("doris")))
		must(t, h.PutRule(doris, f.ID, access.Unit(lead), access.Read, "für alle hier")) // not about them as a person
	})
}

func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.SetPattern(regina, erfurt, "{unit}/{number:3}-{year}"))
		f, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x"}})
		must(t, err)
		if !strings.HasPrefix(f.Reference, "22.31/001-") {
			t.Error(f.Reference)
		}
		fields, err := ParseFields("* Flurstück; text\nGenehmigt am; datum\n\nVerfahren; vereinfacht | umfassend\n")
		must(t, err)
		bau := records.FileType{ID: db.NewID(), Authority: erfurt, Name: "Bauakte", Fields: fields}
		must(t, h.PutType(regina, bau))
		if got := (Type{FileType: bau}).Lines(); got != "* Flurstück\nGenehmigt am; datum\nVerfahren; vereinfacht | umfassend\n" {
			t.Error(got)
		}
		open := func(values string) error {
			_, err := h.core.OpenFile(erika, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x", Type: bau.ID, Fields: values}})
			return err
		}
		for _, bad := range []string{`{}`, `{"flurst_ck":"1","verfahren":"anders"}`, `{"flurst_ck":"1","genehmigt_am":"bald"}`, `{"flurst_ck":"1","x":"y"}`, `[]`} {
			if err := open(bad); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		must(t, open(`{"flurst_ck":"12/3","verfahren":"umfassend","genehmigt_am":"2026-11-24"}`))
		bau.Fields = bau.Fields[:1]
		if err := h.PutType(regina, bau); !errs.Is(err, errs.Conflict) {
			t.Errorf("fields of a type in use changed: %v", err)
		}
		for _, bad := range []string{"; text", "a; b", "a\na", strings.Repeat("x", 121)} {
			if _, err := ParseFields(bad); !errs.Is(err, errs.Invalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

// What several registrars set at the same moment is as if they had done it one after the other.
func TestSettingsTogether(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		together := func(put func(id string) error) (refused int64) {
			one := db.NewID()
			var no atomic.Int64
			var group sync.WaitGroup
			for i := range 8 {
				group.Go(func() {
					id := one // half of them send the same form
					if i%2 == 1 {
						id = db.NewID()
					}
					if err := put(id); errs.Is(err, errs.Invalid) {
						no.Add(1)
					} else if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			return no.Load()
		}
		if n := together(func(id string) error {
			return h.PutType(regina, records.FileType{ID: id, Authority: erfurt, Name: "Bauakte"})
		}); n != 4 && n != 7 {
			t.Errorf("%d types were refused", n)
		}
		if n := together(func(id string) error {
			return h.PutUnit(regina, Unit{ID: id, Authority: erfurt, Code: "90", Name: "Amt"})
		}); n != 4 && n != 7 {
			t.Errorf("%d units were refused", n)
		}
		o, err := h.Organisation(regina, erfurt)
		must(t, err)
		if types, units := len(o.Types), slices.IndexFunc(o.Units, func(u Unit) bool { return u.Code == "90" }); types != 1 || units < 0 ||
			slices.ContainsFunc(o.Units[units+1:], func(u Unit) bool { return u.Code == "90" }) {
			t.Errorf("%+v", o)
		}
	})
}

// addresses are the patterns of Routes, read from its source.
func addresses(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("web.go")
	must(t, err)
	var out []string
	for _, m := range regexp.MustCompile(`handle\("((?:GET|POST) [^"]+)"`).FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	if len(out) < 11 {
		t.Fatalf("addresses: %v", out)
	}
	return out
}

func TestStrangers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		u := h.unit(t, "20", "")
		must(t, h.PutMember(regina, erfurt, Member{Unit: u, Subject: "doris", Role: access.Head}))
		f, err := h.core.OpenFile(doris, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: "x", Lead: u}})
		must(t, err)
		must(t, h.PutRule(doris, f.ID, access.Person("erika"), access.Write, "x"))
		must(t, h.Clear(regina, erfurt, "erika", access.Restricted))
		uses := map[string]func(ctx context.Context) error{
			"Organisation": func(ctx context.Context) error { _, err := h.Organisation(ctx, erfurt); return err },
			"Rules":        func(ctx context.Context) error { _, err := h.Rules(ctx, f.ID); return err },
			"PutUnit": func(ctx context.Context) error {
				return h.PutUnit(ctx, Unit{ID: u, Authority: erfurt, Code: "x", Name: "x"})
			},
			"EndUnit":    func(ctx context.Context) error { return h.EndUnit(ctx, erfurt, u) },
			"PutMember":  func(ctx context.Context) error { return h.PutMember(ctx, erfurt, Member{u, "erika", "", access.Head}) },
			"DropMember": func(ctx context.Context) error { return h.DropMember(ctx, erfurt, Member{u, "doris", "", access.Head}) },
			"Leaving": func(ctx context.Context) error {
				_, err := h.Leaving(ctx, erfurt, Member{u, "doris", "", access.Head})
				return err
			},
			"Clear":      func(ctx context.Context) error { return h.Clear(ctx, erfurt, "doris", access.Secret) },
			"SetPattern": func(ctx context.Context) error { return h.SetPattern(ctx, erfurt, records.DefaultPattern) },
			"PutType": func(ctx context.Context) error {
				return h.PutType(ctx, records.FileType{ID: db.NewID(), Authority: erfurt, Name: "x"})
			},
			"PutRule":  func(ctx context.Context) error { return h.PutRule(ctx, f.ID, access.Authority, access.Write, "x") },
			"DropRule": func(ctx context.Context) error { return h.DropRule(ctx, f.ID, access.Person("erika")) },
		}
		looks := map[string]bool{"Organisation": true, "Rules": true}
		before := dump(t, h)
		for who, s := range map[string]struct {
			ctx         context.Context
			look, touch errs.Code
		}{
			"anonymous":         {context.Background(), errs.Unauthenticated, errs.Unauthenticated},
			"citizen":           {identity.With(context.Background(), identity.Principal{Subject: "c", Kind: identity.Citizen}), errs.Denied, errs.Denied},
			"registrar of Jena": {jens, errs.NotFound, errs.NotFound},
			"treasurer":         {staff("k", identity.Treasurer, erfurt), errs.Denied, errs.Denied},
			"clerk":             {erika, "", errs.Denied},
		} {
			for name, use := range uses {
				want := s.touch
				if looks[name] {
					want = s.look
				}
				if err := use(s.ctx); want == "" && err != nil || want != "" && !errs.Is(err, want) {
					t.Errorf("%s by %s: %v, want %s", name, who, err, want)
				}
			}
		}
		// jens may not put his own authority's name on what is Erfurt's
		if err := h.PutUnit(jens, Unit{ID: u, Authority: jena, Code: "x", Name: "x"}); !errs.Is(err, errs.NotFound) {
			t.Errorf("another authority's unit taken over: %v", err)
		}
		form := url.Values{"authority": {erfurt}, "id": {u}, "code": {"x"}, "name": {"x"}, "unit": {u}, "subject": {"doris"}, "role": {"head"}, "level": {"3"},
			"pattern": {records.DefaultPattern}, "typename": {"x"}, "holder": {"person:erika"}, "may": {"2"}, "reason": {"x"}}
		for _, pattern := range addresses(t) {
			method, path, _ := strings.Cut(pattern, " ")
			path = strings.Replace(path, "{id}", f.ID, 1)
			if path == "/akte/organisation" {
				path += "?behoerde=" + erfurt
			}
			for who, want := range map[string]int{"anonymous": http.StatusUnauthorized, "jens": http.StatusNotFound} {
				ctx := context.Background()
				if who == "jens" {
					ctx = jens
				} else if method == http.MethodGet {
					want = http.StatusSeeOther
				}
				if w := h.send(ctx, method, path, form); w.Code != want {
					t.Errorf("%s by %s: %d, want %d", pattern, who, w.Code, want)
				}
			}
		}
		if after := dump(t, h); after != before {
			t.Errorf("a stranger changed something:\n%s\n%s", before, after)
		}
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if w := h.send(regina, "GET", "/akte/organisation", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Regina Ablage") {
			t.Fatalf("page: %d", w.Code)
		}
		id := db.NewID()
		steps := []struct {
			path string
			form url.Values
			code int
		}{
			{"einheit", url.Values{"id": {id}, "code": {"20"}, "name": {"Kämmerei <b>"}}, 303},
			{"einheit", url.Values{"id": {id}, "code": {"20"}, "name": {""}}, 422},
			{"mitglied", url.Values{"unit": {id}, "subject": {"erika"}, "role": {"head"}}, 303},
			{"mitglied", url.Values{"unit": {id}, "subject": {"erika"}, "role": {"king"}}, 422},
			{"ermaechtigung", url.Values{"cleared": {"erika"}, "level": {"2"}}, 303},
			{"ermaechtigung", url.Values{"cleared": {"erika"}, "level": {"9"}}, 422},
			{"muster", url.Values{"pattern": {"{unit}"}}, 422},
			{"muster", url.Values{"pattern": {"{unit}-{year}-{number}"}}, 303},
			{"aktentyp", url.Values{"typename": {"Bauakte"}, "fields": {"Flur; text"}}, 303},
			{"aktentyp", url.Values{"typename": {"Bauakte"}, "fields": {"Flur; zahl"}}, 422},
			{"einheit-beenden", url.Values{"id": {id}}, 409},
			{"mitglied-entfernen", url.Values{"unit": {id}, "subject": {"erika"}, "role": {"head"}}, 303},
			{"einheit-beenden", url.Values{"id": {id}}, 303},
		}
		for _, s := range steps {
			s.form.Set("authority", erfurt)
			if w := h.send(regina, "POST", "/akte/organisation/"+s.path, s.form); w.Code != s.code {
				t.Errorf("%s %v: %d, want %d", s.path, s.form, w.Code, s.code)
			}
		}
		if w := h.send(erika, "GET", "/akte/organisation", nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<form method=\"post\" action=\"/akte/organisation") {
			t.Errorf("page of a clerk: %d, or it offers what is not theirs", w.Code)
		}
	})
}
