package app

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// TestRights tries every use-case of the electronic file by every sort of person on files of every reach, lead and level.
func TestRights(t *testing.T) {
	eachRights(t, func(t *testing.T, h *rights) {
		h.complete()
		h.see(t)
		var m matrix
		for _, x := range h.things {
			for name, a := range onFiles {
				if a.every || x.tried() {
					m.row(h, name, a, try{x: x}, x.file)
				}
			}
			for name, a := range parts {
				if a.every || x.tried() {
					m.row(h, name, a, try{x: x}, x.file)
				}
			}
		}
		for _, x := range h.posts {
			for name, a := range onPost {
				m.post(h, name, a, x)
			}
		}
		for _, x := range h.shelf.processes {
			for name, a := range onProcesses {
				m.row(h, name, a, try{pr: x}, x.file)
			}
		}
		for name, a := range atAuthority {
			m.row(h, name, a, try{}, file{})
		}
		m.pages(t, h, h.at(file{"20", records.ReadByAll, 1, 2}), h.posts[3], h.shelf.processes[1])
		m.run(t)
	})
}

// complete says which use-cases are tried nowhere.
func (h *rights) complete() {
	h.t.Helper()
	n := 0
	for part, room := range h.rooms() {
		r := reflect.TypeOf(room)
		for i := range r.NumMethod() {
			m := r.Method(i)
			if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[context.Context]() {
				continue
			}
			name, places := part+"."+m.Name, 0
			for _, table := range []map[string]action{onFiles, onPost, onProcesses, atAuthority} {
				if _, ok := table[name]; ok {
					places++
				}
			}
			if elsewhere[name] != "" {
				places++
			}
			if places != 1 {
				h.t.Errorf("%s is in %d places of the matrix: put it into one, with what it needs", name, places)
			}
			n++
		}
	}
	if all := len(onFiles) + len(onPost) + len(onProcesses) + len(atAuthority) + len(elsewhere); n != all {
		h.t.Errorf("the matrix has %d use-cases, the parts %d", all, n)
	}
}

// post adds the tries of everybody on post.
func (m *matrix) post(h *rights, what string, a action, x *post) {
	for _, p := range everyone {
		y := try{rights: h, p: p, ctx: p.ctx(), post: x}
		on := file{}
		if x.in != nil {
			on = x.in.file
		}
		want := p.mail(a.need, x)
		m.cells = append(m.cells, cell{p.id, fmt.Sprintf("%s, for unit %q, for %q, by %s, in a case: %v", what, x.unit, x.person, x.by, x.in != nil), on, a.need, want, func() error { return a.do(y) }})
	}
}

// mail is want for post.
func (p person) mail(n need, x *post) errs.Code {
	switch s := p.stranger(); {
	case s != "":
		return s
	case !p.sees(x), n == toReadPost && !p.reads(x):
		return errs.NotFound
	case (n == toWorkPost || n == toUnassign) && !p.works(x), n == toUnassign && x.in != nil && p.mayCase(x.in.file) < access.Write:
		return errs.Denied
	}
	return ""
}

// matrix is what is to be tried.
type matrix struct{ cells []cell }

type cell struct {
	who, what string
	on        file
	need      need
	want      errs.Code
	do        func() error
}

// row adds the tries of everybody.
func (m *matrix) row(h *rights, what string, a action, x try, on file) {
	x.rights = h
	for _, p := range everyone {
		y := x
		y.p, y.ctx = p, p.ctx()
		m.cells = append(m.cells, cell{p.id, what, on, a.need, p.want(a.need, on), func() error { return a.do(y) }})
	}
}

// run tries all of it, some at a time.
func (m *matrix) run(t *testing.T) {
	t.Helper()
	start := time.Now()
	todo := make(chan cell)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for c := range todo {
				if err := c.do(); !c.need.agrees(c.want, errs.CodeOf(err)) {
					t.Errorf("%s by %s on %s: %v, want %q", c.what, c.who, c.on, err, c.want)
				}
			}
		})
	}
	for _, c := range m.cells {
		todo <- c
	}
	close(todo)
	wait.Wait()
	t.Logf("%d cells in %s", len(m.cells), time.Since(start))
}

func (f file) String() string {
	return fmt.Sprintf("a file of %q for %s at level %d, case %d", f.lead, f.reach, f.level, f.caseLevel)
}
