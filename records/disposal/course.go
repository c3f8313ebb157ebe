package disposal

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"rennsteig/platform/i18n"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// course reads the course of business of a case; the zero Course where nobody knows of one.
func (r *Room) course(ctx context.Context, a access.Access, caseID string) (Course, error) {
	if r.Courses == nil {
		return Course{}, nil
	}
	return r.Courses.Course(ctx, r.h.DB.Reader(), a, caseID)
}

// workflows are the circulations of a case as xdomea has them, by the document that they are about, "" for the case as a
// whole. A record has one Geschäftsgang there: several circulations are its steps, one after the other.
func (r *Room) workflows(c Course, caseID string, documents []documentRow) map[string]*xdomea.Workflow {
	here := map[string]bool{}
	for _, d := range documents {
		here[d.id] = true
	}
	out := map[string]*xdomea.Workflow{}
	for _, x := range c.Circulations {
		about, record := "", caseID
		if here[x.Document] {
			about, record = x.Document, x.Document
		}
		w := out[about]
		switch {
		case len(x.Steps) == 0:
			continue
		case w == nil:
			w = &xdomea.Workflow{ID: x.ID}
			out[about] = w
		default:
			w.ID = uuid.NewSHA1(uuid.MustParse(record), []byte("workflow")).String()
		}
		for _, s := range x.Steps {
			w.Steps = append(w.Steps, r.workflowStep(x, s, len(w.Steps)+1))
		}
	}
	return out
}

// stepStatus is xdomea's code of a step's state. What was refused is over; what was no longer asked for is skipped.
var stepStatus = map[string]xdomea.StepStatus{"waiting": xdomea.StepAhead, "later": xdomea.StepAhead, "open": xdomea.StepCurrent,
	"done": xdomea.StepDone, "refused": xdomea.StepDone, "stopped": xdomea.StepSkipped}

func (r *Room) workflowStep(x Circulation, s CourseStep, number int) xdomea.Step {
	out := xdomea.Step{Number: strconv.Itoa(number), Status: stepStatus[s.State], From: named(x.By), To: named(s.To), Ordered: day(x.Started),
		OrderedAt: xdomea.ClockOf(day(x.Started)), Order: s.Order, Due: day(s.Due), Note: lines(x.Title, s.Text)}
	if !s.Person {
		out.To = xdomea.Contact{Unit: s.To}
	}
	if x.Reason != "" && s.State == "stopped" {
		out.Note = lines(out.Note, r.german("disposal.course."+x.State)+": "+x.Reason)
	}
	if !s.Done.IsZero() {
		out.Done = &xdomea.Done{By: named(s.By), On: day(s.Done), At: xdomea.ClockOf(day(s.Done)), Mark: r.stepMark(s), Note: lines(s.Answer, r.binding(s))}
	}
	return out
}

func named(name string) xdomea.Contact { return xdomea.Contact{FamilyName: name} }

// lines are the texts that are not empty, each in a line of its own.
func lines(texts ...string) string {
	var out []string
	for _, s := range texts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}

// stepMark is what was done with a step, in words.
func (r *Room) stepMark(s CourseStep) string {
	mark := r.german("disposal.course.step." + s.State)
	if s.Void {
		mark += ", " + r.german("disposal.course.void")
	}
	if s.For != "" {
		mark += ", " + r.german("disposal.course.deputy", s.For)
	}
	return mark
}

// binding says which version was signed.
func (r *Room) binding(s CourseStep) string {
	if s.Signed.Hash == "" {
		return ""
	}
	return r.german("disposal.course.signed", s.Signed.Version, s.Signed.Hash)
}

// courseSections are circulations and comments for a sheet.
func (r *Room) courseSections(c Course) []sheetSection {
	var out []sheetSection
	for _, x := range c.Circulations {
		started := r.german("disposal.course.started", i18n.DateTime(i18n.German, x.Started), x.By)
		state := r.german("disposal.course." + x.State)
		if !x.Ended.IsZero() {
			state += ", " + i18n.DateTime(i18n.German, x.Ended)
		}
		section := sheetSection{Title: strings.TrimSpace(r.german("disposal.course") + " " + x.Title), Rows: []sheetRow{{state, lines(started, x.Reason)}}}
		for i, s := range x.Steps {
			said := r.stepMark(s)
			if !s.Done.IsZero() {
				said += ", " + i18n.DateTime(i18n.German, s.Done) + ", " + s.By
			} else if !s.Due.IsZero() {
				said += ", " + r.german("disposal.course.due", i18n.Date(i18n.German, s.Due))
			}
			section.Rows = append(section.Rows, sheetRow{strconv.Itoa(i+1) + ". " + s.Order + ", " + s.To, lines(s.Text, said, s.Answer, r.binding(s))})
		}
		out = append(out, section)
	}
	if len(c.Comments) > 0 {
		section := sheetSection{Title: r.german("disposal.course.comments")}
		for _, k := range c.Comments {
			section.Rows = append(section.Rows, sheetRow{i18n.DateTime(i18n.German, k.At) + ", " + k.By, k.Text})
		}
		out = append(out, section)
	}
	return out
}
