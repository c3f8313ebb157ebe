// Package identity knows who is calling and what they may do: sign-in by OpenID Connect, sessions in the database,
// roles per authority.
package identity

import (
	"context"
	"slices"
)

// Kind is what sort of caller a Principal is.
type Kind string

// The kinds. The zero Kind is nobody signed in.
const (
	Anonymous Kind = ""
	Citizen   Kind = "citizen"
	Staff     Kind = "staff"
	System    Kind = "system" // jobs and the command line
)

// Role is what a member of staff does for an authority.
type Role string

// The roles. See brief.md, "People".
const (
	Clerk     Role = "clerk"     // Sachbearbeitung
	Registrar Role = "registrar" // Registratur: file plan, rights, retention, disposal
	Editor    Role = "editor"    // Redaktion
	Treasurer Role = "treasurer" // Kasse
	Security  Role = "security"  // Informationssicherheit, CERT
	Auditor   Role = "auditor"   // Revision
	CIO       Role = "cio"       // Stab des CIO
	Operator  Role = "operator"  // Betrieb
)

// Everywhere is the authority of a grant that holds for all authorities (auditor, operator of the whole Land).
const Everywhere = "*"

// Grant is one role at one authority.
type Grant struct {
	Role      Role
	Authority string // authority id, or Everywhere
}

// Principal is the caller of a use-case.
type Principal struct {
	Subject string // stable id: issuer's subject for people, "system:queue" and the like for the program
	Name    string
	Email   string
	Kind    Kind
	Grants  []Grant
}

// SignedIn reports whether somebody is signed in.
func (p Principal) SignedIn() bool { return p.Kind == Citizen || p.Kind == Staff }

// May reports whether p has the role at the authority. Deny by default: no grant, no right.
func (p Principal) May(role Role, authority string) bool {
	if authority == "" {
		return false
	}
	return slices.ContainsFunc(p.Grants, func(g Grant) bool {
		return g.Role == role && (g.Authority == authority || g.Authority == Everywhere)
	})
}

// Has reports whether p has the role anywhere.
func (p Principal) Has(role Role) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role == role })
}

// Authorities lists where p has the role, in the order of the grants.
func (p Principal) Authorities(role Role) []string {
	var out []string
	for _, g := range p.Grants {
		if g.Role == role {
			out = append(out, g.Authority)
		}
	}
	return out
}

type key struct{}

// With returns a context that carries p.
func With(ctx context.Context, p Principal) context.Context { return context.WithValue(ctx, key{}, p) }

// From returns the caller; the zero Principal if nobody is signed in.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(key{}).(Principal)
	return p
}

// AsSystem returns a context whose caller is the program itself: AsSystem(ctx, "queue").
func AsSystem(ctx context.Context, what string) context.Context {
	return With(ctx, Principal{Subject: "system:" + what, Name: what, Kind: System})
}
