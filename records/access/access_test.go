package access_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

const (
	here  = "authority-erfurt"
	there = "authority-jena"
)

// orgs is a tree of units by code: each with its parent.
var orgs = []struct{ id, parent, path string }{
	{"20", "", "/20/"}, {"20.1", "20", "/20/20.1/"}, {"20.1.1", "20.1", "/20/20.1/20.1.1/"}, {"20.2", "20", "/20/20.2/"}, {"30", "", "/30/"},
}

// seat of a person in the model.
type seat struct {
	unit string
	role access.Role
}

// model is one file and one caller, and what is set about both.
type model struct {
	registrar, clerk bool
	seats            []seat
	clearance        access.Level
	level            access.Level
	readers, writers string
	grants           []access.Grant
	guests           []string // holders, of a case of the file
}

// keys are the holders that the caller is, by the words of the package's comment.
func (m model) keys() []string {
	out := []string{access.Authority, access.Person("me")}
	for _, s := range m.seats {
		for _, o := range orgs {
			path := pathOf(s.unit)
			above := len(o.path) <= len(path) && path[:len(o.path)] == o.path
			below := len(path) <= len(o.path) && o.path[:len(path)] == path
			if above || s.role == access.Head && below {
				out = append(out, access.Unit(o.id))
			}
		}
		out = append(out, access.RoleIn(s.unit, s.role))
	}
	return out
}

func pathOf(unit string) string {
	for _, o := range orgs {
		if o.id == unit {
			return o.path
		}
	}
	return ""
}

// may is what the model says, written another way than the SQL: rules one by one.
func (m model) may() access.May {
	if !m.clerk && !m.registrar || m.level > m.clearance {
		return access.Nothing
	}
	keys := m.keys()
	rank := func(holder string) int {
		return slices.Index([]string{"a", "u", "r", "p"}, holder[:1])
	}
	concerning := slices.DeleteFunc(slices.Clone(m.grants), func(g access.Grant) bool { return !slices.Contains(keys, g.Holder) })
	if len(concerning) > 0 {
		nearest := slices.MaxFunc(concerning, func(a, b access.Grant) int {
			return cmp.Or(cmp.Compare(rank(a.Holder), rank(b.Holder)), cmp.Compare(b.May, a.May))
		})
		return nearest.May
	}
	switch {
	case m.registrar, m.writers == "", slices.Contains(keys, m.writers):
		return access.Write
	case m.readers == "", slices.Contains(keys, m.readers):
		return access.Read
	}
	return access.Nothing
}

// mayRead is what the model says of the case, which is as confidential as the file.
func (m model) mayRead() bool {
	if m.may() > access.Nothing {
		return true
	}
	if !m.clerk && !m.registrar || m.level > m.clearance {
		return false
	}
	keys := m.keys()
	blocked := slices.ContainsFunc(m.grants, func(g access.Grant) bool { return slices.Contains(keys, g.Holder) })
	return !blocked && slices.ContainsFunc(m.guests, func(holder string) bool { return slices.Contains(keys, holder) })
}

func draw(t *rapid.T) model {
	holders := []string{access.Authority, access.Person("me"), access.Person("you")}
	bases := []string{""}
	for _, o := range orgs {
		holders = append(holders, access.Unit(o.id), access.RoleIn(o.id, access.Head), access.RoleIn(o.id, access.Member))
		bases = append(bases, access.Unit(o.id))
	}
	level := rapid.Map(rapid.IntRange(0, 4), func(n int) access.Level { return access.Level(n) })
	m := model{registrar: rapid.IntRange(0, 3).Draw(t, "registrar") == 0, clerk: rapid.IntRange(0, 5).Draw(t, "clerk") > 0,
		clearance: level.Draw(t, "clearance"), level: level.Draw(t, "level"),
		readers: rapid.SampledFrom(bases).Draw(t, "readers"), writers: rapid.SampledFrom(bases[1:]).Draw(t, "writers")}
	if rapid.IntRange(0, 4).Draw(t, "open") == 0 {
		m.writers = ""
	}
	for range rapid.IntRange(0, 2).Draw(t, "seats") {
		s := seat{orgs[rapid.IntRange(0, len(orgs)-1).Draw(t, "unit")].id, rapid.SampledFrom([]access.Role{access.Head, access.Member}).Draw(t, "role")}
		if !slices.Contains(m.seats, s) {
			m.seats = append(m.seats, s)
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "grants") {
		g := access.Grant{Holder: rapid.SampledFrom(holders).Draw(t, "holder"), May: access.May(rapid.IntRange(0, 2).Draw(t, "may"))}
		if !slices.ContainsFunc(m.grants, func(o access.Grant) bool { return o.Holder == g.Holder }) {
			m.grants = append(m.grants, g)
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "guests") {
		m.guests = append(m.guests, rapid.SampledFrom(holders[1:]).Draw(t, "guest"))
	}
	return m
}

// caller is the caller of the model.
func (m model) caller() context.Context {
	p := identity.Principal{Subject: "me", Name: "Ich", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: there}}}
	if m.clerk {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Clerk, Authority: here})
	}
	if m.registrar {
		p.Grants = append(p.Grants, identity.Grant{Role: identity.Registrar, Authority: here})
	}
	return identity.With(context.Background(), p)
}

// TestPredicate compares the SQL predicate with the model, on both databases.
func TestPredicate(t *testing.T) {
	housetest.Each(t, []platform.Files{{Room: "records", FS: records.Files}}, func(t *testing.T, h *platform.House) {
		exec := func(t interface{ Fatal(...any) }, q string, args ...any) {
			if err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, q, args...)
				return err
			}); err != nil {
				t.Fatal(q, err)
			}
		}
		for _, o := range orgs {
			exec(t, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ($1, $2, $1, $1, $3, $4, 0)`, o.id, here, o.parent, o.path)
		}
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			m := draw(t)
			n++
			file := fmt.Sprint("f", n)
			exec(t, `DELETE FROM records_member`)
			exec(t, `DELETE FROM records_clearance`)
			exec(t, `INSERT INTO records_file (id, authority_id, reference, unit, subject, search, opened_at, closed_at, readers, writers, level)
				VALUES ($1, $2, $1, 'u', '', '', 0, 0, $3, $4, $5)`, file, here, m.readers, m.writers, int64(m.level))
			exec(t, `INSERT INTO records_case (id, authority_id, file_id, reference, subject, search, source, source_reference, status_path, leika_key,
				applicant, state, assigned_to, assigned_name, received_at, due_at, closed_at, fee_amount, fee_kassenzeichen, fee_paid_at, changed_by,
				changed_at, version, level) VALUES ($1, $2, $1, $1, '', '', $1, '', '', '', '', 'new', '', '', 0, 0, 0, 0, '', 0, '', 0, 1, $3)`,
				file, here, int64(m.level))
			exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'me', '', $2)`, here, int64(m.clearance))
			exec(t, `INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'me', '', 4)`, there)
			for _, s := range m.seats {
				exec(t, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ($1, 'me', $2, $3, '')`, s.unit, string(s.role), here)
			}
			if err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				for _, holder := range m.guests {
					if err := access.Admit(ctx, tx, access.At(here), access.Guest{Authority: here, Case: file, Holder: holder, Source: file}); err != nil {
						return err
					}
				}
				for _, g := range m.grants {
					g.Authority, g.File, g.At = here, file, time.Now()
					if err := access.Put(ctx, tx, access.At(here), g); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			a, err := access.Load(m.caller(), h.DB.Reader())
			if err != nil {
				t.Fatal(err)
			}
			want := m.may()
			count := func(where func(string, *db.Params) string) (n int) {
				var p db.Params
				if err := h.DB.Reader().QueryRow(context.Background(), `SELECT count(*) FROM records_file f WHERE `+where("f", &p)+
					` AND f.id = `+p.Add(file), p...).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			if got := count(a.Reads) == 1; got != (want >= access.Read) {
				t.Fatalf("reads: %v, the model says %d", got, want)
			}
			if got := count(a.Writes) == 1; got != (want == access.Write) {
				t.Fatalf("writes: %v, the model says %d", got, want)
			}
			sees := func(a access.Access) (n int) {
				var p db.Params
				if err := h.DB.Reader().QueryRow(context.Background(), `SELECT count(*) FROM records_case c WHERE `+a.ReadsCase("c", &p)+
					` AND c.id = `+p.Add(file), p...).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			if got := sees(a) == 1; got != m.mayRead() {
				t.Fatalf("reads the case: %v, the model says %v: %+v", got, m.mayRead(), m)
			}
			if err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				for _, x := range []struct {
					a      access.Access
					holder string
				}{{access.At(there), ""}, {access.At(here), access.Person("nobody")}} {
					if cases, err := access.Dismiss(ctx, tx, x.a, file, x.holder); len(cases) != 0 || err != nil {
						t.Fatalf("dismissed %v %v", cases, err)
					}
				}
				cases, err := access.Dismiss(ctx, tx, access.At(here), file, "")
				if err == nil && (len(cases) == 1) != (len(m.guests) > 0) {
					t.Fatalf("dismissed %v", cases)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if a, err = access.Load(m.caller(), h.DB.Reader()); err != nil {
				t.Fatal(err)
			}
			if got := sees(a) == 1; got != (want >= access.Read) {
				t.Fatalf("reads the case without guests: %v, the model says %d of the file", got, want)
			}
			var p db.Params
			var right access.May
			err = h.DB.Reader().QueryRow(context.Background(), `SELECT `+a.Right("f", &p)+` FROM records_file f WHERE `+a.Reads("f", &p)+
				` AND f.id = `+p.Add(file), p...).Scan(&right)
			if want > access.Nothing && (err != nil || right != want) {
				t.Fatalf("right: %d %v, the model says %d", right, err, want)
			}
		})
	})
}
