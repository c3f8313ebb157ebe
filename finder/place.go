package finder

import (
	"slices"
	"strings"

	"rennsteig/platform/german"
)

// maxPlaces is how many places a choice may have; beyond that the input is no hint at all.
const maxPlaces = 60

// Places returns the municipalities that s may mean: a name or part of one, a postcode, an ARS or AGS, or a postcode
// with a name. Exactly one means it is clear; several are a choice; none is an unknown place. Sorted by name.
func (c *Catalog) Places(s string) []Area {
	if len(s) > 100 {
		return nil
	}
	words := german.Tokens(german.Fold(s))
	digits := ""
	if n := len(words); n > 1 && words[n-1] == "stadt" { // "Erfurt, Stadt"
		words = words[:n-1]
	}
	if len(words) > 0 && strings.Trim(words[0], "0123456789") == "" {
		digits, words = words[0], words[1:]
	}
	switch {
	case digits == "" && len(words) == 0:
		return nil
	case digits == "":
		return c.placesByName(words)
	}
	var found []*Area
	switch len(digits) {
	case 12:
		if a, ok := c.areas[digits]; ok {
			found = c.municipalitiesOf(c.current(a))
		}
	case 8:
		if a, ok := c.byAGS[digits]; ok {
			found = []*Area{c.current(a)}
		}
	case 5:
		found = c.byPostcode[digits]
	}
	if len(words) > 0 && len(found) > 1 {
		name := strings.Join(words, " ")
		if narrowed := keep(found, func(a *Area) bool { return strings.Contains(c.folded[a.ARS], name) }); len(narrowed) > 0 {
			found = narrowed
		}
	}
	return list(found)
}

// municipalitiesOf lists the municipalities inside an area; the area itself if it is one.
func (c *Catalog) municipalitiesOf(a *Area) []*Area {
	if a.Kind == Municipality || a.Kind == City {
		return []*Area{a}
	}
	return keep(c.places, func(p *Area) bool {
		for p.Parent != "" {
			if p.Parent == a.ARS {
				return true
			}
			p = c.areas[p.Parent]
		}
		return false
	})
}

func (c *Catalog) placesByName(words []string) []Area {
	name := strings.Join(words, " ")
	for _, fits := range []func(folded string) bool{
		func(f string) bool { return f == name },
		func(f string) bool { return strings.HasPrefix(f, name+" ") },
		func(f string) bool { return len(name) >= 3 && strings.HasPrefix(f, name) },
		func(f string) bool { return len(name) >= 3 && strings.Contains(" "+f, " "+name) },
		func(f string) bool { return len(name) >= 4 && strings.Contains(f, name) },
	} {
		if found := keep(c.places, func(a *Area) bool { return fits(c.folded[a.ARS]) }); len(found) > 0 {
			return list(found)
		}
		// "Ilm-Kreis" or a Verwaltungsgemeinschaft: all its municipalities.
		for _, a := range c.upper {
			if f := c.folded[a.ARS]; fits(f) {
				return list(c.municipalitiesOf(a))
			}
		}
	}
	if near, _, ok := c.placeSpelling.Correct(name); ok {
		return list(keep(c.places, func(a *Area) bool { return c.folded[a.ARS] == near }))
	}
	return nil
}

// OnePlace is the place that s means if it is clear; else the choices.
func (c *Catalog) OnePlace(s string) (place *Area, choices []Area) {
	found := c.Places(s)
	if len(found) == 1 {
		return &found[0], nil
	}
	return nil, found
}

// placeIn is the one place whose whole name is a word of the question, unless the word means a thing, too.
func (c *Catalog) placeIn(query string) *Area {
	for _, w := range c.index.lexicon.Words(query) {
		if !c.isPlaceName(w.Text) || c.index.indexed(w) {
			continue
		}
		if found := keep(c.places, func(a *Area) bool { return c.folded[a.ARS] == w.Text }); len(found) == 1 {
			return found[0]
		}
	}
	return nil
}

func keep(areas []*Area, fits func(*Area) bool) []*Area {
	var out []*Area
	for _, a := range areas {
		if fits(a) {
			out = append(out, a)
		}
	}
	return out
}

func list(found []*Area) []Area {
	var out []Area
	for _, a := range found {
		out = append(out, *a)
	}
	slices.SortFunc(out, func(a, b Area) int {
		return strings.Compare(german.Fold(a.Name)+a.ARS, german.Fold(b.Name)+b.ARS)
	})
	if len(out) > maxPlaces {
		return out[:maxPlaces]
	}
	return out
}
