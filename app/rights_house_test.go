package app

import (
	"context"
	"fmt"
	"image"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/housetest"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
	"rennsteig/records/office"
	"rennsteig/records/plan"
)

// rights is the electronic file with all its parts, at Erfurt, with what people try their rights on.
type rights struct {
	t        testing.TB
	h        *platform.House
	mux      *http.ServeMux
	core     *records.Room
	office   *office.Room
	plan     *plan.Room
	filing   *filing.Room
	flow     *flow.Room
	disposal *disposal.Room
	things   []*thing
	letter   filing.Stored
	posts    []*post
	shelf    shelf
	stored   filing.Stored
}

// thing is a file with a case in it, in which much goes on.
type thing struct {
	file
	id, caseID, other string // ids; the other case of the file is nobody's business
	doc, otherDoc     string
	held, part        string
	circulation       string
	tasks             map[string]flow.Task // by who was asked
	comment, note     string
	reference         string
	caseReference     string
	otherReference    string
}

// task is that of the person; of who was asked for nothing, somebody else's.
func (x *thing) task(p person) flow.Task {
	if k, ok := x.tasks[p.id]; ok {
		return k
	}
	return x.tasks["guest"]
}

// colleagues answer for who works at Erfurt.
type colleagues struct{}

func (colleagues) People(_ context.Context, authority string) (out []office.Person, err error) {
	for _, p := range everyone {
		if authority == erfurt && p.stranger() == "" {
			out = append(out, office.Person{Subject: p.id, Name: p.id})
		}
	}
	return out, nil
}

func (colleagues) Registrar(_ context.Context, _ db.Querier, subject, authority string) (bool, error) {
	return authority == erfurt && slices.ContainsFunc(everyone, func(p person) bool { return p.id == subject && p.registrar() }), nil
}

// nobodyPays answers for fees.
type nobodyPays struct{}

func (nobodyPays) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, nil
}
func (nobodyPays) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobodyPays) ByNotice(string) bool      { return true }
func (nobodyPays) ServiceName(string) string { return "" }

// plainly reads any document as the text that it is, and draws one empty page of it.
type plainly struct{}

func (plainly) Text(_ context.Context, _, _ string, r io.ReaderAt, size int64) (string, extract.How, error) {
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	return string(b), extract.Read, err
}

func (plainly) Sheets(context.Context, string, string, io.ReaderAt, int64, int, int) (int, []image.Point, extract.How, error) {
	return 1, []image.Point{image.Pt(595, 842)}, extract.Read, nil
}

func (plainly) Sheet(context.Context, string, string, io.ReaderAt, int64, int, int) ([]byte, extract.How, error) {
	return []byte("\x89PNG"), extract.Read, nil
}

func (plainly) PDF(_ context.Context, _ string, r io.Reader) ([]byte, error) { return io.ReadAll(r) }

// recordsFiles are the tables and texts of the electronic file.
func recordsFiles() (out []platform.Files) {
	for _, r := range rooms {
		if slices.Contains([]string{"records", "office", "plan", "extract", "filing", "flow", "disposal", "scan"}, r.Room) {
			out = append(out, r)
		}
	}
	return out
}

// eachRights runs f on both databases at once.
func eachRights(t *testing.T, f func(t *testing.T, h *rights)) {
	t.Helper()
	housetest.Each(t, recordsFiles(), func(t *testing.T, h *platform.House) {
		t.Parallel()
		f(t, newRights(t, h))
	})
}

var (
	boss   = everyone[slices.IndexFunc(everyone, func(p person) bool { return p.id == "registrar, cleared for all" })]
	writer = everyone[slices.IndexFunc(everyone, func(p person) bool { return p.id == "writer" })]
)

func newRights(t testing.TB, p *platform.House) *rights {
	t.Helper()
	h := &rights{t: t, h: p, mux: http.NewServeMux()}
	var err error
	h.core, err = records.New(p, nobodyPays{}, nobodyPays{}, nobodyPays{})
	h.must(err)
	h.office = office.New(p, h.core, colleagues{})
	h.plan = plan.New(p, h.core)
	h.filing, err = filing.New(p, h.core, plainly{})
	h.must(err)
	h.flow, err = flow.New(p, h.core, colleagues{})
	h.must(err)
	h.disposal, err = disposal.New(p, h.core, h.filing, h.flow)
	h.must(err)
	h.disposal.Courses, h.disposal.Places = courses{h.flow}, personPlaces(h.filing, h.flow)
	for _, r := range h.rooms() {
		r.(interface{ Routes(*http.ServeMux) }).Routes(h.mux)
	}
	for _, topic := range []string{records.TopicFiled, records.TopicAsked, records.TopicDecided, records.TopicNoticeRendered} {
		queue.Handle(p.Queue, topic, func(context.Context, *queue.Job, map[string]any) error { return nil })
	}
	h.must(h.core.EnsurePlan(t.Context(), []string{erfurt, jena}))
	h.stored = h.store("Zwiebelmarkt.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Vermerk zum Zwiebelmarkt")
	h.letter = h.store("Zwiebelmarkt.pdf", "application/pdf", "Brief zum Zwiebelmarkt")
	for id, path := range paths {
		parts := strings.Split(strings.Trim(path, "/"), "/")
		parent := ""
		if len(parts) > 1 {
			parent = parts[len(parts)-2]
		}
		h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $1, $1, $3, $4, 0)`, id, erfurt, parent, path)
	}
	// "none" is a unit that has nothing to do with any file: who is in no unit can be asked for nothing.
	h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('none', $1, 'none', 'none', '', '/none/', 0)`, erfurt)
	for _, p := range everyone {
		if p.stranger() != "" {
			h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 4)`, jena, p.id)
			continue
		}
		h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 4)`, erfurt, p.id)
		unit, role := p.unit, access.Member
		if unit == "" {
			unit = "none"
		}
		if p.head {
			role = access.Head
		}
		h.exec(`INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, $2, $3, $4, $2)`, unit, p.id, string(role), erfurt)
	}
	h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'registrar of Jena, clerk of Erfurt', '', 4)`, jena)
	away := h.absence("absent guest", "deputy of a guest")
	back := h.absence("guest, back again", "former deputy")
	for _, f := range everyFile() {
		h.things = append(h.things, h.thing(f))
	}
	h.must(h.flow.EndAbsence(boss.ctx(), back))
	x := h.at(file{"20", records.ReadByAll, 1, 2})
	h.must(h.core.LinkFiles(boss.ctx(), x.id, read[int64](h, `SELECT version FROM records_file WHERE id = $1`, x.id), h.at(file{"20", records.LeadOnly, 4, 4}).reference, records.SeeAlso))
	h.drain()
	for _, p := range everyone { // whom a rule or their clearance keeps out cannot be asked: that comes later
		if p.stranger() == "" {
			h.exec(`UPDATE records_clearance SET level = $1 WHERE authority_id = $2 AND subject = $3`, int64(p.level), erfurt, p.id)
		}
	}
	for _, x := range h.things {
		for _, g := range h.allRules() {
			h.rule(x.id, g)
		}
	}
	h.exec(`UPDATE records_file SET medium = 'hybrid', location = 'x', lent_to = 'x', lent_at = 1, lent_until = 1`)
	h.letters()
	h.shelve()
	h.shelf.away = away
	h.drain()
	h.exec(`ANALYZE`) // PostgreSQL takes three times as long without
	h.must(h.filing.Catch(t.Context()))
	h.drain()
	return h
}

// rooms are the parts, by their folder.
func (h *rights) rooms() map[string]any {
	return map[string]any{"records": h.core, "office": h.office, "plan": h.plan, "filing": h.filing, "flow": h.flow, "disposal": h.disposal}
}

func (h *rights) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *rights) tx(f func(ctx context.Context, tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.h.DB.Tx(context.Background(), f))
}

func (h *rights) exec(statement string, args ...any) {
	h.t.Helper()
	housetest.ByHandIf(h.h.DB, statement, "records_file", "records_case", "records_document", "records_version")
	h.tx(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

func (h *rights) drain() {
	h.t.Helper()
	h.must(h.h.Queue.Drain(context.Background()))
}

// store keeps a text as a file.
func (h *rights) store(name, mediaType, text string) filing.Stored {
	h.t.Helper()
	ref, err := h.h.Blobs.Put(context.Background(), strings.NewReader(text), 1<<20)
	h.must(err)
	return filing.Stored{Ref: ref, Name: name, MediaType: mediaType}
}

// absence notes that somebody is away from today on.
func (h *rights) absence(who, deputy string) string {
	h.t.Helper()
	id := db.NewID()
	h.must(h.flow.RecordAbsence(boss.ctx(), flow.Absence{ID: id, Authority: erfurt, Subject: who, Deputy: deputy, From: h.h.Now(), Until: h.h.Now().AddDate(0, 0, 9)}))
	h.drain()
	return id
}

// thing makes a file, and lets the writer ask people to co-sign a document in it.
func (h *rights) thing(f file) *thing {
	h.t.Helper()
	ctx := boss.ctx()
	x := &thing{file: f, tasks: map[string]flow.Task{}, comment: db.NewID(), note: db.NewID()}
	opened, err := h.core.OpenFile(ctx, records.NewFile{Authority: erfurt, Unit: "00.10", Details: records.Details{
		Subject: fmt.Sprintf("Zwiebelmarkt %s %s %d", f.lead, f.reach, f.level), Lead: f.lead, Reach: f.reach, Level: f.level}})
	h.must(err)
	x.id, x.reference = opened.ID, opened.Reference
	h.rule(x.id, access.Grant{Holder: access.Person("writer"), May: access.Write})
	c, err := h.core.OpenCase(ctx, records.NewCase{File: x.id, Subject: "Zwiebelmarkt", Level: f.caseLevel})
	h.must(err)
	other, err := h.core.OpenCase(ctx, records.NewCase{File: x.id, Subject: "Zwiebelmarkt, anderes", Level: f.caseLevel})
	h.must(err)
	x.caseID, x.other, x.otherReference = c.ID, other.ID, other.Reference
	x.caseReference = c.Reference
	guests := []string{"person:guest", "unit:50", "person:blocked guest", "person:absent guest", "person:guest, back again"}
	if !x.tried() { // the course of business does no more
		h.tx(func(ctx context.Context, tx *db.Tx) error {
			for _, holder := range append(guests, "person:deputy of a guest") {
				if err := access.Admit(ctx, tx, access.At(erfurt), access.Guest{Authority: erfurt, Case: x.caseID, Holder: holder, Source: "x"}); err != nil {
					return err
				}
			}
			return nil
		})
		return x
	}
	h.exec(`UPDATE records_case SET kind = 'application' WHERE id = $1`, x.caseID) // so that all can be done to it
	x.doc, x.otherDoc, x.held = db.NewID(), db.NewID(), db.NewID()
	_, err = h.filing.File(ctx, x.caseID, x.doc, []filing.Stored{h.stored}, false)
	h.must(err)
	_, err = h.filing.File(ctx, x.other, x.otherDoc, []filing.Stored{h.stored}, false)
	h.must(err)
	x.part = db.NewID()
	h.must(h.core.AddPart(ctx, x.id, read[int64](h, `SELECT version FROM records_file WHERE id = $1`, x.id), x.part, "Teil"))
	for _, id := range []string{x.doc, x.otherDoc} {
		h.must(h.filing.Render(ctx, id))
	}
	_, _, err = h.filing.NewVersion(writer.ctx(), x.doc, stale, x.held, h.stored, "", false)
	h.must(err)
	h.must(h.core.AddNote(ctx, x.caseID, x.note, "Zwiebelmarkt"))
	h.must(h.flow.AddComment(ctx, x.caseID, x.comment, "Zwiebelmarkt"))
	x.circulation = h.ask(x, x.doc, guests...)
	h.must(h.flow.Withdraw(writer.ctx(), h.ask(x, "", "person:former guest"), 1, "vorbei"))
	course, err := h.flow.Course(writer.ctx(), x.caseID)
	h.must(err)
	for _, k := range course.Circulations {
		for _, task := range k.Tasks {
			switch {
			case k.ID != x.circulation:
			case task.Holder == "unit:50":
				x.tasks["guest through unit 50"] = task
			case task.Holder == "person:absent guest":
				x.tasks["absent guest"], x.tasks["deputy of a guest"] = task, task
			default:
				x.tasks[strings.TrimPrefix(task.Holder, "person:")] = task
			}
		}
	}
	return x
}

// ask starts a circulation to all of these at once.
func (h *rights) ask(x *thing, document string, to ...string) string {
	h.t.Helper()
	step := flow.Step{Kind: flow.Act, To: to}
	if document != "" {
		step.Kind = flow.CoSign
	}
	id := db.NewID()
	h.must(h.flow.Start(writer.ctx(), x.caseID, flow.Order{ID: id, Document: document, Steps: []flow.Step{step}}))
	return id
}

// rule sets a rule of a file.
func (h *rights) rule(fileID string, g access.Grant) {
	h.t.Helper()
	g.Authority, g.File, g.At = erfurt, fileID, h.h.Now()
	h.tx(func(ctx context.Context, tx *db.Tx) error { return access.Put(ctx, tx, access.At(erfurt), g) })
}

// allRules are those that every file has.
func (h *rights) allRules() []access.Grant {
	all := slices.Clone(rules)
	for _, p := range everyone {
		if p.rule != "" {
			all = append(all, access.Grant{Holder: access.Person(p.id), May: map[string]access.May{"read": access.Read, "write": access.Write, "nothing": access.Nothing}[p.rule]})
		}
	}
	return all
}

// tried reports whether every action is tried on the file; on the others one of each kind is.
func (x *thing) tried() bool {
	return slices.Contains([]file{{"20", records.ReadByAll, 1, 2}, {"20", records.LeadOnly, 2, 2}}, x.file)
}

// tomorrow is a day on which something is to be done.
func (h *rights) tomorrow() time.Time { return h.h.Now().AddDate(0, 0, 1) }
