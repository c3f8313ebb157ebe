package plan

// Node is a unit in the tree.
type Node struct {
	Unit
	Depth  int // units above it
	Below  int // units directly below it
	Open   int // files that the caller may read
	Closed int
}

// tree lists the units each after the one above it, by code. A unit whose unit above is missing, or that stands in a
// circle, comes at the top: nothing is lost from sight.
func (p Plan) tree() []Node {
	index := p.index()
	below := map[string][]int{}
	for i, u := range p {
		parent := u.Parent
		if _, known := index[parent]; !known {
			parent = ""
		}
		if parent != "" {
			if _, ok := p.above(index, u.Code); !ok {
				parent = ""
			}
		}
		below[parent] = append(below[parent], i)
	}
	out := make([]Node, 0, len(p))
	var walk func(parent string, depth int)
	walk = func(parent string, depth int) {
		for _, i := range below[parent] {
			out = append(out, Node{Unit: p[i], Depth: depth, Below: len(below[p[i].Code])})
			if p[i].Code != "" {
				walk(p[i].Code, depth+1)
			}
		}
	}
	walk("", 0)
	return out
}
