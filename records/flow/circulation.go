package flow

import (
	"cmp"
	"slices"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// Kind is what a task asks for (Verfügung).
type Kind string

// The kinds.
const (
	Know     Kind = "know"     // zur Kenntnis (z.K.)
	Act      Kind = "act"      // zur weiteren Veranlassung (z.w.V.)
	CoSign   Kind = "cosign"   // Mitzeichnung
	Sign     Kind = "sign"     // Schlusszeichnung
	Shelve   Kind = "shelve"   // zu den Akten (z.d.A.)
	Resubmit Kind = "resubmit" // Wiedervorlage
	Free     Kind = "free"     // a task in words
	Returned Kind = "returned" // what was refused, back with the initiator; nobody chooses it
)

// Kinds lists the kinds that can be chosen, in the order of the form.
var Kinds = []Kind{Know, Act, CoSign, Sign, Free, Resubmit, Shelve}

// Signs reports whether the task is done by a signature.
func (k Kind) Signs() bool { return k == CoSign || k == Sign }

// State is where a circulation stands.
type State string

// The states of a circulation.
const (
	Running   State = "running"
	Completed State = "completed"
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn"
)

// TaskState is where a task stands.
type TaskState string

// The states of a task.
const (
	Waiting TaskState = "waiting" // for the steps before
	Later   TaskState = "later"   // for its date
	Open    TaskState = "open"
	Done    TaskState = "done"
	Refused TaskState = "refused"
	Stopped TaskState = "stopped" // the circulation ended before
)

// pending reports whether the task still is to be done.
func (s TaskState) pending() bool { return s == Waiting || s == Later || s == Open }

// Circulation is the way of a case, or of one document in it, from desk to desk (Laufweg).
type Circulation struct {
	ID        string
	Authority string
	File      string // id
	Case      string // id
	Document  string // id; "" is the case as a whole
	Content   Content
	Title     string
	State     State
	Step      int // the open one, from 1; 0 when ended
	By        Person
	StartedAt time.Time
	EndedAt   time.Time
	Reason    string // of who refused or withdrew it
	Version   int64
	Tasks     []Task
}

// Content is one version of a document.
type Content struct {
	Version int64
	Hash    string // SHA-256
}

// Person is a member of staff.
type Person struct{ Subject, Name string }

// Task is what one recipient has to do in a circulation.
type Task struct {
	ID          string
	Authority   string
	File        string
	Case        string
	Circulation string
	Step        int // 0 is what came back to the initiator
	Kind        Kind
	Text        string
	Holder      string // of package access: Person, Unit or RoleIn
	HolderName  string
	State       TaskState
	Days        int       // from opening to the deadline; 0 is none
	Date        time.Time // of a resubmission
	OpenedAt    time.Time
	Due         time.Time // zero is none
	Reminders   int
	Rounds      int // how often a new version made it necessary again
	DoneAt      time.Time
	DoneBy      Person
	DoneFor     Person // who was absent; zero unless a deputy did it
	Answer      string // reason or remark
	Signed      Content
	Version     int64
	From        Person // who gave it, if it was not who started the circulation

	search string
	fresh  bool // not stored yet
}

// Step is what a circulation asks for at one point of its way, of all recipients at once.
type Step struct {
	Kind Kind      `json:"kind"`
	To   []string  `json:"to"`             // holders, of package access
	Days int       `json:"days,omitempty"` // from opening to the deadline, or to the date of a resubmission; 0 is none
	Text string    `json:"text,omitempty"`
	Date time.Time `json:"-"` // of a resubmission; zero is Days from the start

	noDay string // what was typed for Date, if there is no such day
}

// Limits of what can be given out at once.
const (
	maxSteps      = 20
	maxRecipients = 20
	maxDays       = 3650
	maxText       = 2000 // characters
	maxTitle      = 150
)

// checkSteps names what is wrong with the steps, by the fields of a form; now is zero for a template, whose steps have no
// dates.
func checkSteps(steps []Step, document bool, now time.Time) []errs.Field {
	var wrong []errs.Field
	if len(steps) == 0 || len(steps) > maxSteps {
		return []errs.Field{{Name: toName(stepName(0), 0), Key: "flow.error.steps", Args: []any{maxSteps}}}
	}
	signed := false
	for i, s := range steps {
		bad := func(field, key string, args ...any) {
			wrong = append(wrong, errs.Field{Name: stepName(i) + field, Key: key, Args: args})
		}
		when := "-date"
		if now.IsZero() {
			when = "-days"
		}
		switch {
		case !slices.Contains(Kinds, s.Kind):
			bad("-kind", "flow.error.kind")
		case len(s.To) == 0:
			bad("-to-1", "flow.error.no_recipient")
		case len(s.To) > maxRecipients:
			bad("-to-1", "flow.error.recipients", maxRecipients)
		case len(slices.Compact(slices.Sorted(slices.Values(s.To)))) != len(s.To):
			bad("-to-1", "flow.error.twice")
		case s.Days < 0 || s.Days > maxDays:
			bad("-days", "flow.error.days", maxDays)
		case len([]rune(s.Text)) > maxText:
			bad("-text", "flow.error.long", maxText)
		case s.Kind == Free && s.Text == "":
			bad("-text", "flow.error.free_text")
		case s.noDay != "":
			bad(when, "errs.field.day", s.noDay)
		case s.Kind == Resubmit && s.Days == 0 && s.Date.IsZero():
			bad(when, "flow.error.no_date")
		case s.Kind == Resubmit && !s.Date.IsZero() && !canCome(s.Date, now):
			bad(when, "flow.error.not_to_come")
		case s.Kind.Signs() && !document:
			bad("-kind", "flow.error.no_document")
		case s.Kind.Signs() && signed:
			bad("-kind", "flow.error.after_signature")
		case (s.Kind == Sign || s.Kind == Shelve) && len(s.To) > 1:
			bad("-to-2", "flow.error.one_recipient")
		case s.Kind == Shelve && i < len(steps)-1:
			bad("-kind", "flow.error.shelve_last")
		}
		signed = signed || s.Kind == Sign
	}
	return wrong
}

// canCome reports whether the day is today or later, and not beyond maxDays.
func canCome(day, now time.Time) bool {
	return !day.Before(i18n.StartOfDay(now)) && day.Before(now.AddDate(0, 0, maxDays))
}

// settle opens the first step that has something to be done, and sets later ones waiting: that is how a circulation
// goes on, and how it goes back when a new version made signatures void. It returns that step; 0 if all is done.
func settle(tasks []Task, now time.Time) (step int) {
	for _, t := range tasks {
		if t.State.pending() && t.Step > 0 && (step == 0 || t.Step < step) {
			step = t.Step
		}
	}
	for i := range tasks {
		t := &tasks[i]
		if !t.State.pending() || t.Step == 0 {
			continue
		}
		want := Waiting
		if t.Step == step {
			want = Open
			if t.Kind == Resubmit && t.Date.After(now) {
				want = Later
			}
		}
		if t.State == want {
			continue
		}
		t.State, t.Due, t.Reminders = want, time.Time{}, 0
		switch {
		case t.Kind == Resubmit:
			t.Due = t.Date
		case want == Open && t.Days > 0:
			t.Due = i18n.EndOfDay(now.AddDate(0, 0, t.Days))
		}
		if want == Open {
			t.OpenedAt = now
		}
	}
	return step
}

// outdate takes back the co-signatures that are not on the current version, and reports how many.
func outdate(tasks []Task, current Content) (n int) {
	for i := range tasks {
		t := &tasks[i]
		if t.Kind != CoSign || t.State != Done || t.Signed == current {
			continue
		}
		t.State, t.Rounds = Waiting, t.Rounds+1
		t.DoneAt, t.DoneBy, t.DoneFor, t.Answer, t.Signed = time.Time{}, Person{}, Person{}, "", Content{}
		n++
	}
	return n
}

// stop ends what is still to be done.
func stop(tasks []Task) {
	for i := range tasks {
		if tasks[i].State.pending() && tasks[i].Step > 0 {
			tasks[i].State = Stopped
		}
	}
}

// Overdue reports whether the deadline of the open task has passed.
func (t Task) Overdue(now time.Time) bool {
	return t.State == Open && t.Kind != Resubmit && !t.Due.IsZero() && t.Due.Before(now)
}

// Steps gathers the tasks by their step, in the order of the circulation.
func (c Circulation) Steps() [][]Task {
	sorted := slices.Clone(c.Tasks)
	slices.SortStableFunc(sorted, func(a, b Task) int { return cmp.Compare(a.Step, b.Step) })
	var out [][]Task
	for _, t := range sorted {
		if n := len(out); n == 0 || out[n-1][0].Step != t.Step {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}

// again are the steps to start the circulation with once more: with who has the tasks now, and with days that are still to
// come.
func (c Circulation) again(now time.Time) (steps []Step) {
	for _, tasks := range c.Steps() {
		if tasks[0].Step == 0 {
			continue // what came back
		}
		s := Step{Kind: tasks[0].Kind, Text: tasks[0].Text, Days: tasks[0].Days}
		if date := tasks[0].Date; s.Days == 0 && !date.IsZero() && canCome(date, now) {
			s.Date = date
		}
		for _, t := range tasks {
			if !slices.Contains(s.To, t.Holder) {
				s.To = append(s.To, t.Holder)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// task is the task with that id; nil if it is none of the circulation's.
func (c *Circulation) task(id string) *Task {
	for i := range c.Tasks {
		if c.Tasks[i].ID == id {
			return &c.Tasks[i]
		}
	}
	return nil
}
