package signin

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
)

// Command is `rennsteig identity`.
type Command struct {
	List   ListCommand   `cmd:"" help:"List who holds which roles. Example: rennsteig identity list --authority 160510000000"`
	Grant  GrantCommand  `cmd:"" help:"Give a person a role. Example: rennsteig identity grant 4f1c0e clerk 160510000000"`
	Revoke RevokeCommand `cmd:"" help:"Take a role away. Example: rennsteig identity revoke 4f1c0e clerk 160510000000"`
}

// ListCommand lists members.
type ListCommand struct {
	cli.Store
	Authority string `help:"Only roles at this authority." default:"*" placeholder:"ID"`
	JSON      bool   `help:"Print JSON."`
}

// target is what grant and revoke have in common.
type target struct {
	cli.Store
	AuditKey  string `help:"Key that seals the audit log; audit.key in the data folder if not given." placeholder:"FILE" env:"RENNSTEIG_AUDIT_KEY"`
	Subject   string `arg:"" help:"The person's subject at the identity provider (claim sub)."`
	Role      string `arg:"" help:"${enum}" enum:"clerk,editor,treasurer,security,auditor,cio,operator"`
	Authority string `arg:"" help:"Authority id, or * for everywhere."`
}

func (t target) grant() identity.Grant {
	return identity.Grant{Role: identity.Role(t.Role), Authority: t.Authority}
}

// GrantCommand grants.
type GrantCommand struct {
	target `embed:""`
}

// RevokeCommand revokes.
type RevokeCommand struct {
	target `embed:""`
}

// change runs f, which grants or revokes.
func (t target) change(env *cli.Env, f func(*People) error) error {
	file := t.AuditKey
	if file == "" {
		file = filepath.Join(t.Data, "audit.key")
	}
	key, err := audit.LoadKey(file)
	if err != nil {
		return err
	}
	return with(env, t.Store, key, f)
}

func with(env *cli.Env, s cli.Store, key audit.Key, f func(*People) error) error {
	d, err := s.Open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	return f(NewPeople(d, audit.New(d, key), time.Now))
}

// Run lists.
func (c *ListCommand) Run(env *cli.Env) error {
	return with(env, c.Store, audit.Key{}, func(p *People) error { // reading needs no key
		ctx := identity.AsSystem(env.Context, "cli")
		all := []Member{}
		for after := ""; ; {
			some, err := p.Members(ctx, c.Authority, after, 500)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				break
			}
			all, after = append(all, some...), some[len(some)-1].Subject
		}
		if c.JSON {
			return env.JSON(all)
		}
		w := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
		var out io.Writer = w // reports what went wrong at Flush
		fmt.Fprintln(out, "SUBJECT\tNAME\tROLE\tAUTHORITY\tLAST SIGN-IN")
		for _, m := range all {
			for _, g := range m.Grants {
				fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", m.Subject, m.Name, g.Role, g.Authority,
					i18n.DateTime(i18n.English, m.LastSignedIn))
			}
		}
		return w.Flush()
	})
}

// Run grants.
func (c *GrantCommand) Run(env *cli.Env) error {
	return c.change(env, func(p *People) error {
		if err := p.Grant(identity.AsSystem(env.Context, "cli"), c.Subject, c.grant()); err != nil {
			return err
		}
		fmt.Fprintf(env.Out, "%s is %s at %s\n", c.Subject, c.Role, c.Authority)
		return nil
	})
}

// Run revokes.
func (c *RevokeCommand) Run(env *cli.Env) error {
	return c.change(env, func(p *People) error {
		if err := p.Revoke(identity.AsSystem(env.Context, "cli"), c.Subject, c.grant()); err != nil {
			return err
		}
		fmt.Fprintf(env.Out, "%s is no longer %s at %s\n", c.Subject, c.Role, c.Authority)
		return nil
	})
}
