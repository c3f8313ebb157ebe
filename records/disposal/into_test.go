package disposal

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Clerks at Jena: max works in the unit 30, eva in none.
var (
	max30 = staff("Max Recht", identity.Grant{Role: identity.Clerk, Authority: jena})
	eva   = staff("Eva Anderswo", identity.Grant{Role: identity.Clerk, Authority: jena})
)

// exec runs statements on their own.
func (h *house) exec(t testing.TB, statements ...string) {
	t.Helper()
	h.tx(t, context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range statements {
			housetest.ByHandIf(h.h.DB, s, "records_file", "records_case", "records_document", "records_version")
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// unit30 is a unit at Jena, with max in it, whom jenny keeps records for, cleared for what is confidential.
func (h *house) unit30(t testing.TB) {
	h.exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('o30', '`+jena+`', '30', 'Recht', '', '/o30/', 0)`,
		`INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ('o30', '`+identity.From(max30).Subject+`', 'member', '`+jena+`', 'Max Recht')`,
		`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ('`+jena+`', '`+identity.From(jenny).Subject+`', 'Jenny Saale', 2)`)
}

// fixed is when that package was made.
var fixed = time.Date(2025, time.May, 6, 7, 8, 9, 0, time.UTC)

// foreign is a package with one open and one confidential file of a county.
func foreign(t testing.TB) (name string, content *bytes.Reader) {
	t.Helper()
	head := xdomea.Head{ProcessID: db.NewID(), Message: xdomea.Transfer, Created: fixed, Sender: xdomea.Contact{Organisation: "Landratsamt Saalkreis"}}
	var out bytes.Buffer
	w, err := xdomea.NewPackageWriter(&out, head)
	must(t, err)
	for i, level := range []access.Level{access.Open, access.Confidential} {
		ref := "LRA " + string(rune('7'+i)) + "/2019"
		must(t, w.Write(&xdomea.File{ID: db.NewID(), General: xdomea.General{Subject: "Kreisakte", Reference: ref, LeadUnit: "Personalamt", Confidentiality: levels[level]},
			Cases: []xdomea.Case{{ID: db.NewID(), General: xdomea.General{Subject: "Kreisvorgang", Reference: ref + "-1"}, Period: xdomea.Period{From: fixed.AddDate(-5, 0, 0)}}}}))
	}
	must(t, w.Close())
	return xdomea.PackageName(head), bytes.NewReader(out.Bytes())
}

// What comes from another authority is open to whom the importer says, and to nobody else.
func TestTakenOverIsOpenTo(t *testing.T) {
	for name, c := range map[string]struct {
		into     Into
		unit, no access.May // of who is in the leading unit, and of who is not
	}{
		"the unit by default": {Into{Unit: unitA, Lead: "o30"}, access.Write, access.Nothing},
		"registry":            {Into{Unit: unitA, Reach: records.Registry}, access.Nothing, access.Nothing},
		"read by all":         {Into{Unit: unitA, Lead: "o30", Reach: records.ReadByAll}, access.Write, access.Read},
		"everybody":           {Into{Unit: unitA, Lead: "o30", Reach: records.Everybody}, access.Write, access.Write},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.plans(t)
				h.unit30(t)
				file, in := foreign(t)
				i, err := h.Check(jenny, in, in.Size(), file, jena, db.NewID())
				must(t, err)
				if f := i.Summary.First; len(f) != 2 || f[0].Lead != "Personalamt" || f[1].Level != access.Confidential {
					t.Errorf("the package says %+v", f)
				}
				before := h.state(t)
				wantCode(t, h.TakeOver(jenny, i.ID, Into{Unit: unitA}), errs.Invalid, "")
				wantCode(t, h.TakeOver(jenny, i.ID, Into{Unit: unitA, Reach: records.Everybody}), errs.Invalid, "")
				wantCode(t, h.TakeOver(jenny, i.ID, Into{Unit: unitA, Lead: "20"}), errs.Invalid, "")
				wantCode(t, h.TakeOver(jenny, i.ID, Into{Unit: unitA, Reach: records.Registry, Level: access.Secret}), errs.Invalid, "")
				if h.state(t) != before {
					t.Fatal("half a package was taken over")
				}
				must(t, h.TakeOver(jenny, i.ID, c.into))
				l, err := h.Came(jenny, i.ID, paging.Cursor{})
				must(t, err)
				if len(l.Items) != 2 {
					t.Fatalf("%d files came", len(l.Items))
				}
				for _, x := range l.Items {
					want := access.Open
					if strings.Contains(x.Former, "8/2019") {
						want = access.Confidential
					}
					if x.Level != want || x.Cases != 1 {
						t.Errorf("%+v", x)
					}
					for who, may := range map[context.Context]access.May{max30: c.unit, eva: c.no} {
						if want > access.Open {
							may = access.Nothing
						}
						a, err := access.Load(who, h.h.DB.Reader())
						must(t, err)
						f, err := h.core.FileByID(who, h.h.DB.Reader(), a, x.ID)
						if f.May != may || (err == nil) != (may > access.Nothing) {
							t.Errorf("%s may %v %s, want %v (%v)", identity.From(who).Name, f.May, x.Former, may, err)
						}
					}
				}
				for _, q := range []string{"LRA 7/2019", "lra 7/2019"} {
					found, err := h.core.Files(jenny, records.FileFilter{Query: q})
					if must(t, err); len(found.Items) != 1 || found.Items[0].Former != "LRA 7/2019" {
						t.Errorf("%q finds %+v", q, found.Items)
					}
				}
			})
		})
	}
}

// The page asks, shows what the package says, and then what came; a case's history tells where it was opened.
func TestTakenOverOnPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		h.unit30(t)
		name, in := foreign(t)
		content := make([]byte, in.Size())
		_, err := in.ReadAt(content, 0)
		must(t, err)
		one := h.as(t, jenny)
		page := one.Get(importPath).Upload("Paket", name, content).Press("Prüfen").Want(http.StatusOK, "Personalamt", "vertraulich", "LRA 7/2019")
		page.Fill("Aktenplaneinheit", unitA+" Satzungen und Ortsrecht").Press("Übernehmen").Want(http.StatusUnprocessableEntity, "Wählen Sie die federführende Einheit")
		page.Fill("Aktenplaneinheit", unitA+" Satzungen und Ortsrecht").Fill("Federführung", "30 Recht").Press("Übernehmen").
			Want(http.StatusOK, "Alles ist übernommen.", "Übernommene Akten", "LRA 7/2019", "LRA 8/2019", unitA+"-")
		l, err := h.core.Files(jenny, records.FileFilter{Query: "LRA 7/2019"})
		must(t, err)
		one.Get("/akte/akte/"+l.Items[0].ID).Want(http.StatusOK, "LRA 7/2019", "30 Recht", "nur die federführende Einheit")
		c := h.casesOf(t, l.Items[0].ID)[0]
		p := one.Get("/akte/vorgang/"+c.ID).Want(http.StatusOK, "LRA 7/2019-1", "Angelegt bei der abgebenden Stelle", "Landratsamt Saalkreis")
		if strings.Contains(p.Body, "Antrag eingegangen") || strings.Contains(p.Body, "Vorgang angelegt") {
			t.Error("the case's history says that it began here")
		}
		h.as(t, max30).Get("/akte/akte/" + l.Items[0].ID).Want(http.StatusOK)
		h.as(t, eva).Get("/akte/akte/" + l.Items[0].ID).Want(http.StatusNotFound)
	})
}

// Who is no registrar cannot open, or make, a file for registrars only.
func TestRegistryOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		n := records.NewFile{Authority: erfurt, Unit: unitA, Details: records.Details{Subject: "x", Reach: records.Registry}}
		_, err := h.core.OpenFile(claudia, n)
		wantCode(t, err, errs.Invalid, "")
		f, err := h.core.OpenFile(regina, n)
		must(t, err)
		if f.Reach() != records.Registry {
			t.Errorf("reach %s", f.Reach())
		}
		h.as(t, claudia).Get("/akte/akte/" + f.ID).Want(http.StatusNotFound)
		h.as(t, regina).Get("/akte/akte/"+f.ID).Want(http.StatusOK, "nur die Registratur")
		h.as(t, regina).Get("/akte/akte/"+f.ID+"/bearbeiten").Want(http.StatusOK, "nur die Registratur")
		must(t, h.core.ChangeFile(regina, f.ID, f.Version, records.Details{Subject: "x", Reach: records.Everybody}))
		h.as(t, claudia).Get("/akte/akte/" + f.ID).Want(http.StatusOK)
	})
}
