package records

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rennsteig/platform/audit"
	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/records/access"
)

// rotten is a store in which one file is not what its hash says.
type rotten struct {
	blob.Store
	hash string
}

func (s rotten) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	r, err := s.Store.Open(ctx, hash)
	if err == nil && hash == s.hash {
		r = &rot{r, hash}
	}
	return r, err
}

type rot struct {
	io.ReadCloser
	hash string
}

func (r *rot) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err == io.EOF {
		err = &blob.Corrupt{Hash: r.hash, Got: "x"}
	}
	return n, err
}

// Who opens a damaged document is told so on a page, before its first byte; of a large one the connection breaks. Either
// way the log knows of it then, and what people know the file as.
func TestDamagedDocument(t *testing.T) {
	for name, size := range map[string]int{"small": 1000, "large": wholeBefore + 1} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				f := h.open(t, erika, Details{Subject: "Bauakte"})
				c, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Plan"})
				must(t, err)
				ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader(strings.Repeat("x", size)), 10<<20)
				must(t, err)
				docs := []Document{{Kind: AttachmentKind, Name: "Lageplan.txt", Hash: ref.Hash, Size: ref.Size, MediaType: "text/plain"}}
				must(t, h.h.DB.Tx(erika, func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "filing.filed", docs) }))
				get := func(who context.Context) (w *httptest.ResponseRecorder, broken bool) {
					w = httptest.NewRecorder()
					defer func() {
						if x := recover(); x != nil {
							if broken = errors.Is(x.(error), http.ErrAbortHandler); !broken {
								panic(x)
							}
						}
					}()
					h.mux.ServeHTTP(w, httptest.NewRequestWithContext(who, http.MethodGet, "/akte/dokument/"+docs[0].ID, nil))
					return w, false
				}
				if w, broken := get(erika); broken || w.Code != http.StatusOK || w.Body.Len() != size {
					t.Fatalf("sound: %d, %d bytes", w.Code, w.Body.Len())
				}
				h.h.Blobs = rotten{h.h.Blobs, ref.Hash}
				w, broken := get(erika)
				if small := size <= wholeBefore; small && (broken || w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "„Lageplan.txt“ ist im Speicher beschädigt")) ||
					!small && !broken {
					t.Errorf("damaged: %d, broken off: %v", w.Code, broken)
				}
				damaged, err := h.h.Audit.Damaged(t.Context(), []string{ref.Hash, strings.Repeat("0", 64)})
				if must(t, err); len(damaged) != 1 || damaged[ref.Hash] != audit.Changed {
					t.Errorf("known damage: %v", damaged)
				}
				_, _ = get(erika)
				var entries int
				must(t, h.h.DB.Reader().QueryRow(t.Context(), `SELECT count(*) FROM audit_entry WHERE action = 'audit.file_damaged'`).Scan(&entries))
				if entries != 1 {
					t.Errorf("%d entries about one damage", entries)
				}
				list, err := h.h.Audit.Findings(identity.AsSystem(t.Context(), "x"), "", 10)
				must(t, err)
				if len(list) != 1 || len(list[0].Holders) != 1 || list[0].Holders[0] != (audit.Holder{Reference: c.Reference, Name: "Lageplan.txt", Version: 1, Path: "/akte/dokument/" + docs[0].ID + "/karte"}) {
					t.Errorf("findings %+v", list)
				}
				held, err := Holders(t.Context(), h.h.DB.Reader(), []string{jena}, ref.Hash)
				if must(t, err); len(held) != 0 {
					t.Errorf("another authority's auditor is told %+v", held)
				}
				must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					housetest.ByHand(h.h.DB)
					_, err := tx.Exec(ctx, `UPDATE records_case SET level = $1 WHERE id = $2`, int64(access.Confidential), c.ID)
					return err
				}))
				held, err = Holders(t.Context(), h.h.DB.Reader(), []string{erfurt}, ref.Hash)
				if must(t, err); len(held) != 1 || held[0].Name != "" || held[0].Reference != c.Reference {
					t.Errorf("a confidential document is told as %+v", held)
				}
			})
		})
	}
}
