package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/records/access"
)

// State is where a case stands.
type State string

// The states.
const (
	StateNew     State = "new"     // nobody has taken it over
	StateInWork  State = "in_work" // a clerk works on it
	StateWaiting State = "waiting" // the applicant was asked for something
	StateDecided State = "decided" // the notice is out
	StateClosed  State = "closed"  // put to the files (z.d.A.)
)

// States lists the states in the order of the work.
var States = []State{StateNew, StateInWork, StateWaiting, StateDecided, StateClosed}

// Open reports whether the case still waits for its decision.
func (s State) Open() bool { return s == StateNew || s == StateInWork || s == StateWaiting }

// action is what can be done to a case.
type action string

const (
	actTake   action = "take"
	actNote   action = "note"
	actAsk    action = "ask"
	actAnswer action = "answer" // by the applicant; never refused
	actDecide action = "decide"
	actClose  action = "close"
)

// transitions says which action is possible in which state, and the state after it.
var transitions = map[action]map[State]State{
	actTake: {StateNew: StateInWork, StateInWork: StateInWork, StateWaiting: StateWaiting, StateDecided: StateDecided},
	actNote: {StateNew: StateNew, StateInWork: StateInWork, StateWaiting: StateWaiting, StateDecided: StateDecided},
	actAsk:  {StateNew: StateWaiting, StateInWork: StateWaiting, StateWaiting: StateWaiting},
	actAnswer: {StateNew: StateInWork, StateInWork: StateInWork, StateWaiting: StateInWork,
		StateDecided: StateDecided, StateClosed: StateClosed},
	actDecide: {StateNew: StateDecided, StateInWork: StateDecided, StateWaiting: StateDecided},
	actClose:  {StateDecided: StateClosed},
}

// general are the transitions of cases opened at the desk: nobody applied, so nobody is asked or decided on.
var general = map[action]map[State]State{
	actTake:  {StateNew: StateInWork, StateInWork: StateInWork},
	actNote:  {StateNew: StateNew, StateInWork: StateInWork},
	actClose: {StateNew: StateClosed, StateInWork: StateClosed},
}

// after is the state after the action, or errs.Conflict where it is not possible.
func (c Case) after(a action) (State, error) {
	next, ok := c.transitions()[a][c.State]
	if !ok {
		return c.State, errs.E(errs.Conflict, "records.error.state."+string(a))
	}
	return next, nil
}

func (c Case) transitions() map[action]map[State]State {
	if c.Kind == General {
		return general
	}
	return transitions
}

// Can reports whether the action ("take", "note", "ask", "decide", "close") is possible, for the page's buttons.
func (c Case) Can(a string) bool {
	_, ok := c.transitions()[action(a)][c.State]
	return ok
}

// Case is one matter in a file (Vorgang).
type Case struct {
	ID           string
	Authority    string
	FileID       string
	Reference    string // Aktenzeichen of the file and number, "22.31-2026/000017-1"
	Subject      string
	Source       string // application id
	SourceRef    string // the reference that the applicant knows
	StatusPath   string // where the applicant sees the state; a path on this site
	LeikaKey     string
	Applicant    string
	State        State
	AssignedTo   string // subject; "" if nobody
	AssignedName string
	ReceivedAt   time.Time
	DueAt        time.Time // aim of the house, not a legal term
	ClosedAt     time.Time
	Fee          PaidFee // zero Amount: none was paid beforehand
	ChangedBy    string  // name of who changed it last
	ChangedAt    time.Time
	Version      int64
	Kind         CaseKind
	Part         string       // id of the part file; "" if the file has none
	Parent       string       // id of the case that this one is a part of; ""
	Level        access.Level // not below the file's
	Org          string       // id of the unit in whose hands it is; "" is nobody's in particular
	Number       int64        // in its file, or in its parent; from 1
	May          access.May   // what the caller may do; set where one case is read
}

// CaseKind is where a case came from.
type CaseKind string

// The kinds of cases.
const (
	Application CaseKind = "application" // an online application: its applicant is told and asked through the citizen's account
	General     CaseKind = "general"     // opened at the desk
)

// PaidFee is a fee that was paid before the application was filed.
type PaidFee struct {
	Amount        money.Cents
	Kassenzeichen string
	PaidAt        time.Time
}

// Note is an internal note on a case.
type Note struct {
	ID, Text, By string
	At           time.Time
}

// Dossier is a case with everything in it.
type Dossier struct {
	Case      Case
	File      File
	Form      Form
	Documents []Document
	Notes     []Note
	Questions []Question
	Decision  *Decision // nil until decided
}

// Dossier reads a case of the caller's authorities. errs.NotFound for any other.
func (r *Room) Dossier(ctx context.Context, id string) (d Dossier, err error) {
	scope, err := access.Load(ctx, r.h.DB.Reader())
	if err != nil {
		return d, err
	}
	q := r.h.DB.Reader()
	if d.Case, err = r.store.caseByID(ctx, q, scope, id, ""); err != nil {
		return d, err
	}
	if d.File, err = r.store.fileOf(ctx, q, scope, d.Case); err != nil {
		return d, err
	}
	if err := r.noteReading(ctx, d.Case.Authority, object(id), max(d.File.Level, d.Case.Level)); err != nil {
		return Dossier{}, err
	}
	if d.Form, err = r.store.form(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Documents, err = r.store.documents(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Notes, err = r.store.notes(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Questions, err = r.store.questions(ctx, q, scope, id); err != nil {
		return d, err
	}
	d.Decision, err = r.store.decision(ctx, q, scope, id)
	return d, err
}

// Take assigns the case to the caller.
func (r *Room) Take(ctx context.Context, id string, version int64) error {
	me := identity.From(ctx)
	return r.change(ctx, id, version, change{
		action: actTake,
		done: func(_ context.Context, _ *db.Tx, c Case) (bool, error) {
			return c.AssignedTo == me.Subject && c.State != StateNew, nil
		},
		do: func(_ context.Context, _ *db.Tx, c *Case) (audit.Entry, error) {
			c.AssignedTo, c.AssignedName = me.Subject, me.Name
			return audit.Entry{Action: "records.case_taken", Changes: map[string]any{"assigned_to": me.Subject}}, nil
		},
	})
}

// AddNote files an internal note. noteID is chosen by the form: the same form sent twice leaves one note.
func (r *Room) AddNote(ctx context.Context, id string, version int64, noteID, text string) error {
	var wrong []errs.Field
	text = checkText(&wrong, "note", text, maxNote)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.change(ctx, id, version, change{
		action: actNote,
		done: func(ctx context.Context, tx *db.Tx, c Case) (bool, error) {
			return r.store.hasNote(ctx, tx, access.At(c.Authority), c.ID, noteID)
		},
		do: func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error) {
			n := Note{ID: noteID, Text: text, By: identity.From(ctx).Name, At: r.h.Now()}
			err := r.store.insertNote(ctx, tx, access.At(c.Authority), *c, n)
			return audit.Entry{Action: "records.note_added", Changes: map[string]any{"note": noteID, "sha256": digest(text)}}, err
		},
	})
}

// Close puts a decided case to the files (z.d.A.). A file whose cases are all closed is closed with it, and its
// retention begins.
func (r *Room) Close(ctx context.Context, id string, version int64) error {
	return r.change(ctx, id, version, r.closing(nil))
}

// CloseIn is Close in the transaction of what the case is closed for. c was read and locked in it; its May is the right
// that the case is closed with. why goes into the log too.
func (r *Room) CloseIn(ctx context.Context, tx *db.Tx, c Case, why map[string]any) error {
	return r.changeIn(ctx, tx, c, c.Version, r.closing(why))
}

func (r *Room) closing(why map[string]any) change {
	return change{
		action: actClose,
		done:   func(_ context.Context, _ *db.Tx, c Case) (bool, error) { return c.State == StateClosed, nil },
		do: func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error) {
			c.ClosedAt = r.h.Now()
			fileClosed, err := r.store.closeFile(ctx, tx, access.At(c.Authority), *c)
			changes := map[string]any{"file_closed": fileClosed}
			maps.Copy(changes, why)
			return audit.Entry{Action: "records.case_closed", Changes: changes}, err
		},
	}
}

// change is what a clerk does to a case.
type change struct {
	action action
	// done reports that this very change was made before (a form sent twice): then nothing is done, without an error.
	done func(ctx context.Context, tx *db.Tx, c Case) (bool, error)
	// do changes c, which is stored afterwards, and says what goes into the log.
	do func(ctx context.Context, tx *db.Tx, c *Case) (audit.Entry, error)
}

// change is the one way a clerk changes a case: authorise, check version and state, do it, store, log.
func (r *Room) change(ctx context.Context, id string, version int64, ch change) error {
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.store.caseByID(ctx, tx, scope, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		return r.changeIn(ctx, tx, c, version, ch)
	})
}

// changeIn is change for a case that was read and locked in the transaction.
func (r *Room) changeIn(ctx context.Context, tx *db.Tx, c Case, version int64, ch change) error {
	if c.May < access.Write {
		return errs.E(errs.Denied, "records.error.read_only")
	}
	if done, err := ch.done(ctx, tx, c); done || err != nil {
		return err
	}
	next, err := c.after(ch.action)
	if err != nil {
		return err
	}
	if c.Version != version {
		return errs.E(errs.Conflict, "records.error.changed")
	}
	if me := identity.From(ctx); c.AssignedTo == "" && ch.action != actNote {
		c.AssignedTo, c.AssignedName = me.Subject, me.Name // who acts on a free case has it
	}
	entry, err := ch.do(ctx, tx, &c)
	if err != nil {
		return err
	}
	c.State = next
	if err := r.save(ctx, tx, access.At(c.Authority), c); err != nil {
		return err
	}
	entry.Authority, entry.Object = c.Authority, object(c.ID)
	entry.Changes["state"] = c.State
	return r.h.Audit.Append(ctx, tx, entry)
}

// save stores c as its next version, changed by the caller.
func (r *Room) save(ctx context.Context, tx *db.Tx, scope access.Access, c Case) error {
	c.ChangedBy, c.ChangedAt = identity.From(ctx).Name, r.h.Now()
	return r.store.updateCase(ctx, tx, scope, c)
}

// object names a case in the log.
func object(caseID string) string { return "case:" + caseID }

// FileObject names a file in the log. Entries about its cases and documents name those: object, DocumentObject.
func FileObject(id string) string { return "file:" + id }

// CaseObject names a case in the log.
func CaseObject(id string) string { return object(id) }

// DocumentObject names a document in the log.
func DocumentObject(id string) string { return "document:" + id }

// Most characters of what a clerk types.
const (
	maxNote     = 4000
	maxQuestion = 2000
	maxDecision = 8000
)

// checkText is typed text with plain line ends; a field is added to wrong if it is empty or longer than most.
func checkText(wrong *[]errs.Field, name, text string, most int) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		*wrong = append(*wrong, errs.Field{Name: name, Key: "records.error.empty." + name})
	case n > most:
		*wrong = append(*wrong, errs.Field{Name: name, Key: "records.error.long", Args: []any{most, n}})
	}
	return text
}

// digest is the SHA-256 of a text, for the log: proof of what was written without writing it there.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
