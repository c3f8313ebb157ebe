package flow

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// Exported is the course of business of a case as it goes along when the case leaves the house. What is asked for is in
// German words, the language of what is kept.
type Exported struct {
	Circulations []ExportedCirculation // the earliest first
	Comments     []Comment             // in their order
}

// ExportedCirculation is one circulation, with all that was asked for on its way.
type ExportedCirculation struct {
	ID       string
	Document string // id; "" is the case as a whole
	Title    string
	State    State
	By       string // name
	Started  time.Time
	Ended    time.Time
	Reason   string // of who refused or withdrew it
	Steps    []ExportedStep
}

// ExportedStep is what one recipient was asked for. A signature that a new version made void is a step of its own,
// before the one that was asked for again.
type ExportedStep struct {
	Step   int // those with the same number were asked for at the same time; 0 is what came back to the initiator
	State  TaskState
	Order  string // "Mitzeichnung"
	Text   string
	To     string // name of the recipient: a person, a unit, a role in one
	Person bool   // the recipient is a person
	Due    time.Time
	Done   time.Time // zero unless it was done
	By     string    // name of who did it
	For    string    // name of who was absent; "" unless a deputy did it
	Answer string    // reason or remark
	Signed Content   // zero unless it is a signature
	Void   bool      // a new version took the signature back
}

// ExportCourse reads the course of a case. It asks nobody and notes nothing: that is for the part that hands the case over.
func (r *Room) ExportCourse(ctx context.Context, q db.Querier, a access.Access, caseID string) (e Exported, err error) {
	list, err := r.store.circulations(ctx, q, a, caseID)
	if err != nil {
		return e, err
	}
	if e.Comments, err = r.store.comments(ctx, q, a, caseID); err != nil || len(list) == 0 {
		return e, err
	}
	signatures, err := r.store.signatures(ctx, q, a, caseID)
	if err != nil {
		return e, err
	}
	for _, x := range slices.Backward(list) {
		out := ExportedCirculation{ID: x.ID, Document: x.Document, Title: x.Title, State: x.State, By: x.By.Name, Started: x.StartedAt, Ended: x.EndedAt,
			Reason: x.Reason}
		slices.SortStableFunc(x.Tasks, func(a, b Task) int { // what came back to the initiator comes last
			return cmp.Compare(cmp.Or(a.Step, maxSteps+1), cmp.Or(b.Step, maxSteps+1))
		})
		for _, t := range x.Tasks {
			out.Steps = append(out.Steps, r.exportedSteps(t, signatures)...)
		}
		e.Circulations = append(e.Circulations, out)
	}
	return e, nil
}

// exportedSteps are a task, and before it the signatures given for it that it no longer has.
func (r *Room) exportedSteps(t Task, signatures []Signature) []ExportedStep {
	s := ExportedStep{Step: t.Step, State: t.State, Order: r.german("flow.kind." + string(t.Kind)), Text: t.Text, To: t.HolderName,
		Person: strings.HasPrefix(t.Holder, access.Person("")),
		Due:    t.Due, Done: t.DoneAt, By: t.DoneBy.Name, For: t.DoneFor.Name, Answer: t.Answer, Signed: t.Signed}
	var out []ExportedStep
	for _, g := range signatures {
		if g.Task != t.ID || t.State == Done && g.Content == t.Signed {
			continue
		}
		void := s
		void.State, void.Done, void.By, void.For, void.Answer, void.Signed, void.Void = Done, g.At, g.By.Name, g.For.Name, g.Remark, g.Content, true
		out = append(out, void)
	}
	return append(out, s)
}
