package desk

import (
	"context"
	"testing"

	"rennsteig/finder"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web/webtest"
)

const (
	kreis   = "160670000000" // Landkreis Gotha with two municipalities
	gotha   = "160670029029"
	hoersel = "160670094094"
)

// district adds the Landkreis Gotha to the few areas.
func (d *desk) district(t *testing.T) {
	t.Helper()
	must(t, d.h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, statement := range []string{
			`INSERT INTO finder_area (ars, name, short_name, kind, parent, acting, postcode, population, valid_from, valid_to, successor) VALUES
				('160670000000', 'Landkreis Gotha', 'Gotha', 'district', '160000000000', '', '', 0, 0, 0, ''),
				('160670029029', 'Gotha, Stadt', 'Gotha', 'municipality', '160670000000', '', '99867', 45000, 0, 0, ''),
				('160670094094', 'Hörsel', 'Hörsel', 'municipality', '160670000000', '', '99880', 5000, 0, 0, '')`,
			`INSERT INTO finder_authority (id, name, kind, area, seat, postcode, generic) VALUES
				('160670000000', 'Landkreis Gotha', 'district', '160670000000', 'Gotha', '', FALSE),
				('160670029029', 'Stadt Gotha', 'municipality', '160670029029', 'Gotha', '99867', FALSE),
				('160670094094', 'Gemeinde Hörsel', 'municipality', '160670094094', 'Hörsel', '99880', FALSE),
				('th-amt', 'Landesamt für Hunde', 'land', '160000000000', 'Erfurt', '', FALSE)`,
			`INSERT INTO finder_import_authority (id, name, kind, area, contact, origin) VALUES ('oe-1', 'Hundestelle im Rathaus', 'unit', '160670029029', '{}', 'Datei')`,
			`INSERT INTO finder_import_online (id, kind, name, url, origin) VALUES ('od-1', 'service', 'Hundeportal', 'https://hund.example/', 'Datei X')`,
			`INSERT INTO finder_import_duty (id, authority, online, role, services, areas, origin) VALUES ('d-1', '', 'od-1', '01', '["99110009104000"]', '["160670000000"]', 'Datei X')`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return finder.MarkChanged(ctx, tx)
	}))
	must(t, d.f.Refresh(context.Background()))
}

func (d *desk) assign(t *testing.T, p identity.Principal, l finder.LocalAssignment, was string) error {
	t.Helper()
	err := d.Assign(as(p), LocalChange{LocalAssignment: l}, was)
	must(t, d.f.Refresh(context.Background()))
	return err
}

func TestLocalEffect(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.district(t)
		work := finder.LocalAssignment{Service: dog, Area: kreis, Role: finder.DoneBy, Office: kreis, Law: "Zweckvereinbarung"}
		groups, unmoved, err := d.Effect(as(edda), LocalChange{LocalAssignment: work})
		must(t, err)
		if len(groups) != 1 || unmoved != 0 || len(groups[0].Places) != 2 || groups[0].After.Processor.ID != kreis || groups[0].After.Responsible.ID != gotha {
			t.Fatalf("%+v, %d unmoved", groups, unmoved)
		}
		must(t, d.assign(t, edda, work, ""))
		// The town says something else, so the Kreis's word counts only for the other municipality.
		editorOfGotha := editor("g", "Gero", gotha)
		no := finder.LocalAssignment{Service: dog, Area: gotha, Role: finder.NotOffered, Office: "ignored"}
		must(t, d.assign(t, editorOfGotha, no, ""))
		groups, unmoved, err = d.Effect(as(edda), LocalChange{LocalAssignment: work, Remove: true})
		must(t, err)
		if len(groups) != 1 || unmoved != 1 || groups[0].Places[0].ARS != hoersel || groups[0].Before.Processor.ID != kreis || groups[0].After.Processor.ID != hoersel {
			t.Fatalf("%+v, %d unmoved", groups, unmoved)
		}
		if list := ok[[]Local](t)(d.Locals(as(editorOfGotha), dog)); len(list) != 2 || list[0].Mine || !list[1].Mine || list[1].Rule.Responsible.ID != gotha || list[1].Office != "" {
			t.Errorf("%+v", list)
		}
		if list := ok[[]Local](t)(d.Locals(as(jens), dog)); len(list) != 0 {
			t.Errorf("Jens sees %+v", list)
		}
		if list := ok[[]finder.LocalAssignment](t)(d.OwnLocals(as(edda))); len(list) != 2 {
			t.Errorf("all: %+v", list)
		}
		for name, c := range map[string]struct {
			p    identity.Principal
			l    finder.LocalAssignment
			was  string
			want errs.Code
		}{
			"the Kreis's, by a town":        {editorOfGotha, work, "", errs.NotFound},
			"the whole Land's, by a town":   {editorOfGotha, finder.LocalAssignment{Service: dog, Area: "160000000000", Role: finder.NotOffered}, "", errs.NotFound},
			"the Bund's":                    {edda, finder.LocalAssignment{Service: dog, Area: "000000000000", Role: finder.NotOffered}, "", errs.NotFound},
			"by an office of the Land":      {editor("a", "A", "th-amt"), finder.LocalAssignment{Service: dog, Area: "160000000000", Role: finder.NotOffered}, "", errs.NotFound},
			"unseen change":                 {editorOfGotha, no, "", errs.Conflict},
			"no office":                     {editorOfGotha, finder.LocalAssignment{Service: dog, Area: gotha, Role: finder.Responsible}, "", errs.Invalid},
			"no role":                       {editorOfGotha, finder.LocalAssignment{Service: dog, Area: gotha, Role: "boss", Office: kreis}, "", errs.Invalid},
			"no service":                    {editorOfGotha, finder.LocalAssignment{Service: "1", Area: gotha, Role: finder.NotOffered}, "", errs.NotFound},
			"an imported office is one":     {editorOfGotha, finder.LocalAssignment{Service: dog, Area: gotha, Role: finder.ContactPoint, Office: "oe-1"}, "", ""},
			"the whole Land's, by the Land": {edda, finder.LocalAssignment{Service: dog, Area: "160000000000", Role: finder.SinglePoint, Office: "th-amt"}, "", ""},
		} {
			if err := d.assign(t, c.p, c.l, c.was); errs.CodeOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := d.Assign(as(editorOfGotha), LocalChange{LocalAssignment: finder.LocalAssignment{Service: dog, Area: gotha, Role: finder.Receives}, Remove: true}, ""); !errs.Is(err, errs.NotFound) {
			t.Errorf("removing what is not there: %v", err)
		}
		if n := count(t, d.h.DB.Reader(), `SELECT count(*) FROM audit_entry WHERE action = 'finder.local_assigned'`); n != 4 {
			t.Errorf("%d log entries", n)
		}
	})
}

func TestLocalPages(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.district(t)
		c := webtest.New(t, d.mux).As(edda)
		p := c.Get("/redaktion/leistung/"+dog).Want(200, "Hundeportal", "übernommen aus: Datei X").Click("Zuständigkeit vor Ort").
			Want(200, "Vor Ort ist nichts abweichend geregelt", "Hundeportal", "Landkreis Gotha")
		p.Press("Auswirkung ansehen").Want(422, "Geben Sie eine Gemeinde", "Wählen Sie, was vor Ort gilt.")
		p.Fill("Gebiet", "gotha").Choose("erledigt von einer anderen Stelle").Fill("Stelle", "nirgends").Press("Auswirkung ansehen").
			Want(422, "Das trifft auf mehrere Stellen zu. Wählen Sie eine.", "Geben Sie eine Stelle an, die es gibt.").
			Choose("Landkreis Gotha", "Gebiet").Fill("Stelle", "hundestelle").Fill("Rechtsgrundlage", "Satzung & <b>").Press("Auswirkung ansehen").
			Want(200, "Noch ist nichts gespeichert", "Gotha, Hörsel", "Hundestelle im Rathaus für die jeweilige Gemeinde", "Für Landkreis Gotha erledigt das nach besonderer Regelung: Hundestelle im Rathaus.", "Satzung & <b>").
			Press("Speichern").Want(200, "Bürgerinnen und Bürger werden ab jetzt so geführt.", "erledigt von einer anderen Stelle", "Hundestelle im Rathaus")
		webtest.Get(t, d.mux, "/leistung/"+dog+"?ort="+hoersel).Want(200, "Hundestelle im Rathaus", "Gemeinde Hörsel")
		c.Get("/redaktion/zustaendigkeiten").Want(200, "1 Festlegung", "Landkreis Gotha").Click("Hundehaltung: Anmeldung").Want(200, "Hundestelle im Rathaus")

		local := webtest.New(t, d.mux).As(editor("g", "Gero", gotha))
		p = local.Get(localPath(dog)).Want(200, "Landkreis Gotha", "Hundestelle im Rathaus")
		if len(p.Find("a", map[string]string{"href": localPath(dog) + "?gebiet=" + kreis + "&rolle=done_by#aendern"})) > 0 {
			t.Error("a town may change what the Kreis says")
		}
		p.Choose("gibt es hier nicht").Press("Auswirkung ansehen").Want(200, "Stadt Gotha", "Diese Leistung gibt es hier nicht").Press("Speichern").Want(200, "gibt es hier nicht")
		local.Get("/redaktion/zustaendigkeiten").Want(200, "1 Festlegung")
		local.Get(localPath(dog)).Press("Aufheben: gibt es hier nicht, Stadt Gotha").Want(200, "Auswirkung der Änderung").Press("Aufheben: die Regel gilt wieder").
			Want(200, "Aufgehoben: Die Regel gilt wieder.")
		// What the editor does not see is not removed: it was changed meanwhile.
		p = c.Get(localPath(dog)).Press("Aufheben: erledigt von einer anderen Stelle, Landkreis Gotha").Want(200)
		var was string
		for _, l := range ok[[]Local](t)(d.Locals(as(edda), dog)) {
			was = l.Seen()
		}
		must(t, d.assign(t, emil, finder.LocalAssignment{Service: dog, Area: kreis, Role: finder.DoneBy, Office: kreis}, was))
		p.Press("Aufheben: die Regel gilt wieder").Want(422, "Jemand anderes hat diesen Text inzwischen geändert")
		c.Get(localPath("1")).Want(404)
		local.Get(localPath(dog) + "?gebiet=" + erfurt + "&rolle=x").Want(200)
		c.Get(localPath(dog)+"?gebiet="+kreis+"&rolle=done_by").Want(200, "Landkreis Gotha")
	})
}
