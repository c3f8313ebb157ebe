package records

import (
	"slices"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// A file without a leading unit may get one from any clerk, which takes nothing from anybody; who it is open to and how
// confidential it is stays the registry's to say.
func TestNobodyCapturesAFile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		cem := clerk("Cem Satzung", erfurt)
		h.seat(t, "org-30", access.Member, cem)
		head := clerk("Hanna Leitung", erfurt)
		h.seat(t, "org-30", access.Head, head)
		f := h.open(t, erika, Details{Subject: "Spielplatz"})
		for what, d := range map[string]Details{
			"reach":          {Subject: "Spielplatz", Lead: "org-30", Reach: LeadOnly},
			"read by all":    {Subject: "Spielplatz", Lead: "org-30", Reach: ReadByAll},
			"level, no lead": {Subject: "Spielplatz", Level: access.Restricted},
		} {
			for _, who := range []string{"cem", "head"} {
				ctx := cem
				if who == "head" {
					ctx = head
				}
				if err := h.ChangeFile(ctx, f.ID, 1, d); !errs.Is(err, errs.Denied) && !errs.Is(err, errs.Invalid) {
					t.Errorf("%s by %s: %v", what, who, err)
				}
			}
		}
		must(t, h.ChangeFile(cem, f.ID, 1, Details{Subject: "Spielplatz", Lead: "org-30"}))
		if err := h.ChangeFile(cem, f.ID, 2, Details{Subject: "Spielplatz", Lead: "org-30", Reach: LeadOnly}); !errs.Is(err, errs.Denied) {
			t.Errorf("a member closes the file for others: %v", err)
		}
		must(t, h.ChangeFile(registrar, f.ID, 2, Details{Subject: "Spielplatz", Lead: "org-30", Reach: LeadOnly}))
	})
}

// The proof of a file never holds what another authority has under the same Aktenzeichen.
func TestEvidenceOfOneAuthority(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "x"})
		other, err := h.OpenFile(jens, NewFile{ID: db.NewID(), Authority: jena, Unit: "22.31", Details: Details{Subject: "y"}})
		must(t, err)
		if f.Reference != other.Reference {
			t.Fatalf("%s and %s: this test needs the same", f.Reference, other.Reference)
		}
		if _, err := Evidence(t.Context(), h.h.DB, "", f.Reference); !errs.Is(err, errs.Conflict) || errs.As(err).Args[0] != erfurt+", "+jena {
			t.Errorf("of two: %v", err)
		}
		got, err := Evidence(t.Context(), h.h.DB, jena, f.Reference)
		if err != nil || !slices.Equal(got.Objects, []string{FileObject(other.ID)}) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := Evidence(t.Context(), h.h.DB, "authority-weimar", f.Reference); !errs.Is(err, errs.NotFound) {
			t.Errorf("of none: %v", err)
		}
	})
}
