package filing

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/db"
	"rennsteig/records"
)

// What is kept are the pictures asked for last, as many as there is room for.
func TestSheets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sheets{most: 100}
		var model []keptSheet // the latest last
		find := func(key sheetKey) int {
			return slices.IndexFunc(model, func(k keptSheet) bool { return k.key == key })
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := sheetKey{page: rapid.IntRange(1, 9).Draw(t, "page")}
			i := find(key)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				s.clear()
				model = nil
			case 1, 2, 3:
				b := s.get(key)
				if (b != nil) != (i >= 0) || b != nil && !bytes.Equal(b, model[i].png) {
					t.Fatalf("%v: %d bytes, in the model at %d", key, len(b), i)
				}
				if i >= 0 {
					model = append(slices.Delete(model, i, i+1), keptSheet{key, b})
				}
			default:
				b := bytes.Repeat([]byte{'x'}, rapid.IntRange(1, 30).Draw(t, "size"))
				s.put(key, b)
				if i < 0 && len(b) <= 25 {
					model = append(model, keptSheet{key, b})
				}
				for sum := 0; ; sum = 0 {
					for _, k := range model {
						sum += len(k.png)
					}
					if sum <= s.most {
						break
					}
					model = model[1:]
				}
			}
			if len(s.of) != len(model) || s.order.Len() != len(model) {
				t.Fatalf("%d are kept, not %d", len(s.of), len(model))
			}
		}
	})
}

// A page is drawn once for all readers, each of whom is asked for their right; what is destroyed is let go of.
func TestSheetIsDrawnOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "l1")
		d := h.file(t, erika, c.ID, "a.pdf", "eins\fzwei", "b.png", "eins\fzwei")
		path := records.SheetPath(d[0].ID, 1, 2, false)
		for _, who := range []context.Context{erika, max_, erika} {
			if w := h.get(who, path); w.Code != http.StatusOK || w.Body.String() != "1200: zwei" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		if w := h.get(jens, path); w.Code != http.StatusNotFound {
			t.Errorf("a stranger: %d", w.Code)
		}
		if h.plain.drawn != 1 {
			t.Errorf("drawn %d times", h.plain.drawn)
		}
		h.get(erika, records.SheetPath(d[0].ID, 1, 2, true))  // another width
		h.get(erika, records.SheetPath(d[1].ID, 1, 2, false)) // the same bytes as another sort of file
		if h.plain.drawn != 3 {
			t.Errorf("drawn %d times", h.plain.drawn)
		}
		h.tx(t, func(ctx context.Context, tx *db.Tx) error {
			_, err := h.EraseParts(ctx, tx, nil, []string{d[1].ID})
			return err
		})
		if h.get(erika, path); h.plain.drawn != 4 {
			t.Error("a picture stays after something was destroyed")
		}
	})
}
