package records

import (
	"context"
	"strconv"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// leaveTraces is LeaveTraces.
func (store) leaveTraces(ctx context.Context, tx *db.Tx, s access.Access, file, caseID, document string) error {
	const into = `INSERT INTO records_trace (object, authority_id, file_id, reference, level) `
	var p db.Params
	in, f, c, d := s.In("c.authority_id", &p), p.Add(file), p.Add(caseID), p.Add(document)
	if _, err := tx.Exec(ctx, into+`SELECT 'document:' || d.id, d.authority_id, d.file_id, c.reference, c.level FROM records_document d
		JOIN records_case c ON c.id = d.case_id WHERE `+in+` AND (d.file_id = `+f+` OR d.case_id = `+c+` OR d.id = `+d+`) ON CONFLICT DO NOTHING`, p...); err != nil {
		return err
	}
	p = nil
	in, f, c = s.In("c.authority_id", &p), p.Add(file), p.Add(caseID)
	_, err := tx.Exec(ctx, into+`SELECT 'case:' || c.id, c.authority_id, c.file_id, c.reference, c.level FROM records_case c
		WHERE `+in+` AND (c.file_id = `+f+` OR c.id = `+c+`) ON CONFLICT DO NOTHING`, p...)
	return err
}

// traces lists what lay in the file and was destroyed, of what the caller is cleared for.
func (store) traces(ctx context.Context, q db.Querier, s access.Access, file string) (out []named, err error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT t.object, t.reference, t.authority_id, t.level FROM records_trace t JOIN records_file f ON f.id = t.file_id WHERE `+
		s.Reads("f", &p)+` AND t.file_id = `+p.Add(file)+` ORDER BY t.object LIMIT `+strconv.Itoa(mostObjects+1), p...)
	_, err = db.All(rows, err, func(r db.Scanner) (n named, err error) {
		var authority string
		var level access.Level
		if err = r.Scan(&n.name, &n.title, &authority, &level); err == nil && s.Cleared(authority, level) {
			out = append(out, n)
		}
		return n, err
	})
	return out, err
}
