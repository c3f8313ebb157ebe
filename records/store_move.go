package records

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// --- cases in cases ---

// subCases are the cases that are a part of this one, in order; lock is "" or the transaction's ForUpdate.
func (store) subCases(ctx context.Context, q db.Querier, s access.Access, parent, lock string) ([]Case, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+caseColumns+`, 0 FROM records_case c WHERE `+s.ReadsCase("c", &p)+` AND c.parent_id <> '' AND c.parent_id = `+
		p.Add(parent)+` ORDER BY c.number, c.id`+lock, p...)
	return db.All(rows, err, scanCase)
}

// casesIn are all cases of the file, those that others are a part of first; lock as with subCases.
func (store) casesIn(ctx context.Context, q db.Querier, s access.Access, file, lock string) ([]Case, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT `+caseColumns+`, 0 FROM records_case c WHERE `+s.ReadsCase("c", &p)+` AND c.file_id = `+p.Add(file)+
		` ORDER BY CASE WHEN c.parent_id = '' THEN 0 ELSE 1 END, c.number, c.id`+lock, p...)
	return db.All(rows, err, scanCase)
}

// raiseSubCases makes no part of the case less confidential than the case.
func (store) raiseSubCases(ctx context.Context, tx *db.Tx, s access.Access, c Case) error {
	var p db.Params
	_, err := tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, level = `+p.Add(int64(c.Level))+` WHERE `+s.In("authority_id", &p)+` AND parent_id <> '' AND parent_id = `+
		p.Add(c.ID)+` AND level < `+p.Add(int64(c.Level)), p...)
	return err
}

// partSubCases puts the parts of the case into its part file.
func (store) partSubCases(ctx context.Context, tx *db.Tx, s access.Access, c Case) error {
	var p db.Params
	place := placeOf(c, &p)
	_, err := tx.Change(ctx, "case", `UPDATE records_case SET revision = revision + 1, part_id = `+p.Add(c.Part)+`, place = `+place+` + number WHERE `+s.In("authority_id", &p)+` AND parent_id <> '' AND parent_id = `+p.Add(c.ID), p...)
	return err
}

// --- moving ---

// fileNamed is the id of the file of the authority that has this Aktenzeichen, or had it and no other has.
func (st store) fileNamed(ctx context.Context, q db.Querier, s access.Access, authority, reference string) (id string, err error) {
	var p db.Params
	name := p.Add(reference)
	err = q.QueryRow(ctx, `SELECT f.id FROM records_file f WHERE `+s.Reads("f", &p)+` AND f.authority_id = `+p.Add(authority)+` AND (f.reference = `+name+
		` OR f.former <> '' AND `+p.Add("\n")+` || f.former || `+p.Add("\n")+` LIKE `+p.Add("%\n"+db.EscapeLike(reference)+"\n%")+
		` ESCAPE '!') ORDER BY CASE WHEN f.reference = `+name+` THEN 0 ELSE 1 END LIMIT 1`, p...).Scan(&id)
	return id, NotFound(err)
}

// bring lets what lies in the case, and what marks it, follow it into its file.
func (store) bring(ctx context.Context, tx *db.Tx, s access.Access, c Case) error {
	var p db.Params
	if _, err := tx.Change(ctx, "document", `UPDATE records_document SET revision = revision + 1, file_id = `+p.Add(c.FileID)+` WHERE `+s.In("authority_id", &p)+` AND case_id = `+p.Add(c.ID), p...); err != nil {
		return err
	}
	p = nil
	file, in, id := p.Add(c.FileID), s.In("authority_id", &p), p.Add(c.ID)
	_, err := tx.Exec(ctx, `UPDATE records_favourite SET file_id = `+file+` WHERE `+in+` AND (object = 'case:' || `+id+
		` OR object IN (SELECT 'document:' || d.id FROM records_document d WHERE d.case_id = `+id+`))`, p...)
	return err
}

// keepNumber sees to it that a number that a case in the file had is not given again.
func (store) keepNumber(ctx context.Context, tx *db.Tx, s access.Access, file string, number int64) error {
	var p db.Params
	_, err := tx.Exec(ctx, `UPDATE records_file SET gone = `+p.Add(number)+` WHERE `+s.In("authority_id", &p)+` AND id = `+p.Add(file)+` AND gone < `+p.Add(number), p...)
	return err
}

// closedWithCase reports whether the file was closed because its last case was.
func (store) closedWithCase(ctx context.Context, q db.Querier, s access.Access, f File) (bool, error) {
	var p db.Params
	return exists(ctx, q, `records_case WHERE `+s.In("authority_id", &p)+` AND file_id = `+p.Add(f.ID)+` AND closed_at = `+p.Add(db.Micros(f.ClosedAt)), p)
}

// --- who a case is given to ---

// members are those who belong to the unit.
func (store) members(ctx context.Context, q db.Querier, s access.Access, org string) ([]Person, error) {
	var p db.Params
	rows, err := q.Query(ctx, `SELECT subject, min(name) FROM records_member WHERE `+s.In("authority_id", &p)+` AND org_id = `+p.Add(org)+` GROUP BY subject ORDER BY 2, 1`, p...)
	return db.All(rows, err, func(r db.Scanner) (x Person, err error) {
		err = r.Scan(&x.Subject, &x.Name)
		return x, err
	})
}
