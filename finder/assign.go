package finder

import (
	"context"
	"fmt"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// AssignCommand says what a service is like in one area.
type AssignCommand struct {
	cli.Store
	audit.KeyFlag
	Area   string `required:"" help:"ARS of a municipality, Verwaltungsgemeinschaft or Kreis; it holds for the areas inside."`
	Role   string `required:"" enum:"not_offered,responsible,done_by,receives,contact,single" help:"not_offered, responsible, done_by (does the work for the responsible authority), receives, contact or single (einheitliche Stelle)."`
	Office string `help:"Id of the authority; none with not_offered." placeholder:"ID"`
	Law    string `help:"Legal basis." placeholder:"TEXT"`
	Note   string `help:"Note for editors." placeholder:"TEXT"`
	Drop   bool   `help:"Take it away again."`
	Leika  string `arg:"" name:"key" help:"LeiKa key of the service."`
}

// Help shows an example.
func (*AssignCommand) Help() string {
	return `Example: rennsteig finder assign --area 160550000000 --role not_offered 99108001000000`
}

// Run writes it; running processes show it within about a second.
func (a *AssignCommand) Run(env *cli.Env) error {
	d, err := a.Open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	path := a.Key
	if path == "" {
		path = audit.KeyPath(a.Data)
	}
	key, err := audit.LoadKey(path)
	if err != nil {
		return fmt.Errorf("it is noted in the log, whose key is missing (--key): %w", err)
	}
	log := audit.New(d, key)
	return d.Tx(identity.AsSystem(env.Context, "cli"), func(ctx context.Context, tx *db.Tx) error {
		if a.Drop {
			return DropLocal(ctx, tx, log, a.Leika, a.Area, Role(a.Role))
		}
		return PutLocal(ctx, tx, log, LocalAssignment{a.Leika, a.Area, Role(a.Role), a.Office, a.Law, a.Note})
	})
}
