package disposal

import (
	"context"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// personPlace is where a person's name may stand in a case.
type personPlace struct {
	name string
	from string // a table with the alias t, beside records_case x
	text string // what is searched
}

var personPlaces = []personPlace{
	{"case", "", "x.search"},
	{"answers", "records_form", "t.answers"},
	{"note", "records_note", "t.text"},
	{"question", "records_question", "t.text || ' ' || t.answer"},
	{"decision", "records_decision", "t.decision || ' ' || t.reasons"},
}

// spoken is the condition that every word stands in the text, in small letters or as it was typed: SQLite's lower knows
// ASCII only.
func spoken(p *db.Params, column, words string) string {
	var b strings.Builder
	for _, w := range strings.Fields(words) {
		small, typed := p.Add("%"+escapeLike.Replace(strings.ToLower(w))+"%"), p.Add("%"+escapeLike.Replace(w)+"%")
		b.WriteString(` AND (lower(` + column + `) LIKE ` + small + ` ESCAPE '!' OR ` + column + ` LIKE ` + typed + ` ESCAPE '!')`)
	}
	return b.String()
}

// casesWith are the ids of cases in which the person stands at that place, the latest first, one more than is shown.
func (store) casesWith(ctx context.Context, q db.Querier, a access.Access, person Person, place personPlace) ([]string, error) {
	var p db.Params
	join := ""
	if place.from != "" {
		join = ` JOIN ` + place.from + ` t ON t.case_id = x.id`
	}
	rows, err := q.Query(ctx, `SELECT DISTINCT x.id FROM records_case x`+join+` WHERE `+keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+
		p.Add(person.Authority)+` AND `+a.ReadsCase("x", &p)+spoken(&p, place.text, person.Words)+` ORDER BY x.id DESC LIMIT `+p.Add(maxHits+1), p...)
	return db.All(rows, err, text)
}

// casesOfSources are the cases that applications became.
func (store) casesOfSources(ctx context.Context, q db.Querier, a access.Access, authority string, sources []string) (out []string, err error) {
	err = inBatches(sources, func(some []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT x.id FROM records_case x WHERE `+keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+p.Add(authority)+
			` AND x.source IN `+list(&p, some)+` AND `+a.ReadsCase("x", &p), p...)
		ids, err := db.All(rows, err, text)
		out = append(out, ids...)
		return err
	})
	return out, err
}

// hits are the cases with these ids that the caller may read.
func (store) hits(ctx context.Context, q db.Querier, a access.Access, ids []string) (out []Hit, err error) {
	err = inBatches(ids, func(some []string) error {
		var p db.Params
		rows, err := q.Query(ctx, `SELECT `+caseColumns+` FROM records_case x WHERE `+keeper(a, "x.authority_id", &p)+` AND x.id IN `+list(&p, some)+
			` AND `+a.ReadsCase("x", &p), p...)
		cases, err := db.All(rows, err, scanCase)
		for _, c := range cases {
			out = append(out, Hit{Kind: "case", ID: c.id, Reference: c.reference, Subject: c.subject, Applicant: c.applicant, At: c.received})
		}
		return err
	})
	return out, err
}

// documentsWith are the documents whose name or subject names the person, the latest first, one more than is shown.
func (store) documentsWith(ctx context.Context, q db.Querier, a access.Access, person Person) ([]Hit, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT x.id, c.reference, x.name, x.created_at FROM records_document x JOIN records_case c ON c.id = x.case_id WHERE `+
		keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+p.Add(person.Authority)+` AND `+a.ReadsInCase("x", &p)+
		spoken(&p, "x.name || ' ' || x.subject", person.Words)+` ORDER BY x.id DESC LIMIT `+p.Add(maxHits+1), p...)
	return db.All(rows, err, func(r db.Scanner) (Hit, error) {
		h := Hit{Kind: "document", Places: []string{"document"}}
		var at int64
		err := r.Scan(&h.ID, &h.Reference, &h.Subject, &at)
		h.At = db.Time(at)
		return h, err
	})
}

func (store) caseToDisclose(ctx context.Context, q db.Querier, a access.Access, authority, id string) (caseRow, error) {
	var p db.Params
	return scanCase(q.QueryRow(ctx, `SELECT `+caseColumns+` FROM records_case x WHERE `+keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+
		p.Add(authority)+` AND x.id = `+p.Add(id)+` AND `+a.ReadsCase("x", &p), p...))
}

func (store) documentToDisclose(ctx context.Context, q db.Querier, a access.Access, authority, id string) (documentRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+` FROM records_document x JOIN records_version v ON v.document_id = x.id WHERE `+
		keeper(a, "x.authority_id", &p)+` AND x.authority_id = `+p.Add(authority)+` AND x.id = `+p.Add(id)+` AND `+a.ReadsInCase("x", &p)+documentOrder, p...)
	found, err := scanDocuments(rows, err)
	for _, list := range found {
		return list[0], nil
	}
	if err == nil {
		err = notFound()
	}
	return documentRow{}, err
}

// documentsOf are the documents of a case with all their versions.
func (store) documentsOf(ctx context.Context, q db.Querier, a access.Access, id string) ([]documentRow, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+documentColumns+` FROM records_document x JOIN records_version v ON v.document_id = x.id WHERE `+
		a.ReadsInCase("x", &p)+` AND x.case_id = `+p.Add(id)+documentOrder, p...)
	found, err := scanDocuments(rows, err)
	return found[id], err
}
