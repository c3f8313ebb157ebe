package records

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records/access"
)

// A guest reads the one case, as long as they are, and nothing else of its file.
func TestGuest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seat(t, "org-20", access.Member, erika)
		cem := clerk("Cem Gast", erfurt)
		f := h.open(t, erika, Details{Subject: "Personalsache", Lead: "org-20", Reach: LeadOnly})
		c, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Mitzeichnung"})
		must(t, err)
		other, err := h.OpenCase(erika, NewCase{File: f.ID, Subject: "Anderes"})
		must(t, err)
		doc := []Document{{Kind: AttachmentKind, Name: "Entwurf.txt", Hash: strings.Repeat("0", 64), Size: 1, MediaType: "text/plain"}}
		tx := func(f func(ctx context.Context, tx *db.Tx) error) {
			t.Helper()
			must(t, h.h.DB.Tx(erika, f))
		}
		tx(func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "filing.filed", doc) })
		get := func(path string) int {
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, httptest.NewRequestWithContext(cem, http.MethodGet, path, nil))
			if strings.Contains(w.Body.String(), "/akte/akte/"+f.ID) {
				t.Errorf("%s leads to the file", path)
			}
			return w.Code
		}
		reads := func() bool {
			_, err := h.Dossier(cem, c.ID)
			if err != nil && !errs.Is(err, errs.NotFound) {
				t.Error(err)
			}
			return err == nil
		}
		if reads() {
			t.Fatal("reads before being a guest")
		}
		holder := access.Person(identity.From(cem).Subject)
		admit := func(ctx context.Context, tx *db.Tx) error {
			return access.Admit(ctx, tx, access.At(erfurt), access.Guest{Authority: erfurt, Case: c.ID, Holder: holder, Source: "task-1", At: h.h.Now()})
		}
		tx(admit)
		tx(admit)
		if !reads() || get("/akte/vorgang/"+c.ID) != http.StatusOK {
			t.Error("a guest does not read the case")
		}
		l, err := h.Inbox(cem, Filter{})
		must(t, err)
		if len(l.Items) != 1 || l.Items[0].ID != c.ID {
			t.Errorf("a guest's list has %d cases", len(l.Items))
		}
		if _, err := h.store.documentByID(cem, h.h.DB.Reader(), must1(access.Load(cem, h.h.DB.Reader())), doc[0].ID); err != nil {
			t.Errorf("a guest does not read its document: %v", err)
		}
		for what, err := range map[string]error{
			"file":       second(h.FilePage(cem, f.ID, paging.Cursor{})),
			"other case": second(h.Dossier(cem, other.ID)),
		} {
			if !errs.Is(err, errs.NotFound) {
				t.Errorf("a guest reads the %s: %v", what, err)
			}
		}
		if err := h.Close(cem, c.ID, c.Version); !errs.Is(err, errs.Denied) {
			t.Errorf("a guest closes the case: %v", err)
		}
		rule := access.Grant{Authority: erfurt, File: f.ID, Holder: holder, May: access.Nothing, Reason: "befangen", At: h.h.Now()}
		tx(func(ctx context.Context, tx *db.Tx) error { return access.Put(ctx, tx, access.At(erfurt), rule) })
		if reads() {
			t.Error("a guest whom a rule keeps out reads the case")
		}
		tx(func(ctx context.Context, tx *db.Tx) error {
			_, err := access.Drop(ctx, tx, access.At(erfurt), f.ID, holder)
			return err
		})
		if !reads() {
			t.Error("the rule is gone, and the guest does not read")
		}
		tx(func(ctx context.Context, tx *db.Tx) error {
			_, err := access.Dismiss(ctx, tx, access.At(erfurt), "task-1", "")
			return err
		})
		if reads() {
			t.Error("reads after the end")
		}
	})
}

func second[T any](_ T, err error) error { return err }

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
