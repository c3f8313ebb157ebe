package plan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// Command is the sub-command `rennsteig records plan`.
type Command struct {
	Show   ShowCommand   `cmd:"" help:"Show the file plan of an authority with the number of its files."`
	Export ExportCommand `cmd:"" help:"Write the file plan of an authority as CSV or as a message of xdomea."`
	Import ImportCommand `cmd:"" help:"Take a file plan, or the archive's appraisal of one, over into that of an authority; note a receipt."`
	Answer AnswerCommand `cmd:"" help:"Write what the sender of a message that was taken over is told: a receipt, or the result of an appraisal."`
}

// whose are the flags that say whose plan it is.
type whose struct {
	cli.Store
	Authority string `help:"Id of the authority; a municipality's is its ARS." required:"" placeholder:"ID"`
}

// open opens the database and reads the plan.
func (c whose) open(ctx context.Context) (*db.DB, Plan, error) {
	d, err := c.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := plan(ctx, d.Reader(), access.At(c.Authority), "")
	if err == nil && len(p) == 0 {
		err = fmt.Errorf("no authority with a file plan has the id %q: a municipality's is its ARS, e.g. 160510000000 for Erfurt", c.Authority)
	}
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return d, p, nil
}

// ShowCommand is `rennsteig records plan show`.
type ShowCommand struct {
	whose
	On   string `help:"Only units valid on that day (2026-11-24); otherwise all." placeholder:"DAY"`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help shows an example.
func (*ShowCommand) Help() string {
	return "Example: rennsteig records plan show --authority 160510000000 --on 2026-11-24"
}

// shownUnit is a unit as JSON. The names are an interface: other tools read them.
type shownUnit struct {
	Code           string   `json:"code"`
	Title          string   `json:"title"`
	Parent         string   `json:"parent,omitempty"`
	RetentionYears int      `json:"retentionYears"` // -1 is for ever
	TransferYears  int      `json:"transferYears"`
	Appraisal      string   `json:"appraisal"`
	ValidFrom      string   `json:"validFrom,omitempty"`
	ValidUntil     string   `json:"validUntil,omitempty"`
	Services       []string `json:"services,omitempty"`
	Open           int      `json:"openFiles"`
	Closed         int      `json:"closedFiles"`
}

// Run prints.
func (c *ShowCommand) Run(env *cli.Env) error {
	day, ok := readDay(c.On)
	if !ok {
		return fmt.Errorf("--on %q is no day like 2026-11-24", c.On)
	}
	d, _, err := c.open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	p, files, err := counted(env.Context, d.Reader(), access.At(c.Authority), c.Authority)
	if err != nil {
		return err
	}
	out := []shownUnit{}
	for _, n := range p.tree() {
		if !day.IsZero() && !n.ValidAt(day.Add(12*time.Hour)) {
			continue
		}
		x := shownUnit{Code: n.Code, Title: n.Title, Parent: n.Parent, RetentionYears: n.RetentionYears, TransferYears: n.TransferYears,
			Appraisal: string(n.Appraisal), ValidFrom: dayText(n.ValidFrom), ValidUntil: dayText(n.ValidUntil), Open: files[n.Code][0], Closed: files[n.Code][1]}
		for _, s := range n.Services {
			x.Services = append(x.Services, s.Key)
		}
		out = append(out, x)
		if !c.JSON {
			fmt.Fprintf(env.Out, "%s%s  %s  [%s %s] %d/%d\n", strings.Repeat("  ", n.Depth), n.Code, n.Title, n.cell(colRetention), n.Appraisal, x.Open, x.Closed)
		}
	}
	if c.JSON {
		return env.JSON(out)
	}
	return nil
}

// ExportCommand is `rennsteig records plan export`.
type ExportCommand struct {
	whose
	audit.KeyFlag
	Format   Format `help:"csv, tsv, 0301 (xdomea file plan) or 0511 (for the archive's appraisal)." enum:"csv,tsv,0301,0511" default:"csv"`
	Headings string `help:"Headings of a CSV file: names (code, title …), de (Kennzeichen, Bezeichnung …) or en. All are read." enum:"names,de,en" default:"names"`
	Name     string `help:"Name of the authority in messages; otherwise its id." placeholder:"TEXT"`
	Taker    string `help:"Name of who a message goes to." placeholder:"TEXT"`
	File     string `arg:"" help:"File to write, or a folder for a message, which names itself. - is the output."`
}

// Help shows an example.
func (*ExportCommand) Help() string {
	return "Example: rennsteig records plan export --authority 160510000000 --format 0511 --taker Landesarchiv ."
}

// Run exports.
func (c *ExportCommand) Run(env *cli.Env) error {
	ctx := identity.AsSystem(env.Context, "cli")
	d, p, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	l := letter{process: uuid.NewString(), sender: cmp.Or(c.Name, c.Authority), taker: c.Taker, name: cmp.Or(c.Name, c.Authority), authority: c.Authority, at: time.Now()}
	if c.Headings != "names" {
		t, err := words(i18n.Lang(c.Headings))
		if err != nil {
			return err
		}
		l.headings = headingsIn(t)
	}
	var b bytes.Buffer
	name, err := p.export(&b, c.Format, l)
	if err != nil {
		return err
	}
	if receipts[xdomea.Message(c.Format)] != "" {
		book, err := c.book(d, c.KeyFlag)
		if err != nil {
			return err
		}
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return book.send(ctx, tx, access.At(c.Authority), l.sent(ctx, c.Format))
		}); err != nil {
			return err
		}
	}
	return save(env, c.File, name, b.Bytes(), fmt.Sprintf("%d units", len(p)))
}

// save writes a file, into the folder if that is what was named; - is the output.
func save(env *cli.Env, file, name string, content []byte, said string) error {
	if file == "-" {
		_, err := env.Out.Write(content)
		return err
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, name)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil { //nolint:gosec // a plan is no secret
		return err
	}
	_, err := fmt.Fprintf(env.Out, "%s: %s\n", file, said)
	return err
}

// book is what changes a plan and notes it in the log.
func (c whose) book(d *db.DB, k audit.KeyFlag) (book, error) {
	path := k.Key
	if path == "" {
		path = audit.KeyPath(c.Data)
	}
	key, err := audit.LoadKey(path)
	if err != nil {
		return book{}, fmt.Errorf("this is noted in the log, whose key is missing (--key): %w", err)
	}
	return book{audit: audit.New(d, key), now: time.Now}, nil
}

// words are the texts in the language.
func words(lang i18n.Lang) (func(key string, args ...any) string, error) {
	texts := i18n.New()
	err := texts.Add(Files)
	return func(key string, args ...any) string { return texts.T(lang, key, args...) }, err
}

// AnswerCommand is `rennsteig records plan answer`.
type AnswerCommand struct {
	whose
	Name    string `help:"Name of the authority in messages; otherwise its id." placeholder:"TEXT"`
	Message string `help:"0302 or 0512 (receipt of a plan), 0514 (result of an appraisal), 0515 (its receipt)." enum:"0302,0512,0514,0515" required:""`
	Process string `arg:"" help:"ProzessID of the message that was taken over."`
	File    string `arg:"" help:"File to write, or a folder: the message names itself. - is the output."`
}

// Help shows an example.
func (*AnswerCommand) Help() string {
	return "Example: rennsteig records plan answer --authority 160510000000 --message 0512 0b0c6f4e-8a35-4f3c-9b0e-3d1f4c5a6b70 ."
}

// Run writes the answer.
func (c *AnswerCommand) Run(env *cli.Env) error {
	d, _, err := c.open(env.Context)
	if err != nil {
		return err
	}
	defer d.Close()
	list, err := takenBefore(env.Context, d.Reader(), access.At(c.Authority), 1000)
	if err != nil {
		return err
	}
	for _, t := range list {
		if !strings.EqualFold(t.Process, c.Process) || !slices.Contains(t.answers(), xdomea.Message(c.Message)) {
			continue
		}
		var b bytes.Buffer
		name, err := t.writeAnswer(&b, xdomea.Message(c.Message), cmp.Or(c.Name, c.Authority), time.Now())
		if err != nil {
			return err
		}
		return save(env, c.File, name, b.Bytes(), fmt.Sprintf("answers %s of %s", t.Source, t.At.Format(time.DateOnly)))
	}
	return fmt.Errorf("nothing was taken over with the ProzessID %s that a %s answers", c.Process, c.Message)
}

// ImportCommand is `rennsteig records plan import`.
type ImportCommand struct {
	whose
	audit.KeyFlag
	DryRun      bool   `help:"Only report what would change."`
	EndMissing  bool   `help:"End units that the plan does not name, at the end of today."`
	ClosedFiles int    `help:"How many closed files may get another retention or appraisal: the number that --dry-run reports." placeholder:"N"`
	BuiltIn     string `help:"Take a plan that the program brings along: municipal or ministry." placeholder:"NAME"`
	File        string `arg:"" optional:"" help:"CSV or TSV with headings, or a message of xdomea: 0301, 0511, 0513, or a receipt: 0302, 0512. - is the input."`
}

// Help shows an example.
func (*ImportCommand) Help() string {
	return "Takes the file whole or not at all, and deletes nothing.\n" +
		"Example: rennsteig records plan import --authority 160510000000 --dry-run aktenplan.csv"
}

// Run imports and prints what changed.
func (c *ImportCommand) Run(env *cli.Env) error {
	ctx := identity.AsSystem(env.Context, "cli")
	s, err := c.source()
	if err != nil {
		return err
	}
	d, _, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	t, err := words(i18n.German)
	if err != nil {
		return err
	}
	a := access.At(c.Authority)
	b := book{now: time.Now}
	if !c.DryRun {
		if b, err = c.book(d, c.KeyFlag); err != nil {
			return err
		}
	}
	if head, ok := isReceipt(s.Content); ok && s.BuiltIn == "" {
		if c.DryRun {
			return errors.New("this is a receipt: there is nothing to try")
		}
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return b.receive(ctx, tx, a, c.Authority, head) }); err != nil {
			return told(err, t)
		}
		_, err := fmt.Fprintf(env.Out, "receipt %s of %s noted\n", string(head.Message), head.ProcessID)
		return err
	}
	p, err := b.propose(ctx, d.Reader(), a, c.Authority, s)
	if err != nil {
		return told(err, t)
	}
	if !c.DryRun {
		if p.Files != c.ClosedFiles {
			return fmt.Errorf("this gives %d closed files another retention or appraisal: look at it with --dry-run, then add --closed-files %d", p.Files, p.Files)
		}
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return b.take(ctx, tx, a, p.Import) }); err != nil {
			return told(err, t)
		}
	}
	for _, x := range p.Changes {
		fmt.Fprintf(env.Out, "%-8s %s %s", x.Kind, x.Unit.Code, x.Unit.Title)
		for _, f := range x.Fields {
			if x.Kind != Added {
				fmt.Fprintf(env.Out, "; %s %q → %q", f.Column, f.Old, f.New)
			}
		}
		fmt.Fprintln(env.Out)
	}
	_, err = fmt.Fprintf(env.Out, "%d added, %d changed, %d ended; closed files concerned: %d\n", p.Count(Added), p.Count(Changed), p.Count(Ended), p.Files)
	return err
}

// source reads what is to be imported.
func (c *ImportCommand) source() (Source, error) {
	s := Source{BuiltIn: c.BuiltIn, Name: c.File, EndMissing: c.EndMissing}
	if (c.BuiltIn == "") == (c.File == "") {
		return s, errors.New("name either a file or --built-in")
	}
	if c.File == "" {
		return s, nil
	}
	in := os.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return s, err
		}
		defer f.Close()
		in = f
	}
	var err error
	s.Content, err = io.ReadAll(io.LimitReader(in, maxFile+1))
	return s, err
}

// told puts what is wrong into words, a line each.
func told(err error, t func(key string, args ...any) string) error {
	list := asProblems(err)
	if list == nil {
		if e := errs.As(err); e.Code != errs.Internal && strings.HasPrefix(e.Key, "plan.") {
			return errors.New(t(e.Key, e.Args...))
		}
		return err
	}
	lines := []string{t("plan.error.file", len(list))}
	for _, p := range list[:min(len(list), 50)] {
		lines = append(lines, p.text(t))
	}
	return errors.New(strings.Join(lines, "\n"))
}
