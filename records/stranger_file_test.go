package records

import (
	"context"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// fileCalls are the store's methods about files, on the file of the case, which has everything that a file can have.
func fileCalls(t *testing.T, h *house, c Case) map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error {
	t.Helper()
	const org, kind = "org-20", "type-1"
	part, other := db.NewID(), db.NewID()
	f, err := h.store.fileByID(t.Context(), h.h.DB.Reader(), access.At(erfurt), c.FileID)
	must(t, err)
	me := access.At(erfurt)
	me.Subject = identity.From(erika).Subject
	must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('` + org + `', '` + erfurt + `', '20', 'Amt', '', '/', 0)`,
			`INSERT INTO records_file_type (id, authority_id, name, fields) VALUES ('` + kind + `', '` + erfurt + `', 'Bau', '[]')`,
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		if err := h.store.insertFile(ctx, tx, me, File{ID: other, Authority: erfurt, Reference: "other", Medium: Electronic}); err != nil {
			return err
		}
		if _, err := h.store.insertPart(ctx, tx, me, f, Part{ID: part}); err != nil {
			return err
		}
		if err := h.store.putLink(ctx, tx, me, f, other, SeeAlso, "", time.Now()); err != nil {
			return err
		}
		return h.store.mark(ctx, tx, me, f, true, time.Now())
	}))
	st := h.store
	return map[string]func(ctx context.Context, tx *db.Tx, s access.Access) error{
		"fileOf": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileOf(ctx, tx, s, c)
			return err
		},
		"lockFile": func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.lockFile(ctx, tx, s, f.ID) },
		"fileLocked": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileLocked(ctx, tx, s, f.ID)
			return err
		},
		"updateFile": func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.updateFile(ctx, tx, s, f) },
		"raiseCases": func(ctx context.Context, tx *db.Tx, s access.Access) error { // changes nothing of a stranger's: dump says so
			return nothing(0, st.raiseCases(ctx, tx, s, f.ID, access.Secret))
		},
		"openCases": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := tx.Exec(ctx, `UPDATE records_case SET state = 'in_work'`)
			if err != nil {
				return err
			}
			n, err := st.openCases(ctx, tx, s, f.ID)
			return nothing(n, err)
		},
		"nextCase": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			n, err := st.nextCase(ctx, tx, s, f.ID, "")
			return nothing(int(n-1), err)
		},
		"fileByReference": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileByReference(ctx, tx, s, erfurt, f.Reference)
			return err
		},
		"insertPart": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.insertPart(ctx, tx, s, f, Part{ID: db.NewID()})
			return err
		},
		"part": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.part(ctx, tx, s, f.ID, part)
			return err
		},
		"updatePart": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.updatePart(ctx, tx, s, f.ID, Part{ID: part, Subject: "x"})
		},
		"closeParts": func(ctx context.Context, tx *db.Tx, s access.Access) error { // changes nothing of a stranger's
			return nothing(0, st.closeParts(ctx, tx, s, f.ID, time.Now()))
		},
		"reopenParts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.reopenParts(ctx, tx, s, f.ID, db.Time(5)))
		},
		"openInPart": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_case SET state = 'in_work', part_id = $1`, part); err != nil {
				return err
			}
			n, err := st.openInPart(ctx, tx, s, f.ID, part)
			return nothing(n, err)
		},
		"caseNamed": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.caseNamed(ctx, tx, s, f.ID, c.Reference)
			return err
		},
		"parts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.parts(ctx, tx, s, f.ID)
			return nothing(len(l), err)
		},
		"putLink": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.putLink(ctx, tx, s, f, other, Precedes, "", time.Now())
		},
		"dropLink": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(0, st.dropLink(ctx, tx, s, f.ID, other))
		},
		"links": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.links(ctx, tx, s, f.ID)
			return nothing(len(l), err)
		},
		"mark": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.mark(ctx, tx, s, f, true, time.Now())
		},
		"marked": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			s.Subject = me.Subject
			return none(st.marked(ctx, tx, s, f.ID))
		},
		"objects": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.objects(ctx, tx, s, f.ID)
			return nothing(len(l), err)
		},
		"traces": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.leaveTraces(ctx, tx, access.At(erfurt), f.ID, "", ""); err != nil {
				return err
			}
			l, err := st.traces(ctx, tx, s, f.ID)
			return nothing(len(l), err)
		},
		"leaveTraces": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.leaveTraces(ctx, tx, s, f.ID, "", ""); err != nil {
				return err
			}
			var n int
			err := tx.QueryRow(ctx, `SELECT count(*) FROM records_trace WHERE file_id = $1`, f.ID).Scan(&n)
			return nothing(n, err)
		},
		"evidence": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.evidence(ctx, tx, s, f.ID)
			return nothing(len(l), err)
		},
		"hasOrg": func(ctx context.Context, tx *db.Tx, s access.Access) error { return none(st.hasOrg(ctx, tx, s, org)) },
		"orgs": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.orgs(ctx, tx, s)
			return nothing(len(l), err)
		},
		"fileType": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileType(ctx, tx, s, kind)
			return err
		},
		"fileTypes": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.fileTypes(ctx, tx, s)
			return nothing(len(l), err)
		},
		"unit": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.unit(ctx, tx, s, "22.31")
			return err
		},
		"pattern": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, _, err := st.pattern(ctx, tx, s, erfurt, org)
			return err
		},
	}
}
