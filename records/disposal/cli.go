package disposal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Command is the sub-command `rennsteig records disposal`. Its parts run with an Opener, which app binds.
type Command struct {
	List      ListCommand      `cmd:"" help:"List files whose retention is over. Example: rennsteig records disposal list --as demo-registrar --unit 22.31"`
	Show      ShowCommand      `cmd:"" help:"List disposals, or show one with its files and messages."`
	Agree     AgreeCommand     `cmd:"" help:"Say what an authority has agreed on with its archive."`
	Offer     OfferCommand     `cmd:"" help:"Begin a disposal: in four steps (0501), or in two (0503 at once). Example: rennsteig records disposal offer 160510000000 --as demo-registrar --all --out ."`
	Appraisal AppraisalCommand `cmd:"" help:"Read the archive's appraisal (0502), ZIP or XML."`
	Handover  HandoverCommand  `cmd:"" help:"Hand over what the archive wants (0503)."`
	Resend    HandoverCommand  `cmd:"" help:"Hand over again what the archive could not take (0503)."`
	Receipt   ReceiptCommand   `cmd:"" help:"Read a receipt of the archive (0504, 0507)."`
	Result    ResultCommand    `cmd:"" help:"Read which files the archive has taken (0506)."`
	Withdraw  WithdrawCommand  `cmd:"" help:"Take a file out of a disposal."`
	Approve   ApproveCommand   `cmd:"" help:"Propose to destroy what is rated V, or approve what another registrar proposed."`
	Destroy   DestroyCommand   `cmd:"" help:"Destroy what the archive has taken over and what two registrars approved."`
	Import    ImportCommand    `cmd:"" help:"Take over files of another authority from a package (0503, 0401, 0101). Example: rennsteig records disposal import FILE.zip --authority 160510000000 --unit 22.31 --lead registry --as demo-registrar"`
}

// Opener opens the room for a person and runs f as that person: as is the subject of their sign-in.
type Opener func(env *cli.Env, as string, f func(ctx context.Context, r *Room) error) error

// Who says who does it: what a registrar does is authorised and logged alike in a browser and here.
type Who struct {
	As string `help:"Subject of the registrar who does it, as \"rennsteig identity\" lists them." required:"" placeholder:"SUBJECT" env:"RENNSTEIG_AS"`
}

// process is the argument of commands on one disposal.
type process struct {
	Process string `arg:"" help:"ProzessID of the disposal."`
}

// out is where packages are written to.
type out struct {
	Out string `help:"Folder that new packages are written to." type:"existingdir" placeholder:"DIR"`
}

// ListCommand lists files whose retention is over.
type ListCommand struct {
	Who
	Unit     string `help:"Only of this unit of the file plan." placeholder:"CODE"`
	Proposal string `help:"Only of this proposed appraisal." enum:"A,B,V," default:""`
	Limit    int    `help:"How many at most." default:"1000"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// dueJSON is a file as JSON. The names are an interface: other tools read them.
type dueJSON struct {
	ID          string `json:"id"`
	Authority   string `json:"authority"`
	Reference   string `json:"reference"`
	Unit        string `json:"unit"`
	Proposal    string `json:"proposal"`
	ClosedOn    string `json:"closedOn"`
	RetainUntil string `json:"retainUntil"`
}

// Run prints them, the longest overdue first.
func (c *ListCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		if err := r.Reckon(ctx); err != nil { // no program may be running that does it
			return err
		}
		f := DueFilter{Unit: c.Unit, Proposal: c.Proposal}
		list := []dueJSON{}
		for {
			l, err := r.Due(ctx, f)
			if err != nil {
				return err
			}
			for _, x := range l.Items {
				if len(list) == c.Limit {
					break
				}
				list = append(list, dueJSON{x.ID, x.Authority, x.Reference, x.Unit, string(x.Proposal), i18n.ISODate(x.ClosedAt), i18n.ISODate(x.RetainUntil)})
			}
			if f.Page = (paging.Cursor{After: l.Next}); l.Next.ID == "" || len(list) == c.Limit {
				break
			}
		}
		if c.JSON {
			return env.JSON(list)
		}
		for _, x := range list {
			fmt.Fprintf(env.Out, "%s  %s  %s  closed %s, kept until %s\n", x.Proposal, x.Reference, x.Authority, x.ClosedOn, x.RetainUntil)
		}
		_, err := fmt.Fprintf(env.Err, "%d files\n", len(list))
		return err
	})
}

// ShowCommand shows disposals.
type ShowCommand struct {
	Who
	Process string `arg:"" optional:"" help:"ProzessID of the disposal; without it all are listed."`
}

// Run prints them.
func (c *ShowCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		if c.Process != "" {
			return r.show(ctx, env, c.Process)
		}
		var page paging.Cursor
		for {
			l, err := r.Processes(ctx, page)
			if err != nil {
				return err
			}
			for _, p := range l.Items {
				state := "running"
				if p.Ended {
					state = "finished"
				}
				fmt.Fprintf(env.Out, "%s  %s  %d steps  %s  %s\n", p.ID, i18n.ISODate(p.At), p.Steps, state, p.Archive)
			}
			if page = (paging.Cursor{After: l.Next}); l.Next.ID == "" {
				return nil
			}
		}
	})
}

// show prints where a disposal stands.
func (r *Room) show(ctx context.Context, env *cli.Env, id string) error {
	p, packages, approvals, err := r.Process(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s, %d steps, %s\n", p.ID, p.Steps, p.Archive)
	for _, s := range ItemStates {
		if n := p.Counts[s]; n > 0 {
			fmt.Fprintf(env.Out, "  %-12s %d files\n", s, n)
		}
	}
	for _, k := range packages {
		fmt.Fprintf(env.Out, "  %s %-8s %s %d objects, %d bytes\n", k.Message, k.State, k.Name, k.Objects, k.Size)
	}
	for _, x := range approvals {
		fmt.Fprintf(env.Out, "  approval %s: %d files, %s, %s\n", x.State, x.Objects, x.FirstName, x.SecondName)
	}
	return nil
}

// AgreeCommand says what an authority has agreed on with its archive.
type AgreeCommand struct {
	Who
	Authority   string `arg:"" help:"Id of the authority."`
	Archive     string `arg:"" help:"Name of the archive."`
	Agreed      bool   `help:"The archive has agreed beforehand to what the file plan rates V."`
	KeepSubject bool   `help:"Keep the subject of destroyed files."`
}

// Run stores it.
func (c *AgreeCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		return r.Set(ctx, Setting{Authority: c.Authority, Archive: c.Archive, Agreed: c.Agreed, KeepSubject: c.KeepSubject})
	})
}

// OfferCommand begins a disposal.
type OfferCommand struct {
	Who
	out
	Authority string   `arg:"" help:"Id of the authority."`
	Files     []string `arg:"" optional:"" help:"References of the files."`
	All       bool     `help:"All files whose retention is over, as far as --unit and --proposal say."`
	Unit      string   `help:"With --all: only of this unit of the file plan." placeholder:"CODE"`
	Proposal  string   `help:"With --all: only of this proposed appraisal." enum:"A,B,V," default:""`
	Steps     int      `help:"4: the archive appraises first. 2: what the file plan rates A is handed over at once." enum:"2,4" default:"4"`
}

// Run begins it and writes its package.
func (c *OfferCommand) Run(env *cli.Env, open Opener) error {
	if c.All == (len(c.Files) > 0) {
		return errors.New("name references of files, or --all")
	}
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		if err := r.Reckon(ctx); err != nil {
			return err
		}
		o := Offering{ID: db.NewID(), Authority: c.Authority, Steps: c.Steps, Filter: DueFilter{Unit: c.Unit, Proposal: c.Proposal}}
		for _, ref := range c.Files {
			id, err := r.fileID(ctx, c.Authority, ref)
			if err != nil {
				return err
			}
			o.Files = append(o.Files, id)
		}
		left, err := r.LeftOut(ctx, o)
		if err != nil {
			return err
		}
		for _, f := range left {
			fmt.Fprintf(env.Err, "left out: %s is rated %s, the archive appraises it first (--steps 4)\n", f.Reference, f.Proposal)
		}
		n, err := r.Offer(ctx, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Out, "%s  %d files\n", o.ID, n)
		return r.finish(ctx, env, o.ID, c.Out)
	})
}

// fileID is the id of the file with the reference.
func (r *Room) fileID(ctx context.Context, authority, reference string) (string, error) {
	a, err := registrar(ctx, r.h.DB.Reader())
	if err != nil {
		return "", err
	}
	return r.store.fileByReference(ctx, r.h.DB.Reader(), a, authority, reference)
}

// Work does at once what jobs of a disposal are still to do: writes its packages, destroys its files. A worker that does
// the same meanwhile does no harm.
func (r *Room) Work(ctx context.Context, process string) error {
	p, packages, _, err := r.Process(ctx, process)
	if err != nil {
		return err
	}
	a := access.At(p.Authority)
	for _, k := range packages {
		if k.State == PackagePlanned {
			if err := r.write(ctx, a, k.ID); err != nil {
				return err
			}
		}
	}
	if p.Counts[Destroying] == 0 {
		return nil
	}
	return r.destroyItems(ctx, a, process)
}

// finish does the work of a command that makes packages, and copies those that are new into the folder.
func (r *Room) finish(ctx context.Context, env *cli.Env, process, dir string) error {
	_, before, _, err := r.Process(ctx, process)
	if err != nil {
		return err
	}
	if err := r.Work(ctx, process); err != nil {
		return err
	}
	if dir != "" {
		for _, k := range before {
			if k.State == PackagePlanned {
				if err := r.copyPackage(ctx, k.ID, dir); err != nil {
					return err
				}
			}
		}
	}
	return r.show(ctx, env, process)
}

// copyPackage copies a package into a folder, under its name, whole or not at all. A package of the same name makes room:
// sent again it has the same name.
func (r *Room) copyPackage(ctx context.Context, id, dir string) (err error) {
	k, content, err := r.OpenPackage(ctx, id)
	if err != nil {
		return err
	}
	defer content.Close()
	f, err := os.CreateTemp(dir, ".rennsteig-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after success it is renamed
	_, err = io.Copy(f, content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, k.Name))
}

// take reads a message of the archive of one of these kinds.
func (c *fileArg) take(env *cli.Env, open Opener, kinds ...xdomea.Message) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		m, err := readMessage(f, info.Size())
		if err != nil {
			return err
		}
		known := false
		for _, k := range kinds {
			known = known || m.head.Message == k
		}
		if !known {
			return fmt.Errorf("%s is a message %s, this command reads %v", filepath.Base(c.File), m.head.Message, kinds)
		}
		t, err := r.Take(ctx, f, info.Size())
		if err != nil {
			return err
		}
		if t.Again {
			fmt.Fprintln(env.Err, "this message had been read before: nothing was done")
		}
		return r.finish(ctx, env, t.Process, c.Out)
	})
}

// fileArg is the argument of commands that read a message.
type fileArg struct {
	Who
	out
	File string `arg:"" name:"FILE" help:"The message: ZIP or XML." type:"existingfile"`
}

// AppraisalCommand reads a 0502.
type AppraisalCommand struct {
	fileArg
}

// Run reads it.
func (c *AppraisalCommand) Run(env *cli.Env, open Opener) error {
	return c.take(env, open, xdomea.AppraisalList)
}

// ReceiptCommand reads a 0504 or 0507.
type ReceiptCommand struct {
	fileArg
}

// Run reads it.
func (c *ReceiptCommand) Run(env *cli.Env, open Opener) error {
	return c.take(env, open, xdomea.OfferReceipt, xdomea.DisposalReceipt)
}

// ResultCommand reads a 0506.
type ResultCommand struct {
	fileArg
}

// Run reads it.
func (c *ResultCommand) Run(env *cli.Env, open Opener) error {
	return c.take(env, open, xdomea.DisposalResult)
}

// HandoverCommand hands over, or hands over again.
type HandoverCommand struct {
	Who
	out
	process
}

// Run plans the package and writes it.
func (c *HandoverCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		if _, err := r.HandOver(ctx, c.Process, db.NewID()); err != nil {
			return err
		}
		return r.finish(ctx, env, c.Process, c.Out)
	})
}

// WithdrawCommand takes a file out of a disposal.
type WithdrawCommand struct {
	Who
	process
	File string `arg:"" help:"Reference of the file."`
}

// Run takes it out.
func (c *WithdrawCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		p, _, _, err := r.Process(ctx, c.Process)
		if err != nil {
			return err
		}
		id, err := r.fileID(ctx, p.Authority, c.File)
		if err != nil {
			return err
		}
		if err := r.Withdraw(ctx, c.Process, id); err != nil {
			return err
		}
		return r.show(ctx, env, c.Process)
	})
}

// ApproveCommand is either person's part of destroying what is rated V.
type ApproveCommand struct {
	Who
	process
	Reject bool `help:"Reject what was proposed, or take it back."`
}

// Run proposes if nothing was proposed, and approves what another person proposed.
func (c *ApproveCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		_, _, approvals, err := r.Process(ctx, c.Process)
		if err != nil {
			return err
		}
		pending := ""
		for _, x := range approvals {
			if x.State == ApprovalOpen {
				pending = x.ID
			}
		}
		switch {
		case pending == "" && c.Reject:
			return errs.E(errs.Conflict, "disposal.error.nothing_to_propose")
		case pending == "":
			if err := r.Propose(ctx, c.Process, db.NewID()); err != nil {
				return err
			}
			fmt.Fprintln(env.Err, "proposed: another registrar has to approve it with the same command")
		case c.Reject:
			err = r.Reject(ctx, c.Process, pending)
		default:
			err = r.Approve(ctx, c.Process, pending)
		}
		if err != nil {
			return err
		}
		return r.show(ctx, env, c.Process)
	})
}

// DestroyCommand destroys files.
type DestroyCommand struct {
	Who
	process
}

// Run destroys them.
func (c *DestroyCommand) Run(env *cli.Env, open Opener) error {
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		if _, err := r.Destroy(ctx, c.Process); err != nil {
			return err
		}
		return r.finish(ctx, env, c.Process, "")
	})
}

// ImportCommand takes over files of another authority.
type ImportCommand struct {
	Who
	File      string `arg:"" name:"FILE" help:"The package." type:"existingfile"`
	Authority string `help:"Id of the authority that takes them over." required:"" placeholder:"ID"`
	Unit      string `help:"Unit of the file plan that they belong to; without it the package is only checked." placeholder:"CODE"`
	Lead      string `help:"Code of the organisational unit that leads them, or \"registry\" for none: then only registrars open them." placeholder:"CODE"`
	Reach     string `help:"For whom they are open: the leading unit, all to read (read), or everybody (authority)." enum:"lead,read,authority" default:"lead"`
	Level     int64  `help:"How confidential they are at least, 0 to 4." default:"0"`
}

// into is where the flags say that the package goes.
func (c *ImportCommand) into(ctx context.Context, r *Room) (Into, error) {
	into := Into{Unit: c.Unit, Reach: records.Reach(c.Reach), Level: access.Level(c.Level)}
	if c.Lead == "registry" {
		into.Reach = records.Registry
		return into, nil
	}
	choices, err := r.core.Choices(ctx, c.Authority)
	for _, o := range choices.Orgs {
		if o.Code == c.Lead {
			into.Lead = o.ID
		}
	}
	return into, err
}

// Run checks the package, says what is in it and takes it over.
func (c *ImportCommand) Run(env *cli.Env, open Opener) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return open(env, c.As, func(ctx context.Context, r *Room) error {
		i, err := r.Check(ctx, f, info.Size(), filepath.Base(c.File), c.Authority, db.NewID())
		if err != nil {
			return err
		}
		s := i.Summary
		for _, w := range s.Warnings {
			fmt.Fprintln(env.Err, w)
		}
		fmt.Fprintf(env.Out, "from %s: %d files, %d cases, %d documents, %d stored files, %d bytes\n", i.Sender, s.Files, s.Cases, s.Documents, s.Stored, s.Bytes)
		if c.Unit == "" {
			fmt.Fprintln(env.Err, "only checked: name --unit to take it over")
			return nil
		}
		into, err := c.into(ctx, r)
		if err != nil {
			return err
		}
		if err := r.TakeOver(ctx, i.ID, into); err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.Out, "taken over")
		return err
	})
}
