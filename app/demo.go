package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"rennsteig/finder"
	"rennsteig/pay"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
	"rennsteig/platform/identity/provider"
	"rennsteig/platform/identity/signin"
	"rennsteig/platform/money"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/office"
)

// Authorities of the demo people: a town that does everything itself, and a Verwaltungsgemeinschaft.
const (
	erfurt    = "160510000000"
	mellingen = "160715008000"
)

// people are the demo's invented people.
var people = []provider.Person{
	{Subject: "demo-anna", Name: "Anna Beispiel", Email: "anna@example.org", Kind: identity.Citizen},
	{Subject: "demo-jan", Name: "Jan Wałęsa-Çelik", Email: "jan@example.org", Kind: identity.Citizen},
	staff("demo-clerk", "Claudia Amtmann", identity.Clerk, erfurt),
	staff("demo-clerk2", "Birgit Steuer", identity.Clerk, erfurt),
	staff("demo-clerk3", "Cem Satzung", identity.Clerk, erfurt),
	staff("demo-head", "Doris Leitung", identity.Clerk, erfurt),
	staff("demo-registrar", "Regina Ablage", identity.Registrar, erfurt),
	staff("demo-registrar2", "Arne Altakte", identity.Registrar, erfurt),
	staff("demo-clerk-vg", "Viktor Gemeinschaft", identity.Clerk, mellingen),
	staff("demo-editor", "Edda Redlich", identity.Editor, identity.Everywhere),
	staff("demo-editor2", "Emil Lektor", identity.Editor, identity.Everywhere),
	staff("demo-editor-erfurt", "Lena Ort", identity.Editor, erfurt),
	staff("demo-treasurer", "Karl Kassel", identity.Treasurer, erfurt),
	staff("demo-security", "Sina Sicher", identity.Security, identity.Everywhere),
	staff("demo-auditor", "Rita Revision", identity.Auditor, identity.Everywhere),
	staff("demo-cio", "Carla Planer", identity.CIO, identity.Everywhere),
	staff("demo-operator", "Otto Betrieb", identity.Operator, identity.Everywhere),
}

func staff(subject, name string, role identity.Role, authority string) provider.Person {
	return provider.Person{Subject: subject, Name: name, Email: subject + "@example.org", Kind: identity.Staff,
		Grants: []identity.Grant{{Role: role, Authority: authority}}}
}

// demoAmounts are invented, and shown as such.
var demoAmounts = map[string]money.Cents{
	"99110009104000": 60_00, // Hundesteuer, a year
	"99115003012000": 8_00,  // Meldebescheinigung
	"99050012104000": 25_00, // Gewerbeanmeldung
}

// demoVersion changes when the demo's data does; it is loaded once.
const demoVersion = "4"

const demoClient = "rennsteig"

// demoSignIn is the embedded provider's configuration and ours for it.
func (p *program) demoSignIn() (provider.Config, signin.Config) {
	issuer := p.cfg.BaseURL + "/demo-anmeldung"
	secret := db.NewID() // both sides live in this process
	return provider.Config{Demo: true, Issuer: issuer, KeyFile: filepath.Join(filepath.Dir(p.cfg.Key), "demo-provider.pem"), People: people,
			Client: provider.Client{ID: demoClient, Secret: secret, RedirectURI: p.cfg.BaseURL + signin.CallbackPath,
				PostLogoutRedirectURI: p.cfg.BaseURL + signin.SignedOutPath}},
		signin.Config{Issuer: issuer, ClientID: demoClient, ClientSecret: secret, Staff: url.Values{"login_hint": {"staff"}}}
}

// loadDemo sets up the demo Land, once: roles, offers, amounts, file plans, the demo town's files. Everything is idempotent,
// so that a start broken off half-way is mended by the next.
func (p *program) loadDemo(ctx context.Context) error {
	var n int
	if err := p.house.DB.Reader().QueryRow(ctx, `SELECT count(*) FROM app_demo WHERE version = $1`, demoVersion).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return nil
	}
	ctx = identity.AsSystem(ctx, "demo")
	for _, person := range people {
		for _, g := range person.Grants {
			if err := p.signin.Grant(ctx, person.Subject, g); err != nil {
				return fmt.Errorf("role of %s: %w", person.Name, err)
			}
		}
	}
	var all []string
	var fees []pay.FeeSetting
	for _, form := range p.apply.Forms() {
		ids, err := p.processors(ctx, form.LeikaKey)
		if err != nil {
			return err
		}
		all = append(all, ids...)
		for _, id := range ids {
			fees = append(fees, pay.FeeSetting{Authority: id, LeikaKey: form.LeikaKey, Amount: demoAmounts[form.LeikaKey], Demo: true})
		}
		if err := p.apply.Offer(ctx, form.ID, ids...); err != nil {
			return err
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if err := p.pay.SetFees(ctx, fees); err != nil {
		return err
	}
	if err := p.records.EnsurePlan(ctx, all); err != nil {
		return err
	}
	if err := p.demoOffice(ctx); err != nil {
		return err
	}
	if err := p.demoRecords(ctx); err != nil {
		return err
	}
	return p.house.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO app_demo (version, loaded_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			demoVersion, db.Micros(time.Now())); err != nil {
			return err
		}
		return p.house.Audit.Append(ctx, tx, audit.Entry{Action: "app.demo_loaded", Object: "demo:" + demoVersion,
			Changes: map[string]any{"authorities": len(all), "fees": len(fees)}})
	})
}

// directory knows who works where; in a demo also the names of those who have not signed in yet.
func (p *program) directory() directory {
	d := directory{people: signin.NewPeople(p.house.DB, p.house.Audit, p.house.Now), names: map[string]string{}}
	for _, x := range people {
		if p.cfg.Demo {
			d.names[x.Subject] = x.Name
		}
	}
	return d
}

type demoUnitWithMembers struct {
	office.Unit
	members []office.Member
}

// demoUnits are the units of the demo town, with their members.
var demoUnits = []demoUnitWithMembers{
	{office.Unit{ID: "019a0000-0000-7000-8000-000000000010", Code: "10", Name: "Hauptamt und Registratur"}, []office.Member{
		{Subject: "demo-registrar", Role: access.Head}, {Subject: "demo-registrar2", Role: access.Member}}},
	{office.Unit{ID: "019a0000-0000-7000-8000-000000000020", Code: "20", Name: "Kämmerei und Steuern"}, []office.Member{
		{Subject: "demo-head", Role: access.Head}, {Subject: "demo-clerk", Role: access.Member}, {Subject: "demo-clerk2", Role: access.Member}}},
	{office.Unit{ID: "019a0000-0000-7000-8000-000000000030", Code: "30", Name: "Recht"}, []office.Member{{Subject: "demo-clerk3", Role: access.Member}}},
}

// demoOffice sets up the demo town's units, as its registrar would.
func (p *program) demoOffice(ctx context.Context) error {
	ctx = identity.With(ctx, identity.Principal{Subject: "demo-registrar", Name: "Regina Ablage", Kind: identity.Staff,
		Grants: []identity.Grant{{Role: identity.Registrar, Authority: erfurt}}})
	for _, u := range demoUnits {
		u.Authority = erfurt
		if err := p.office.PutUnit(ctx, u.Unit); err != nil {
			return fmt.Errorf("unit %s: %w", u.Code, err)
		}
		for _, m := range u.members {
			m.Unit = u.ID
			if err := p.office.PutMember(ctx, erfurt, m); err != nil {
				return fmt.Errorf("member %s: %w", m.Subject, err)
			}
		}
	}
	return p.disposal.Set(ctx, disposal.Setting{Authority: erfurt, Archive: "Archiv (Demo)"})
}

// processors lists the authorities that do the work of a service somewhere in the Land.
func (p *program) processors(ctx context.Context, leikaKey string) ([]string, error) {
	var out []string
	for _, a := range p.finder.Authorities(ctx) {
		if a.Kind != finder.AuthorityKind(finder.Municipality) && a.Kind != finder.AuthorityKind(finder.City) {
			continue
		}
		r, err := p.finder.Resolve(ctx, leikaKey, a.Area)
		if err != nil {
			return nil, err
		}
		if r.Known {
			out = append(out, r.Processor.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// printDemo tells who can be signed in as.
func printDemo(w io.Writer, base string) {
	fmt.Fprintf(w, "\nRennsteig demo Land: open %s\n\nSign in (%s/anmelden) as any of these invented people, without a password:\n", base, base)
	for _, p := range people {
		role := "citizen"
		if len(p.Grants) > 0 {
			role = string(p.Grants[0].Role)
			if a := p.Grants[0].Authority; a != identity.Everywhere {
				role += " of " + a
			}
		}
		fmt.Fprintf(w, "  %-22s %s\n", p.Name, role)
	}
	fmt.Fprintln(w, "\nStop with Ctrl-C; the data stays.")
}
