package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
)

// RowStates reads what the rows of files, cases and documents say, for audit.Log.States.
type RowStates struct{}

// bound is what the log binds of a row: all that people or the program say of it, but not what is reckoned from that for
// searching and sorting (search, place, said, gone), nor who is at it (locked_by, changed_by, version of a form).
type bound struct {
	kind, id, revision string
	table              string
	title              string
	in                 [2]string // columns with the ids of what it lies in
	texts, numbers     []string
}

// binds are in the order of their kinds. The versions of a document are a part of its state.
var binds = []bound{
	{kind: "case", id: "id", revision: "revision", table: "records_case", title: "reference", in: [2]string{"file_id", "''"},
		texts: []string{"authority_id", "file_id", "part_id", "parent_id", "reference", "former", "subject", "applicant", "kind", "state", "org_id",
			"assigned_to", "source", "source_reference", "leika_key", "opened_by", "closed_by", "fee_kassenzeichen"},
		numbers: []string{"number", "level", "received_at", "due_at", "closed_at", "fee_amount", "fee_paid_at"}},
	{kind: "document", id: "id", revision: "revision", table: "records_document", title: "name", in: [2]string{"case_id", "file_id"},
		texts:   []string{"authority_id", "case_id", "file_id", "parent_id", "kind", "name", "subject", "hash", "media_type", "created_by"},
		numbers: []string{"version", "size", "created_at", "final_at"}},
	{kind: "file", id: "id", revision: "revision", table: "records_file", title: "reference", in: [2]string{"''", "''"},
		texts: []string{"authority_id", "reference", "former", "unit", "subject", "lead", "readers", "writers", "medium", "location", "lent_to",
			"lent_by", "type_id", "fields", "keywords", "state"},
		numbers: []string{"level", "opened_at", "closed_at", "retain_until", "lent_at", "lent_until"}},
	{kind: kindVersion, id: "document_id", revision: "number", table: "records_version", title: "''", in: [2]string{"''", "''"},
		texts:   []string{"authority_id", "name", "hash", "media_type", "comment", "created_by"},
		numbers: []string{"size", "created_at"}},
}

const (
	kindVersion  = "version"
	mostTexts    = 18
	mostNumbers  = 7
	statesAtOnce = 500 // of a page of all
)

// query selects what the log binds of the rows, in columns that are as many for each kind.
func (b bound) query(where string) string {
	columns := []string{"'" + b.kind + "'", b.id, b.revision, b.title, b.in[0], b.in[1]}
	columns = append(columns, b.texts...)
	columns = append(columns, slices.Repeat([]string{"''"}, mostTexts-len(b.texts))...)
	columns = append(columns, b.numbers...)
	columns = append(columns, slices.Repeat([]string{"0"}, mostNumbers-len(b.numbers))...)
	return `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + b.table + ` WHERE ` + where
}

// Of are the states of these objects, read with one statement.
func (RowStates) Of(ctx context.Context, q db.Querier, objects []string) ([]audit.RowState, error) {
	ids := map[string][]string{}
	for _, o := range objects {
		kind, id, _ := strings.Cut(o, ":")
		ids[kind] = append(ids[kind], id)
	}
	ids[kindVersion] = ids["document"]
	var p db.Params
	var parts []string
	for _, b := range binds {
		if some := ids[b.kind]; len(some) > 0 {
			parts = append(parts, b.query(b.id+` IN `+p.List(padded(some))))
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, strings.Join(parts, ` UNION ALL `), p...)
	return states(db.All(rows, err, scanState))
}

// padded makes a list as long as a power of two, so that few statements are made of it.
func padded(ids []string) []string {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	return append(slices.Clone(ids), slices.Repeat(ids[:1], n-len(ids))...)
}

// After are the states that follow on the object's, of all authorities.
func (s RowStates) After(ctx context.Context, q db.Querier, object string) (found []audit.RowState, last string, err error) {
	kind, id, _ := strings.Cut(object, ":")
	for _, b := range binds {
		if b.kind < kind || b.kind == kindVersion {
			continue
		}
		if b.kind > kind {
			id = ""
		}
		var p db.Params
		rows, err := q.Query(ctx, `SELECT id FROM `+b.table+` WHERE id > `+p.Add(id)+` ORDER BY id LIMIT `+p.Add(statesAtOnce), p...)
		objects, err := db.All(rows, err, func(r db.Scanner) (o string, err error) { return o, r.Scan(&o) })
		if err != nil {
			return nil, "", err
		}
		if len(objects) == 0 {
			continue
		}
		for i := range objects {
			objects[i] = b.kind + ":" + objects[i]
		}
		found, err = s.Of(ctx, q, objects)
		return found, objects[len(objects)-1], err
	}
	return nil, "", nil
}

func scanState(r db.Scanner) (s audit.RowState, err error) {
	var kind, id string
	var in [2]string
	var revision any // SQLite lets a column hold anything: what is no number is told as it is
	texts, numbers := make([]string, mostTexts), make([]any, mostNumbers)
	dest := []any{&kind, &id, &revision, &s.Title, &in[0], &in[1]}
	for i := range texts {
		dest = append(dest, &texts[i])
	}
	for i := range numbers {
		dest = append(dest, &numbers[i])
	}
	if err := r.Scan(dest...); err != nil {
		return s, err
	}
	s.Object = kind + ":" + id
	s.Revision, _ = revision.(int64)
	i := slices.IndexFunc(binds, func(b bound) bool { return b.kind == kind })
	b := binds[i]
	begin := ""
	if kind == kindVersion {
		begin = fmt.Sprintf("version %d ", s.Revision)
	}
	for i, name := range b.texts {
		if name == "readers" || name == "writers" { // who may read is nobody's business who gets a proof
			texts[i] = Digest(texts[i])
		}
		s.Fields = append(s.Fields, begin+name+"="+texts[i])
	}
	for i, name := range b.numbers {
		s.Fields = append(s.Fields, begin+name+"="+fmt.Sprint(numbers[i]))
	}
	for i, column := range b.in {
		if column != "''" {
			s.In = append(s.In, strings.TrimSuffix(column, "_id")+":"+in[i])
		}
	}
	return s, nil
}

// states puts the versions of documents, in their order, into the documents' states.
func states(rows []audit.RowState, err error) ([]audit.RowState, error) {
	if err != nil {
		return nil, err
	}
	versions := map[string][]audit.RowState{}
	out := rows[:0]
	for _, s := range rows {
		if id, ok := strings.CutPrefix(s.Object, kindVersion+":"); ok {
			versions[DocumentObject(id)] = append(versions[DocumentObject(id)], s)
			continue
		}
		out = append(out, s)
	}
	for i, s := range out {
		vs := versions[s.Object]
		slices.SortFunc(vs, func(a, b audit.RowState) int { return int(a.Revision - b.Revision) })
		for _, v := range vs {
			out[i].Fields = append(out[i].Fields, v.Fields...)
		}
	}
	return out, nil
}
