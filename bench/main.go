// Command bench measures the program as people meet it, over HTTP, and the log against plain inserts. It prints ratios
// against a floor in the same run, because absolute figures of a shared machine mean little by themselves:
//
//	go run ./platform/db/dbtest/pgtest -durable -- go run ./bench
//
// The program runs as a process of its own (this binary, told so by an environment variable), so that what it uses can
// be told from what the clients use, and so that -profile DIR sees only the program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/db/dbtest"
)

// bench is one run.
type bench struct {
	ctx     context.Context
	dir     string // of this run's databases and files
	pg      string // address of a PostgreSQL that may make databases; "" if there is none
	fsync   string // its setting
	profile string // folder for profiles; "" for none
	span    time.Duration
	clients int
	only    string
	rows    []row
}

// row is one line of the table. Goal and verdict are empty where there is no goal.
type row struct{ what, value, goal, note string }

func main() {
	if job := os.Getenv(childVariable); job != "" {
		os.Exit(child(job))
	}
	b := bench{}
	markdown := flag.Bool("markdown", false, "print the table as Markdown, for docs/PERFORMANCE.md")
	flag.StringVar(&b.only, "only", "", "only this: search, journey, start, audit, cases, growth")
	flag.StringVar(&b.profile, "profile", "", "folder to write CPU profiles of the program during the journeys to")
	flag.DurationVar(&b.span, "span", 10*time.Second, "how long each thing is measured")
	flag.IntVar(&b.clients, "clients", 16, "people who apply at the same time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	b.ctx = ctx
	err := b.run()
	stop()
	if len(b.rows) > 0 {
		b.print(*markdown)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run() (err error) {
	if b.dir, err = os.MkdirTemp("", "rennsteig-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) //nolint:errcheck // left to the system's own sweep
	if b.pg = os.Getenv(dbtest.Variable); b.pg == "" {
		fmt.Fprintln(os.Stderr, "bench: no PostgreSQL ("+dbtest.Variable+" is not set): SQLite only")
	} else if b.fsync, err = b.setting("fsync"); err != nil {
		return err
	}
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		if dialect == db.Postgres && b.pg == "" {
			continue
		}
		if b.wants("search") && dialect == db.SQLite || b.wants("journey") || b.wants("start") {
			if err := b.program(dialect); err != nil {
				return fmt.Errorf("%s: %w", dialect, err)
			}
		}
		if b.wants("audit") {
			if err := b.audit(dialect); err != nil {
				return fmt.Errorf("log on %s: %w", dialect, err)
			}
		}
		if b.wants("cases") {
			if err := b.cases(dialect); err != nil {
				return fmt.Errorf("cases on %s: %w", dialect, err)
			}
		}
		if b.wants("growth") {
			if err := b.growth(dialect, 1_000, 10_000, 100_000, 1_000_000); err != nil {
				return fmt.Errorf("growth on %s: %w", dialect, err)
			}
		}
	}
	return nil
}

func (b *bench) wants(what string) bool { return b.only == "" || strings.Contains(b.only, what) }

// program measures what a running program does: its starts, the search page, the journey.
func (b *bench) program(dialect db.Dialect) error {
	address, err := b.database(dialect, "demo")
	if err != nil {
		return err
	}
	p, took, err := b.start(dialect, address)
	if err != nil {
		return err
	}
	defer func() { p.stop() }()
	b.add("start of the demo from an empty folder, "+name(dialect), seconds(took), goal(took <= 8*time.Second, "≤ 8 s"), "")
	if dialect == db.SQLite && b.wants("search") {
		if err := b.search(p, address); err != nil {
			return fmt.Errorf("search: %w", err)
		}
	}
	if b.wants("journey") {
		if err := b.journey(dialect, p, address); err != nil {
			return fmt.Errorf("journey: %w", err)
		}
	}
	p.stop()
	if p, took, err = b.start(dialect, address); err != nil {
		return err
	}
	b.add("later start, "+name(dialect), seconds(took), goal(took <= 3*time.Second, "≤ 3 s"), "")
	return nil
}

func (b *bench) add(what, value, goal, note string) {
	b.rows = append(b.rows, row{what, value, goal, note})
	fmt.Fprintf(os.Stderr, "%-62s %12s  %s\n", what, value, goal)
}

func (b *bench) print(markdown bool) {
	fmt.Printf("%s, %s, Go %s, %d cores, load when it ended %s", time.Now().Format(time.DateOnly), runtime.GOOS+"/"+runtime.GOARCH,
		strings.TrimPrefix(runtime.Version(), "go"), runtime.NumCPU(), load())
	if b.pg != "" {
		fmt.Printf(", PostgreSQL with fsync %s", b.fsync)
	}
	fmt.Print("; SQLite with synchronous=FULL\n\n")
	format := "%-62s %12s  %-18s %s\n"
	if markdown {
		format = "| %s | %s | %s | %s |\n"
	}
	fmt.Printf(format, "measured", "value", "goal", "besides")
	if markdown {
		fmt.Println("|---|---:|---|---|")
	}
	for _, r := range b.rows {
		fmt.Printf(format, r.what, r.value, r.goal, r.note)
	}
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

func goal(met bool, want string) string {
	if met {
		return want + " met"
	}
	return want + " MISSED"
}

func name(d db.Dialect) string {
	return map[db.Dialect]string{db.SQLite: "SQLite", db.Postgres: "PostgreSQL"}[d]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

var errStopped = errors.New("stopped")
