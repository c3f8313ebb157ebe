package pay

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/money"
)

// Listed is one line of the treasurer's list.
type Listed struct {
	Transaction
	RefundDue bool
}

// Totals add up what a list shows, all pages together.
type Totals struct {
	Count     int
	Open      money.Cents // demanded and not paid
	Paid      money.Cents
	RefundDue money.Cents
}

// Detail is one transaction with all that happened to it.
type Detail struct {
	Transaction
	Attempts []Attempt
	Entries  []Entry
}

const (
	stateRefund   = "refund"
	pageSize      = 50
	maxBookings   = 200_000 // of one day in one file
	maxReason     = 500
	cursorNewer   = "-"
	cursorDivider = "."
)

// position is a place in the list: after it, or with back before it.
type position struct {
	micros int64
	id     string
	back   bool
}

func (p position) set() bool { return p.id != "" }

// parsePosition reads what position.String wrote; anything else is the beginning of the list.
func parsePosition(s string) position {
	s, back := strings.CutPrefix(s, cursorNewer)
	m, id, _ := strings.Cut(s, cursorDivider)
	micros, err := strconv.ParseInt(m, 10, 64)
	if err != nil || len(id) != 36 || !printable(id) {
		return position{}
	}
	return position{micros, id, back}
}

func (p position) String() string {
	s := strconv.FormatInt(p.micros, 10) + cursorDivider + p.id
	if p.back {
		return cursorNewer + s
	}
	return s
}

// list is one page of the caller's transactions, with the positions before and after it ("" at the ends), and the
// totals of all pages.
func (r *Room) list(ctx context.Context, f filter, at position) (items []Listed, t Totals, newer, older string, err error) {
	s, err := treasurerScope(ctx)
	if err != nil {
		return nil, t, "", "", err
	}
	q := r.h.DB.Reader()
	items, err = listTransactions(ctx, q, s, f, at, pageSize+1)
	if err != nil {
		return nil, t, "", "", err
	}
	more := len(items) > pageSize
	if more && at.back {
		items = items[1:]
	} else if more {
		items = items[:pageSize]
	}
	if len(items) > 0 {
		first, last := items[0], items[len(items)-1]
		if at.set() && (more || !at.back) {
			newer = position{db.Micros(first.Created), first.ID, true}.String()
		}
		if more || at.back {
			older = position{db.Micros(last.Created), last.ID, false}.String()
		}
	}
	t, err = sumTransactions(ctx, q, s, f)
	return items, t, newer, older, err
}

// detail is one of the caller's transactions.
func (r *Room) detail(ctx context.Context, id string) (d Detail, err error) {
	s, err := treasurerScope(ctx)
	if err != nil {
		return d, err
	}
	q := r.h.DB.Reader()
	t, ok, err := transactionByID(ctx, q, s, id)
	if err == nil && !ok {
		err = errs.E(errs.NotFound, "pay.error.not_found")
	}
	if err != nil {
		return d, err
	}
	d.Transaction = t
	if d.Attempts, err = attempts(ctx, q, s, t.ID); err != nil {
		return d, err
	}
	d.Entries, err = entriesOf(ctx, q, s, t.ID)
	return d, err
}

// cancel gives up a demand that is not paid (Niederschlagung, Irrtum): its Sollstellung is booked back.
func (r *Room) cancel(ctx context.Context, id, reason string) error {
	s, err := treasurerScope(ctx)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return errs.InvalidFields([]errs.Field{{Name: "grund", Key: "pay.error.reason"}})
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return errs.InvalidFields([]errs.Field{{Name: "grund", Key: "errs.field.too_long", Args: []any{maxReason}}})
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := lockTransaction(ctx, tx, s, id)
		if err != nil {
			return err
		}
		now := r.now()
		ok, err := endTransaction(ctx, tx, s, id, Canceled, "", reason, now)
		if err != nil {
			return err
		}
		if !ok {
			return errs.E(errs.Conflict, "pay.error.not_open")
		}
		if err := r.book(ctx, tx, t, "", factCancelled, now); err != nil {
			return err
		}
		err = r.h.Audit.Append(ctx, tx, audit.Entry{Action: "pay.cancelled", Authority: t.Authority, Object: object(t),
			Changes: map[string]any{"kassenzeichen": t.Kassenzeichen, "amount_cents": t.Amount, "reason": reason}})
		if err != nil {
			return err
		}
		return r.h.Queue.Publish(ctx, tx, TopicCancelled, Cancelled{Source: t.Source, Authority: t.Authority,
			Kassenzeichen: string(t.Kassenzeichen), At: now})
	})
}

// refunded notes that the money of an attempt that was not ours has gone back.
func (r *Room) refunded(ctx context.Context, id, attempt string) error {
	s, err := treasurerScope(ctx)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := lockTransaction(ctx, tx, s, id)
		if err != nil {
			return err
		}
		a, ok, err := attemptByID(ctx, tx, s, attempt)
		if err != nil {
			return err
		}
		if !ok || a.Transaction != t.ID {
			return errs.E(errs.NotFound, "pay.error.not_found")
		}
		if ok, err := setRefund(ctx, tx, s, a.ID, RefundDue, RefundDone); err != nil || !ok {
			if err == nil {
				err = errs.E(errs.Conflict, "pay.error.no_refund")
			}
			return err
		}
		if err := r.book(ctx, tx, t, a.ID, factRefunded, r.now()); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "pay.refunded", Authority: t.Authority, Object: object(t),
			Changes: map[string]any{"attempt": a.ID, "amount_cents": t.Amount}})
	})
}

// bookings are the entries of the caller's authorities on one day in Berlin.
func (r *Room) bookings(ctx context.Context, day time.Time) ([]Entry, error) {
	s, err := treasurerScope(ctx)
	if err != nil {
		return nil, err
	}
	y, m, d := day.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, i18n.Berlin)
	list, err := entriesBetween(ctx, r.h.DB.Reader(), s, from, time.Date(y, m, d+1, 0, 0, 0, 0, i18n.Berlin), maxBookings+1)
	if len(list) > maxBookings {
		return nil, errs.E(errs.TooLarge, "pay.error.too_many_bookings", maxBookings)
	}
	return list, err
}

// writeCSV writes bookings as a spreadsheet of the German kind reads them: byte order mark, semicolons, decimal commas.
// t gives the texts, name the authorities' names.
func writeCSV(w io.Writer, list []Entry, t func(key string, args ...any) string, name func(string) string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma, c.UseCRLF = ';', true
	amount := func(a money.Cents) string {
		if a == 0 {
			return ""
		}
		return strings.Replace(a.String(), ".", ",", 1)
	}
	var head []string
	for _, k := range []string{"time", "authority", "kassenzeichen", "purpose", "fact", "account", "debit", "credit", "fact_id"} {
		head = append(head, t("pay.csv."+k))
	}
	rows := [][]string{head}
	for _, e := range list {
		rows = append(rows, []string{e.Booked.In(i18n.Berlin).Format("2006-01-02 15:04:05"), name(e.Authority), string(e.Kassenzeichen),
			e.Purpose, t("pay.fact." + string(e.Fact)), t("pay.account." + string(e.Account)), amount(e.Debit()), amount(e.Credit()), e.FactID})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// harmless keeps a spreadsheet from taking a text for a formula (OWASP: CSV injection).
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n;|", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
