package filing

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"rennsteig/platform/blob"
)

// What is known to be damaged says so on its card.
func TestDamagedCard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.newCase(t, erfurt, "schaden")
		d := h.file(t, erika, c.ID, "Lageplan.txt", "Der Plan")[0]
		if w := h.get(erika, "/akte/dokument/"+d.ID+"/karte"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "beschädigt") {
			t.Fatalf("sound: %d", w.Code)
		}
		h.h.Audit.Report(t.Context(), d.Hash, errors.New("the network is down"))
		if w := h.get(erika, "/akte/dokument/"+d.ID+"/karte"); strings.Contains(w.Body.String(), "beschädigt") {
			t.Error("what is no damage is told as one")
		}
		h.h.Audit.Report(t.Context(), d.Hash, &blob.Corrupt{Hash: d.Hash, Got: "x"})
		if w := h.get(erika, "/akte/dokument/"+d.ID+"/karte"); w.Code != http.StatusOK || strings.Count(w.Body.String(), "beschädigt") < 2 {
			t.Error("the card does not say that the document is damaged")
		}
	})
}
