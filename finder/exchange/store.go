package exchange

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/standards/xzufi"
)

// object is a row of finder_import_object.
type object struct {
	class        xzufi.Class
	id           ident
	target, hash string
}

// questionSize is how many values a question has at most: for SQLite reading it takes time that grows with the square of
// their number.
const questionSize = 100

// in asks for the rows whose column has one of the values; those with the same value come in the order of their ids.
func in(ctx context.Context, q db.Querier, class xzufi.Class, column string, values []string, row func(o object, value string)) error {
	slices.Sort(values)
	values = slices.Compact(values)
	for part := range slices.Chunk(values, questionSize) {
		p := db.Params{string(class)}
		marks := make([]string, len(part))
		for i, v := range part {
			marks[i] = "(" + p.Add(v) + ")"
		}
		// A join, not IN: without statistics PostgreSQL compares each row with each value of a list. CROSS tells SQLite to
		// begin with the values.
		rows, err := q.Query(ctx, `SELECT o.id, o.target, o.hash, o.value FROM (VALUES `+strings.Join(marks, ",")+`) AS asked
			CROSS JOIN finder_import_object o WHERE o.class = $1 AND o.`+column+` = asked.column1 ORDER BY o.`+column+`, o.id`, p...)
		if err != nil {
			return err
		}
		if err := scanObjects(rows, class, row); err != nil {
			return err
		}
	}
	return nil
}

func scanObjects(rows *sql.Rows, class xzufi.Class, row func(o object, value string)) error {
	defer rows.Close()
	for rows.Next() {
		var id, value string
		o := object{class: class}
		if err := rows.Scan(&id, &o.target, &o.hash, &value); err != nil {
			return err
		}
		o.id = parseID(id)
		row(o, value)
	}
	return rows.Err()
}

func objectsByID(ctx context.Context, q db.Querier, class xzufi.Class, list []*record) (map[string]object, error) {
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = idString(r.id)
	}
	out := map[string]object{}
	err := in(ctx, q, class, "id", ids, func(o object, _ string) { out[idString(o.id)] = o })
	return out, err
}

// resolve finds what ids of other systems are here: id string to target. Where a reference leaves out agency or scheme,
// or the object does, the value decides, if it is the only one.
func resolve(ctx context.Context, q db.Querier, class xzufi.Class, ids []ident) (map[string]string, error) {
	var values []string
	for _, id := range ids {
		values = append(values, id.Value)
	}
	byValue := map[string][]object{}
	if err := in(ctx, q, class, "value", values, func(o object, value string) { byValue[value] = append(byValue[value], o) }); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, id := range ids {
		var loose []object
		for _, o := range byValue[id.Value] {
			if o.id == id {
				loose = []object{o}
				break
			}
			if agree(o.id.Agency, id.Agency) && agree(o.id.Scheme, id.Scheme) {
				loose = append(loose, o)
			}
		}
		if len(loose) == 1 {
			out[idString(id)] = loose[0].target
		}
	}
	return out, nil
}

func agree(a, b string) bool { return a == "" || b == "" || a == b }

func putObjects(ctx context.Context, tx *db.Tx, list []object, origin string, now time.Time) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = []any{string(o.class), idString(o.id), o.target, o.hash, o.id.Value, origin, db.Micros(now)}
	}
	return finder.Upsert(ctx, tx, "finder_import_object", "class, id", "target, hash, value, origin, imported_at", rows)
}

func countObjects(ctx context.Context, q db.Querier) (map[xzufi.Class]int, error) {
	rows, err := q.Query(ctx, `SELECT class, count(*) FROM finder_import_object GROUP BY class`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[xzufi.Class]int{}
	for rows.Next() {
		var class xzufi.Class
		var n int
		if err := rows.Scan(&class, &n); err != nil {
			return nil, err
		}
		out[class] = n
	}
	return out, rows.Err()
}

// tableOf holds what an object of the class became, and its key.
var tableOf = map[xzufi.Class][2]string{
	xzufi.ClassLeistung:             {"finder_import_service", "key"},
	xzufi.ClassOrganisationseinheit: {"finder_import_authority", "id"},
	xzufi.ClassOnlinedienst:         {"finder_import_online", "id"},
	xzufi.ClassZustaendigkeit:       {"finder_import_duty", "id"},
}

func deleteObject(ctx context.Context, tx *db.Tx, o object) error {
	if t, ok := tableOf[o.class]; ok {
		if _, err := tx.Exec(ctx, `DELETE FROM `+t[0]+` WHERE `+t[1]+` = $1`, o.target); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `DELETE FROM finder_import_object WHERE class = $1 AND id = $2`, string(o.class), idString(o.id))
	return err
}

// stored reads rows of a table: key to the values of the columns, which are all texts.
func stored(ctx context.Context, q db.Querier, table, key string, columns []string, keys []string) (map[string][]string, error) {
	out := map[string][]string{}
	keys = slices.Clone(keys)
	slices.Sort(keys)
	for part := range slices.Chunk(slices.Compact(keys), questionSize) {
		var p db.Params
		marks := make([]string, len(part))
		for i, k := range part {
			marks[i] = p.Add(k)
		}
		rows, err := q.Query(ctx, `SELECT `+strings.Join(append([]string{key}, columns...), ", ")+` FROM `+table+` WHERE `+key+
			` IN (`+strings.Join(marks, ",")+`)`, p...)
		if _, err := db.All(rows, err, func(s db.Scanner) (struct{}, error) {
			values := make([]string, 1+len(columns))
			dest := make([]any, len(values))
			for i := range values {
				dest[i] = &values[i]
			}
			err := s.Scan(dest...)
			out[values[0]] = values[1:]
			return struct{}{}, err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// differing names the columns in which two rows differ; all if there is no old one.
func differing(columns, old, now []string) []string {
	if old == nil {
		return columns
	}
	var out []string
	for i, c := range columns {
		if old[i] != now[i] {
			out = append(out, c)
		}
	}
	return out
}

// The columns of imported facts that a message fills.
var (
	serviceColumns   = []string{"name", "type", "law"}
	authorityColumns = []string{"name", "kind", "area", "contact"}
	onlineColumns    = []string{"kind", "name", "url"}
)
