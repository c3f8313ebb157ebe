package signin

import (
	"context"
	"slices"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// Roles lists the roles that can be granted.
var Roles = []identity.Role{identity.Clerk, identity.Registrar, identity.Editor, identity.Treasurer, identity.Security, identity.Auditor,
	identity.CIO, identity.Operator}

// People grants and revokes roles. Room embeds it; the command line uses it alone.
type People struct {
	d   *db.DB
	log *audit.Log
	now func() time.Time
}

// NewPeople returns the people of this database.
func NewPeople(d *db.DB, log *audit.Log, now func() time.Time) *People {
	return &People{d: d, log: log, now: now}
}

// Member is somebody who holds grants. Name and email are empty before the first sign-in.
type Member struct {
	Subject      string           `json:"subject"`
	Name         string           `json:"name"`
	Email        string           `json:"email"`
	LastSignedIn time.Time        `json:"lastSignedIn,omitzero"`
	Grants       []identity.Grant `json:"grants"`
}

// Grant gives the person the role; nothing happens if they have it. The operator of an authority (or the program
// itself) may do it; a grant for identity.Everywhere needs an operator everywhere. It holds from the person's next
// request on, and may be given before they first sign in.
func (p *People) Grant(ctx context.Context, subject string, g identity.Grant) error {
	if err := checkGrant(ctx, subject, g); err != nil {
		return err
	}
	return p.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		isNew, err := insertGrant(ctx, tx, subject, g, identity.From(ctx).Subject, p.now())
		if err != nil || !isNew {
			return err
		}
		return p.log.Append(ctx, tx, entry("identity.granted", subject, g))
	})
}

// Revoke takes the role away, from the person's next request on; errs.NotFound if they do not have it. Who may grant
// may revoke.
func (p *People) Revoke(ctx context.Context, subject string, g identity.Grant) error {
	if err := checkGrant(ctx, subject, g); err != nil {
		return err
	}
	return p.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		had, err := deleteGrant(ctx, tx, subject, g)
		if err != nil {
			return err
		}
		if !had {
			return errs.E(errs.NotFound, "signin.no_grant", string(g.Role), subject)
		}
		return p.log.Append(ctx, tx, entry("identity.revoked", subject, g))
	})
}

// Staff is the person as the caller of what they do on the command line, with all they hold. errs.NotFound for who holds
// nothing.
func (p *People) Staff(ctx context.Context, subject string) (identity.Principal, error) {
	grants, err := grantsOf(ctx, p.d.Reader(), subject)
	if err == nil && len(grants) == 0 {
		err = errs.E(errs.NotFound, "signin.no_staff", subject)
	}
	if err != nil {
		return identity.Principal{}, err
	}
	name, err := nameOf(ctx, p.d.Reader(), subject)
	return identity.Principal{Subject: subject, Name: name, Kind: identity.Staff, Grants: grants}, err
}

// Holds reports whether the person holds the role at the authority, or everywhere.
func (p *People) Holds(ctx context.Context, q db.Querier, subject string, g identity.Grant) (bool, error) {
	return holds(ctx, q, subject, g)
}

// Members lists who holds a grant at the authority (identity.Everywhere: anywhere), by subject, at most limit after the
// subject given. Operators and auditors of that authority may see it.
func (p *People) Members(ctx context.Context, authority, after string, limit int) ([]Member, error) {
	c := identity.From(ctx)
	if c.Kind != identity.System && !c.May(identity.Operator, authority) && !c.May(identity.Auditor, authority) {
		return nil, errs.E(errs.NotFound, "signin.no_members")
	}
	return members(ctx, p.d.Reader(), authority, after, limit)
}

func checkGrant(ctx context.Context, subject string, g identity.Grant) error {
	if c := identity.From(ctx); c.Kind != identity.System && !c.May(identity.Operator, g.Authority) {
		return errs.E(errs.Denied, "signin.may_not_grant")
	}
	if !slices.Contains(Roles, g.Role) {
		return errs.E(errs.Invalid, "signin.unknown_role", string(g.Role))
	}
	if subject == "" || len(subject) > 255 || g.Authority == "" { // OpenID Connect Core §2: sub has at most 255 characters
		return errs.E(errs.Invalid, "signin.incomplete_grant")
	}
	return nil
}

func entry(action, subject string, g identity.Grant) audit.Entry {
	e := audit.Entry{Action: action, Object: "person:" + subject,
		Changes: map[string]any{"role": string(g.Role), "authority": g.Authority}}
	if g.Authority != identity.Everywhere {
		e.Authority = g.Authority
	}
	return e
}
