package xdomea

import (
	"reflect"
	"strings"
	"sync"
	"time"
)

// node is an element of a struct that is read and written: a field, or what stands around fields.
type node struct {
	name   string
	start  string // "\n<xdomea:Name>"
	end    string // "</xdomea:Name>"
	kids   []*node
	find   map[string]*node // kids by name, and by what 2.4 calls them
	index  []int            // of the field; nil around fields
	of     *node            // of a field that is a struct: its plan
	list   *codeList        // of a field that is a code
	in     string
	must   bool
	always bool
	uuid   bool
	file   bool
	date   bool
	read   bool // never written
	checks bool // a plan whose type is checked
}

// checked is a struct with a rule that neither types nor tags can say.
type checked interface{ check() error }

var (
	checkedType = reflect.TypeFor[checked]()
	codedType   = reflect.TypeFor[coded]()
	timeType    = reflect.TypeFor[time.Time]()
	codeType    = reflect.TypeFor[Code]()
	keepType    = reflect.TypeFor[Keep]()
)

// plans are the elements of each struct. They need the code lists, which the order of initialisation cannot know.
var plans = sync.OnceValue(func() map[reflect.Type]*node {
	all := map[reflect.Type]*node{}
	for _, root := range []any{Head{}, CoverLetter{}, File{}, Case{}, Document{}, Plan{}, Appraised{}, Result{}, unitResult{}, oldResult{}} {
		planOf(reflect.TypeOf(root), all)
	}
	return all
})

// planOf adds the plan of a struct to all.
func planOf(t reflect.Type, all map[reflect.Type]*node) *node {
	if p, ok := all[t]; ok {
		return p
	}
	p := &node{name: t.Name(), find: map[string]*node{}, checks: reflect.PointerTo(t).Implements(checkedType)}
	all[t] = p
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("x")
		if !ok {
			continue
		}
		path, options, _ := strings.Cut(tag, ",")
		n := p.under(path)
		n.index = f.Index
		for option := range strings.SplitSeq(options, ",") {
			name, value, _ := strings.Cut(option, "=")
			switch name {
			case "in":
				n.in = value
			case "old":
				at := p
				names := strings.Split(value, ">")
				for _, outer := range names[:len(names)-1] {
					at = at.find[outer]
				}
				at.find[names[len(names)-1]] = n
			case "must":
				n.must = true
			case "always":
				n.always = true
			case "uuid":
				n.uuid = true
			case "file":
				n.file = true
			case "date":
				n.date = true
			case "read":
				n.read = true
			}
		}
		if n.must || n.always { // so is all around it
			at := p
			for name := range strings.SplitSeq(path, ">") {
				if at = at.find[name]; at != n {
					at.always = true
				}
			}
		}
		inner := f.Type
		if inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case inner.Implements(codedType):
			n.list = reflect.Zero(inner).Interface().(coded).list()
		case inner.Kind() == reflect.Struct && inner != timeType && inner != codeType && inner != keepType:
			n.of = planOf(inner, all)
		}
	}
	return p
}

// under makes the node at a path.
func (n *node) under(path string) *node {
	for name := range strings.SplitSeq(path, ">") {
		k := n.find[name]
		if k == nil {
			k = &node{name: name, start: "\n<xdomea:" + name + ">", end: "</xdomea:" + name + ">", find: map[string]*node{}}
			n.find[name] = k
			n.kids = append(n.kids, k)
		}
		n = k
	}
	return n
}
