package plan

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"rennsteig/platform/errs"
	"rennsteig/standards/xdomea"
)

// unitSpace is the name space of the ids by which messages call units (RFC 9562, version 5).
var unitSpace = uuid.MustParse("5d1f3c0a-7f0e-5b6a-9c61-3f0b7c8e2a94")

// unitID is how messages call a unit of the authority's plan: always the same, though nothing stores it. The plan itself is
// the unit without a code.
func unitID(authority, code string) string {
	return uuid.NewSHA1(unitSpace, []byte(authority+"\x00"+code)).String()
}

// The fields of a unit that xdomea has no element for (AnwendungsspezifischeErweiterung).
const (
	extension     = "urn:rennsteig:aktenplan"
	extensionName = "Aktenplaneinheit"
)

var extended = []string{colTransfer, colNote, colServices, colLeads}

// letter is who sends a plan to whom.
type letter struct {
	process       string // id
	sender, taker string
	name          string   // of the plan
	authority     string   // id
	headings      []string // of a CSV file, in the order of columns; nil is the columns' names
	at            time.Time
}

// writeMessage writes the plan as a package with a message FilePlan or PlanForAppraisal.
func (p Plan) writeMessage(w io.Writer, m xdomea.Message, l letter) (name string, err error) {
	head := xdomea.Head{ProcessID: l.process, Message: m, Created: l.at, Sender: xdomea.Contact{Organisation: l.sender},
		Recipient: xdomea.Contact{Organisation: l.taker}, System: xdomea.System{Product: "Rennsteig"}, WantsReceipt: true}
	out, err := xdomea.NewPackageWriter(w, head)
	if err != nil {
		return "", err
	}
	below := map[string][]Unit{}
	for _, n := range p.tree() {
		parent := n.Parent
		if n.Depth == 0 {
			parent = ""
		}
		below[parent] = append(below[parent], n.Unit)
	}
	var units func(parent string) []xdomea.PlanUnit
	units = func(parent string) (out []xdomea.PlanUnit) {
		for _, u := range below[parent] {
			x := xdomea.PlanUnit{Reference: u.Code, Description: u.Title, ID: unitID(l.authority, u.Code), Appraisal: xdomea.Appraisal(u.Appraisal),
				Valid: xdomea.Period{From: civil(u.ValidFrom), To: civil(u.ValidUntil)}, Disused: u.Ended(l.at), Keep: xdomea.Forever(),
				Units: units(u.Code), Extra: &xdomea.Extension{ID: extension, Name: extensionName}}
			if u.RetentionYears >= 0 {
				x.Keep = xdomea.Years(uint16(u.RetentionYears)) //nolint:gosec // at most maxYears
			}
			for _, c := range extended {
				x.Extra.Fields = append(x.Extra.Fields, xdomea.Field{Name: c, Value: u.cell(c)})
			}
			out = append(out, x)
		}
		return out
	}
	if err := out.Write(&xdomea.Plan{ID: unitID(l.authority, ""), Name: l.name, Version: dayText(l.at), Units: units("")}); err != nil {
		return "", err
	}
	return xdomea.PackageName(head), out.Close()
}

// civil is the day in Germany as xdomea keeps days: midnight UTC.
func civil(t time.Time) time.Time {
	day, _ := time.Parse(time.DateOnly, dayText(t)) // "" is the zero time
	return day
}

// message is what a message asks for.
type message struct {
	head  xdomea.Head
	table table
}

// readMessage reads a package or a bare message with a file plan (0301, 0511) or with what the archive decided on the units
// of this plan of the authority's (0513).
func (p Plan) readMessage(authority string, b []byte) (m message, err error) {
	if len(b) > maxFile {
		return m, errs.E(errs.TooLarge, "errs.too_large", "8 MB")
	}
	var in *xdomea.Reader
	if bytes.HasPrefix(b, []byte("PK")) {
		pack, err := xdomea.OpenPackage(bytes.NewReader(b), int64(len(b)), xdomea.Options{})
		if err != nil {
			return m, unreadable(err)
		}
		defer func() { _ = pack.Close() }() // it was only read
		in = pack.Reader
	} else if in, err = xdomea.NewReader(bytes.NewReader(b)); err != nil {
		return m, unreadable(err)
	}
	m.head = in.Head()
	switch m.head.Message {
	case xdomea.FilePlan, xdomea.PlanForAppraisal:
		m.table.columns = []string{colCode, colTitle, colParent, colRetention, colAppraisal, colFrom, colUntil}
	case xdomea.AppraisalCatalogue:
		m.table.columns = []string{colCode, colAppraisal}
	default:
		return m, errs.E(errs.Invalid, "plan.error.message", string(m.head.Message))
	}
	codes := map[string]string{}
	for _, u := range p {
		codes[unitID(authority, u.Code)] = u.Code
	}
	var wrong []problem
	for item, err := range in.Items() {
		if err != nil {
			return m, unreadable(err)
		}
		switch it := item.(type) {
		case *xdomea.Plan:
			wrong = append(wrong, m.take(it.Units, "")...)
		case *xdomea.Appraised:
			code, known := codes[it.ID]
			if !known {
				wrong = append(wrong, problem{Column: it.ID, Key: "plan.error.unit_id"})
			} else if it.Appraisal == "" {
				wrong = append(wrong, problem{Column: code, Key: "plan.error.other_appraisal", Args: []any{it.Other}})
			}
			m.add(code, string(it.Appraisal))
		}
		if len(m.table.rows) > maxUnits {
			return m, faulty(problem{Key: "plan.error.units", Args: []any{maxUnits}})
		}
	}
	for i, r := range m.table.rows { // as if it had been a file
		m.table.rows[i].cells = append(r.cells, make([]string, len(m.table.columns)-len(r.cells))...)
	}
	if len(m.table.rows) == 0 && len(wrong) == 0 {
		wrong = append(wrong, problem{Key: "plan.error.empty"})
	}
	return m, faulty(wrong...)
}

func (m *message) add(cells ...string) {
	m.table.rows = append(m.table.rows, row{line: len(m.table.rows) + 2, cells: cells}) // as it stands in the table
}

// take adds units of a plan, with those below them.
func (m *message) take(units []xdomea.PlanUnit, parent string) (wrong []problem) {
	for _, u := range units {
		code := oneLine(u.Reference)
		if code == "" {
			return append(wrong, problem{Column: oneLine(u.Description), Key: "plan.error.no_code"})
		}
		if u.Appraisal == "" {
			wrong = append(wrong, problem{Column: code, Key: "plan.error.other_appraisal", Args: []any{u.Other}})
		}
		retention := foreverWord
		if n, ok := u.Keep.Years(); ok {
			retention = strconv.Itoa(int(n))
		}
		until := day(u.Valid.To)
		if u.Disused && until == "" {
			until = dayText(m.head.Created)
		}
		title := u.Description
		if title == "" {
			title = u.ShortSubject
		}
		cells := []string{code, title, parent, retention, string(u.Appraisal), day(u.Valid.From), until}
		if u.Extra != nil && u.Extra.ID == extension {
			for _, f := range u.Extra.Fields {
				i := slices.Index(m.table.columns, f.Name)
				if i < 0 && slices.Contains(extended, f.Name) {
					i = len(m.table.columns)
					m.table.columns = append(m.table.columns, f.Name)
				}
				if !slices.Contains(extended, f.Name) {
					continue
				}
				for i >= len(cells) {
					cells = append(cells, "")
				}
				cells[i] = f.Value
			}
		}
		m.add(cells...)
		wrong = append(wrong, m.take(u.Units, code)...)
	}
	return wrong
}

// day is a day of xdomea in a table.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// unreadable tells people what xdomea found wrong.
func unreadable(err error) error {
	var x *xdomea.Error
	if errors.As(err, &x) {
		return errs.E(errs.Invalid, "plan.error.unreadable", strings.TrimPrefix(x.Error(), "xdomea: "), err)
	}
	return err
}

// writeAnswer writes what the authority tells the sender of what it took over: the result for each unit that the archive
// appraised (CatalogueResult), or a receipt.
func (t Taken) writeAnswer(w io.Writer, m xdomea.Message, sender string, at time.Time) (name string, err error) {
	head := xdomea.Head{ProcessID: t.Process, Message: m, Created: at, Sender: xdomea.Contact{Organisation: sender}, System: xdomea.System{Product: "Rennsteig"}}
	out, err := xdomea.NewPackageWriter(w, head)
	if err != nil {
		return "", err
	}
	if m == xdomea.CatalogueResult {
		for _, code := range t.Units {
			if err := out.Write(&xdomea.Result{ID: unitID(t.Authority, code), OK: true}); err != nil {
				return "", err
			}
		}
	}
	return xdomea.PackageName(head), out.Close()
}
