package xzufi

// Namespaces that XML itself and XML Schema fix.
const (
	nsXML = "http://www.w3.org/XML/1998/namespace"
	nsXSI = "http://www.w3.org/2001/XMLSchema-instance"
)

// A scope is what namespace prefixes mean at a place of a document: a list from the inside out. It is never changed, so
// everything read below one element shares it, and equal pointers are the quick answer to "does this mean the same".
type scope struct {
	outer       *scope
	prefix, uri string
	n           int // how many are in force
}

// maxScope bounds the declarations in force at one place; messages have a handful.
const maxScope = 128

// lookup gives the namespace of a prefix; "" is the default namespace and always known.
func (s *scope) lookup(prefix string) (uri string, ok bool) {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.uri, true
		}
	}
	if prefix == "xml" {
		return nsXML, true
	}
	return "", prefix == ""
}

func (s *scope) with(prefix, uri string) *scope {
	n := 1
	if s != nil {
		n = s.n + 1
	}
	return &scope{s, prefix, uri, n}
}

// same reports whether both scopes give every prefix the same meaning.
func (s *scope) same(t *scope) bool { return s == t || s.within(t) && t.within(s) }

func (s *scope) within(t *scope) bool {
	for x := s; x != nil; x = x.outer {
		mine, _ := s.lookup(x.prefix)
		if theirs, _ := t.lookup(x.prefix); mine != theirs {
			return false
		}
	}
	return true
}
