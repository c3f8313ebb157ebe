package finder

import (
	"slices"

	"rennsteig/platform/german"
)

// explain says for each word of the question what it met in the name.
func (x *index) explain(id int32, words []asked) []Text {
	var out []Text
	e := &x.entries[id]
	for _, w := range words {
		if w.mended != "" {
			out = append(out, Text{"finder.why.mended", []any{w.typed, x.shown(w.mended)}})
		}
		how, name := x.meets(e, w.word)
		for _, meaning := range w.means {
			for _, m := range meaning {
				if _, met := x.meets(e, m); how == "" && met != "" {
					how, name = "synonym", met
				}
			}
		}
		if how != "" {
			out = append(out, Text{"finder.why." + how, []any{w.typed, x.shown(name)}})
		}
	}
	if e.kind != official {
		out = append(out, Text{"finder.why.everyday", []any{x.docs[e.doc].service.Name}})
	}
	return out
}

func (x *index) meets(e *entry, w german.Word) (how, name string) {
	for _, n := range e.words {
		if n.text == w.Text {
			return "same", n.text
		}
	}
	for _, n := range e.words {
		switch {
		case n.word.Root == w.Root:
			return "family", n.text
		case slices.Contains(x.means[w.Root], n.word.Root):
			return "synonym", n.text
		}
	}
	for _, n := range e.words {
		own := append([]string{w.Root}, w.Parts...)
		for _, p := range append([]string{n.word.Root}, n.word.Parts...) {
			if slices.Contains(own, p) {
				return "part", n.text
			}
		}
	}
	return "", ""
}
