package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rennsteig/e2e/citizen"
	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// kill -9 while people apply and pay, again and again: whatever was confirmed to one of them is there afterwards and
// goes on, everything is filed and paid exactly once, and the log is whole. On both databases.
func TestKill(t *testing.T) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) { killTest(t, dialect) })
	}
}

const kills = 4

func killTest(t *testing.T, dialect db.Dialect) {
	t.Parallel()
	dir := t.TempDir()
	address := "sqlite:" + filepath.Join(dir, "d", "rennsteig.db")
	if dialect == db.Postgres {
		address = dbtest.Address(t, db.Postgres)
	}
	args := []string{"demo", "--data", "d", "--db", address, "--no-limits", "--listen"}
	s := startServer(t, dir, append(args, "127.0.0.1:0")...)
	listen := strings.TrimPrefix(s.url, "http://")

	var mu sync.Mutex
	confirmed := map[string]*citizen.Citizen{} // by reference
	paid := map[string]bool{}                  // reference → the payment was confirmed
	applicant := func(ctx context.Context) error {
		c := citizen.New(s.url, http.DefaultTransport)
		if err := c.Fill(ctx); err != nil {
			return err
		}
		pay, err := c.Send(ctx, "800")
		if err != nil {
			return err
		}
		ref, err := c.Reference(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		confirmed[ref] = c
		mu.Unlock()
		back, err := c.Pay(ctx, pay)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(back, "/antrag/") && !strings.HasPrefix(back, "/status/") {
			return fmt.Errorf("paying led to %s", back)
		}
		mu.Lock()
		paid[ref] = true
		mu.Unlock()
		return nil
	}
	for round := range kills {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for ctx.Err() == nil {
					if err := applicant(ctx); err != nil && !interrupted(err) {
						t.Error(err)
						return
					}
				}
			})
		}
		wait(t, "somebody who pays", func() bool { // on a busy machine that takes its time
			mu.Lock()
			defer mu.Unlock()
			return len(paid) > round || t.Failed()
		})
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond) //nolint:gosec // when the power fails is anybody's guess
		s.end(os.Kill)
		cancel()
		group.Wait()
		if err := s.start(dir, append(args, listen)...); err != nil {
			t.Fatal(err)
		}
	}
	if len(paid) < kills {
		t.Fatalf("only %d people came through: too few to say anything", len(paid))
	}

	// What was confirmed is there; what was paid gets filed, also by a job whose worker died at the last moment: that one is
	// taken over when its lease of a minute is over.
	for ref, c := range confirmed {
		want := "Gebühr" // paid or not, the page speaks of it
		if paid[ref] {
			want = "Aktenzeichen"
		}
		for deadline := time.Now().Add(3 * time.Minute); ; {
			page, err := c.Status(t.Context(), ref)
			if err != nil {
				t.Fatalf("%s was confirmed and is gone: %v", ref, err)
			}
			if strings.Contains(page, want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s never had %q:\n%s", ref, want, page)
			}
			time.Sleep(50 * time.Millisecond) //nolint:usetesting // polling a process, bounded above
		}
	}
	s.drained(t, address)
	s.end(os.Kill)

	d := dbtest.OpenAddress(t, address)
	for what, query := range map[string]string{
		"an application filed twice":       `SELECT count(*) FROM (SELECT source FROM records_case GROUP BY source HAVING count(*) > 1) AS x`,
		"a number given twice":             `SELECT count(*) FROM (SELECT reference FROM records_file GROUP BY authority_id, reference HAVING count(*) > 1) AS x`,
		"a payment that was never filed":   `SELECT count(*) FROM pay_transaction WHERE state = 'PAYED' AND source NOT IN (SELECT 'application:' || source FROM records_case)`,
		"a case that was not paid":         `SELECT count(*) FROM records_case WHERE kind = 'application' AND 'application:' || source NOT IN (SELECT source FROM pay_transaction WHERE state = 'PAYED')`,
		"a ledger out of balance":          `SELECT count(*) FROM (SELECT transaction_id FROM pay_entry GROUP BY transaction_id HAVING sum(amount_cents) <> 0) AS x`,
		"a dead letter":                    `SELECT count(*) FROM queue_job WHERE dead_at IS NOT NULL`,
		"two applications with one number": `SELECT count(*) FROM (SELECT reference FROM apply_application WHERE reference <> '' GROUP BY reference HAVING count(*) > 1) AS x`,
	} {
		var n int
		if err := d.Reader().QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if n > 0 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	rennsteig(t, dir, true, "audit", "verify", "--data", "d", "--db", address)
	t.Logf("%d confirmed, %d of them paid, over %d kills", len(confirmed), len(paid), kills)
}

// drained waits until every due job is done.
func (s *server) drained(t *testing.T, address string) {
	t.Helper()
	d := dbtest.OpenAddress(t, address)
	for deadline := time.Now().Add(3 * time.Minute); ; {
		var n int
		if err := d.Reader().QueryRow(t.Context(), `SELECT count(*) FROM queue_job WHERE dead_at IS NULL AND due_at <= $1`,
			db.Micros(time.Now())).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d jobs are never done", n)
		}
		time.Sleep(100 * time.Millisecond) //nolint:usetesting // polling a process, bounded above
	}
}

// interrupted reports whether the connection broke because the program was killed.
func interrupted(err error) bool {
	s := err.Error()
	for _, sign := range []string{"EOF", "connection re", "broken pipe", "context canceled", "server closed", "transport connection broken"} {
		if strings.Contains(s, sign) {
			return true
		}
	}
	return false
}
