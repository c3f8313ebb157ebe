package plan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// BuiltIn are the plans that the program brings along, by name: records/fileplan/NAME.tsv.
var BuiltIn = []string{"municipal", "ministry"}

// fromTable is the source of what came in a table.
const fromTable = "table"

// Import is a table to be taken over into a plan.
type Import struct {
	ID         string // chosen by the form, so that sending it twice does its work once
	Authority  string
	Source     string // "table", a built-in plan, or the number of an xdomea message
	Name       string // of the file
	Process    string // id, of an xdomea message
	Table      string // tab-separated, as readTable reads it
	EndMissing bool   // units that it does not name end today
	Seen       string // digest of the plan that the preview was made from
	Files      int    // closed files that the registrar was told get another retention or appraisal
}

// Proposal is an import with what it would change.
type Proposal struct {
	Import
	Changes []Change
}

// Count is how many of the changes are of the kind.
func (p Proposal) Count(k Kind) (n int) {
	for _, c := range p.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// Source is where an import comes from: a built-in plan, or a file.
type Source struct {
	BuiltIn    string // its name; "" is the file
	Name       string
	Content    []byte
	EndMissing bool
}

// Propose reads a plan and says what it would change, without changing anything.
func (r *Room) Propose(ctx context.Context, authority string, s Source) (Proposal, error) {
	q := r.h.DB.Reader()
	if err := keep(ctx, q, authority); err != nil {
		return Proposal{}, err
	}
	return r.book.propose(ctx, q, access.At(authority), authority, s)
}

func (b book) propose(ctx context.Context, q db.Querier, a access.Access, authority string, s Source) (p Proposal, err error) {
	p.Import = Import{Authority: authority, Source: fromTable, Name: fileName(s.Name), EndMissing: s.EndMissing}
	var t table
	switch content := bytes.TrimPrefix(s.Content, []byte("\ufeff")); {
	case s.BuiltIn != "":
		if !slices.Contains(BuiltIn, s.BuiltIn) {
			return p, errs.E(errs.Invalid, "plan.error.choice")
		}
		p.Source, p.Name = s.BuiltIn, s.BuiltIn+".tsv"
		if content, err = records.Files.ReadFile("fileplan/" + s.BuiltIn + ".tsv"); err == nil {
			t, err = readTable(content)
			t = t.revived()
		}
	case bytes.HasPrefix(content, []byte("PK")), bytes.HasPrefix(bytes.TrimSpace(content), []byte("<")):
		var now Plan
		if now, err = plan(ctx, q, a, ""); err != nil {
			return p, err
		}
		var m message
		m, err = now.readMessage(authority, content)
		t, p.Source, p.Process = m.table, string(m.head.Message), m.head.ProcessID
	default:
		t, err = readTable(content)
	}
	if err != nil {
		return p, err
	}
	o, err := b.try(ctx, q, a, "", t, p.how())
	if err != nil {
		return p, err
	}
	var text bytes.Buffer
	t.names = nil
	if err := t.write(&text, '\t'); err != nil {
		return p, err
	}
	p.ID, p.Table, p.Seen, p.Files, p.Changes = db.NewID(), text.String(), o.old.digest(), o.files(), o.changes
	return p, nil
}

// how says how the import is merged. What the archive decided speaks of some units only.
func (i Import) how() how {
	return how{endMissing: i.EndMissing && i.Source != string(xdomea.AppraisalCatalogue)}
}

// revived is the table with all its units valid, also those that had ended.
func (t table) revived() table {
	t.columns = append(t.columns, colUntil)
	for i, r := range t.rows {
		t.rows[i].cells = append(r.cells, "")
	}
	return t
}

// fileName is the name without a folder, as long as names are.
func fileName(s string) string {
	s = oneLine(path.Base(strings.ReplaceAll(s, `\`, "/")))
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}

// Take takes over what Propose has shown: whole, or not at all. errs.Conflict if the plan was changed since.
func (r *Room) Take(ctx context.Context, i Import) error {
	return r.set(ctx, i.Authority, func(ctx context.Context, tx *db.Tx) error {
		return r.book.take(ctx, tx, access.At(i.Authority), i)
	})
}

func (b book) take(ctx context.Context, tx *db.Tx, a access.Access, i Import) error {
	if i.ID == "" || i.Process != "" && (len(i.Process) != 36 || uuid.Validate(i.Process) != nil) || !slices.Contains(sources, i.Source) {
		return errs.E(errs.Invalid, "plan.error.choice")
	}
	t, err := readTable([]byte(i.Table))
	if err != nil {
		return err
	}
	o, err := b.try(ctx, tx, a, tx.ForUpdate(), t, i.how())
	if _, again := taken(ctx, tx, a, i.ID); again == nil {
		return nil // the form was sent twice
	} else if !errs.Is(again, errs.NotFound) {
		return again
	}
	switch {
	case err != nil:
		return err
	case o.old.digest() != i.Seen || o.files() != i.Files:
		return errs.E(errs.Conflict, "plan.error.changed")
	}
	if err := b.store(ctx, tx, a, i.Authority, o); err != nil {
		return err
	}
	p := Proposal{Changes: o.changes}
	done := Taken{ID: i.ID, Authority: i.Authority, Source: i.Source, Name: fileName(i.Name), Process: i.Process, Added: p.Count(Added),
		Changed: p.Count(Changed), Ended: p.Count(Ended), By: identity.From(ctx).Name, At: b.now()}
	if i.Source == string(xdomea.AppraisalCatalogue) {
		for _, r := range t.rows {
			code, _ := t.cell(r, colCode)
			done.Units = append(done.Units, code)
		}
	}
	if err := insertTaken(ctx, tx, a, done); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(i.Table))
	return b.audit.Append(ctx, tx, audit.Entry{Action: "plan.imported", Authority: i.Authority, Object: "fileplan:" + i.Authority,
		Changes: map[string]any{"source": i.Source, "process": i.Process, "table_sha256": hex.EncodeToString(sum[:]), "end_missing": i.EndMissing,
			"added": done.Added, "changed": done.Changed, "ended": done.Ended, "closed_files": i.Files}})
}

var sources = append([]string{fromTable, string(xdomea.FilePlan), string(xdomea.PlanForAppraisal), string(xdomea.AppraisalCatalogue)}, BuiltIn...)

// Imports lists what was taken over last into the plan of an authority whose records the caller keeps.
func (r *Room) Imports(ctx context.Context, authority string) ([]Taken, error) {
	q := r.h.DB.Reader()
	if err := keep(ctx, q, authority); err != nil {
		return nil, err
	}
	return takenBefore(ctx, q, access.At(authority), 20)
}

// answers are the messages that say to who sent it what became of what was taken over.
func (t Taken) answers() []xdomea.Message {
	m := xdomea.Message(t.Source)
	if m == xdomea.AppraisalCatalogue {
		return []xdomea.Message{xdomea.CatalogueResult, xdomea.CatalogueReceipt}
	}
	if r, ok := receipts[m]; ok {
		return []xdomea.Message{r}
	}
	return nil
}

// Answer writes to w what the sender of a message that was taken over is told: the receipt of a plan (0302, 0512), the
// receipt of the archive's appraisal or its result.
// The caller keeps the records of the authority. errs.NotFound for any other.
func (r *Room) Answer(ctx context.Context, w io.Writer, id string, m xdomea.Message) (name string, err error) {
	q := r.h.DB.Reader()
	a, err := access.Load(ctx, q)
	if err != nil {
		return "", err
	}
	t, err := taken(ctx, q, a, id)
	switch {
	case err != nil:
		return "", err
	case !a.Registrar(t.Authority):
		return "", errs.E(errs.Denied, "plan.error.registrar")
	case !slices.Contains(t.answers(), m):
		return "", errs.E(errs.NotFound, "records.error.not_found")
	}
	return t.writeAnswer(w, m, r.h.AuthorityName(t.Authority), r.h.Now())
}
