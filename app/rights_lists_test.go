package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/errs"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
)

// universe is what lists may show, by id: who is to see it. What stands not here is not compared.
type universe map[string]func(p person) bool

func (h *rights) files() universe {
	u := universe{}
	add := func(id string, f file) { u[id] = func(p person) bool { return p.may(f) >= access.Read } }
	for _, x := range h.things {
		add(x.id, x.file)
	}
	for id, f := range h.shelf.due {
		add(id, f)
	}
	for _, x := range h.shelf.processes {
		for _, id := range x.files {
			add(id, x.file)
		}
	}
	return u
}

func (h *rights) lent() universe {
	u := h.files()
	for id := range u {
		if !slices.ContainsFunc(h.things, func(x *thing) bool { return x.id == id }) {
			delete(u, id)
		}
	}
	return u
}

func (h *rights) cases() universe {
	u := universe{}
	for _, x := range h.things {
		u[x.caseID] = func(p person) bool { return p.mayCase(x.file) >= access.Read }
		u[x.other] = func(p person) bool { return p.want(toReadOther, x.file) == "" }
	}
	return u
}

func (h *rights) documents() universe {
	u := universe{}
	for _, x := range h.things {
		if x.tried() {
			u[x.doc] = func(p person) bool { return p.mayCase(x.file) >= access.Read }
			u[x.otherDoc] = func(p person) bool { return p.want(toReadOther, x.file) == "" }
		}
	}
	for _, x := range h.posts {
		if x.in != nil {
			u[x.paper] = func(p person) bool { return p.mayCase(x.in.file) >= access.Read }
		}
	}
	return u
}

// letters of which this is true.
func (h *rights) mail(which func(p person, x *post) bool) universe {
	u := universe{}
	for _, x := range h.posts {
		u[x.id] = func(p person) bool { return which(p, x) }
	}
	return u
}

// keepers of the files, of those that they may read.
func (h *rights) kept(ids map[string]file) universe {
	u := universe{}
	for id, f := range ids {
		u[id] = func(p person) bool { return p.registrar() && p.may(f) >= access.Read }
	}
	return u
}

// ids are those of what a list shows at once.
func ids[T any](l []T, id func(T) string, err error) (out []string, _ error) {
	for _, x := range l {
		out = append(out, id(x))
	}
	return out, err
}

// list is what a list shows somebody: ids.
type list struct {
	of   universe
	read func(ctx context.Context, p person) ([]string, error)
}

// whole reads a list page by page.
func whole[T any](read func(c paging.Cursor) (paging.Listing[T], error), id func(T) string) (out []string, err error) {
	for c := (paging.Cursor{}); ; {
		l, err := read(c)
		if err != nil {
			return nil, err
		}
		for _, x := range l.Items {
			out = append(out, id(x))
		}
		if l.Next.ID == "" {
			return out, nil
		}
		c.After = l.Next
	}
}

func (h *rights) lists() map[string]list {
	keeper := func(p person) bool { return p.registrar() }
	works := func(p person) bool { return p.stranger() == "" }
	one := func(id string, who func(p person) bool) universe { return universe{id: who} }
	find := func(kind string) func(ctx context.Context, _ person) ([]string, error) {
		return func(ctx context.Context, _ person) (out []string, err error) {
			for f := (filing.SearchFilter{Query: "Zwiebelmarkt", Kind: kind}); ; {
				hits, next, err := h.filing.Search(ctx, f)
				for _, x := range hits {
					id := map[string]string{"document": x.Document.ID, "case": x.Case.ID, "file": x.File.ID, "post": x.Post.ID}[x.Kind]
					if max(x.Case.Level, x.File.Level).Sensitive() && x.Shown != nil {
						return nil, fmt.Errorf("shows what %s %s says, which is confidential", x.Kind, id)
					}
					out = append(out, id)
				}
				if f.After = next; err != nil || next == 0 {
					return out, err
				}
			}
		}
	}
	mail := func(f filing.IncomingFilter) func(ctx context.Context, _ person) ([]string, error) {
		return func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[filing.Incoming], error) {
				f.Page = c
				return h.filing.IncomingPost(ctx, f)
			},
				func(x filing.Incoming) string { return x.ID })
		}
	}
	tasks := universe{}
	for _, x := range h.things {
		for id, k := range x.tasks {
			before := tasks[k.ID]
			tasks[k.ID] = func(p person) bool {
				return p.id == id && p.mayCase(x.file) >= access.Read || before != nil && before(p)
			}
		}
	}
	inProcess, erased := map[string]file{}, map[string]file{}
	for _, x := range h.shelf.processes {
		for _, id := range x.files {
			inProcess[id] = x.file
		}
	}
	for _, x := range h.things {
		if id := h.shelf.erasures[x.id]; id != "" {
			erased[id] = x.file
		}
	}
	return map[string]list{
		"files": {h.files(), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[records.File], error) {
				return h.core.Files(ctx, records.FileFilter{Page: c})
			},
				func(x records.File) string { return x.ID })
		}},
		"paper that is lent": {h.lent(), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[records.File], error) {
				return h.core.Loans(ctx, records.LoanFilter{Page: c})
			},
				func(x records.File) string { return x.ID })
		}},
		"cases": {h.cases(), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[records.Case], error) {
				return h.core.Inbox(ctx, records.Filter{State: records.StateAll, Page: c})
			}, func(x records.Case) string { return x.ID })
		}},
		"files found":     {h.files(), find("file")},
		"cases found":     {h.cases(), find("case")},
		"documents found": {h.documents(), find("document")},
		"post found":      {h.mail(func(p person, x *post) bool { return x.in == nil && p.sees(x) }), find("post")},
		"open post":       {h.mail(func(p person, x *post) bool { return x.in == nil && p.works(x) }), mail(filing.IncomingFilter{})},
		"post in cases":   {h.mail(func(p person, x *post) bool { return x.in != nil && p.works(x) }), mail(filing.IncomingFilter{Done: true})},
		"own post":        {h.mail(func(p person, x *post) bool { return x.by == p.id && p.sees(x) }), mail(filing.IncomingFilter{Mine: true})},
		"tasks": {tasks, func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.flow.Inbox(ctx, flow.Filter{})
			return ids(l.Items, func(x flow.Entry) string { return x.ID }, err)
		}},
		"cases of files": {h.cases(), func(ctx context.Context, p person) (out []string, err error) {
			for _, x := range h.things {
				v, err := h.core.FilePage(ctx, x.id, paging.Cursor{})
				if errs.Is(err, errs.NotFound) && p.mayCase(x.file) >= access.Read {
					out = append(out, x.caseID) // a guest's, whom the file's page is not for
				} else if err != nil && !errs.Is(err, errs.NotFound) {
					return nil, err
				}
				for _, c := range v.Cases.Items {
					out = append(out, c.ID)
				}
			}
			return out, nil
		}},
		"files whose retention is over": {h.kept(h.shelf.due), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.disposal.Due(ctx, disposal.DueFilter{})
			return ids(l.Items, func(x disposal.DueFile) string { return x.ID }, err)
		}},
		"files of disposals": {h.kept(inProcess), func(ctx context.Context, _ person) (out []string, err error) {
			for _, x := range h.shelf.processes {
				items, _, err := h.disposal.Items(ctx, x.id, "", "")
				if err != nil {
					return nil, err
				}
				for _, i := range items {
					out = append(out, i.File)
				}
			}
			return out, nil
		}},
		"orders of courts": {h.kept(erased), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[disposal.Erasure], error) { return h.disposal.Erasures(ctx, c) },
				func(x disposal.Erasure) string { return x.ID })
		}},
		"disposals": {one(h.shelf.processes[1].id, keeper), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[disposal.Process], error) { return h.disposal.Processes(ctx, c) },
				func(x disposal.Process) string { return x.ID })
		}},
		"packages of others": {one(h.shelf.imported, keeper), func(ctx context.Context, _ person) ([]string, error) {
			return whole(func(c paging.Cursor) (paging.Listing[disposal.Import], error) { return h.disposal.Imports(ctx, c) },
				func(x disposal.Import) string { return x.ID })
		}},
		"searches for people": {one(h.shelf.search, keeper), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.disposal.Searches(ctx)
			return ids(l, func(x disposal.Search) string { return x.ID }, err)
		}},
		"failed scans": {one(h.shelf.failure, keeper), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.filing.ScanFailures(ctx)
			return ids(l, func(x filing.ScanFailure) string { return x.ID }, err)
		}},
		"templates": {one(h.shelf.template, works), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.flow.Templates(ctx)
			return ids(l, func(x flow.Template) string { return x.ID }, err)
		}},
		"hand-overs": {one(h.shelf.handover, func(p person) bool {
			return p.registrar() || p.id == "outsider" || p.id == "member of 30"
		}), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.flow.Handovers(ctx)
			return ids(l, func(x flow.Handover) string { return x.ID }, err)
		}},
		"absences": {one(h.shelf.away, func(p person) bool {
			return p.registrar() || p.id == "absent guest" || p.id == "deputy of a guest"
		}), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.flow.Absences(ctx)
			return ids(l, func(x flow.Absence) string { return x.ID }, err)
		}},
		"kept searches": {one(h.shelf.view, func(person) bool { return false }), func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.core.Views(ctx, "inbox")
			if err == nil {
				err = h.core.DropView(ctx, h.shelf.view) // which is not theirs
			}
			return ids(l, func(x records.View) string { return x.ID }, err)
		}},
		"colleagues": {universe{"member of 20": works}, func(ctx context.Context, _ person) ([]string, error) {
			l, err := h.core.People(ctx)
			return ids(l, func(x records.Person) string { return x.Subject }, err)
		}},
	}
}

// see compares what lists show everybody with what they are to see.
func (h *rights) see(t *testing.T) {
	t.Helper()
	cells := 0
	for name, l := range h.lists() {
		for _, p := range everyone {
			got, err := l.read(p.ctx(), p)
			if s := p.stranger(); s != "" && err != nil && errs.Is(err, s) || err != nil && errs.Is(err, errs.Denied) && !p.registrar() {
				err = nil
			}
			if err != nil {
				t.Errorf("%s, read by %s: %v", name, p.id, err)
			}
			var missing, surplus []string
			for id, sees := range l.of {
				cells++
				switch has := slices.Contains(got, id); {
				case sees(p) && !has:
					missing = append(missing, h.name(id))
				case !sees(p) && has:
					surplus = append(surplus, h.name(id))
				}
			}
			if len(missing)+len(surplus) > 0 {
				t.Errorf("%s, read by %s: lacks %s; shows %s", name, p.id, strings.Join(missing, ", "), strings.Join(surplus, ", "))
			}
		}
	}
	for _, p := range everyone {
		if p.stranger() == "" {
			cells += h.count(t, p)
		}
	}
	t.Logf("%d entries of lists", cells)
}

// count compares numbers that are shown instead of entries.
func (h *rights) count(t *testing.T, p person) (cells int) {
	t.Helper()
	readable, writable, hidden := 0, int64(0), int64(0)
	for _, x := range h.things {
		if p.may(x.file) >= access.Read {
			readable++
		}
		if p.may(x.file) == access.Write {
			writable++
		}
	}
	for _, f := range h.shelf.due {
		if f.level > p.level {
			hidden++
		}
	}
	tasks := 0
	for _, x := range h.things {
		if _, asked := x.tasks[p.id]; asked && p.mayCase(x.file) >= access.Read {
			tasks++
		}
	}
	if p.registrar() { // is reminded of loans that nobody is known to have noted, of so many at once
		tasks += int(min(writable, 20))
	}
	if n, err := h.flow.Waiting(p.ctx()); err != nil || n.Open != tasks {
		t.Errorf("open tasks, counted by %s: %d, want %d; %v", p.id, n.Open, tasks, err)
	}
	u, err := h.plan.Unit(p.ctx(), erfurt, "00.10")
	if err != nil || u.Open != readable {
		t.Errorf("open files of a unit, counted by %s: %d, want %d; %v", p.id, u.Open, readable, err)
	}
	if n, err := h.core.OverdueLoans(p.ctx()); err != nil || n != writable {
		t.Errorf("paper that should be back, counted by %s: %d, want %d; %v", p.id, n, writable, err)
	}
	if n, err := h.disposal.DueHidden(p.ctx()); p.registrar() && (err != nil || n != hidden) {
		t.Errorf("files that are due and hidden, counted by %s: %d, want %d; %v", p.id, n, hidden, err)
	}
	return 4
}

// name says what an id is of.
func (h *rights) name(id string) string {
	for _, x := range h.things {
		switch id {
		case x.id:
			return x.file.String()
		case x.caseID, x.doc:
			return "the case of " + x.file.String()
		case x.other, x.otherDoc:
			return "another case of " + x.file.String()
		}
	}
	for _, x := range h.posts {
		if id == x.id {
			return fmt.Sprintf("post for %q %q by %s, in a case %v", x.unit, x.person, x.by, x.in != nil)
		}
	}
	return id
}
