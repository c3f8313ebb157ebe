package desk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/finder"
	"rennsteig/platform/errs"
)

// State is where a version stands.
type State string

// The states. A version is open as draft, review and scheduled; there is one open version of a text at most.
const (
	Draft     State = "draft"
	Review    State = "review"
	Returned  State = "returned"  // its successor is the new draft
	Scheduled State = "scheduled" // approved, will be released at PublishAt
	Released  State = "released"  // what citizens read
	Replaced  State = "replaced"  // was released until the next one was
	Withdrawn State = "withdrawn" // was released until somebody took it away
	Discarded State = "discarded"
)

// Version is one version of a text.
type Version struct {
	ID string
	finder.TextRef
	Number int
	State  State
	Change int64 // counts changes; what is saved names the one it has seen
	Content
	Master       string   // version of the Stammtext that a local text was written beside; "" if there was none
	Authors      []string // subjects of all who wrote in it or in the returned versions before
	Author       string   // who wrote last
	AuthorName   string
	Reviewer     string // who returned or released it
	ReviewerName string
	PublishAt    time.Time
	CreatedAt    time.Time
	ChangedAt    time.Time
	SubmittedAt  time.Time
	ReleasedAt   time.Time
	EndedAt      time.Time
}

// Content is what editors write.
type Content struct {
	Modules    map[finder.Module]finder.ModuleText
	Words      []finder.Word
	ReviewDate string // "2026-11-24": when the text is to be looked through again; "" is never
}

// Open reports whether the version is still worked on.
func (v Version) Open() bool { return v.State == Draft || v.State == Review || v.State == Scheduled }

// WrittenBy reports whether the person has written in the version.
func (v Version) WrittenBy(subject string) bool { return slices.Contains(v.Authors, subject) }

// Comment is what somebody said about a version. Kind is "" or the state that it was moved to with these words.
type Comment struct {
	ID, AuthorName, Body string
	Kind                 State
	At                   time.Time
}

const (
	maxModule  = 20_000 // letters, HTML included
	maxLine    = 250
	maxWords   = 60
	maxWord    = 100
	maxComment = 2_000
)

// clean takes out of the content what may not be in it, and refuses what is too long. Field names are those of the form.
func (c Content) clean(local bool) (Content, error) {
	out := Content{Modules: map[finder.Module]finder.ModuleText{}, ReviewDate: c.ReviewDate}
	var wrong []errs.Field
	for _, m := range finder.Modules {
		t := c.Modules[m]
		limit := maxModule
		if m.Line() {
			limit = maxLine
		}
		if utf8.RuneCountInString(t.Text) > limit {
			wrong = append(wrong, errs.Field{Name: fieldName(m), Key: "finder.too_long", Args: []any{limit}})
			continue
		}
		if t.Text = finder.CleanModule(m, t.Text); t.Text != "" {
			t.Adds = t.Adds && local
			out.Modules[m] = t
		}
	}
	seen := map[string]bool{}
	for _, w := range c.Words {
		w.Term = strings.Join(strings.Fields(w.Term), " ")
		if w.Term == "" || seen[strings.ToLower(w.Term)] {
			continue
		}
		seen[strings.ToLower(w.Term)] = true
		if utf8.RuneCountInString(w.Term) > maxWord || !slices.Contains([]string{"", "001", "002", "003", "999"}, w.Type) {
			wrong = append(wrong, errs.Field{Name: "words", Key: "finder.desk.error.word", Args: []any{maxWord}})
			break
		}
		out.Words = append(out.Words, w)
	}
	if len(out.Words) > maxWords {
		wrong = append(wrong, errs.Field{Name: "words", Key: "finder.desk.error.words", Args: []any{maxWords}})
	}
	if _, err := time.Parse(time.DateOnly, c.ReviewDate); c.ReviewDate != "" && err != nil {
		wrong = append(wrong, errs.Field{Name: "review", Key: "finder.desk.error.date"})
	}
	return out, errs.InvalidFields(wrong)
}

// fieldName is the name of a module's input.
func fieldName(m finder.Module) string { return "m-" + string(m) }

// comment checks the words of a comment.
func comment(body string, needed bool) (string, error) {
	body = strings.TrimSpace(body)
	switch {
	case body == "" && needed:
		return "", errs.InvalidFields([]errs.Field{{Name: "comment", Key: "finder.desk.error.comment"}})
	case utf8.RuneCountInString(body) > maxComment:
		return "", errs.InvalidFields([]errs.Field{{Name: "comment", Key: "finder.too_long", Args: []any{maxComment}}})
	}
	return body, nil
}
