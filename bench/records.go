package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/paging"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
	"rennsteig/records"
	"rennsteig/records/filing"
)

// officeRooms are the parts of the electronic file that these measurements need, in the order of their migrations.
var officeRooms = []platform.Files{{Room: "web", FS: web.Files}, {Room: "queue", FS: queue.Files}, {Room: "audit", FS: audit.Files},
	{Room: "records", FS: records.Files}, {Room: "filing", FS: filing.Files}}

// office is an electronic file in this process, without pages before it.
type office struct {
	*records.Room
	h *platform.House
}

// noFees: nothing is decided here.
type noFees struct{}

func (noFees) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, errs.E(errs.Unavailable, "errs.unavailable")
}
func (noFees) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (noFees) ByNotice(string) bool { return false }

func (b *bench) office(dialect db.Dialect, what string) (*office, error) {
	address, err := b.database(dialect, what)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(b.ctx, address)
	if err != nil {
		return nil, err
	}
	h, err := b.house(d, string(dialect)+"-"+what)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	room, err := records.New(h, noFees{}, noFees{}, noFees{})
	if err == nil {
		err = room.EnsurePlan(b.ctx, []string{erfurt})
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &office{room, h}, nil
}

func (b *bench) house(d *db.DB, what string) (*platform.House, error) {
	if err := platform.Migrate(b.ctx, d, officeRooms...); err != nil {
		return nil, err
	}
	texts := i18n.New()
	for _, r := range officeRooms {
		if err := texts.Add(r.FS); err != nil {
			return nil, err
		}
	}
	key, err := audit.OpenKey(filepath.Join(b.dir, what+".key"), "bench")
	if err != nil {
		return nil, err
	}
	blobs, err := blob.Open(b.ctx, filepath.Join(b.dir, what+"-blobs"))
	log := slog.New(slog.DiscardHandler)
	return &platform.House{DB: d, Queue: queue.New(d, log), Audit: audit.New(d, key), Blobs: blobs, Site: web.New(texts, web.Assets{}, log),
		Log: log, Now: time.Now, AuthorityName: func(id string) string { return id }}, err
}

// clerk is a clerk of the town.
func clerk(ctx context.Context) context.Context {
	return identity.With(ctx, identity.Principal{Subject: "bench-clerk", Name: "Erika Muster", Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}})
}

// cases measures cases opened at the desk a second: authorised, numbered, in the log, with the note for the search.
func (b *bench) cases(dialect db.Dialect) error {
	o, err := b.office(dialect, "cases")
	if err != nil {
		return err
	}
	defer o.h.DB.Close()
	ctx := clerk(b.ctx)
	files := make([]string, 64)
	for i := range files {
		f, err := o.OpenFile(ctx, records.NewFile{Authority: erfurt, Unit: "22.31", Details: records.Details{Subject: fmt.Sprint("Akte ", i)}})
		if err != nil {
			return err
		}
		files[i] = f.ID
	}
	run, stop := context.WithCancel(b.ctx)
	var sequencer, group sync.WaitGroup
	sequencer.Go(func() { _ = o.h.Audit.Run(run) }) // always nil
	var count atomic.Int64
	failed := make([]error, writers)
	began := time.Now()
	for k := range writers {
		group.Go(func() {
			for time.Since(began) < b.span && failed[k] == nil {
				_, failed[k] = o.OpenCase(ctx, records.NewCase{File: files[rand.IntN(len(files))], Subject: "Anfrage zur Niederschlagung"})
				count.Add(1)
			}
		})
	}
	group.Wait()
	stop()
	sequencer.Wait()
	rate := float64(count.Load()) / time.Since(began).Seconds()
	want := map[db.Dialect]float64{db.SQLite: 500, db.Postgres: 400}[dialect]
	b.add("cases opened a second, "+name(dialect), fmt.Sprintf("%.0f", rate), goal(rate >= want, fmt.Sprintf("≥ %.0f", want)),
		fmt.Sprintf("authorised, numbered, in the signed log, noted for the search; %d clerks", writers))
	return errors.Join(append(failed, b.ctx.Err())...)
}

// growth measures what clerks wait for as the electronic file grows.
func (b *bench) growth(dialect db.Dialect, sizes ...int) error {
	o, err := b.office(dialect, "growth")
	if err != nil {
		return err
	}
	defer o.h.DB.Close()
	ctx := clerk(b.ctx)
	have := 0
	for _, n := range sizes {
		if err := o.fill(b.ctx, have, n); err != nil {
			return err
		}
		have = n
		file, err := o.Files(ctx, records.FileFilter{})
		if err != nil {
			return err
		}
		first, err := o.Inbox(ctx, records.Filter{})
		if err != nil {
			return err
		}
		var parts []string
		for _, m := range []struct {
			what string
			do   func() error
		}{
			{"inbox", func() error { _, err := o.Inbox(ctx, records.Filter{}); return err }},
			{"its next page", func() error {
				_, err := o.Inbox(ctx, records.Filter{Page: paging.Cursor{After: first.Next}})
				return err
			}},
			{"files", func() error { _, err := o.Files(ctx, records.FileFilter{}); return err }},
			{"a file", func() error { _, err := o.FilePage(ctx, file.Items[0].ID, paging.Cursor{}); return err }},
			{"a case", func() error { _, err := o.Dossier(ctx, first.Items[rand.IntN(len(first.Items))].ID); return err }},
			{"open a case", func() error {
				_, err := o.OpenCase(ctx, records.NewCase{File: file.Items[0].ID, Subject: "Anfrage"})
				return err
			}},
		} {
			p99, err := percentile(m.do)
			if err != nil {
				return fmt.Errorf("%s: %w", m.what, err)
			}
			parts = append(parts, m.what+" "+milliseconds(p99))
		}
		b.add(fmt.Sprintf("p99 at %d cases, %s", n, name(dialect)), "", "", strings.Join(parts, ", "))
	}
	return nil
}

const samples = 200

// percentile is the 99th of the times that f takes, after it has run a few times.
func percentile(f func() error) (time.Duration, error) {
	var took []time.Duration
	for i := range samples + 10 {
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if i >= 10 {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	return took[samples*99/100], nil
}

// fill brings the number of cases from have to n, ten in a file and each with a document, in the database's own words.
func (o *office) fill(ctx context.Context, have, n int) error {
	const step = 10_000
	for from := have; from < n; from += step {
		to := min(from+step, n)
		err := o.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)`, from, to)
			began := db.Micros(time.Now().AddDate(-1, 0, 0))
			for _, q := range []string{
				numbers + ` INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at)
					SELECT 'file-' || i, '` + erfurt + `', 'X-' || i, '22.31', 'Akte ' || i, 'x-' || i || ' akte ' || i, ` + fmt.Sprint(began) + ` + i * 1000, 0 FROM n WHERE i % 10 = 0`,
				numbers + ` INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key,
					applicant, state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by,
					changed_at, version, kind, number)
					SELECT 'case-' || i, '` + erfurt + `', 'file-' || (i - i % 10), 'X-' || i, 'Vorgang ' || i, 'x-' || i || ' vorgang ' || i, 'fill:' || i, '', '/', '', '',
					'in_work', '', '', ` + fmt.Sprint(began) + ` + i * 1000, 0, 0, 0, '', 0, '', 0, 1, 'general', i % 10 + 1 FROM n`,
				numbers + ` INSERT INTO records_form (case_id, authority_id, form_id, form_version, title, answers)
					SELECT 'case-' || i, '` + erfurt + `', '', '', '', '[]' FROM n`,
				numbers + ` INSERT INTO records_document (id, authority_id, file_id, case_id, kind, name, hash, size, media_type, created_at, created_by)
					SELECT 'document-' || i, '` + erfurt + `', 'file-' || (i - i % 10), 'case-' || i, 'attachment', 'Anlage.pdf', 'h' || i, 20000, 'application/pdf', ` +
					fmt.Sprint(began) + ` + i * 1000, '' FROM n`,
				`DELETE FROM filing_due`, // the search is measured by itself
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if o.h.DB.Dialect() == db.Postgres {
		return o.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `ANALYZE`)
			return err
		})
	}
	return nil
}
