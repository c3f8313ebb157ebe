package queue

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"text/tabwriter"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Command is the sub-command `rennsteig queue`.
type Command struct {
	List  listCommand  `cmd:"" help:"Count the jobs and list the dead letters, youngest first."`
	Retry retryCommand `cmd:"" help:"Send dead letters again; the running program picks them up."`
}

// Help is shown by --help.
func (Command) Help() string {
	return "Examples:\n  rennsteig queue list --data data\n  rennsteig queue retry --data data 018f3c1e-…\n  rennsteig queue retry --data data --all"
}

type listCommand struct {
	cli.Store
	JSON  bool   `help:"Print JSON."`
	After string `help:"Continue after this dead letter." placeholder:"ID"`
	Limit int    `help:"At most so many." default:"100"`
}

type listOutput struct {
	Waiting          int          `json:"waiting"`
	Dead             int          `json:"dead"`
	OldestAgeSeconds int64        `json:"oldestAgeSeconds"`
	DeadLetters      []deadOutput `json:"deadLetters"`
}

type deadOutput struct {
	ID        string    `json:"id"`
	Topic     string    `json:"topic"`
	Tries     int       `json:"tries"`
	Published time.Time `json:"published"`
	Died      time.Time `json:"died"`
	Error     string    `json:"error"`
}

// Run prints the counts and the dead letters.
func (c listCommand) Run(env *cli.Env) error {
	d, err := c.Open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	q := New(d, slog.New(slog.NewTextHandler(env.Err, nil)))
	ctx := identity.AsSystem(env.Context, "cli")
	n, err := q.Counts(ctx)
	if err != nil {
		return err
	}
	dead, err := q.Dead(ctx, c.After, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		out := listOutput{Waiting: n.Waiting, Dead: n.Dead, OldestAgeSeconds: int64(n.OldestAge.Seconds()), DeadLetters: []deadOutput{}}
		for _, j := range dead {
			out.DeadLetters = append(out.DeadLetters, deadOutput(j))
		}
		return env.JSON(out)
	}
	fmt.Fprintf(env.Out, "waiting or running: %d, the oldest due for %s\ndead letters: %d\n", n.Waiting, n.OldestAge.Round(time.Second), n.Dead)
	w := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	for _, j := range dead {
		_, err := fmt.Fprintf(w, "%s\t%s\t%d tries\t%s\t%s\n", j.ID, j.Topic, j.Tries, j.Died.Format(time.RFC3339), j.Error)
		if err != nil {
			return err
		}
	}
	return w.Flush()
}

type retryCommand struct {
	cli.Store
	AuditKey string   `help:"Key that seals the audit log; audit.key in the data folder if not given." placeholder:"FILE" env:"RENNSTEIG_AUDIT_KEY"`
	All      bool     `help:"All dead letters."`
	IDs      []string `arg:"" optional:"" name:"id" help:"Ids of dead letters."`
}

// Run sends the dead letters again.
func (c retryCommand) Run(env *cli.Env) error {
	if c.All == (len(c.IDs) > 0) {
		return fmt.Errorf("name the dead letters to send again, or --all; `rennsteig queue list` shows them")
	}
	file := c.AuditKey
	if file == "" {
		file = filepath.Join(c.Data, "audit.key")
	}
	key, err := audit.LoadKey(file)
	if err != nil {
		return err
	}
	d, err := c.Open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	q := New(d, slog.New(slog.NewTextHandler(env.Err, nil)))
	q.Audit = audit.New(d, key)
	return c.retry(env, q)
}

func (c retryCommand) retry(env *cli.Env, q *Queue) error {
	ctx := identity.AsSystem(env.Context, "cli")
	ids := c.IDs
	if c.All {
		for after := ""; ; {
			dead, err := q.Dead(ctx, after, 500)
			if err != nil {
				return err
			}
			if len(dead) == 0 {
				break
			}
			for _, j := range dead {
				ids, after = append(ids, j.ID), j.ID
			}
		}
	}
	bar := env.Progress(int64(len(ids)), "dead letters")
	for _, id := range ids {
		if err := q.Retry(ctx, id); errs.Is(err, errs.NotFound) {
			return fmt.Errorf("there is no dead letter %s; `rennsteig queue list` shows them", id)
		} else if err != nil {
			return fmt.Errorf("dead letter %s: %w", id, err)
		}
		if err := bar.Add(1); err != nil {
			return err
		}
	}
	if err := bar.Finish(); err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%d sent again\n", len(ids))
	return nil
}
