package records

import (
	"context"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// Said is something that was written in a case, for who looks for words.
type Said struct{ Case, Text string }

// sayer reads what a part keeps: see OnSaid.
type sayer func(ctx context.Context, q db.Querier, a access.Access, cases []string) ([]Said, error)

// OnSaid has f asked for what a part keeps of words in cases: of those among the cases that the caller may read, the
// earliest first. A part asks for that when it is made; triggers on its tables count the words in the column said of the case.
func (r *Room) OnSaid(f func(ctx context.Context, q db.Querier, a access.Access, cases []string) ([]Said, error)) {
	r.said = append(r.said, f)
}

// SaidIn is what was written in the cases, as far as the caller may read them: notes, questions and answers, decisions, and
// what the parts of the room keep; by case.
func (r *Room) SaidIn(ctx context.Context, q db.Querier, a access.Access, cases []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, f := range append([]sayer{r.store.said}, r.said...) {
		said, err := f(ctx, q, a, cases)
		if err != nil {
			return nil, err
		}
		for _, x := range said {
			if text := strings.TrimSpace(x.Text); text != "" {
				out[x.Case] = append(out[x.Case], text)
			}
		}
	}
	return out, nil
}

// SaidTable says which columns of a table with case_id and id are words, and by which its rows are ordered.
type SaidTable struct {
	Table, At string
	Columns   []string
}

// saidTables are those of this package.
var saidTables = []SaidTable{{"records_note", "created_at", []string{"text"}}, {"records_question", "asked_at", []string{"text", "answer"}},
	{"records_decision", "decided_at", []string{"title", "decision", "reasons", "remedy"}}}

func (store) said(ctx context.Context, q db.Querier, a access.Access, cases []string) ([]Said, error) {
	return ReadSaid(ctx, q, a, cases, saidTables)
}

// ReadSaid reads the words in tables of a part, for OnSaid.
func ReadSaid(ctx context.Context, q db.Querier, a access.Access, cases []string, tables []SaidTable) (out []Said, err error) {
	if len(cases) == 0 {
		return nil, nil
	}
	for _, t := range tables {
		var p db.Params
		in := make([]string, len(cases))
		for i, id := range cases {
			in[i] = p.Add(id)
		}
		rows, err := q.Query(ctx, `SELECT x.case_id, x.`+strings.Join(t.Columns, ` || '`+"\n\n"+`' || x.`)+` FROM `+t.Table+` x WHERE x.case_id IN (`+
			strings.Join(in, ", ")+`) AND `+a.ReadsInCase("x", &p)+` ORDER BY x.`+t.At+`, x.id`, p...)
		said, err := db.All(rows, err, func(r db.Scanner) (s Said, err error) {
			err = r.Scan(&s.Case, &s.Text)
			return s, err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, said...)
	}
	return out, nil
}
