package records

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// needs is what an action asks of its caller.
type needs int

const (
	toRead   needs = iota // may read the file
	toWrite               // may change it
	toManage              // manages it
)

// actions are the use-cases on one file, case or document, with what each needs. Every exported method of Room that takes
// a context and an id is here, or is named in notOnOne.
var actions = map[string]struct {
	needs needs
	do    func(h *house, ctx context.Context, m *thing) error
}{
	"Dossier": {toRead, func(h *house, ctx context.Context, m *thing) error { _, err := h.Dossier(ctx, m.c.ID); return err }},
	"FilePage": {toRead, func(h *house, ctx context.Context, m *thing) error {
		_, err := h.FilePage(ctx, m.c.FileID, paging.Cursor{})
		return err
	}},
	"OpenDocument": {toRead, func(h *house, ctx context.Context, m *thing) error {
		_, content, err := h.OpenDocument(ctx, m.d.ID)
		if err == nil {
			return content.Close()
		}
		return err
	}},
	"Mark": {toRead, func(h *house, ctx context.Context, m *thing) error { return h.Mark(ctx, m.c.FileID, true) }},
	"FileHistory": {toRead, func(h *house, ctx context.Context, m *thing) error {
		_, err := h.FileHistory(ctx, m.c.FileID, "")
		return err
	}},
	"WriteProof": {toRead, func(h *house, ctx context.Context, m *thing) error {
		return h.WriteProof(ctx, m.c.FileID, func(File) io.Writer { return io.Discard })
	}},
	"Preview": {toRead, func(h *house, ctx context.Context, m *thing) error {
		_, err := h.Preview(ctx, m.c.ID, grant(db.NewID()))
		return err
	}},
	"Take": {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Take(ctx, m.c.ID, 99) }},
	"AddNote": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.AddNote(ctx, m.c.ID, db.NewID(), "x")
	}},
	"Ask": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.Ask(ctx, m.c.ID, 99, db.NewID(), "x", soon())
	}},
	"Decide": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.Decide(ctx, m.c.ID, 99, grant(db.NewID()))
	}},
	"Closing":  {toWrite, func(h *house, ctx context.Context, m *thing) error { _, err := h.Closing(ctx, m.c.ID); return err }},
	"CaseForm": {toRead, func(h *house, ctx context.Context, m *thing) error { _, err := h.CaseForm(ctx, m.c.ID); return err }},
	"ReopenCase": {toManage, func(h *house, ctx context.Context, m *thing) error {
		return h.ReopenCase(ctx, m.c.ID, 99, "x")
	}},
	"ChangeCase": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		d := m.c.Details()
		d.Subject = "x"
		return h.ChangeCase(ctx, m.c.ID, 99, d)
	}},
	"AssignUnit": {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.AssignUnit(ctx, m.c.ID, 99, "org-20") }},
	"MoveCase": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.MoveCase(ctx, m.c.ID, 99, Move{Reference: "x", Reason: "x"})
	}},
	"ReassignUnit": {toManage, func(h *house, ctx context.Context, m *thing) error {
		return h.ReassignUnit(ctx, m.c.FileID, 99, "00.10", "x")
	}},
	"Close": {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Close(ctx, m.c.ID, 99) }},
	"ChangeFile": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.ChangeFile(ctx, m.c.FileID, 99, Details{Subject: "x"})
	}},
	"AddPart": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.AddPart(ctx, m.c.FileID, 99, db.NewID(), "x")
	}},
	"ChangePart": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.ChangePart(ctx, m.c.FileID, 99, m.part, "x", true)
	}},
	"PartForm": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		_, _, err := h.PartForm(ctx, m.c.FileID, m.part)
		return err
	}},
	"CaseNamed": {toRead, func(h *house, ctx context.Context, m *thing) error {
		_, err := h.CaseNamed(ctx, m.c.FileID, m.c.Reference)
		return err
	}},
	"LinkFiles": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.LinkFiles(ctx, m.c.FileID, 99, "x", SeeAlso)
	}},
	"Unlink":    {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Unlink(ctx, m.c.FileID, 99, "x") }},
	"Lend":      {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Lend(ctx, m.c.FileID, 99, "x", soon()) }},
	"Return":    {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Return(ctx, m.c.FileID, 99) }},
	"CloseFile": {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.CloseFile(ctx, m.c.FileID, 99) }},
	"Reopen":    {toManage, func(h *house, ctx context.Context, m *thing) error { return h.Reopen(ctx, m.c.FileID, 99) }},
	"Assign":    {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.Assign(ctx, m.c.ID, 99, "clerk:member") }},
	"SetDue":    {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.SetDue(ctx, m.c.ID, 99, soon()) }},
	"MarkCase":  {toRead, func(h *house, ctx context.Context, m *thing) error { return h.MarkCase(ctx, m.c.ID, true) }},
	"AddKeyword": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		return h.AddKeyword(ctx, m.c.FileID, 99, "x")
	}},
	"SetLead": {toWrite, func(h *house, ctx context.Context, m *thing) error { return h.SetLead(ctx, m.c.FileID, 99, "org-30") }},
	"OpenCase": {toWrite, func(h *house, ctx context.Context, m *thing) error {
		_, err := h.OpenCase(ctx, NewCase{File: m.c.FileID, Subject: "x"})
		return err
	}},
}

// notOnOne are the other exported methods that take a context: lists (the strangers' tests have them), what opens
// something new, the program's own jobs, and what the other parts build on (with an access.Access of their own).
var notOnOne = []string{"Answered", "CaseByID", "CaseToChange", "Choices", "CloseIn", "Columns", "DocumentByID", "DocumentLeaves", "DropView", "Each", "EnsurePlan", "FileByID", "FileDocuments", "FileOf", "Files", "Inbox", "LeaveTraces", "NoteReading", "OpenBlob",
	"KeepColumns", "Loans", "Neighbour", "OverdueLoans", "OpenCaseIn", "OpenFile", "OpenFileIn", "Paid", "People", "Receive", "SaidIn", "SaveView", "Units", "VersionAdded", "Views"}

func soon() time.Time { return time.Now().AddDate(0, 0, 3) }

// thing is what the matrix tries its actions on.
type thing struct {
	c    Case
	d    Document
	part string
}

// TestMatrix tries every action by every sort of person on files of every reach and confidentiality.
func TestMatrix(t *testing.T) {
	var all []string
	room := reflect.TypeFor[*Room]()
	for i := range room.NumMethod() {
		m := room.Method(i)
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() && !slices.Contains(notOnOne, m.Name) {
			all = append(all, m.Name)
			if _, ok := actions[m.Name]; !ok {
				t.Errorf("%s is not in the matrix", m.Name)
			}
		}
	}
	if len(all) != len(actions) {
		t.Errorf("the matrix has %d actions, the room %d", len(actions), len(all))
	}
	each(t, func(t *testing.T, h *house) {
		must(t, h.EnsurePlan(t.Context(), []string{erfurt, jena}))
		people := map[string]context.Context{"clerk of Jena": jens, "registrar": registrar, "anonymous": context.Background(),
			"treasurer": withGrants(identity.Staff, identity.Grant{Role: identity.Treasurer, Authority: erfurt})}
		for _, name := range []string{"outsider", "member", "head", "reader", "writer", "blocked member", "blocked by role", "cleared outsider", "cleared member"} {
			people[name] = clerk(name, erfurt)
		}
		h.seat(t, "org-20", access.Member, people["member"], people["blocked member"], people["cleared member"])
		h.seat(t, "org-20", access.Head, people["head"])
		h.seat(t, "org-30", access.Member, people["blocked by role"])
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, name := range []string{"cleared outsider", "cleared member", "registrar"} {
				if _, err := tx.Exec(ctx, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 2)`,
					erfurt, identity.From(people[name]).Subject); err != nil {
					return err
				}
			}
			return nil
		}))
		cells := 0
		for _, reach := range []Reach{Everybody, ReadByAll, LeadOnly} {
			for _, level := range []access.Level{access.Open, access.Confidential} {
				m := h.thing(t, people, reach, level)
				for who, ctx := range people {
					for name, a := range actions {
						cells++
						got := errs.CodeOf(a.do(h, ctx, m))
						if want := expected(who, reach, level, a.needs); want != "" && got != want {
							t.Errorf("%s by %s on a file for %s at level %d: %q, want %s", name, who, reach, level, got, want)
						} else if want == "" && slices.Contains([]errs.Code{errs.Unauthenticated, errs.Denied, errs.NotFound}, got) {
							t.Errorf("%s by %s on a file for %s at level %d: %q, though they may", name, who, reach, level, got)
						}
					}
				}
			}
		}
		if want := len(people) * len(actions) * 6; cells != want {
			t.Errorf("%d cells, want %d", cells, want)
		}
	})
}

// thing makes a file of this reach and level, with rules for some people, and a case with a document in it.
func (h *house) thing(t *testing.T, people map[string]context.Context, reach Reach, level access.Level) *thing {
	t.Helper()
	c := h.file(t, dog(fmt.Sprint(reach, level)))
	readers, writers := reach.holders("org-20")
	part := db.NewID()
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE records_file SET lead = 'org-20', readers = $1, writers = $2, level = $3 WHERE id = $4`,
			readers, writers, int64(level), c.FileID); err != nil {
			return err
		}
		if _, err := h.store.insertPart(ctx, tx, access.At(erfurt), File{ID: c.FileID, Authority: erfurt}, Part{ID: part}); err != nil {
			return err
		}
		if err := h.store.raiseCases(ctx, tx, access.At(erfurt), c.FileID, level); err != nil {
			return err
		}
		for holder, may := range map[string]access.May{
			access.Person(identity.From(people["reader"]).Subject):         access.Read,
			access.Person(identity.From(people["writer"]).Subject):         access.Write,
			access.Person(identity.From(people["blocked member"]).Subject): access.Nothing,
			access.RoleIn("org-30", access.Member):                         access.Nothing,
		} {
			if err := access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: c.FileID, Holder: holder, May: may}); err != nil {
				return err
			}
		}
		return nil
	}))
	d, err := h.store.documents(t.Context(), h.h.DB.Reader(), access.At(erfurt), c.ID, 10)
	must(t, err)
	return &thing{c, d[len(d)-1], part}
}

// expected is the code of the refusal, "" for none, by the words of package access.
func expected(who string, reach Reach, level access.Level, needs needs) errs.Code {
	switch who {
	case "anonymous":
		return errs.Unauthenticated
	case "treasurer":
		return errs.Denied
	}
	cleared := level == access.Open || strings.HasPrefix(who, "cleared") || who == "registrar"
	may := access.Nothing
	switch who {
	case "reader":
		may = access.Read
	case "writer", "member", "cleared member", "head", "registrar":
		may = access.Write
	case "outsider", "cleared outsider":
		may = map[Reach]access.May{Everybody: access.Write, ReadByAll: access.Read, LeadOnly: access.Nothing}[reach]
	}
	switch {
	case may == access.Nothing || !cleared:
		return errs.NotFound
	case needs != toRead && may < access.Write, needs == toManage && who != "head" && who != "registrar":
		return errs.Denied
	}
	return ""
}
