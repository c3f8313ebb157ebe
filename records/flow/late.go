package flow

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// registry is the holder of what lies with the registrars of an authority, whoever they are.
func registry(authority string) string { return registryPrefix + authority }

const registryPrefix = "registry:"

// late asks somebody to look at an answer that came when nobody waited for it any more: the case is decided, or lies with
// the files. Destruction of its file waits for nobody, but not for what has come since it was handed over
// (records/disposal), so that the answer is not lost.
func (r *Room) late(ctx context.Context, tx *db.Tx, c records.Case, question string) error {
	ctx = identity.AsSystem(ctx, "flow")
	at, now := access.At(c.Authority), r.h.Now()
	f, err := r.core.FileOf(ctx, tx, at, c)
	if err != nil {
		return err
	}
	dir, err := r.directory(ctx, tx, at, c.Authority, now)
	if err != nil {
		return err
	}
	holder, err := r.caresFor(ctx, tx, c, f, dir)
	if err != nil {
		return err
	}
	said := "flow.late." + string(c.State)
	x := Circulation{ID: db.NewID(), Authority: c.Authority, File: c.FileID, Case: c.ID, Title: r.german(said), State: Running,
		By: Person{Name: r.german("records.by.applicant")}, StartedAt: now, Version: 1}
	x.Tasks = []Task{r.newTask(x, c, Step{Kind: Free, Text: r.german(said + ".text")}, 1, holder, r.holderName(dir, holder), now)}
	x.Step = settle(x.Tasks, now)
	if err := r.store.insertCirculation(ctx, tx, at, x); err != nil {
		return err
	}
	if err := r.saveTasks(ctx, tx, at, c, f, dir, nil, x.Tasks); err != nil {
		return err
	}
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "flow.late_answer", Authority: c.Authority, Object: x.object(),
		Changes: map[string]any{"circulation": x.ID, "case": c.ID, "question": question, "tasks": summary(x.Tasks)}})
}

// caresFor is the holder who looks after a case: whose it is, the unit in whose hands it is, the leading one of its file; the
// first of them with somebody who works here and may read it, else the registry.
func (r *Room) caresFor(ctx context.Context, tx *db.Tx, c records.Case, f records.File, dir directory) (string, error) {
	for _, holder := range []string{access.Person(c.AssignedTo), access.Unit(c.Org), access.Unit(f.Lead)} {
		for _, p := range dir.members(holder) {
			got, err := r.reaches(ctx, tx, p.Subject, c, f)
			if err != nil {
				return "", err
			}
			if slices.Contains([]reach{reachesFully, reachesToRead}, got) {
				return holder, nil
			}
		}
	}
	return registry(c.Authority), nil
}

// isRegistry reports whether the holder is a registry, which reads what it keeps.
func isRegistry(holder string) bool { return strings.HasPrefix(holder, registryPrefix) }
