package audit

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
)

// objectsAtOnce bounds the parameters of one statement.
const objectsAtOnce = 5000

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
// oldest ones after an id, if one is given.
func entriesAbout(ctx context.Context, q db.Querier, objects []string, before, after string, limit int) ([]row, error) {
	var ids []string
	for some := range slices.Chunk(objects, objectsAtOnce) {
		var p db.Params
		where, order := oneOf("object", some, &p), "DESC"
		if before != "" {
			where += ` AND id < ` + p.Add(clean(before))
		}
		if after != "" {
			where += ` AND id > ` + p.Add(clean(after))
			order = "ASC"
		}
		// The ids come from the index alone; only the rows of the page are read.
		rows, err := q.Query(ctx, `SELECT id FROM audit_entry WHERE `+where+` ORDER BY id `+order+` LIMIT `+p.Add(limit), p...)
		found, err := db.All(rows, err, scanOne[string])
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	if after != "" {
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
