package app

import (
	"bytes"
	"context"
	"io"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
)

// post is a letter that came in.
type post struct {
	id, paper        string
	unit, person, by string // for a unit or a person, else for all; who registered it
	in               *thing // in whose case it lies; nil for none
}

// letters has post come in: for everybody, for a unit, for a person; open, and in cases.
func (h *rights) letters() {
	h.t.Helper()
	for _, x := range []*post{{by: "outsider"}, {unit: "20", by: "outsider"}, {person: "member of 30", by: "registrar"}, {by: "outsider", in: h.at(file{"20", records.LeadOnly, 2, 2})},
		{unit: "20", by: "outsider", in: h.at(file{"20", records.ReadByAll, 1, 2})}, {by: "registrar", in: h.at(file{"", records.Everybody, 0, 0})}} {
		x.id = db.NewID()
		h.must(h.filing.Register(h.who(x.by).ctx(), filing.Post{ID: x.id, Authority: erfurt, Org: x.unit, Sender: "Zwiebelmarkt", Subject: "Zwiebelmarkt", ReceivedAt: h.h.Now().Add(-time.Hour)},
			[]filing.Stored{h.letter}))
		if x.person != "" {
			h.must(h.filing.Forward(boss.ctx(), x.id, 1, "", x.person))
		}
		_, papers, err := h.filing.Incoming(boss.ctx(), x.id)
		h.must(err)
		x.paper = papers[0].ID
		if x.in != nil {
			_, err := h.filing.Assign(boss.ctx(), x.id, filing.Target{Case: x.in.caseReference})
			h.must(err)
			words := "Markt" // something was done to it since, so that nobody takes it out of the case again
			h.must(h.filing.Mark(boss.ctx(), x.in.caseID, []string{x.paper}, filing.Marks{Keywords: &words}))
		}
		h.posts = append(h.posts, x)
	}
}

// at is the thing of which this is true.
func (h *rights) at(f file) *thing {
	h.t.Helper()
	for _, x := range h.things {
		if x.file == f {
			return x
		}
	}
	h.t.Fatalf("nothing is like %+v", f)
	return nil
}

func (h *rights) who(id string) person {
	h.t.Helper()
	for _, p := range everyone {
		if p.id == id {
			return p
		}
	}
	h.t.Fatalf("nobody is %q", id)
	return person{}
}

// sees says who sees that there is post: all clerks, the unit or the person that it is for, registrars, and who registered
// it; what was put into a case only who may read that, and who registered it.
func (p person) sees(x *post) bool {
	return p.works(x) || p.stranger() == "" && x.by == p.id
}

// reads says who reads what it says.
func (p person) reads(x *post) bool {
	return p.sees(x) && (x.in == nil || p.mayCase(x.in.file) >= access.Read)
}

// works says who works on it: all of these but who only registered it.
func (p person) works(x *post) bool {
	if p.stranger() != "" || x.in != nil && p.mayCase(x.in.file) < access.Read {
		return false
	}
	return x.unit == "" && x.person == "" || p.belongs(x.unit) || x.person == p.id || p.registrar()
}

// process is a disposal, of files of one level.
type process struct {
	file
	id, packageID, approval string
	files                   []string
}

// shelf is what the registry has: files whose retention is over, processes, orders of courts, packages of others, searches.
type shelf struct {
	due         map[string]file // id to what is asked of it
	processes   []*process
	erasures    map[string]string // by file
	imported    string
	packed      []byte // what was imported
	packedName  string
	ended, away string // absences
	search      string
	sent        string // import into the file plan
	template    string
	handover    string
	failure     string
	view        string
}

// opener is a registrar who is none of those who try: what two have to agree on they began.
var opener = keeper("first registrar", "").cleared(access.TopSecret)

// shelve fills the shelf.
func (h *rights) shelve() {
	h.t.Helper()
	ctx := opener.ctx()
	h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 4)`, erfurt, opener.id)
	h.must(h.disposal.Set(ctx, disposal.Setting{Authority: erfurt, Archive: "Stadtarchiv (Demowert)", Agreed: true}))
	h.shelf = shelf{due: map[string]file{}, erasures: map[string]string{}, search: db.NewID(), sent: db.NewID(), template: db.NewID(), handover: db.NewID(), failure: db.NewID()}
	s := &h.shelf
	for level := access.Open; level.Valid(); level++ {
		f := file{"20", records.LeadOnly, level, level}
		s.due[h.closed(f, "22.31")] = f
	}
	for _, level := range []access.Level{access.Open, access.Secret} {
		x := &process{file: file{"20", records.LeadOnly, level, level}, id: db.NewID(), approval: db.NewID()}
		x.files = []string{h.closed(x.file, "22.31"), h.closed(x.file, "00.20")}
		_, err := h.disposal.Offer(ctx, disposal.Offering{ID: x.id, Authority: erfurt, Steps: 2, Files: x.files})
		h.must(err)
		h.drain()
		h.must(h.disposal.Propose(ctx, x.id, x.approval))
		h.must(h.disposal.Approve(boss.ctx(), x.id, x.approval))
		_, packages, _, err := h.disposal.Process(ctx, x.id)
		h.must(err)
		x.packageID = packages[0].ID
		s.processes = append(s.processes, x)
	}
	k, content, err := h.disposal.OpenPackage(ctx, s.processes[0].packageID)
	h.must(err)
	s.packed, err = io.ReadAll(content)
	h.must(err)
	h.must(content.Close())
	i, err := h.disposal.Check(ctx, bytes.NewReader(s.packed), int64(len(s.packed)), k.Name, erfurt, db.NewID())
	h.must(err)
	s.imported, s.packedName = i.ID, k.Name
	h.must(h.disposal.TakeOver(ctx, s.imported, disposal.Into{Unit: "00.20", Reach: records.Registry}))
	for _, x := range h.things {
		if !x.tried() {
			continue
		}
		e := erasure(x, db.NewID())
		h.must(h.disposal.ProposeErasure(ctx, e))
		h.must(h.disposal.RefuseErasure(boss.ctx(), e.ID))
		s.erasures[x.id] = e.ID
	}
	h.must(h.disposal.Find(ctx, s.search, disposal.Person{Authority: erfurt, Name: "Zwiebelmarkt"}))
	h.exec(`INSERT INTO plan_import (id, authority_id, source, name, process_id, units, added, changed, ended, imported_by, imported_at)
		VALUES ($1, $2, '0511', 'x.xml', $3, '[]', 0, 0, 0, '', 1)`, s.sent, erfurt, db.NewID())
	s.ended = h.absence("member of 20", "member, not cleared")
	h.must(h.flow.EndAbsence(boss.ctx(), s.ended))
	h.must(h.flow.SaveTemplate(ctx, flow.Template{ID: s.template, Authority: erfurt, Name: "Lauf", Steps: []flow.Step{{Kind: flow.Know, To: []string{"unit:20"}}}}))
	h.must(h.flow.HandOver(ctx, s.handover, erfurt, "outsider", "member of 30"))
	h.exec(`INSERT INTO filing_scan_failure (id, authority_id, name, reason, failed_at, done_at, done_name) VALUES ($1, $2, 'x.pdf', 'x', 1, 0, '')`, s.failure, erfurt)
	h.must(h.core.SaveView(ctx, records.View{List: "inbox", Name: "meine"}))
	views, err := h.core.Views(ctx, "inbox")
	h.must(err)
	s.view = views[0].ID
}

// closed makes a file whose retention is over, with the rules that all have.
func (h *rights) closed(f file, unit string) string {
	h.t.Helper()
	ctx := boss.ctx()
	opened, err := h.core.OpenFile(ctx, records.NewFile{Authority: erfurt, Unit: unit, Details: records.Details{Subject: "Zwiebelmarkt, alt", Lead: f.lead, Reach: f.reach, Level: f.level}})
	h.must(err)
	c, err := h.core.OpenCase(ctx, records.NewCase{File: opened.ID, Subject: "Zwiebelmarkt, alt"})
	h.must(err)
	_, err = h.filing.File(ctx, c.ID, db.NewID(), []filing.Stored{h.stored}, false)
	h.must(err)
	h.must(h.core.Close(ctx, c.ID, 1))
	h.exec(`UPDATE records_file SET retain_until = 1 WHERE id = $1`, opened.ID)
	for _, g := range h.allRules() {
		h.rule(opened.ID, g)
	}
	return opened.ID
}

// read reads a row's first column.
func read[T any](h *rights, query string, args ...any) (v T) {
	h.t.Helper()
	h.must(h.h.DB.Reader().QueryRow(context.Background(), query, args...).Scan(&v))
	return v
}
