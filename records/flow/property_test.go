package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
)

// model is a circulation as its history alone says it is: nothing is opened or taken back in it.
type model struct {
	steps   []Step
	done    map[string]int // task ("1 birgit") to the document's version when it was done, the last time
	version int
	ended   State // Running until it is not
	refused string
	final   bool
	away    map[string]string // who is absent, and their deputy
}

func (m *model) key(step int, holder string) string {
	return fmt.Sprintf("%d %s", step+1, strings.TrimPrefix(holder, "person:"))
}

// isDone: a co-signature counts on the current version only, anything else for good.
func (m *model) isDone(step int, holder string) bool {
	at, ok := m.done[m.key(step, holder)]
	return ok && (m.steps[step].Kind != CoSign || at == m.version)
}

// open is the first step that is not done; len(steps) if all are.
func (m *model) open() int {
	for i, s := range m.steps {
		if slices.ContainsFunc(s.To, func(h string) bool { return !m.isDone(i, h) }) {
			return i
		}
	}
	return len(m.steps)
}

func (m *model) state(step int, holder string) TaskState {
	switch {
	case m.refused == m.key(step, holder):
		return Refused
	case m.isDone(step, holder):
		return Done
	case m.ended != Running:
		return Stopped
	case step == m.open():
		return Open
	}
	return Waiting
}

func (m *model) String() string {
	var out []string
	for i, s := range m.steps {
		for _, h := range s.To {
			out = append(out, m.key(i, h)+" "+string(m.state(i, h)))
		}
	}
	if m.refused != "" {
		out = append(out, "0 claudia open")
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

var modelHeads = map[string]string{"birgit": "doris", "cem": "helga", "sabine": "doris"}

// deputy is who stands in for an absent person: along the deputies to somebody who is there, or the head where that
// comes back to where it was.
func (m *model) deputy(who string) string {
	been := map[string]bool{}
	for at := who; ; at = m.away[at] {
		if m.away[at] == "" {
			return at
		}
		if been[at] {
			return modelHeads[who]
		}
		been[at] = true
	}
}

func (m *model) may(actor, holder string) bool {
	owner := strings.TrimPrefix(holder, "person:")
	return actor == owner || m.away[owner] != "" && m.deputy(owner) == actor
}

// TestAnyOrder lets people do anything in any order, and compares with the model after each.
func TestAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		people := []string{"birgit", "cem", "sabine", "doris", "helga", "claudia"}
		rapid.Check(t, func(t *rapid.T) {
			c := h.newCase(func(f *records.File, _ *records.Case) { f.Readers, f.Writers = "", "" })
			doc := h.newDocument(c)
			m := &model{version: 1, ended: Running, done: map[string]int{}, away: map[string]string{}}
			h.exec(`DELETE FROM flow_absence`)
			kinds, signed := []Kind{Know, CoSign, CoSign, Act}, false
			for range rapid.IntRange(1, 4).Draw(t, "steps") {
				s := Step{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
				if signed {
					s.Kind = Know
				} else if rapid.IntRange(0, 4).Draw(t, "final") == 0 {
					s.Kind, signed = Sign, true
				}
				most := 3
				if s.Kind == Sign {
					most = 1
				}
				to := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 1, most, rapid.ID[string]).Draw(t, "to")
				m.steps = append(m.steps, step(s.Kind, to...))
			}
			id := db.NewID()
			if err := h.Start(as("claudia"), c.ID, Order{ID: id, Document: doc, Steps: m.steps}); err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(1, 14).Draw(t, "actions") {
				switch rapid.IntRange(0, 11).Draw(t, "action") {
				case 0:
					if !m.final {
						if rapid.Bool().Draw(t, "told") {
							h.revise(doc)
						} else {
							h.reviseUntold(doc)
						}
						if m.ended == Running {
							m.version++
						}
					}
				case 1:
					who, deputy := rapid.SampledFrom(people[:3]).Draw(t, "away"), rapid.SampledFrom(people[:4]).Draw(t, "deputy")
					if who != deputy && m.away[who] == "" {
						m.away[who] = deputy
						h.exec(`INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by, recorded_at)
							VALUES ($1, $2, $3, $3, $4, $4, 1, $5, 0, '', 1)`, db.NewID(), erfurt, who, deputy, never)
					}
				case 2:
					who := rapid.SampledFrom(people[:3]).Draw(t, "back")
					delete(m.away, who)
					h.exec(`UPDATE flow_absence SET ended_at = 1 WHERE subject = $1`, who)
				case 3:
					if _, err := h.Refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
				case 4:
					if m.ended == Running && rapid.IntRange(0, 5).Draw(t, "withdraw") == 0 {
						if err := h.Withdraw(as("claudia"), id, h.circulation(id).Version, "hinfällig"); err != nil {
							t.Fatal(err)
						}
						m.ended = Withdrawn
					}
				default:
					m.act(t, h, id, doc, people)
				}
				if _, err := h.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got, want := h.states(id), m.String(); got != want {
					t.Fatalf("the circulation is\n%s, the model says\n%s", got, want)
				}
				if x := h.circulation(id); x.State != m.ended {
					t.Fatalf("the circulation is %s, the model says %s", x.State, m.ended)
				}
			}
		})
	})
}

// act has somebody do something with a task: their own or not, at its time or not.
func (m *model) act(t *rapid.T, h *house, id, doc string, people []string) {
	i := rapid.IntRange(0, len(m.steps)-1).Draw(t, "step")
	if rapid.Bool().Draw(t, "the open one") {
		i = min(m.open(), len(m.steps)-1)
	}
	holder := rapid.SampledFrom(m.steps[i].To).Draw(t, "holder")
	actor := strings.TrimPrefix(holder, "person:")
	if rapid.IntRange(0, 2).Draw(t, "by another") == 0 {
		actor = rapid.SampledFrom(people).Draw(t, "actor")
	}
	var k Task
	for _, x := range h.circulation(id).Tasks {
		if x.Step == i+1 && x.Holder == holder {
			k = x
		}
	}
	refuse := rapid.IntRange(0, 9).Draw(t, "refuse") == 0
	var err error
	switch {
	case refuse:
		err = h.Refuse(as(actor), k.ID, k.Version, "nein")
	case k.Kind.Signs():
		seen := h.content(doc)
		if rapid.IntRange(0, 5).Draw(t, "an old version") == 0 {
			seen.Version--
			if err = h.Sign(as(actor), k.ID, k.Version, seen, ""); err == nil {
				t.Fatal("signed what is not current")
			}
			return
		}
		err = h.Sign(as(actor), k.ID, k.Version, seen, "")
	default:
		err = h.Finish(as(actor), k.ID, k.Version, "")
	}
	var want errs.Code
	switch {
	case !m.may(actor, holder):
		want = errs.Denied
	case m.ended != Running, m.state(i, holder) != Open:
		want = errs.Conflict
	}
	if got := errs.CodeOf(err); got != want {
		t.Fatalf("%s does %s of step %d (refuses: %v): %v, want %q", actor, holder, i+1, refuse, err, want)
	}
	if err != nil {
		return
	}
	if refuse {
		m.ended, m.refused = Rejected, m.key(i, holder)
		return
	}
	m.done[m.key(i, holder)] = m.version
	m.final = m.final || k.Kind == Sign
	if m.open() == len(m.steps) {
		m.ended = Completed
	}
}
