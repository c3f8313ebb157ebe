package filing

import (
	"container/list"
	"path"
	"strings"
	"sync"
)

// sheetsKept is how many bytes of pictures of pages are kept in memory.
const sheetsKept = 64 << 20

// sheetKey is what a picture is of: the same bytes are drawn alike, if they are taken for the same sort of file.
type sheetKey struct {
	hash, kind  string
	page, width int
}

func keyOf(f Stored, page, width int) sheetKey {
	return sheetKey{f.Hash, f.MediaType + " " + strings.ToLower(path.Ext(f.Name)), page, width}
}

// sheets keeps the pictures that were asked for last, so that a page is not drawn anew for each reader. It knows nothing of
// rights: whoever takes a picture out has asked for them.
type sheets struct {
	most  int // bytes
	mu    sync.Mutex
	of    map[sheetKey]*list.Element
	order list.List // of *keptSheet, the latest first
	bytes int
}

type keptSheet struct {
	key sheetKey
	png []byte
}

// get is the picture; nil if it is not here. It must not be changed.
func (s *sheets) get(key sheetKey) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.of[key]
	if e == nil {
		return nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*keptSheet).png
}

// put keeps a picture, and lets go of those asked for longest ago until there is room for it.
func (s *sheets) put(key sheetKey, png []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(png) > s.most/4 || s.of[key] != nil {
		return
	}
	if s.of == nil {
		s.of = map[sheetKey]*list.Element{}
	}
	s.of[key] = s.order.PushFront(&keptSheet{key, png})
	for s.bytes += len(png); s.bytes > s.most; {
		old := s.order.Remove(s.order.Back()).(*keptSheet)
		delete(s.of, old.key)
		s.bytes -= len(old.png)
	}
}

// clear lets go of all: of what is destroyed nothing is to stay.
func (s *sheets) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of, s.bytes = nil, 0
	s.order.Init()
}
