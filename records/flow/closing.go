package flow

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// What the core asks before a case is closed or moved, and before a document leaves its case.

// closing names the circulations that go on in the case. What closes it (why) does not stand against it.
func (r *Room) closing(ctx context.Context, q db.Querier, c records.Case, why map[string]any) ([]records.Obstacle, error) {
	list, err := r.store.circulations(ctx, q, access.At(c.Authority), c.ID)
	if err != nil {
		return nil, err
	}
	var out []records.Obstacle
	for _, x := range slices.Backward(list) { // the oldest first
		if x.State != Running || x.private() || why["circulation"] == x.ID {
			continue
		}
		o := records.Obstacle{Key: "records.open.circulation", Args: []any{r.called(x), strings.Join(x.left(), ", ")}, How: "records.how.circulation",
			Path: "/akte/vorgang/" + c.ID + "/geschaeftsgang"}
		if x.By.Subject == identity.From(ctx).Subject {
			o.How = "records.how.circulation_mine"
		}
		out = append(out, o)
	}
	return out, nil
}

// left are with whom the tasks lie that are still to be done, each once: those at their turn, or else all.
func (c Circulation) left() []string {
	var now, all []string
	add := func(to []string, name string) []string {
		if slices.Contains(to, name) {
			return to
		}
		return append(to, name)
	}
	for _, t := range c.Tasks {
		if !t.State.pending() {
			continue
		}
		all = add(all, t.HolderName)
		if t.State == Open {
			now = add(now, t.HolderName)
		}
	}
	if len(now) > 0 {
		return now
	}
	return all
}

// called is the title of a circulation, else what its steps ask for.
func (r *Room) called(c Circulation) string {
	if c.Title != "" {
		return c.Title
	}
	var kinds []string
	for _, t := range c.Tasks {
		if k := r.german("flow.kind." + string(t.Kind)); t.Kind != Returned && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return strings.Join(kinds, ", ")
}

// stays keeps a document in its case while it circulates.
func (r *Room) stays(ctx context.Context, tx *db.Tx, document string) error {
	running, err := r.store.runningOn(ctx, tx, access.All, document)
	if err != nil || len(running) == 0 {
		return err
	}
	d, err := r.core.DocumentByID(ctx, tx, access.All, document)
	if err != nil {
		return err
	}
	return errs.E(errs.Conflict, "records.error.in_circulation", d.Name)
}

// moved lets the course of business follow a case that moved. Whose turn comes can read it there too, as when they were
// asked; errs.Conflict names who cannot.
func (r *Room) moved(ctx context.Context, tx *db.Tx, m records.Moved) error {
	at := access.At(m.Case.Authority)
	if err := r.store.refile(ctx, tx, at, m); err != nil || m.From == m.File.ID {
		return err
	}
	list, err := r.store.circulations(ctx, tx, at, m.Case.ID)
	if err != nil {
		return err
	}
	dir, err := r.directory(ctx, tx, at, m.Case.Authority, r.h.Now())
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.private() { // what its owner cannot read there does not come back
			continue
		}
		s := &scene{a: at, c: m.Case, f: m.File, x: x, dir: dir}
		for _, t := range x.Tasks {
			if !t.State.pending() {
				continue
			}
			if err := r.receive(ctx, tx, s, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// receive lets the holder of a task into the file that its case has moved to.
func (r *Room) receive(ctx context.Context, tx *db.Tx, s *scene, t Task) error {
	need := access.Read
	if t.Kind == Shelve {
		need = access.Write
	}
	err := r.admit(ctx, tx, s, t.Holder, need)
	switch {
	case errs.Is(err, errs.Invalid):
		return errs.E(errs.Conflict, "records.error.move_holder", t.HolderName)
	case err != nil || t.State != Open:
		return err
	}
	return r.admitDeputies(ctx, tx, s.dir, s.c, s.f, t.Holder)
}

// refile notes the file of a case that moved, and its new Aktenzeichen beside the one that it had, in what the inbox is
// searched in.
func (store) refile(ctx context.Context, tx *db.Tx, a access.Access, m records.Moved) error {
	for _, table := range []string{"flow_circulation", "flow_task"} {
		var p db.Params
		set := `file_id = ` + p.Add(m.Case.FileID)
		if table == "flow_task" {
			was, is := strings.ToLower(m.Reference), strings.ToLower(m.Case.Reference)
			set += `, search = substr(replace(search, ` + p.Add(was+" ") + `, ` + p.Add(is+" "+was+" ") + `), 1, 400)`
		}
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET `+set+` WHERE `+a.In("authority_id", &p)+` AND case_id = `+p.Add(m.Case.ID), p...); err != nil {
			return err
		}
	}
	return nil
}
