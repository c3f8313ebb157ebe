package desk

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
)

const (
	dog    = "99110009104000"
	erfurt = "160510000000"
	jena   = "160530000000"
)

func editor(subject, name, authority string) identity.Principal {
	return identity.Principal{Subject: subject, Name: name, Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Editor, Authority: authority}}}
}

var (
	edda = editor("edda", "Edda Redlich", identity.Everywhere)
	emil = editor("emil", "Emil Lektor", identity.Everywhere)
	lena = editor("lena", "Lena Ort", erfurt)
	olaf = editor("olaf", "Olaf Ort", erfurt)
	jens = editor("jens", "Jens Jena", jena)
)

func as(p identity.Principal) context.Context { return identity.With(context.Background(), p) }

// nothing answers the finder's questions about forms and fees.
type nothing struct{}

func (nothing) Online(context.Context, string, string) (string, bool, error) { return "", false, nil }

func (nothing) Fee(context.Context, string, string) (finder.Fee, bool, error) {
	return finder.Fee{}, false, nil
}

// desk is the room over a finder with its catalogue.
type desk struct {
	*Room
	f   *finder.Room
	mux *http.ServeMux

	mu  sync.Mutex
	now time.Time // of the clock; the zero time is the real one
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now.IsZero() {
		return time.Now()
	}
	return d.now
}

func (d *desk) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = t
}

func each(t *testing.T, f func(t *testing.T, d *desk)) {
	t.Helper()
	housetest.Each(t, []platform.Files{{Room: "finder", FS: finder.Files}}, func(t *testing.T, h *platform.House) { f(t, newDesk(t, h)) })
}

func newDesk(t testing.TB, h *platform.House) *desk {
	t.Helper()
	d := &desk{mux: http.NewServeMux()}
	h.Site.NoLimits = true
	h.Now, h.Queue.Now = d.clock, d.clock
	var err error
	if d.f, err = finder.New(h, nothing{}, nothing{}); err != nil {
		t.Fatal(err)
	}
	few(t, h.DB)
	must(t, d.f.Refresh(context.Background()))
	if d.Room, err = New(h, d.f); err != nil {
		t.Fatal(err)
	}
	d.CheckPrivateLinks()
	d.f.Routes(d.mux)
	d.Routes(d.mux)
	return d
}

// few writes a catalogue of two towns and some services: the whole one takes a second to load.
func few(t testing.TB, d *db.DB) {
	t.Helper()
	must(t, d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, statement := range []string{
			`INSERT INTO finder_area (ars, name, short_name, kind, parent, acting, postcode, population, valid_from, valid_to, successor) VALUES
				('000000000000', 'Deutschland', 'Deutschland', 'federation', '', '', '', 0, 0, 0, ''),
				('160000000000', 'Thüringen', 'Thüringen', 'state', '000000000000', '', '', 0, 0, 0, ''),
				('160510000000', 'Erfurt, Stadt', 'Erfurt', 'city', '160000000000', '', '99084', 218793, 0, 0, ''),
				('160530000000', 'Jena, Stadt', 'Jena', 'city', '160000000000', '', '07743', 108306, 0, 0, '')`,
			`INSERT INTO finder_authority (id, name, kind, area, seat, postcode, generic) VALUES
				('160510000000', 'Stadt Erfurt', 'city', '160510000000', 'Erfurt', '99084', FALSE),
				('160530000000', 'Stadt Jena', 'city', '160530000000', 'Jena', '07743', FALSE)`,
			`INSERT INTO finder_service (key, name, type, law, bundle, life_situation, subject) VALUES
				('99110009000000', 'Hundehaltung', '5', '', '', 'Tierhaltung', ''),
				('99110009104000', 'Hundehaltung Anmeldung', '5', 'ThürKAG', '', 'Tierhaltung', ''),
				('99115005104000', 'Wohnsitz Anmeldung', '2/3', 'BMG', '', 'Wohnen & Umzug', ''),
				('99050012104000', 'Gewerbe Anmeldung', '2/3', 'GewO', '', '', '')`,
			`INSERT INTO finder_assignment (service_key, role, level, office, processor, law, note) VALUES
				('99110009104000', 'responsible', 'own', '', '', 'Hundesteuersatzung', ''),
				('99115005104000', 'responsible', 'transferred', '', '', 'BMG', '')`,
			`INSERT INTO finder_state (name, value) VALUES ('version', '1')`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ok[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

var (
	stamm = finder.TextRef{Service: dog, Lang: i18n.German}
	local = finder.TextRef{Service: dog, Authority: erfurt, Lang: i18n.German}
)

// content has these texts; keys are modules.
func content(pairs ...string) Content {
	c := Content{Modules: map[finder.Module]finder.ModuleText{}}
	for i := 0; i < len(pairs); i += 2 {
		c.Modules[finder.Module(pairs[i])] = finder.ModuleText{Text: pairs[i+1]}
	}
	return c
}

// get reads a version as the program.
func (d *desk) get(t testing.TB, id string) Version {
	t.Helper()
	return ok[Version](t)(versionByID(context.Background(), d.h.DB.Reader(), program, id, ""))
}

// submitted is a version in review, written by p.
func (d *desk) submitted(t testing.TB, p identity.Principal, ref finder.TextRef, c Content) Version {
	t.Helper()
	v := ok[Version](t)(d.StartDraft(as(p), ref))
	must(t, d.Save(as(p), v.ID, v.Change, c))
	must(t, d.Submit(as(p), v.ID, v.Change+1))
	return d.get(t, v.ID)
}

// released is a version that p wrote and q released.
func (d *desk) released(t testing.TB, p, q identity.Principal, ref finder.TextRef, c Content) Version {
	t.Helper()
	v := d.submitted(t, p, ref, c)
	must(t, d.Release(as(q), v.ID, v.Change, time.Time{}))
	must(t, d.f.Refresh(context.Background()))
	return d.get(t, v.ID)
}

// count is how many rows a statement counts.
func count(t testing.TB, q db.Querier, statement string, args ...any) int {
	t.Helper()
	var n int
	must(t, q.QueryRow(context.Background(), statement, args...).Scan(&n))
	return n
}
