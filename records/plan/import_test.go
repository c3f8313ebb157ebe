package plan

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/standards/leika"
	"rennsteig/standards/xdomea"
)

// take takes a file over, as the registrar does who has seen the preview.
func (h *house) take(t testing.TB, s Source) Proposal {
	t.Helper()
	p, err := h.Propose(regina, erfurt, s)
	must(t, err)
	must(t, h.Take(regina, p.Import))
	return p
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.org(t, "20")
		h.file(t, "22.31", true)
		file := "\ufeffCode;title;parent;retention_years;appraisal;leika_keys;note;leads\r\n" +
			"22.31;Hundesteuer;22;15;V;99110009104000 99115005104001;\"mit; Semikolon\";99110009104000 20\r\n" +
			"9;Neues;;dauernd;A;;;\r\n9.1;'=Unteres;9;5;V;;;\r\n\r\n"
		p, err := h.Propose(regina, erfurt, Source{Name: `C:\Ablage\plan.csv`, Content: []byte(file)})
		must(t, err)
		if p.Count(Added) != 2 || p.Count(Changed) != 1 || p.Count(Ended) != 0 || p.Files != 1 || p.Name != "plan.csv" {
			t.Fatalf("%+v", p)
		}
		if got := h.unit(t, "22.31").Note; got != "" {
			t.Errorf("a preview has stored %q", got)
		}
		p.Import.Files = 0
		want(t, "closed files not confirmed", h.Take(regina, p.Import), errs.Conflict)
		p.Import.Files = 1
		must(t, h.Take(regina, p.Import))
		before := h.dump(t)
		must(t, h.Take(regina, p.Import)) // sent twice
		if after := h.dump(t); after != before {
			t.Error("taken over twice")
		}
		u := h.unit(t, "22.31")
		if u.Note != "mit; Semikolon" || u.RetentionYears != 15 || len(u.Services) != 2 || u.Services[0].LeadCode != "20" || u.Services[1].Lead != "" {
			t.Errorf("%+v", u)
		}
		if u := h.unit(t, "9"); u.RetentionYears != Forever {
			t.Errorf("%+v", u)
		}
		if u := h.unit(t, "9.1"); u.Title != "=Unteres" || u.Parent != "9" {
			t.Errorf("%+v", u)
		}
		list, err := h.Imports(regina, erfurt)
		must(t, err)
		if len(list) != 1 || list[0].Added != 2 || list[0].By != "REGINA" {
			t.Errorf("%+v", list)
		}
		if p, err = h.Propose(regina, erfurt, Source{Content: []byte(file)}); err != nil || len(p.Changes) != 0 {
			t.Errorf("the same again: %+v %v", p.Changes, err)
		}
	})
}

// TestFaults names what cannot be taken over by line and column, and takes nothing of it.
func TestFaults(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		before := h.dump(t)
		head := "code\ttitle\tparent\tretention_years\tappraisal\tleika_keys\tvalid_from\tvalid_until\tleads\n"
		for name, c := range map[string]struct {
			file   string
			line   int
			column string
			key    string
		}{
			"twice":          {head + "9\ta\t\t1\tA\n9\tb\t\t1\tA\n", 3, colCode, "plan.error.twice"},
			"no parent":      {head + "9\ta\tnichts\t1\tA\n", 2, colParent, "plan.error.parent"},
			"circle":         {head + "8\ta\t9\t1\tA\n9\tb\t8\t1\tA\n", 2, colParent, "plan.error.circle"},
			"itself":         {head + "9\ta\t9\t1\tA\n", 2, colParent, "plan.error.circle"},
			"no title":       {head + "9\t\t\t1\tA\n", 2, colTitle, "plan.error.title"},
			"no code":        {head + "\ta\t\t1\tA\n", 2, colCode, "plan.error.code"},
			"retention":      {head + "9\ta\t\tviele\tA\n", 2, colRetention, "plan.error.retention"},
			"plus":           {head + "9\ta\t\t+1\tA\n", 2, colRetention, "plan.error.retention"},
			"appraisal":      {head + "9\ta\t\t1\tC\n", 2, colAppraisal, "plan.error.appraisal"},
			"leika":          {head + "9\ta\t\t1\tA\t4711\n", 2, colServices, "plan.error.leika"},
			"service twice":  {head + "9\ta\t\t1\tA\t" + other + "\n8\ta\t\t1\tA\t" + other + "\n", 3, colServices, "plan.error.service_twice"},
			"date":           {head + "9\ta\t\t1\tA\t\t2026-02-30\n", 2, colFrom, "plan.error.date"},
			"ends first":     {head + "9\ta\t\t1\tA\t\t2026-02-03\t2026-02-02\n", 2, colUntil, "plan.error.until"},
			"outlives":       {head + "9\ta\t\t1\tA\t\t\t2026-02-02\n9.1\tb\t9\t1\tA\n", 3, colUntil, "plan.error.outlives"},
			"outlived":       {head + "41\tWohngeld\t4\t1\tV\n4\ta\t\t1\tA\t\t\t2026-02-02\n", 2, colUntil, "plan.error.outlives"},
			"service ended":  {head + "9\ta\t\t1\tA\t" + other + "\t\t2026-02-02\n", 2, colUntil, "plan.error.ended_service"},
			"lead":           {head + "9\ta\t\t1\tA\t" + other + "\t\t\t" + other + " 99\n", 2, colLeads, "plan.error.lead"},
			"heading":        {"code;titel\n9;x\n", 1, "titel", "plan.error.heading"},
			"heading twice":  {"code;title;title\n9;x;y\n", 1, colTitle, "plan.error.heading_twice"},
			"no code at all": {"title;parent\nx;y\n", 1, "", "plan.error.heading_missing"},
			"cells":          {"code,title\n22.31,Hunde,Katzen\n", 2, "", "plan.error.cells"},
			"quotes":         {"code,title\n22.31,\"Hunde\n", 2, "", "plan.error.quotes"},
			"latin 1":        {"code;title\n9;M\xe4rkte\n", 1, "", "plan.error.encoding"},
			"utf-16":         {"c\x00o\x00d\x00e\x00", 1, "", "plan.error.encoding"},
			"nothing":        {"code;title\n", 1, "", "plan.error.empty"},
			"empty":          {"", 1, "", "plan.error.empty"},
		} {
			_, err := h.Propose(regina, erfurt, Source{Content: []byte(c.file)})
			list := asProblems(err)
			if !errs.Is(err, errs.Invalid) || len(list) == 0 || list[0].Line != c.line || list[0].Column != c.column || list[0].Key != c.key {
				t.Errorf("%s: %v %+v", name, err, list)
			}
		}
		deep := head
		for i := range maxDepth + 1 {
			deep += fmt.Sprintf("d%d\tx\t%s\t1\tA\n", i, map[bool]string{true: fmt.Sprintf("d%d", i-1)}[i > 0])
		}
		if _, err := h.Propose(regina, erfurt, Source{Content: []byte(deep)}); asProblems(err) == nil || asProblems(err)[0].Key != "plan.error.depth" {
			t.Errorf("too deep: %v", err)
		}
		if _, err := h.Propose(regina, erfurt, Source{Content: []byte(head + strings.Repeat("x", maxFile))}); !errs.Is(err, errs.TooLarge) {
			t.Errorf("too large: %v", err)
		}
		if after := h.dump(t); after != before {
			t.Error("something was stored")
		}
	})
}

// TestMinistry gives a municipality the ministry's plan in place of its own, and back.
func TestMinistry(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.file(t, "22.20", false)
		p := h.take(t, Source{BuiltIn: "ministry", EndMissing: true})
		if p.Count(Added) < 50 || p.Count(Ended) < 30 {
			t.Errorf("%d added, %d ended", p.Count(Added), p.Count(Ended))
		}
		h.now = h.now.Add(24 * time.Hour)
		if u := h.unit(t, "22.31"); !u.Ended(h.now) || len(u.Services) != 0 {
			t.Errorf("%+v", u)
		}
		if u := h.unit(t, "1140"); u.Title != "Schreiben aus der Bevölkerung" || len(u.Services) != 1 {
			t.Errorf("%+v", u)
		}
		if _, err := h.core.FilePage(erika, f, paging.Cursor{}); err != nil {
			t.Errorf("a file of a unit that has ended: %v", err)
		}
		v, err := h.View(erika, erfurt, Filter{On: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)})
		must(t, err)
		if !slices.ContainsFunc(v.Nodes, func(n Node) bool { return n.Code == "22.20" && n.Open == 1 }) {
			t.Error("what was valid then cannot be seen")
		}
		_, err = h.Propose(regina, erfurt, Source{Content: []byte("code,title,retention_years,appraisal\n9,x,1,A\n"), EndMissing: true})
		if list := asProblems(err); len(list) != 1 || list[0].Key != "plan.error.any" {
			t.Errorf("any service without a unit: %v", err)
		}
		_, err = h.Propose(regina, erfurt, Source{BuiltIn: "other"})
		want(t, "no such plan", err, errs.Invalid)
		h.take(t, Source{BuiltIn: "municipal"})
		if u := h.unit(t, "22.31"); u.Ended(h.now) || len(u.Services) != 1 {
			t.Errorf("not taken back: %+v", u)
		}
	})
}

// drawPlan draws a plan that holds together.
func drawPlan(r *rapid.T, leads []org) Plan {
	text := rapid.StringMatching(`[a-zA-ZäÖß'=+@-][a-zA-Z0-9äß'";,=| .%§\\/-]{0,20}`)
	code := rapid.StringMatching(`[0-9=@'A-Z;,"%-][0-9.A-Z /;,"%-]{0,8}`)
	day := rapid.Custom(func(r *rapid.T) time.Time {
		return time.Date(rapid.IntRange(1950, 2100).Draw(r, "y"), time.Month(rapid.IntRange(1, 12).Draw(r, "m")), rapid.IntRange(1, 28).Draw(r, "d"), 0, 0, 0, 0, i18n.Berlin)
	})
	p := Plan{}
	seen := map[string]bool{"": true}
	keys := map[string]bool{}
	n := rapid.IntRange(1, 15).Draw(r, "units")
	for len(p) < n {
		u := Unit{}
		if u.set(colCode, code.Draw(r, "code")) != "" || seen[u.Code] || u.set(colTitle, text.Draw(r, "title")) != "" {
			continue
		}
		seen[u.Code] = true
		u.RetentionYears = rapid.IntRange(-1, maxYears).Draw(r, "retention")
		u.TransferYears = rapid.IntRange(0, maxYears).Draw(r, "transfer")
		u.Appraisal = rapid.SampledFrom([]records.Appraisal{"A", "B", "V"}).Draw(r, "appraisal")
		u.Note = oneLine(rapid.String().Draw(r, "note"))
		if rapid.Bool().Draw(r, "from") {
			u.ValidFrom = day.Draw(r, "day")
		}
		if len(p) > 0 && rapid.Bool().Draw(r, "below") {
			above := p[rapid.IntRange(0, len(p)-1).Draw(r, "parent")]
			if a, _ := p.above(p.index(), above.Code); len(a) < 5 {
				u.Parent, u.ValidUntil = above.Code, above.ValidUntil
			}
		}
		if u.ValidUntil.IsZero() && rapid.Bool().Draw(r, "until") {
			u.set(colUntil, dayText(day.Draw(r, "last")))
		}
		if u.ValidUntil.Before(u.ValidFrom) && !u.ValidUntil.IsZero() {
			u.ValidFrom = time.Time{}
		}
		if !u.Ended(time.Now()) {
			for _, k := range rapid.SliceOfN(rapid.StringMatching(`99[0-9]{12}`), 0, 3).Draw(r, "keys") {
				if _, err := leika.Parse(k); err == nil && !keys[k] {
					keys[k] = true
					o := rapid.SampledFrom(append(leads, org{})).Draw(r, "lead")
					u.Services = append(u.Services, Service{k, o.id, o.code, o.name})
				}
			}
		}
		p = append(p, u)
	}
	p = append(p, Unit{Unit: records.Unit{Code: "any", Title: "x", Appraisal: "B"}, Services: []Service{{Key: AnyService}}})
	for i := range p {
		p[i].Services = sorted(p[i].Services)
	}
	p.sort()
	return p
}

// TestRoundTrip: import(export(plan)) = plan, in every format.
func TestRoundTrip(t *testing.T) {
	leads := []org{{"id-1", "20", "Kämmerei"}, {"id-2", "3; 0%", "Recht"}}
	rapid.Check(t, func(r *rapid.T) {
		p := drawPlan(r, leads)
		for _, f := range Formats {
			var b bytes.Buffer
			l := letter{process: db.NewID(), sender: "Stadt", taker: "Archiv", name: "Plan", authority: erfurt, at: time.Now()}
			if lang := rapid.SampledFrom([]i18n.Lang{"", i18n.German, i18n.English}).Draw(r, "headings"); lang != "" {
				t, err := words(lang)
				if err != nil {
					r.Fatal(err)
				}
				l.headings = headingsIn(t)
			}
			_, err := p.export(&b, f, l)
			if err != nil {
				r.Fatalf("%s: %v", f, err)
			}
			var got table
			if f == CSV || f == TSV {
				got, err = readTable(b.Bytes())
			} else {
				var m message
				m, err = p.readMessage(erfurt, b.Bytes())
				got = m.table
			}
			if err != nil {
				r.Fatalf("%s: %v %+v", f, err, asProblems(err))
			}
			if plan, wrong := (Plan{}).merge(got, how{now: time.Now(), orgs: leads}); len(wrong) > 0 || plan.digest() != p.digest() || len(plan.changes(p)) > 0 {
				r.Fatalf("%s: %+v\n%+v\n%+v", f, wrong, plan.changes(p), p)
			}
			if again, wrong := p.merge(got, how{now: time.Now(), orgs: leads}); len(wrong) > 0 || again.digest() != p.digest() {
				r.Fatalf("%s into itself: %+v", f, wrong)
			}
		}
	})
}

// TestAppraisal: a plan goes to the archive, which answers; the answer sets the appraisal of the units.
func TestAppraisal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.file(t, "22.31", true)
		var out bytes.Buffer
		name, err := h.Export(erika, &out, erfurt, Message0511, "Landesarchiv", i18n.German)
		must(t, err)
		pack, err := xdomea.OpenPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), xdomea.Options{})
		must(t, err)
		head := pack.Head()
		if name != xdomea.PackageName(head) || head.Recipient.Organisation != "Landesarchiv" || !head.WantsReceipt {
			t.Errorf("%s %+v", name, head)
		}
		found, err := xdomea.CheckPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), name, xdomea.Options{})
		must(t, err)
		if xdomea.HasFault(found) {
			t.Errorf("%+v", found)
		}
		var ids = map[string]string{}
		var walk func(units []xdomea.PlanUnit)
		walk = func(units []xdomea.PlanUnit) {
			for _, u := range units {
				ids[u.Reference] = u.ID
				walk(u.Units)
			}
		}
		for item, err := range pack.Items() {
			must(t, err)
			walk(item.(*xdomea.Plan).Units)
		}
		must(t, pack.Close())
		answer := func(items ...xdomea.Appraised) []byte {
			var b bytes.Buffer
			w, err := xdomea.NewPackageWriter(&b, xdomea.Head{ProcessID: head.ProcessID, Message: xdomea.AppraisalCatalogue, Created: h.now})
			must(t, err)
			for _, it := range items {
				must(t, w.Write(&it))
			}
			must(t, w.Close())
			return b.Bytes()
		}
		_, err = h.Propose(regina, erfurt, Source{Content: answer(xdomea.Appraised{ID: db.NewID(), Appraisal: xdomea.Archive})})
		if list := asProblems(err); len(list) != 1 || list[0].Key != "plan.error.unit_id" {
			t.Errorf("a unit of another plan: %v", err)
		}
		_, err = h.Propose(regina, erfurt, Source{Content: answer(xdomea.Appraised{ID: ids["22.31"], Other: "Muster"})})
		if list := asProblems(err); len(list) == 0 || list[0].Key != "plan.error.other_appraisal" {
			t.Errorf("another appraisal: %v", err)
		}
		p := h.take(t, Source{Name: "0513.zip", Content: answer(xdomea.Appraised{ID: ids["22.31"], Appraisal: xdomea.Archive},
			xdomea.Appraised{ID: ids["41"], Appraisal: xdomea.Destroy}), EndMissing: true})
		if len(p.Changes) != 1 || p.Files != 1 || h.unit(t, "22.31").Appraisal != records.Archive || h.unit(t, "22.31").Title != "Hundesteuer" || h.unit(t, "61").Ended(h.now.AddDate(1, 0, 0)) {
			t.Errorf("%+v", p)
		}
		for _, m := range []xdomea.Message{xdomea.CatalogueResult, xdomea.CatalogueReceipt} {
			out.Reset()
			name, err = h.Answer(regina, &out, p.ID, m)
			must(t, err)
			if found, err := xdomea.CheckPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), name, xdomea.Options{}); err != nil || xdomea.HasFault(found) {
				t.Errorf("%s: %v %+v", m, err, found)
			}
			if pack, err = xdomea.OpenPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), xdomea.Options{}); err != nil || pack.Head().ProcessID != head.ProcessID {
				t.Errorf("%s: %v", m, err)
			}
			n := 0
			for item, err := range pack.Items() {
				must(t, err)
				if x := item.(*xdomea.Result); x.OK && (x.ID == ids["22.31"] || x.ID == ids["41"]) {
					n++
				}
			}
			must(t, pack.Close())
			if want := map[xdomea.Message]int{xdomea.CatalogueResult: 2}[m]; n != want {
				t.Errorf("%s: %d results", m, n)
			}
		}
		_, err = h.Answer(regina, &out, p.ID, xdomea.FilePlan)
		want(t, "no answer", err, errs.NotFound)
		_, err = h.Propose(regina, erfurt, Source{Content: out.Bytes()})
		want(t, "a message without a plan", err, errs.Invalid)
		_, err = h.Propose(regina, erfurt, Source{Content: []byte("<html></html>")})
		want(t, "no message", err, errs.Invalid)
	})
}

// TestForeignPlan reads a plan of another program: no ids, no fields of ours, some units disused.
func TestForeignPlan(t *testing.T) {
	var b bytes.Buffer
	w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: db.NewID(), Message: xdomea.FilePlan, Created: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)})
	must(t, err)
	must(t, w.Write(&xdomea.Plan{Name: "Fremd", Version: "1", Units: []xdomea.PlanUnit{{Reference: " 1 ", ShortSubject: "Kurz", Appraisal: xdomea.Archive, Keep: xdomea.Forever(),
		Units: []xdomea.PlanUnit{{Reference: "1.1", Description: "Lang", Appraisal: xdomea.Destroy, Keep: xdomea.Years(3), Disused: true}}}}}))
	must(t, w.Close())
	m, err := Plan{}.readMessage(erfurt, b.Bytes())
	must(t, err)
	got := m.table.rows
	if len(got) != 2 || strings.Join(got[0].cells, "|") != "1|Kurz||dauernd|A||" || strings.Join(got[1].cells, "|") != "1.1|Lang|1|3|V||2026-03-04" {
		t.Errorf("%+v", got)
	}
}

// TestBuiltIn: what the program brings along can be taken over as it is.
func TestBuiltIn(t *testing.T) {
	for _, name := range BuiltIn {
		b, err := records.Files.ReadFile("fileplan/" + name + ".tsv")
		must(t, err)
		read, err := readTable(b)
		must(t, err)
		p, wrong := Plan{}.merge(read, how{now: time.Now()})
		if len(wrong) > 0 || len(p) < 60 {
			t.Errorf("%s: %d units, %+v", name, len(p), wrong)
		}
		if !slices.Equal(read.columns, columns[:6]) {
			t.Errorf("%s: %v", name, read.columns)
		}
		for _, n := range p.tree() {
			if n.Code == "" || n.Depth > 2 || n.RetentionYears < 1 || n.Parent != "" && !strings.HasPrefix(n.Code, strings.TrimRight(n.Parent, "0")) {
				t.Errorf("%s: %+v", name, n)
			}
		}
	}
}

func FuzzReadTable(f *testing.F) {
	for _, name := range BuiltIn {
		b, err := records.Files.ReadFile("fileplan/" + name + ".tsv")
		must(f, err)
		f.Add(b)
	}
	f.Add([]byte("\ufeffcode;title;valid_until\r\n\"1;\"\"\";'=x;1.1.2000\n"))
	f.Add([]byte(","))
	f.Add([]byte("code;;\n1;;\n"))
	f.Add([]byte("code,leika_keys,leads\n1,*,\"* a%3Bb; 99 c\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := readTable(b)
		if err != nil {
			if code := errs.CodeOf(err); code != errs.Invalid && code != errs.TooLarge {
				t.Fatal(err)
			}
			return
		}
		p, wrong := Plan{}.merge(read, how{now: time.Unix(0, 0)})
		if len(wrong) > 0 {
			return
		}
		var out bytes.Buffer
		must(t, p.table().write(&out, '\t'))
		again, err := readTable(out.Bytes())
		must(t, err)
		if q, wrong := (Plan{}).merge(again, how{now: time.Unix(0, 0)}); len(wrong) > 0 || q.digest() != p.digest() {
			t.Fatalf("%+v\n%+v\n%+v", p, q, wrong)
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	p := Plan{{Unit: records.Unit{Code: "1", Title: "x", RetentionYears: 3, Appraisal: "B"}, Services: []Service{{Key: AnyService}}}}
	for _, m := range []xdomea.Message{xdomea.FilePlan, xdomea.PlanForAppraisal} {
		var b bytes.Buffer
		w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: db.NewID(), Message: m, Created: time.Unix(0, 0)})
		must(f, err)
		must(f, w.Write(&xdomea.Plan{ID: unitID("a", ""), Name: "x", Version: "1", Units: []xdomea.PlanUnit{{Reference: "1", ID: unitID("a", "1"), Appraisal: "B", Keep: xdomea.Years(3),
			Extra: &xdomea.Extension{ID: extension, Name: "x", Fields: []xdomea.Field{{Name: colServices, Value: "*"}, {Name: colNote}}}}}}))
		must(f, w.Close())
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := p.readMessage("a", b)
		if err != nil {
			if code := errs.CodeOf(err); code != errs.Invalid && code != errs.TooLarge {
				t.Fatal(err)
			}
			return
		}
		var out bytes.Buffer
		must(t, m.table.write(&out, '\t'))
		if again, err := readTable(out.Bytes()); err != nil || len(again.rows) != len(m.table.rows) {
			t.Fatalf("%d rows, read again %d: %v", len(m.table.rows), len(again.rows), err)
		}
	})
}

// counting counts the queries that go through it.
type counting struct {
	db.Querier
	n int
}

func (c *counting) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	c.n++
	return c.Querier.Query(ctx, q, args...)
}

// TestLarge shows a plan of 5,000 units in two queries, and a page of bounded length.
func TestLarge(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var b strings.Builder
		b.WriteString("code,title,parent,retention_years,appraisal\n")
		for i := range 10 {
			fmt.Fprintf(&b, "g%d,Gruppe,,10,B\n", i)
			for j := range 10 {
				fmt.Fprintf(&b, "g%d.%d,Unter,g%d,10,B\n", i, j, i)
				for k := range 49 {
					fmt.Fprintf(&b, "g%d.%d.%d,Einheit,g%d.%d,10,B\n", i, j, k, i, j)
				}
			}
		}
		start := time.Now()
		if p := h.take(t, Source{Content: []byte(b.String())}); p.Count(Added) != 5010 {
			t.Fatal(p.Count(Added))
		}
		took := time.Since(start)
		h.file(t, "g3.4.5", false)
		a, err := look(regina, h.h.DB.Reader(), erfurt)
		must(t, err)
		q := &counting{Querier: h.h.DB.Reader()}
		start = time.Now()
		p, files, err := counted(regina, q, a, erfurt)
		if err != nil || q.n != 2 || len(p) < 5010 || files["g3.4.5"] != [2]int{1, 0} {
			t.Errorf("%d queries, %d units, %v, %v", q.n, len(p), files["g3.4.5"], err)
		}
		t.Logf("import %v, read %v", took, time.Since(start))
		v, err := h.View(erika, erfurt, Filter{})
		must(t, err)
		if len(v.Nodes) > most || v.Total < 5010 {
			t.Errorf("%d of %d", len(v.Nodes), v.Total)
		}
		v, err = h.View(erika, erfurt, Filter{Under: "g3.4"})
		must(t, err)
		if len(v.Nodes) != 49 || v.Nodes[0].Depth != 0 || v.Nodes[5].Open != 1 || len(v.Path) != 2 {
			t.Errorf("%+v", v.Nodes)
		}
	})
}
