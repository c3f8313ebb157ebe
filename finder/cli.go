package finder

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"rennsteig/platform/cli"
	"rennsteig/platform/i18n"
)

// Command is the sub-command `rennsteig finder`.
type Command struct {
	Search SearchCommand `cmd:"" help:"Find services by everyday words."`
	Eval   EvalCommand   `cmd:"" help:"Judge the search on a list of queries with known answers."`
	Gaps   GapsCommand   `cmd:"" help:"List services for which no authority is known."`
	Assign AssignCommand `cmd:"" help:"Say that a service is not offered in an area, or done by another office."`
}

// SearchCommand finds services.
type SearchCommand struct {
	cli.Store
	Place string   `help:"Name, postcode, ARS or AGS of a place: shows the authority responsible there." placeholder:"TEXT"`
	Limit int      `help:"How many hits at most." default:"10"`
	JSON  bool     `name:"json" help:"Print JSON."`
	Query []string `arg:"" help:"Everyday words."`
}

// Help shows an example.
func (*SearchCommand) Help() string {
	return `Example: rennsteig finder search --place Erfurt "hund anmelden"`
}

// searchHit is a hit as JSON. The names are an interface: other tools read them.
type searchHit struct {
	LeikaKey  string           `json:"leikaKey"`
	Title     string           `json:"title"`
	Score     float64          `json:"score"`
	Authority *searchAuthority `json:"authority"`
	Why       string           `json:"why"`
}

type searchAuthority struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Run searches and prints.
func (s *SearchCommand) Run(env *cli.Env) error {
	c, err := openCatalog(env, s.Store)
	if err != nil {
		return err
	}
	place, err := c.onePlace(s.Place)
	if err != nil {
		return err
	}
	texts := i18n.New()
	if err := texts.Add(Files); err != nil {
		return err
	}
	hits := c.Search(strings.Join(s.Query, " "))
	out := make([]searchHit, 0, len(hits))
	for _, h := range hits[:max(0, min(len(hits), s.Limit))] {
		hit := searchHit{LeikaKey: h.Service.Key, Title: h.Service.Name, Score: h.Score}
		var why []string
		for _, w := range h.Why {
			why = append(why, texts.T(i18n.German, w.Key, w.Args...))
		}
		hit.Why = strings.Join(why, "; ")
		r, err := c.Resolve(h.Service.Key, place)
		if err != nil {
			return err
		}
		if r.Known {
			hit.Authority = &searchAuthority{ID: r.Processor.ID, Name: r.Processor.Name}
		}
		out = append(out, hit)
	}
	if s.JSON {
		return env.JSON(out)
	}
	if len(out) == 0 {
		_, err := fmt.Fprintln(env.Err, "nothing found: try other words")
		return err
	}
	for _, h := range out {
		authority := "–"
		if h.Authority != nil {
			authority = h.Authority.Name
		}
		if _, err := fmt.Fprintf(env.Out, "%.2f  %s  %s\n      %s\n      %s\n", h.Score, h.LeikaKey, h.Title, authority, h.Why); err != nil {
			return err
		}
	}
	return nil
}

// EvalCommand judges the search.
type EvalCommand struct {
	cli.Store
	JSON bool   `name:"json" help:"Print JSON."`
	File string `arg:"" type:"existingfile" help:"Lines: query, TAB, accepted LeiKa keys (comma; trailing * is a prefix), TAB, kind. Kind none has no answer."`
}

// Help shows an example.
func (*EvalCommand) Help() string {
	return `Example: rennsteig finder eval --json queries.tsv`
}

// Run judges and prints.
func (e *EvalCommand) Run(env *cli.Env) error {
	c, err := openCatalog(env, e.Store)
	if err != nil {
		return err
	}
	f, err := os.Open(e.File)
	if err != nil {
		return err
	}
	defer f.Close()
	result, err := Evaluate(f, c.Search)
	if err != nil {
		return fmt.Errorf("%s: %w", e.File, err)
	}
	if e.JSON {
		return env.JSON(result)
	}
	const row = "%-12s %4d %9.3f %9.3f %7.3f %7.3f\n"
	fmt.Fprintf(env.Out, "%-12s %4s %9s %9s %7s %7s\n", "", "n", "success@1", "success@3", "MRR@10", "nDCG@5")
	line := func(name string, m Measures) {
		fmt.Fprintf(env.Out, row, name, m.N, m.Success1, m.Success3, m.MRR10, m.NDCG5)
	}
	line("all", result.All)
	for _, kind := range slices.Sorted(maps.Keys(result.Kinds)) {
		line(kind, result.Kinds[kind])
	}
	_, err = fmt.Fprintf(env.Out, "%-12s %4d   nothing found: %.3f\n", kindNone, result.None.N, result.None.Empty)
	return err
}

// openCatalog reads the catalogue of the database that the flags name.
func openCatalog(env *cli.Env, store cli.Store) (*Catalog, error) {
	d, err := store.Open(env.Context)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	c, err := readCatalog(env.Context, d.Reader())
	switch {
	case err != nil && env.Context.Err() == nil:
		return nil, errors.Join(errNotLoaded, err)
	case err != nil:
		return nil, err
	case c.Empty():
		return nil, errNotLoaded
	}
	return c, nil
}

var errNotLoaded = errors.New("the catalogue was never loaded into this database: start `rennsteig demo` or `rennsteig serve` on it once")
