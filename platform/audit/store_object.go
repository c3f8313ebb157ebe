package audit

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"rennsteig/platform/db"
)

// objectsAtOnce bounds the parameters of one statement: short enough that its prepared form is found again.
const objectsAtOnce = 256

// oneOf is the predicate that the column has one of the values.
func oneOf[T any](column string, values []T, p *db.Params) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = p.Add(v)
	}
	return column + " IN (" + strings.Join(places, ", ") + ")"
}

// placesOf lists the numbers of the entries about any of the objects in the tree of that size, in their order, and
// counts those beyond it.
func placesOf(ctx context.Context, q db.Querier, objects []string, size int64) (places []int64, waiting int64, err error) {
	for some := range slices.Chunk(objects, objectsAtOnce) {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT COALESCE(seq, -1) FROM audit_entry WHERE `+oneOf("object", some, &p), p...)
		found, err := db.All(rows, err, scanOne[int64])
		if err != nil {
			return nil, 0, err
		}
		for _, seq := range found {
			if seq == Unsequenced || seq >= size {
				waiting++
			} else {
				places = append(places, seq)
			}
		}
	}
	slices.Sort(places)
	return places, waiting, nil
}

// toldElsewhere reports whether a later entry, about another object, tells the state that the object has now. It reads the whole log, so it is asked only of what is not explained otherwise.
func toldElsewhere(ctx context.Context, q db.Querier, s suspect) (told bool, err error) {
	is, after := gone, int64(-1)
	if s.there {
		is = s.row
	}
	if s.known {
		after = s.want.seq
	}
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM audit_entry WHERE seq > $1 AND changes LIKE $2)`, after, `%"`+s.object+`":"`+is+`"%`).Scan(&told)
	return told, err
}

func scanOne[T any](s db.Scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// entriesAt lists the entries with these numbers.
func entriesAt(ctx context.Context, q db.Querier, places []int64) ([]row, error) {
	var p db.Params
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry WHERE `+oneOf("seq", places, &p)+` ORDER BY seq`, p...)
}

// countBelow counts the entries in the tree of that size.
func countBelow(ctx context.Context, q db.Querier, size int64) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*) FROM audit_entry WHERE seq >= 0 AND seq < $1`, size).Scan(&n)
	return n, err
}

// entriesAbout lists at most limit entries about any of the objects, the newest first: those before an id, or the
// oldest ones after an id, if one is given. However many objects and entries there are, it reads little more than a
// page: of an index entry for each object, and of as many objects as the page can show.
func entriesAbout(ctx context.Context, q db.Querier, objects []string, before, after string, limit int) (_ []row, err error) {
	k := keyset{before: clean(before), after: clean(after), limit: limit}
	objects = slices.Clone(objects)
	for i := range objects {
		objects[i] = clean(objects[i])
	}
	slices.Sort(objects)
	objects = slices.Compact(objects)
	if len(objects) > limit {
		if objects, err = k.nearest(ctx, q, objects); err != nil {
			return nil, err
		}
	}
	var ids []string
	for some := range slices.Chunk(objects, 100) {
		var p db.Params
		parts := make([]string, len(some))
		for i, o := range some {
			parts[i] = `SELECT id FROM (SELECT id FROM audit_entry WHERE object = ` + p.Add(o) + k.where(&p) +
				` ORDER BY id ` + k.order() + ` LIMIT ` + p.Add(limit) + `) AS o` + strconv.Itoa(i)
		}
		rows, err := q.Query(ctx, strings.Join(parts, " UNION ALL "), p...)
		found, err := db.All(rows, err, scanOne[string])
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	if k.after != "" {
		ids = ids[:min(limit, len(ids))]
	} else {
		ids = ids[max(0, len(ids)-limit):]
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var p db.Params
	return queryEntries(ctx, q, `SELECT `+entryColumns+` FROM audit_entry WHERE `+oneOf("id", ids, &p)+` ORDER BY id DESC`, p...)
}

// keyset says which page of a list by id is wanted.
type keyset struct {
	before, after string
	limit         int
}

func (k keyset) where(p *db.Params) (s string) {
	if k.before != "" {
		s += ` AND id < ` + p.Add(k.before)
	}
	if k.after != "" {
		s += ` AND id > ` + p.Add(k.after)
	}
	return s
}

func (k keyset) order() string {
	if k.after != "" {
		return "ASC"
	}
	return "DESC"
}

// nearest are the objects that the page's entries can be about: as many as the page is long, by the first entry that
// each would add to it.
func (k keyset) nearest(ctx context.Context, q db.Querier, objects []string) ([]string, error) {
	type first struct{ object, id string }
	var all []first
	for some := range slices.Chunk(objects, objectsAtOnce) {
		var p db.Params
		values := make([]string, len(some))
		for i, o := range some {
			values[i] = "(" + p.Add(o) + ")"
		}
		rows, err := q.Query(ctx, `SELECT object, id FROM (SELECT v.column1 AS object, (SELECT id FROM audit_entry
			WHERE object = v.column1`+k.where(&p)+` ORDER BY id `+k.order()+` LIMIT 1) AS id
			FROM (VALUES `+strings.Join(values, ", ")+`) AS v) AS firsts WHERE id IS NOT NULL`, p...)
		found, err := db.All(rows, err, func(s db.Scanner) (f first, err error) {
			err = s.Scan(&f.object, &f.id)
			return f, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b first) int {
		if k.after != "" {
			return strings.Compare(a.id, b.id)
		}
		return strings.Compare(b.id, a.id)
	})
	out := make([]string, 0, k.limit)
	for _, f := range all[:min(k.limit, len(all))] {
		out = append(out, f.object)
	}
	return out, nil
}
