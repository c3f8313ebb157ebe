package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
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
	OpenedBy     string       // name of who opened it at the desk; "" if it is not known
	ClosedBy     string       // name of who put it to the files; "" if it is not known
	Former       string       // Aktenzeichen that it had before it was moved, on lines of their own, the latest last
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

// shownDocuments is how many documents a case's page shows; all are on a list of their own.
const shownDocuments = 20

// Dossier is a case with everything in it, but only the newest of its documents.
type Dossier struct {
	Case      Case
	File      File
	Form      Form
	Documents []Document // the newest, the oldest of them first
	More      bool       // there are older ones
	Notes     []Note
	Questions []Question
	Decision  *Decision // nil until decided
	Parent    *Case     // that it is a part of; nil if it is none, or of one that the caller may not read
	SubCases  []Case    // that are a part of it, of those that the caller may read
	Manage    bool      // the caller manages the file (access.Manages)
	Org       string    // what people call the unit in whose hands it is; ""
	Part      Part      // in which it lies; zero if in none
}

// Formers are the Aktenzeichen that a case or file had, the latest first.
func Formers(former string) []string {
	all := strings.FieldsFunc(former, func(c rune) bool { return c == '\n' })
	slices.Reverse(all)
	return all
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
	if err := r.NoteReading(ctx, "records.read", d.Case.Authority, object(id), max(d.File.Level, d.Case.Level), nil); err != nil {
		return Dossier{}, err
	}
	if d.Form, err = r.store.form(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Documents, err = r.store.documents(ctx, q, scope, id, shownDocuments+1); err != nil {
		return d, err
	}
	if d.More = len(d.Documents) > shownDocuments; d.More {
		d.Documents = d.Documents[:shownDocuments]
	}
	slices.Reverse(d.Documents)
	if d.Notes, err = r.store.notes(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Questions, err = r.store.questions(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Decision, err = r.store.decision(ctx, q, scope, id); err != nil {
		return d, err
	}
	if d.Case.Parent != "" {
		if parent, err := r.store.caseByID(ctx, q, scope, d.Case.Parent, ""); err == nil {
			d.Parent = &parent
		} else if !errs.Is(err, errs.NotFound) {
			return d, err
		}
	}
	d.Manage = d.File.May == access.Write && scope.Manages(d.File.Authority, d.File.Lead)
	if d.SubCases, err = r.store.subCases(ctx, q, scope, id, ""); err != nil {
		return d, err
	}
	return d, r.name(ctx, q, &d)
}

// name says what people call the unit and the part file of the case.
func (r *Room) name(ctx context.Context, q db.Querier, d *Dossier) error {
	at := access.At(d.Case.Authority)
	if d.Case.Org != "" {
		names, err := r.orgNames(ctx, q, at)
		if err != nil {
			return err
		}
		d.Org = names[d.Case.Org]
	}
	if d.Case.Part == "" {
		return nil
	}
	var err error
	d.Part, err = r.store.part(ctx, q, at, d.Case.FileID, d.Case.Part)
	return err
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
			changes := map[string]any{"assigned_to": me.Subject}
			if c.AssignedTo != me.Subject { // a colleague's
				changes["from"] = c.AssignedTo
			}
			c.AssignedTo, c.AssignedName = me.Subject, me.Name
			return audit.Entry{Action: "records.case_taken", Changes: changes}, nil
		},
	})
}

// AddNote files an internal note. noteID is chosen by the form: the same form sent twice leaves one note. Notes add up:
// nobody's comes in the way of another's, nor of what else is done to the case.
func (r *Room) AddNote(ctx context.Context, id, noteID, text string) error {
	var wrong []errs.Field
	text = checkText(&wrong, "note", text, maxNote)
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.store.caseByID(ctx, tx, a, id, tx.ForUpdate()) // so that it is not closed meanwhile
		if err != nil {
			return err
		}
		if c.May < access.Write {
			return errs.E(errs.Denied, "records.error.read_only")
		}
		if done, err := r.store.hasNote(ctx, tx, a, c.ID, noteID); done || err != nil {
			return err
		}
		if _, err := c.after(actNote); err != nil {
			return err
		}
		if err := r.store.insertNote(ctx, tx, a, c, Note{ID: noteID, Text: text, By: identity.From(ctx).Name, At: r.h.Now()}); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "records.note_added", Authority: c.Authority, Object: object(c.ID),
			Changes: map[string]any{"note": noteID, "sha256": Digest(text)}})
	})
}

// Close puts a decided case to the files (z.d.A.), if nothing goes on in it (Obstacle): errs.Conflict names what does. A
// file whose cases are all closed is closed with it, and its retention begins.
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
			obstacles, err := r.obstacles(ctx, tx, *c, why)
			if err == nil {
				err = openWork(obstacles)
			}
			if err != nil {
				return audit.Entry{}, err
			}
			c.ClosedAt, c.ClosedBy = r.h.Now(), identity.From(ctx).Name
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
	if me := identity.From(ctx); c.AssignedTo == "" {
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

// Digest is the SHA-256 of a text, for the log: proof of what was written without writing it there.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
