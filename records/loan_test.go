package records

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/paging"
)

// lendLongAgo has the paper of a file lent so that it should be back.
func (h *house) lendLongAgo(t *testing.T, file, to string) {
	t.Helper()
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		housetest.ByHand(h.h.DB)
		_, err := tx.Exec(ctx, `UPDATE records_file SET medium = 'paper', lent_to = $1, lent_at = $2, lent_until = $3 WHERE id = $4`, to,
			db.Micros(time.Now().AddDate(0, 0, -30)), db.Micros(time.Now().AddDate(0, 0, -2)), file)
		return err
	}))
}

func TestLend(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Hunde", Medium: Paper, Location: "Keller"})
		for _, to := range []string{"", strings.Repeat("ü", 201)} {
			if err := h.Lend(erika, f.ID, 1, to, soon()); !errs.Is(err, errs.Invalid) || errs.As(err).Fields[0].Name != "to" {
				t.Errorf("lent to %.10q: %v", to, err)
			}
		}
		if err := h.Lend(erika, f.ID, 1, "x", time.Now()); !errs.Is(err, errs.Invalid) {
			t.Errorf("until now: %v", err)
		}
		to, until := strings.Repeat("ü", 200), soon()
		must(t, h.Lend(erika, f.ID, 1, to, until))
		must(t, h.Lend(erika, f.ID, 1, to, until)) // sent twice
		code(t, "by somebody else meanwhile", h.Lend(registrar, f.ID, 1, "Recht", until), errs.Conflict, "records.error.file_changed")
		code(t, "to a second one", h.Lend(registrar, f.ID, 2, "Recht", until), errs.Conflict, "records.error.lent")
		if err := h.ChangeFile(erika, f.ID, 2, Details{Subject: "Hunde", Medium: Electronic, Reach: Everybody}); !errs.Is(err, errs.Invalid) || errs.As(err).Fields[0].Name != "medium" {
			t.Errorf("no paper any more while it is lent: %v", err)
		}
		if l, err := h.Files(erika, FileFilter{Query: "üüü"}); err != nil || len(l.Items) != 1 {
			t.Errorf("found by who has it: %d, %v", len(l.Items), err)
		}

		// Closed while it is lent.
		must(t, h.CloseFile(erika, f.ID, 2))
		must(t, h.Return(erika, f.ID, 3))
		must(t, h.Return(erika, f.ID, 3))
		if now := h.fileNow(t, f.ID); now.LentTo != "" || !now.LentUntil.IsZero() || now.ClosedAt.IsZero() {
			t.Errorf("returned: %+v", now)
		}
		must(t, h.Lend(erika, f.ID, 4, "Recht", until)) // from the registry
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			housetest.ByHand(h.h.DB)
			_, err := tx.Exec(ctx, `UPDATE records_file SET state = 'offered' WHERE id = $1`, f.ID)
			return err
		}))
		must(t, h.Return(registrar, f.ID, 5))
		code(t, "while it is disposed of", h.Lend(registrar, f.ID, 6, "Recht", until), errs.Conflict, "records.error.in_disposal")
		if lent, back := h.entries(t, "records.file_lent"), h.entries(t, "records.file_returned"); lent != 2 || back != 2 {
			t.Errorf("the log has %d loans and %d returns", lent, back)
		}
		e := h.open(t, erika, Details{Subject: "x"})
		code(t, "without paper", h.Lend(erika, e.ID, 1, "x", soon()), errs.Conflict, "records.error.no_paper")
	})
}

func TestLoans(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		member, other := clerk("member", erfurt), clerk("other", erfurt)
		h.seat(t, "org-20", "member", member)
		paper := func(subject string, reach Reach) File {
			return h.open(t, member, Details{Subject: subject, Medium: Paper, Location: "Keller", Lead: "org-20", Reach: reach})
		}
		late, soonBack, hidden, in := paper("Zu spät", Everybody), paper("Bald", Everybody), paper("Geheim", LeadOnly), paper("Im Regal", Everybody)
		must(t, h.Lend(member, soonBack.ID, 1, "Rechnungsprüfung", soon()))
		h.lendLongAgo(t, late.ID, "Recht")
		h.lendLongAgo(t, hidden.ID, "Recht")
		list := func(ctx context.Context, f LoanFilter) string {
			var out []string
			for {
				l, err := h.Loans(ctx, f)
				must(t, err)
				for _, x := range l.Items {
					out = append(out, x.Subject)
				}
				if l.Next.ID == "" {
					return strings.Join(out, ", ")
				}
				f.Page = paging.Cursor{After: l.Next}
			}
		}
		for _, x := range []struct {
			ctx  context.Context
			f    LoanFilter
			want string
		}{{other, LoanFilter{}, "Zu spät, Bald"}, {other, LoanFilter{size: 1}, "Zu spät, Bald"}, {other, LoanFilter{Overdue: true}, "Zu spät"},
			{other, LoanFilter{Query: "rechnungsprüfung"}, "Bald"}, {jens, LoanFilter{}, ""}} {
			if got := list(x.ctx, x.f); got != x.want {
				t.Errorf("%+v: %s, want %s", x.f, got, x.want)
			}
		}
		for ctx, want := range map[context.Context]int64{member: 2, other: 1, registrar: 2, jens: 0} {
			if n, err := h.OverdueLoans(ctx); err != nil || n != want {
				t.Errorf("%d overdue, %v, want %d", n, err, want)
			}
		}

		// The pages.
		page := func(ctx context.Context, path string, wants ...string) {
			t.Helper()
			body := visitor{t, h, ctx}.get(path)
			for _, w := range wants {
				if !strings.Contains(body, w) {
					t.Errorf("%s lacks %q", path, w)
				}
			}
		}
		page(other, "/akte/ausleihen", "Zu spät", "Recht", "überfällig", "Rechnungsprüfung")
		page(other, "/akte/ausleihen?stand=ueberfaellig&q=Niemand", "Zu diesen Angaben")
		page(other, "/akte/ausleihen.csv", `Rechnungsprüfung`)
		page(other, "/akte/akten", "1 überfällig")
		page(other, "/akte/akte/"+late.ID, "an Recht bis", "überfällig", "Papier ist zurück")
		must(t, h.CloseFile(member, late.ID, 1))
		page(other, "/akte/akte/"+late.ID, "Die Akte ist geschlossen, ihr Papier noch ausgeliehen", "Papier ist zurück")
		visitor{t, h, other}.post("/akte/ausleihen/auswahl", url.Values{ChosenName: {RowValue(late.ID, 2), RowValue(in.ID, 1)}})
		page(member, "/akte/akte/"+late.ID+"/nachweis", "Papier zurück von Recht")
		page(member, "/akte/akte/"+soonBack.ID+"/nachweis", "Papier ausgeliehen an Rechnungsprüfung bis")
		if got := list(member, LoanFilter{}); got != "Geheim, Bald" {
			t.Errorf("still lent: %s", got)
		}
	})
}
