// Command searchcmp compares the finder's search with bleve's stock German analyser and SQLite's FTS5, over the same
// names and with the same questions, in one run; and measures how the search behaves with more of everything:
//
//	go run ./bench/searchcmp            # the table; exit code 1 where a goal is missed
//	go run ./bench/searchcmp -markdown  # for docs/PERFORMANCE.md
//
// Absolute figures of a shared machine mean little by themselves: the other engines are there to be compared with.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"rennsteig/finder"
	"rennsteig/standards/leika"
)

// question is a line of a list: the text, and the keys that answer it.
type question struct {
	text string
	keys []string // patterns; none for a question without an answer
}

// engine finds the keys of services, best first.
type engine struct {
	name string
	find func(question string) []string
}

// figures are what one engine did.
type figures struct {
	rate     float64       // questions a second, on all workers together
	p50, p99 time.Duration // by the clock on the wall
	cpu50    time.Duration // processor time: what the machine does besides does not count
	cpu99    time.Duration
	success1 float64 // of the questions with an answer
	success3 float64
	empty    float64 // of those without: nothing found
}

type row struct{ what, value, goal string }

type comparison struct {
	ctx    context.Context
	dir    string
	span   time.Duration
	rows   []row
	missed bool
}

const workers = 2

func main() {
	markdown := flag.Bool("markdown", false, "print Markdown")
	lists := flag.String("queries", "finder/testdata/queries.tsv,finder/testdata/queries2.tsv", "lists of questions, comma between them")
	c := &comparison{}
	flag.DurationVar(&c.span, "span", 4*time.Second, "how long each engine is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c.ctx = ctx
	if err := c.run(strings.Split(*lists, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "searchcmp:", err)
		os.Exit(2)
	}
	c.print(*markdown)
	if c.missed {
		os.Exit(1)
	}
}

func (c *comparison) run(lists []string) (err error) {
	if c.dir, err = os.MkdirTemp("", "rennsteig-searchcmp-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir) //nolint:errcheck // left to the system's own sweep
	var questions []question
	for _, name := range lists {
		q, err := readQuestions(name)
		if err != nil {
			return err
		}
		questions = append(questions, q...)
	}
	land, err := openLand(c.ctx, filepath.Join(c.dir, "land.db"))
	if err != nil {
		return err
	}
	defer land.close()
	names, err := land.names(c.ctx)
	if err != nil {
		return err
	}
	ours := engine{"finder", keysOf(land.room.Catalog())}
	bleve, closeBleve, err := newBleve(names)
	if err != nil {
		return fmt.Errorf("bleve: %w", err)
	}
	defer closeBleve()
	fts, closeFTS, err := newFTS5(names)
	if err != nil {
		return fmt.Errorf("FTS5: %w", err)
	}
	defer closeFTS()
	for _, e := range []engine{ours, bleve, fts} {
		f := measure(c.ctx, e, questions, c.span)
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		what := fmt.Sprintf("%s, %d services, %d questions, %d at a time", e.name, len(names), len(questions), workers)
		goalRate, goal99 := "", ""
		if e.name == ours.name {
			goalRate, goal99 = c.goal(f.rate >= 3000, "≥ 3,000"), c.goal(f.p99 <= 3*time.Millisecond, "≤ 3 ms")
		}
		c.add(what+": questions a second", fmt.Sprintf("%.0f", f.rate), goalRate)
		c.add("  half of them in, 99 of 100 in", ms(f.p50)+" / "+ms(f.p99), goal99)
		goalCPU := ""
		if e.name == ours.name {
			goalCPU = c.goal(f.cpu99 <= 3*time.Millisecond, "≤ 3 ms")
		}
		c.add("  the same in processor time", ms(f.cpu50)+" / "+ms(f.cpu99), goalCPU)
		c.add("  answered first / among three / left empty where nothing fits", fmt.Sprintf("%.2f / %.2f / %.2f", f.success1, f.success3, f.empty), "")
	}
	if err := c.visible(land); err != nil {
		return err
	}
	return c.large(questions)
}

// visible measures how long a release takes until the search of a running process finds it.
func (c *comparison) visible(land *land) error {
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	go land.room.Run(ctx) //nolint:errcheck // it ends with ctx
	const word = "quastenflossernachweis"
	began := time.Now()
	if err := land.release(c.ctx, "99110009104000", "", word); err != nil {
		return err
	}
	for len(land.room.Search(word)) == 0 {
		if time.Since(began) > 30*time.Second || c.ctx.Err() != nil {
			return fmt.Errorf("the release was not found within %v", time.Since(began))
		}
		time.Sleep(5 * time.Millisecond)
	}
	took := time.Since(began)
	c.add("a release found by the search of a running process after", ms(took), c.goal(took <= 2*time.Second, "≤ 2 s"))
	return nil
}

// large measures with more services and with many local texts.
func (c *comparison) large(questions []question) error {
	const services, texts = 10_000, 100_000
	land, err := openLand(c.ctx, filepath.Join(c.dir, "large.db"))
	if err != nil {
		return err
	}
	defer land.close()
	if err := land.grow(c.ctx, services); err != nil {
		return err
	}
	took, err := land.build(c.ctx)
	if err != nil {
		return err
	}
	c.add(fmt.Sprintf("index built from the database, %d services", services), ms(took), c.goal(took <= 5*time.Second, "≤ 5 s"))
	if err := land.localise(c.ctx, texts); err != nil {
		return err
	}
	if took, err = land.build(c.ctx); err != nil {
		return err
	}
	c.add(fmt.Sprintf("the same with %d local texts", texts), ms(took), "")
	f := measure(c.ctx, engine{"finder", keysOf(land.room.Catalog())}, questions, c.span)
	c.add(fmt.Sprintf("finder, %d services, %d local texts: questions a second", services, texts), fmt.Sprintf("%.0f", f.rate), "")
	c.add("  half of them in, 99 of 100 in", ms(f.p50)+" / "+ms(f.p99), c.goal(f.p99 <= 10*time.Millisecond, "≤ 10 ms"))
	c.add("  the same in processor time", ms(f.cpu50)+" / "+ms(f.cpu99), c.goal(f.cpu99 <= 10*time.Millisecond, "≤ 10 ms"))
	return c.ctx.Err()
}

func keysOf(c *finder.Catalog) func(string) []string {
	return func(q string) []string {
		hits := c.Search(q)
		out := make([]string, 0, 3)
		for _, h := range hits[:min(len(hits), 3)] {
			out = append(out, h.Service.Key)
		}
		return out
	}
}

// measure judges the engine once on every question, then asks them in turn for the span.
func measure(ctx context.Context, e engine, questions []question, span time.Duration) figures {
	var f figures
	var answerable, unanswerable float64
	for _, q := range questions { // this also warms it up
		found := e.find(q.text)
		if len(q.keys) == 0 {
			if unanswerable++; len(found) == 0 {
				f.empty++
			}
			continue
		}
		answerable++
		for i, key := range found[:min(len(found), 3)] {
			if slices.ContainsFunc(q.keys, leika.Key(key).Match) {
				if f.success3++; i == 0 {
					f.success1++
				}
				break
			}
		}
	}
	f.success1, f.success3, f.empty = f.success1/answerable, f.success3/answerable, f.empty/unanswerable
	runtime.GC()
	took, spent := make([][]time.Duration, workers), make([][]time.Duration, workers)
	var group sync.WaitGroup
	var next atomic.Int64
	began := time.Now()
	for w := range workers {
		group.Go(func() {
			runtime.LockOSThread() // for threadTime
			defer runtime.UnlockOSThread()
			for time.Since(began) < span && ctx.Err() == nil {
				q := questions[int(next.Add(1))%len(questions)]
				start, cpu := time.Now(), threadTime()
				e.find(q.text)
				spent[w] = append(spent[w], threadTime()-cpu)
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	group.Wait()
	all, cpu := slices.Concat(took...), slices.Concat(spent...)
	slices.Sort(all)
	slices.Sort(cpu)
	f.rate = float64(len(all)) / time.Since(began).Seconds()
	f.p50, f.p99 = all[len(all)/2], all[len(all)*99/100]
	f.cpu50, f.cpu99 = cpu[len(cpu)/2], cpu[len(cpu)*99/100]
	return f
}

// threadTime is the processor time that this thread has used.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

func readQuestions(name string) ([]question, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []question
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(lines.Text(), "#") || len(columns) != 3 {
			continue
		}
		q := question{text: columns[0]}
		if columns[2] != "none" {
			q.keys = strings.Split(columns[1], ",")
		}
		out = append(out, q)
	}
	return out, lines.Err()
}

func (c *comparison) add(what, value, goal string) {
	c.rows = append(c.rows, row{what, value, goal})
	fmt.Fprintf(os.Stderr, "%-76s %22s  %s\n", what, value, goal)
}

func (c *comparison) goal(met bool, want string) string {
	if met {
		return want + " met"
	}
	c.missed = true
	return want + " MISSED"
}

func (c *comparison) print(markdown bool) {
	fmt.Printf("%s, %s/%s, Go %s, %d cores, load when it ended %s\n\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(runtime.Version(), "go"), runtime.NumCPU(), load())
	format := "%-76s %22s  %s\n"
	if markdown {
		format = "| %s | %s | %s |\n"
		fmt.Print("| measured | value | goal |\n|---|---:|---|\n")
	}
	for _, r := range c.rows {
		fmt.Printf(format, r.what, r.value, r.goal)
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
