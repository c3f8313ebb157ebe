package desk

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/cli"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// proposal is a first mapping for Thüringen; where its words come from is said in it.
//
//go:embed ministries_thueringen.csv
var proposal []byte

// maxMinistryFile bounds a file of ministries.
const maxMinistryFile = 1 << 20

// readMinistries reads a CSV file with the columns ministry and scope: one row for each group, subject or service. Comma,
// semicolon or tab; lines that begin with # are comments. Errors name the line.
func readMinistries(r io.Reader, services []finder.Service) ([]Ministry, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxMinistryFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxMinistryFile {
		return nil, fmt.Errorf("the file has more than %d bytes", maxMinistryFile)
	}
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	in := csv.NewReader(bytes.NewReader(b))
	in.Comment, in.FieldsPerRecord = '#', 2
	for line := range bytes.Lines(b) {
		if !bytes.HasPrefix(line, []byte("#")) {
			for _, comma := range ";\t" {
				if bytes.ContainsRune(line, comma) {
					in.Comma = comma
				}
			}
			break
		}
	}
	head, err := in.Read()
	if err != nil || head[0] != "ministry" || head[1] != "scope" {
		return nil, errors.Join(errors.New("the first line must name the columns ministry and scope"), err)
	}
	known := subjects(services)
	at, owner := map[string]int{}, map[string]string{}
	var out []Ministry
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		m, err := Ministry{Name: row[0]}.clean(known, row[1:])
		if err != nil || len(m.Scopes) == 0 {
			return nil, fmt.Errorf("line %d: want a ministry's name, and a Leistungsgruppe of three digits, a key, a key's beginning with *, or a subject: %q, %q", line, row[0], row[1])
		}
		pattern := m.Scopes[0]
		if before, ok := owner[pattern]; ok {
			return nil, fmt.Errorf("line %d: %q belongs to %q already", line, row[1], before)
		}
		owner[pattern] = m.Name
		i, ok := at[strings.ToLower(m.Name)]
		if !ok {
			i = len(out)
			at[strings.ToLower(m.Name)] = i
			out = append(out, Ministry{Name: m.Name})
		}
		out[i].Scopes = append(out[i].Scopes, pattern)
	}
}

func writeMinistries(w io.Writer, list []Ministry) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"ministry", "scope"}}
	for _, m := range list {
		for _, pattern := range m.Scopes {
			rows = append(rows, []string{m.Name, showScope(pattern)})
		}
	}
	return out.WriteAll(rows)
}

// replaceMinistries makes the list all ministries that there are. One whose name stays keeps its figures.
func replaceMinistries(ctx context.Context, tx *db.Tx, log *audit.Log, list []Ministry) error {
	old, err := ministries(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM finder_ministry_scope`); err != nil {
		return err
	}
	kept := map[string]Ministry{}
	for _, m := range old {
		kept[strings.ToLower(m.Name)] = m
	}
	for _, m := range list {
		before, ok := kept[strings.ToLower(m.Name)]
		delete(kept, strings.ToLower(m.Name))
		if ok {
			m.ID, m.Change = before.ID, before.Change
			err = updateMinistry(ctx, tx, m)
		} else {
			m.ID = db.NewID()
			err = insertMinistry(ctx, tx, m)
		}
		if err != nil {
			return err
		}
	}
	for _, gone := range kept {
		if err := deleteMinistry(ctx, tx, gone.ID); err != nil {
			return err
		}
	}
	return log.Append(ctx, tx, audit.Entry{Action: "finder.ministries_replaced", Object: "ministries", Changes: map[string]any{"before": len(old), "now": len(list)}})
}

// AdoptProposal begins with the mapping that comes along. errs.Conflict once there is any ministry.
func (r *Room) AdoptProposal(ctx context.Context) error {
	if _, err := everything(ctx); err != nil {
		return err
	}
	list, err := readMinistries(bytes.NewReader(proposal), r.finder.Catalog().Services())
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if old, err := ministries(ctx, tx); err != nil {
			return err
		} else if len(old) > 0 {
			return errs.E(errs.Conflict, "finder.desk.error.changed")
		}
		return replaceMinistries(ctx, tx, r.h.Audit, list)
	})
}

// MinistriesCommand is `rennsteig finder ministries`.
type MinistriesCommand struct {
	cli.Store
	audit.KeyFlag
	Export bool   `help:"Write the mapping to FILE instead of reading it; - is the output."`
	File   string `arg:"" help:"CSV with the columns ministry and scope."`
}

// Help shows an example.
func (*MinistriesCommand) Help() string {
	return "Which ministry answers for which services. scope: a Leistungsgruppe (three digits), a key, a key's beginning with *, or a subject.\n" +
		"A file replaces the whole mapping.\n\nExample: rennsteig finder ministries --export ressorts.csv"
}

// Run reads the file in, or writes it.
func (c *MinistriesCommand) Run(env *cli.Env) error {
	ctx := identity.AsSystem(env.Context, "cli")
	d, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Export {
		list, err := ministries(ctx, d.Reader())
		if err != nil {
			return err
		}
		if c.File == "-" {
			return writeMinistries(env.Out, list)
		}
		var b bytes.Buffer
		if err := writeMinistries(&b, list); err != nil {
			return err
		}
		return os.WriteFile(c.File, b.Bytes(), 0o644)
	}
	path := c.Key
	if path == "" {
		path = audit.KeyPath(c.Data)
	}
	key, err := audit.LoadKey(path)
	if err != nil {
		return fmt.Errorf("a change is noted in the log, whose key is missing (--key): %w", err)
	}
	builtIn, err := finder.ReadBuiltIn(ctx, d.Reader())
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := readMinistries(f, builtIn.Services)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	log := audit.New(d, key)
	if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return replaceMinistries(ctx, tx, log, list) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "%s: %d ministries\n", c.File, len(list))
	return err
}
