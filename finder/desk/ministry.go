package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/standards/leika"
)

// No catalogue says which ministry answers for a service, so editors of everything say it by groups: a Leistungsgruppe of
// LeiKa, a subject, or a single service as the exception. The more precise one counts.

// Ministry is a ministry with what belongs to it.
type Ministry struct {
	ID, Name string
	Scopes   []string // patterns: "99110*", "99110009104000", "subject:Umwelt"
	Change   int64    // 0 for a new one
	Services int      // how many services it answers for
}

// subjectScope is before a subject in a pattern.
const subjectScope = "subject:"

// parseScope reads what editors type: three digits of a Leistungsgruppe, a key, a key's beginning with *, or a subject.
func parseScope(subjects map[string]string, s string) (pattern string, ok bool) {
	s = strings.Join(strings.Fields(s), " ")
	if name, ok := subjects[strings.ToLower(s)]; ok {
		return subjectScope + name, true
	}
	digits := strings.TrimSuffix(s, "*")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	switch n := len(digits); {
	case s == digits && n == 3:
		return "99" + digits + "*", true
	case s == digits:
		_, err := leika.Parse(s)
		return s, err == nil
	default:
		return s, n >= 5 && n < 14 && strings.HasPrefix(s, "99")
	}
}

// showScope is a pattern as editors type it.
func showScope(pattern string) string {
	if name, ok := strings.CutPrefix(pattern, subjectScope); ok {
		return name
	}
	if len(pattern) == len("99110*") && strings.HasSuffix(pattern, "*") {
		return pattern[2:5]
	}
	return pattern
}

// subjects are those of the services, by their names in small letters.
func subjects(services []finder.Service) map[string]string {
	out := map[string]string{}
	for _, s := range services {
		if s.Subject != "" {
			out[strings.ToLower(s.Subject)] = s.Subject
		}
	}
	return out
}

// portfolio tells which ministry answers for a service.
type portfolio map[string]string // pattern to id

func portfolioOf(list []Ministry) portfolio {
	out := portfolio{}
	for _, m := range list {
		for _, pattern := range m.Scopes {
			out[pattern] = m.ID
		}
	}
	return out
}

// of is the id of the ministry; "" if none answers for the service.
func (p portfolio) of(s finder.Service) string {
	if id, ok := p[s.Key]; ok {
		return id
	}
	for n := len(s.Key) - 1; n > 2; n-- {
		if id, ok := p[s.Key[:n]+"*"]; ok {
			return id
		}
	}
	return p[subjectScope+s.Subject]
}

// everything is errs.Denied unless the caller is an editor of everything.
func everything(ctx context.Context) (Scope, error) {
	s, _, err := editorScope(ctx)
	if err == nil && !s.all {
		err = errs.E(errs.Denied, "finder.desk.error.everything")
	}
	return s, err
}

// Ministries lists the ministries by name, with the number of their services; left is the services of none.
func (r *Room) Ministries(ctx context.Context) (list []Ministry, left []finder.Service, err error) {
	if _, err := everything(ctx); err != nil {
		return nil, nil, err
	}
	if list, err = ministries(ctx, r.h.DB.Reader()); err != nil {
		return nil, nil, err
	}
	p, n := portfolioOf(list), map[string]int{}
	for _, s := range r.finder.Catalog().Services() {
		id := p.of(s)
		n[id]++
		if id == "" {
			left = append(left, s)
		}
	}
	for i := range list {
		list[i].Services = n[list[i].ID]
	}
	return list, left, nil
}

// SaveMinistry writes a ministry; lines are its scopes as typed. A new one has no ID. errs.Conflict if somebody else has
// changed it since.
func (r *Room) SaveMinistry(ctx context.Context, m Ministry, lines []string) error {
	if _, err := everything(ctx); err != nil {
		return err
	}
	m, err := m.clean(subjects(r.finder.Catalog().Services()), lines)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := ministries(ctx, tx)
		if err != nil {
			return err
		}
		var wrong []errs.Field
		for _, other := range all {
			if other.ID == m.ID {
				continue
			}
			if strings.EqualFold(other.Name, m.Name) {
				wrong = append(wrong, errs.Field{Name: "name", Key: "finder.desk.error.ministry_twice"})
			}
			for _, pattern := range m.Scopes {
				if slices.Contains(other.Scopes, pattern) {
					wrong = append(wrong, errs.Field{Name: "scopes", Key: "finder.desk.error.scope_taken", Args: []any{showScope(pattern), other.Name}})
				}
			}
		}
		if err := errs.InvalidFields(wrong); err != nil {
			return err
		}
		if m.ID == "" {
			m.ID = db.NewID()
			if err := insertMinistry(ctx, tx, m); err != nil {
				return err
			}
		} else if err := updateMinistry(ctx, tx, m); err != nil {
			return err
		}
		return r.noteMinistry(ctx, tx, "finder.ministry_saved", m)
	})
}

// RemoveMinistry takes a ministry and its figures away; its services belong to none then.
func (r *Room) RemoveMinistry(ctx context.Context, id string, change int64) error {
	if _, err := everything(ctx); err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := ministries(ctx, tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(m Ministry) bool { return m.ID == id })
		switch {
		case i < 0:
			return notFound()
		case all[i].Change != change:
			return errs.E(errs.Conflict, "finder.desk.error.changed")
		}
		if err := deleteMinistry(ctx, tx, id); err != nil {
			return err
		}
		return r.noteMinistry(ctx, tx, "finder.ministry_removed", all[i])
	})
}

func (r *Room) noteMinistry(ctx context.Context, tx *db.Tx, action string, m Ministry) error {
	return r.h.Audit.Append(ctx, tx, audit.Entry{Action: action, Object: "ministry:" + m.ID, Changes: map[string]any{"name": m.Name, "scopes": m.Scopes}})
}

const maxScopes = 500

// clean is the ministry with its lines read.
func (m Ministry) clean(known map[string]string, lines []string) (Ministry, error) {
	m.Name = strings.Join(strings.Fields(m.Name), " ")
	var wrong []errs.Field
	if n := utf8.RuneCountInString(m.Name); n == 0 || n > maxLine {
		wrong = append(wrong, errs.Field{Name: "name", Key: "finder.desk.error.ministry_name", Args: []any{maxLine}})
	}
	m.Scopes = nil
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		pattern, ok := parseScope(known, line)
		if !ok {
			wrong = append(wrong, errs.Field{Name: "scopes", Key: "finder.desk.error.scope", Args: []any{string([]rune(line)[:min(60, utf8.RuneCountInString(line))])}})
			continue
		}
		if !slices.Contains(m.Scopes, pattern) {
			m.Scopes = append(m.Scopes, pattern)
		}
	}
	if len(m.Scopes) > maxScopes {
		wrong = append(wrong, errs.Field{Name: "scopes", Key: "finder.desk.error.scopes", Args: []any{maxScopes}})
	}
	slices.Sort(m.Scopes)
	return m, errs.InvalidFields(wrong)
}

func ministries(ctx context.Context, q db.Querier) ([]Ministry, error) {
	rows, err := q.Query(ctx, `SELECT id, name, change FROM finder_ministry`)
	list, err := db.All(rows, err, func(s db.Scanner) (m Ministry, err error) { return m, s.Scan(&m.ID, &m.Name, &m.Change) })
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	slices.SortFunc(list, func(a, b Ministry) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	for i, m := range list {
		at[m.ID] = i
	}
	rows, err = q.Query(ctx, `SELECT pattern, ministry_id FROM finder_ministry_scope ORDER BY pattern`)
	_, err = db.All(rows, err, func(s db.Scanner) (none struct{}, err error) {
		var pattern, id string
		if err := s.Scan(&pattern, &id); err != nil {
			return none, err
		}
		if i, ok := at[id]; ok { // else it was made between the two questions
			list[i].Scopes = append(list[i].Scopes, pattern)
		}
		return none, nil
	})
	return list, err
}

func insertMinistry(ctx context.Context, tx *db.Tx, m Ministry) error {
	if _, err := tx.Exec(ctx, `INSERT INTO finder_ministry (id, name, change) VALUES ($1, $2, 1)`, m.ID, m.Name); err != nil {
		return taken(err)
	}
	return insertScopes(ctx, tx, m)
}

func updateMinistry(ctx context.Context, tx *db.Tx, m Ministry) error {
	res, err := tx.Exec(ctx, `UPDATE finder_ministry SET name = $3, change = change + 1 WHERE id = $1 AND change = $2`, m.ID, m.Change, m.Name)
	if err != nil {
		return taken(err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return errs.E(errs.Conflict, "finder.desk.error.changed")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM finder_ministry_scope WHERE ministry_id = $1`, m.ID); err != nil {
		return err
	}
	return insertScopes(ctx, tx, m)
}

func insertScopes(ctx context.Context, tx *db.Tx, m Ministry) error {
	for _, pattern := range m.Scopes {
		if _, err := tx.Exec(ctx, `INSERT INTO finder_ministry_scope (pattern, ministry_id) VALUES ($1, $2)`, pattern, m.ID); err != nil {
			return taken(err)
		}
	}
	return nil
}

// taken tells of a change at the same moment, which the check before has not seen.
func taken(err error) error {
	if db.IsUnique(err) {
		return errs.E(errs.Conflict, "finder.desk.error.changed", err)
	}
	return err
}

func deleteMinistry(ctx context.Context, tx *db.Tx, id string) error {
	for _, table := range []string{"finder_ministry_scope", "finder_ministry_quality"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE ministry_id = $1`, id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM finder_ministry WHERE id = $1`, id)
	return err
}
