package filing

import (
	"context"
	"slices"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// erase deletes the rows about documents whose column has one of the values, and returns the hashes that they named.
func (store) erase(ctx context.Context, tx *db.Tx, s access.Access, column string, values []string) (hashes []string, err error) {
	for some := range slices.Chunk(values, 100) {
		of := func(key string, p *db.Params) string {
			return s.In("authority_id", p) + ` AND ` + key + ` IN (SELECT d.id FROM records_document d WHERE d.` + column + ` IN ` + p.List(some) + `)`
		}
		for _, table := range []string{"filing_held", "filing_rendition"} {
			var p db.Params
			rows, err := tx.Query(ctx, `SELECT hash FROM `+table+` WHERE hash <> '' AND `+of("document_id", &p), p...)
			more, err := db.All(rows, err, scanText)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
		}
		for _, table := range []string{"filing_held", "filing_rendition", "filing_document", "filing_content"} {
			var p db.Params
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE `+of("document_id", &p), p...); err != nil {
				return nil, err
			}
		}
		more, err := store{}.eraseIncoming(ctx, tx, s, column, some)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, more...)
	}
	return hashes, nil
}

// eraseIncoming deletes the register of the post that became these cases or documents.
func (store) eraseIncoming(ctx context.Context, tx *db.Tx, s access.Access, column string, values []string) ([]string, error) {
	var p db.Params
	which := s.In("authority_id", &p)
	switch column {
	case "id":
		which += ` AND id IN ` + p.List(values)
	case "case_id":
		which += ` AND incoming_id IN (SELECT i.id FROM filing_incoming i WHERE i.case_id IN ` + p.List(values) + `)`
	default:
		which += ` AND incoming_id IN (SELECT i.id FROM filing_incoming i JOIN records_case c ON c.id = i.case_id WHERE c.file_id IN ` + p.List(values) + `)`
	}
	rows, err := tx.Query(ctx, `DELETE FROM filing_incoming_document WHERE `+which+` RETURNING incoming_id, hash`, p...)
	pairs, err := db.All(rows, err, func(r db.Scanner) (x [2]string, err error) {
		err = r.Scan(&x[0], &x[1])
		return x, err
	})
	if err != nil {
		return nil, err
	}
	var hashes, posts []string
	for _, x := range pairs {
		posts, hashes = append(posts, x[0]), append(hashes, x[1])
	}
	slices.Sort(posts)
	for some := range slices.Chunk(slices.Compact(posts), 100) {
		for _, table := range []string{"filing_scanned", "filing_incoming"} {
			var p db.Params
			key := map[string]string{"filing_scanned": "incoming_id", "filing_incoming": "id"}[table]
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE `+s.In("authority_id", &p)+` AND `+key+` IN `+p.List(some)+` AND NOT EXISTS (SELECT 1 FROM filing_incoming_document x WHERE x.incoming_id = `+table+`.`+key+`)`, p...); err != nil {
				return nil, err
			}
		}
	}
	return hashes, nil
}

func (store) keeps(ctx context.Context, q db.Querier, s access.Access, hashes []string) ([]string, error) {
	var out []string
	for some := range slices.Chunk(hashes, 100) {
		for _, table := range []string{"filing_held", "filing_rendition", "filing_incoming_document"} {
			var p db.Params
			rows, err := q.Query(ctx, `SELECT DISTINCT hash FROM `+table+` WHERE `+s.In("authority_id", &p)+` AND hash IN `+p.List(some), p...)
			more, err := db.All(rows, err, scanText)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
