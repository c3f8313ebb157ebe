package plan

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Sent is a plan that went out as a message of xdomea.
type Sent struct {
	Process   string // ProzessID
	Authority string
	Message   xdomea.Message // FilePlan or PlanForAppraisal
	Taker     string         // name
	By        string         // name
	At        time.Time
	Received  time.Time // when its taker made the receipt; zero while there is none
}

// receipts are the messages that say that another one has arrived, by that one.
var receipts = map[xdomea.Message]xdomea.Message{xdomea.FilePlan: xdomea.FilePlanReceipt, xdomea.PlanForAppraisal: xdomea.PlanForAppraisalReceipt}

// send notes that a plan goes out.
func (b book) send(ctx context.Context, tx *db.Tx, a access.Access, s Sent) error {
	if err := insertSent(ctx, tx, a, s); err != nil {
		return err
	}
	return b.audit.Append(ctx, tx, audit.Entry{Action: "plan.sent", Authority: s.Authority, Object: "fileplan:" + s.Authority,
		Changes: map[string]any{"process": s.Process, "message": s.Message, "taker": s.Taker}})
}

// isReceipt reports whether a file is the receipt of a plan that was sent (0302, 0512), and reads it.
func isReceipt(content []byte) (h xdomea.Head, ok bool) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var in *xdomea.Reader
	if bytes.HasPrefix(content, []byte("PK")) {
		pack, err := xdomea.OpenPackage(bytes.NewReader(content), int64(len(content)), xdomea.Options{})
		if err != nil {
			return h, false // what is wrong with it is said by who reads it as a plan
		}
		defer func() { _ = pack.Close() }() // it was only read
		in = pack.Reader
	} else if bytes.HasPrefix(bytes.TrimSpace(content), []byte("<")) {
		var err error
		if in, err = xdomea.NewReader(bytes.NewReader(content)); err != nil {
			return h, false
		}
	} else {
		return h, false
	}
	for _, err := range in.Items() {
		if err != nil {
			return h, false
		}
	}
	h = in.Head()
	return h, h.Message == xdomea.FilePlanReceipt || h.Message == xdomea.PlanForAppraisalReceipt
}

// Receive takes the receipt of a plan that the authority has sent. The caller keeps its records. A receipt that comes again
// changes nothing; errs.Invalid for one of a plan that was not sent from here.
func (r *Room) Receive(ctx context.Context, authority string, h xdomea.Head) error {
	return r.set(ctx, authority, func(ctx context.Context, tx *db.Tx) error {
		return r.book.receive(ctx, tx, access.At(authority), authority, h)
	})
}

func (b book) receive(ctx context.Context, tx *db.Tx, a access.Access, authority string, h xdomea.Head) error {
	s, err := sentAs(ctx, tx, a, h.ProcessID)
	if errs.Is(err, errs.NotFound) || err == nil && receipts[s.Message] != h.Message {
		return errs.E(errs.Invalid, "plan.error.not_sent", string(h.Message), h.ProcessID)
	}
	if err != nil || !s.Received.IsZero() {
		return err
	}
	if err := setReceived(ctx, tx, a, s.Process, h.Created); err != nil {
		return err
	}
	return b.audit.Append(ctx, tx, audit.Entry{Action: "plan.received", Authority: authority, Object: "fileplan:" + authority,
		Changes: map[string]any{"process": s.Process, "message": h.Message}})
}

// Outbox lists what was sent last of the plan of an authority whose records the caller keeps.
func (r *Room) Outbox(ctx context.Context, authority string) ([]Sent, error) {
	q := r.h.DB.Reader()
	if err := keep(ctx, q, authority); err != nil {
		return nil, err
	}
	return sentBefore(ctx, q, access.At(authority), 20)
}

// sent is what the letter says of itself.
func (l letter) sent(ctx context.Context, f Format) Sent {
	return Sent{Process: l.process, Authority: l.authority, Message: xdomea.Message(f), Taker: l.taker, By: identity.From(ctx).Name, At: l.at}
}

const sentColumns = `process_id, authority_id, message, taker, sent_by, sent_at, received_at`

func scanSent(r db.Scanner) (s Sent, err error) {
	var at, received int64
	err = r.Scan(&s.Process, &s.Authority, &s.Message, &s.Taker, &s.By, &at, &received)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E(errs.NotFound, "records.error.not_found")
	}
	s.At, s.Received = db.Time(at), db.Time(received)
	return s, err
}

func insertSent(ctx context.Context, tx *db.Tx, a access.Access, s Sent) error {
	if err := a.Own(s.Authority); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO plan_sent (`+sentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`, s.Process, s.Authority, string(s.Message), s.Taker,
		s.By, db.Micros(s.At), db.Micros(s.Received))
	return err
}

// sentAs reads what was sent with that ProzessID.
func sentAs(ctx context.Context, tx *db.Tx, a access.Access, process string) (Sent, error) {
	var p db.Params
	return scanSent(tx.QueryRow(ctx, `SELECT `+sentColumns+` FROM plan_sent WHERE `+a.In("authority_id", &p)+` AND process_id = `+p.Add(process)+tx.ForUpdate(), p...))
}

// sentBefore lists what was sent last.
func sentBefore(ctx context.Context, q db.Querier, a access.Access, most int) ([]Sent, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+sentColumns+` FROM plan_sent WHERE `+a.In("authority_id", &p)+` ORDER BY sent_at DESC, process_id DESC LIMIT `+
		p.Add(most), p...)
	return db.All(rows, err, scanSent)
}

func setReceived(ctx context.Context, tx *db.Tx, a access.Access, process string, at time.Time) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE plan_sent SET received_at = `+p.Add(db.Micros(at))+` WHERE `+a.In("authority_id", &p)+` AND process_id = `+p.Add(process), p...)
	return err
}
