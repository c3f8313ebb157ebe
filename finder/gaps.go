package finder

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rennsteig/platform/cli"
)

// Gaps are the services of which nobody knows who does them.
type Gaps struct {
	Area     string     `json:"area,omitempty"` // ARS
	Services int        `json:"services"`       // in all
	Missing  int        `json:"missing"`
	Groups   []GapGroup `json:"groups"`
	None     []Gap      `json:"notOffered,omitempty"` // what the area says that it does not offer
}

// GapGroup is the gaps of one sort: who makes the law and who executes it, as the catalogue types it.
type GapGroup struct {
	Level    string `json:"level"` // bund, land_or_municipal or municipal; "" where the catalogue does not say
	Services []Gap  `json:"services"`
}

// Gap is a service without an authority.
type Gap struct {
	Key  string `json:"leikaKey"`
	Name string `json:"name"`
	Type string `json:"type"` // LeiKa Typisierung
}

// levelOf says who executes a service of this Typisierung: 1 Bund; 2 and 3 Land or municipality, by federal law; 4 the
// same, by the Land's; 5 municipality.
func levelOf(typ string) string {
	switch {
	case strings.HasPrefix(typ, "1"):
		return string(FederalLevel)
	case strings.HasPrefix(typ, "2"), strings.HasPrefix(typ, "3"), strings.HasPrefix(typ, "4"):
		return "land_or_municipal"
	case strings.HasPrefix(typ, "5"):
		return "municipal"
	}
	return ""
}

// Gaps lists the services for which no authority is known in the area ("" for those without any assignment).
// errs.NotFound for an unknown area.
func (c *Catalog) Gaps(area string) (Gaps, error) {
	out := Gaps{Area: area, Services: len(c.ordered)}
	groups := map[string][]Gap{}
	for _, s := range c.ordered {
		r, err := c.Resolve(s.Key, area)
		if err != nil {
			return Gaps{}, err
		}
		gap := Gap{s.Key, s.Name, s.Type}
		switch {
		case r.NotOffered:
			out.None = append(out.None, gap)
		case r.Reason.Key == "finder.reason.none":
			out.Missing++
			groups[levelOf(s.Type)] = append(groups[levelOf(s.Type)], gap)
		}
	}
	for level, services := range groups {
		out.Groups = append(out.Groups, GapGroup{level, services})
	}
	slices.SortFunc(out.Groups, func(a, b GapGroup) int {
		return cmp.Or(cmp.Compare(len(b.Services), len(a.Services)), cmp.Compare(a.Level, b.Level))
	})
	return out, nil
}

// GapsCommand lists services without an authority.
type GapsCommand struct {
	cli.Store
	Place string `help:"Name, postcode, ARS or AGS of a municipality: the gaps there." placeholder:"TEXT"`
	Limit int    `help:"How many services to list of each level; 0 for all." default:"10"`
	JSON  bool   `name:"json" help:"Print JSON, with all services."`
}

// Help shows an example.
func (*GapsCommand) Help() string { return `Example: rennsteig finder gaps --place Erfurt` }

// Run lists and prints.
func (g *GapsCommand) Run(env *cli.Env) error {
	c, err := openCatalog(env, g.Store)
	if err != nil {
		return err
	}
	area, err := c.onePlace(g.Place)
	if err != nil {
		return err
	}
	gaps, err := c.Gaps(area)
	if err != nil {
		return err
	}
	if g.JSON {
		return env.JSON(gaps)
	}
	fmt.Fprintf(env.Out, "%d of %d services have no authority here; %d are not offered.\n", gaps.Missing, gaps.Services, len(gaps.None))
	for _, group := range gaps.Groups {
		level := cmp.Or(group.Level, "level not given")
		fmt.Fprintf(env.Out, "\n%s: %d\n", level, len(group.Services))
		shown := group.Services
		if g.Limit > 0 {
			shown = shown[:min(len(shown), g.Limit)]
		}
		for _, s := range shown {
			fmt.Fprintf(env.Out, "  %s  %s\n", s.Key, s.Name)
		}
		if rest := len(group.Services) - len(shown); rest > 0 {
			fmt.Fprintf(env.Out, "  … %d more\n", rest)
		}
	}
	return nil
}

// onePlace is the ARS of the place that s means, "" for "".
func (c *Catalog) onePlace(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	found, choices := c.OnePlace(s)
	switch {
	case found != nil:
		return found.ARS, nil
	case len(choices) == 0:
		return "", fmt.Errorf("no place %q: give a municipality's name, its postcode, ARS or AGS", s)
	}
	names := make([]string, len(choices))
	for i, a := range choices {
		names[i] = a.Name + " (" + a.ARS + ")"
	}
	return "", fmt.Errorf("%q is not one place; name one of: %s", s, strings.Join(names, ", "))
}
