package plan

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// receipt is a message without content that answers a process.
func receipt(t *testing.T, process string, m xdomea.Message, at time.Time) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xdomea.NewPackageWriter(&b, xdomea.Head{ProcessID: process, Message: m, Created: at})
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// TestSentAndReceived: a plan goes out, and its taker says that it arrived.
func TestSentAndReceived(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const exchange = "/akte/plan/austausch?behoerde=" + erfurt
		base := map[string]string{"authority": erfurt, "quelle": "table"}
		for _, f := range []struct {
			format Format
			answer xdomea.Message
		}{{Message0301, xdomea.FilePlanReceipt}, {Message0511, xdomea.PlanForAppraisalReceipt}} {
			var out bytes.Buffer
			_, err := h.Export(regina, &out, erfurt, f.format, "Landesarchiv", i18n.German)
			must(t, err)
			pack, err := xdomea.OpenPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), xdomea.Options{})
			must(t, err)
			process := pack.Head().ProcessID
			if must(t, pack.Close()); !pack.Head().WantsReceipt {
				t.Errorf("%s asks for no receipt", f.format)
			}
			arrived := h.now.Add(time.Hour).Truncate(time.Second)
			other := xdomea.FilePlanReceipt
			if f.answer == other {
				other = xdomea.PlanForAppraisalReceipt
			}
			for _, wrong := range [][]byte{receipt(t, process, other, arrived), receipt(t, db.NewID(), f.answer, arrived)} {
				page(t, "a receipt of something else", h.upload(regina, "/akte/plan/import", base, "x.zip", string(wrong)), 422, "gehört zu keiner Nachricht")
			}
			head, ok := isReceipt(receipt(t, process, f.answer, arrived))
			if !ok {
				t.Fatal("no receipt")
			}
			want(t, "another authority's", h.Receive(jens, jena, head), errs.Invalid)
			before := h.dump(t)
			for range 2 {
				if w := h.upload(regina, "/akte/plan/import", base, "x.zip", string(receipt(t, process, f.answer, arrived))); w.Code != http.StatusSeeOther {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				must(t, h.Receive(regina, erfurt, xdomea.Head{ProcessID: process, Message: f.answer, Created: arrived.Add(time.Hour)})) // the first holds
			}
			if after := h.dump(t); strings.Count(after, "plan.received") != strings.Count(before, "plan.received")+1 {
				t.Error("taken more than once")
			}
			l, err := h.Outbox(regina, erfurt)
			must(t, err)
			found := false
			for _, s := range l {
				found = found || s.Process == process && s.Message == xdomea.Message(f.format) && s.Taker == "Landesarchiv" && s.Received.Equal(arrived)
			}
			if !found {
				t.Errorf("%+v", l)
			}
		}
		page(t, "what was sent", h.send(regina, http.MethodGet, exchange, nil), 200, "Zuletzt gesendet", "Landesarchiv", "0511")
		if w := h.send(erika, http.MethodGet, exchange, nil); strings.Contains(w.Body.String(), "Zuletzt gesendet") {
			t.Error("a clerk sees what was sent")
		}
	})
}

// TestReceiptOfTaken: who sent a plan that was taken over is told that it arrived.
func TestReceiptOfTaken(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, m := range []xdomea.Message{xdomea.FilePlan, xdomea.PlanForAppraisal} {
			var b bytes.Buffer
			head := xdomea.Head{ProcessID: db.NewID(), Message: m, Created: h.now, Sender: xdomea.Contact{Organisation: "Ministerium"}}
			w, err := xdomea.NewWriter(&b, head)
			must(t, err)
			must(t, w.Write(&xdomea.Plan{ID: db.NewID(), Units: []xdomea.PlanUnit{{ID: db.NewID(), Reference: "88." + string(m), Description: "Neu", Keep: xdomea.Years(5), Appraisal: xdomea.Destroy}}}))
			must(t, w.Close())
			taken := h.take(t, Source{Name: "plan.xml", Content: b.Bytes()})
			page(t, "the answer", h.send(regina, http.MethodGet, "/akte/plan/austausch?behoerde="+erfurt, nil), 200, "antwort?nachricht="+string(receipts[m]))
			var out bytes.Buffer
			name, err := h.Answer(regina, &out, taken.ID, receipts[m])
			must(t, err)
			if found, err := xdomea.CheckPackage(bytes.NewReader(out.Bytes()), int64(out.Len()), name, xdomea.Options{}); err != nil || xdomea.HasFault(found) {
				t.Errorf("%s: %v %v", name, err, found)
			}
			if got, ok := isReceipt(out.Bytes()); !ok || got.ProcessID != head.ProcessID || got.Message != receipts[m] {
				t.Errorf("%+v", got)
			}
			_, err = h.Answer(regina, &out, taken.ID, xdomea.CatalogueReceipt)
			want(t, "a receipt of something else", err, errs.NotFound)
		}
	})
}

// testReceipts sends a plan by command, and answers one.
func testReceipts(t *testing.T, run func(args ...string) (string, error), d *db.DB) {
	t.Helper()
	folder := t.TempDir()
	if _, err := run("export", "--format", "0511", "--taker", "Archiv", folder); err != nil {
		t.Fatal(err)
	}
	list, err := sentBefore(t.Context(), d.Reader(), access.At("a"), 9)
	must(t, err)
	file := filepath.Join(folder, "0512.zip")
	must(t, os.WriteFile(file, receipt(t, list[0].Process, xdomea.PlanForAppraisalReceipt, time.Now()), 0o600))
	if _, err := run("import", "--dry-run", file); err == nil {
		t.Error("a receipt was tried")
	}
	if out, err := run("import", file); err != nil || out != "receipt 0512 of "+list[0].Process+" noted\n" {
		t.Errorf("%s %v", out, err)
	}
	must(t, os.WriteFile(file, receipt(t, db.NewID(), xdomea.PlanForAppraisalReceipt, time.Now()), 0o600))
	if _, err := run("import", file); err == nil || !strings.Contains(err.Error(), "gehört zu keiner Nachricht") {
		t.Errorf("%v", err)
	}
	imports, err := takenBefore(t.Context(), d.Reader(), access.At("a"), 99)
	must(t, err)
	for _, x := range imports {
		if x.Source == string(xdomea.FilePlan) {
			if out, err := run("answer", "--message", "0302", x.Process, folder); err != nil || !strings.Contains(out, x.Process+"_Aktenplan.EmpfangBestaetigen.0302.zip: answers 0301") {
				t.Errorf("%s %v", out, err)
			}
		}
	}
	if _, err := run("answer", "--message", "0512", list[0].Process, folder); err == nil {
		t.Error("what was not taken over was answered")
	}
}

// TestHeadings: headings may be the names of columns or the words of either language; a line and the heading are named.
func TestHeadings(t *testing.T) {
	for text, columns := range map[string]string{
		"code;title": "code title", "Kennzeichen;Bezeichnung;Gültig bis": "code title valid_until", "KENNZEICHEN;uebergeordnete  Einheit": "code parent",
		"Code;Unit above;Valid from": "code parent valid_from", "\ufeffKennzeichen;leika_keys;Federführung;;": "code leika_keys leads",
	} {
		got, err := readTable([]byte(text + "\n1;2\n"))
		if err != nil || strings.Join(got.columns, " ") != columns {
			t.Errorf("%s: %v %v", text, got.columns, err)
		}
	}
	german, err := words(i18n.German)
	must(t, err)
	for text, said := range map[string]string{
		"Kennzeichen;Aufbewahrungszeit\n": `Zeile 1, Spalte Aufbewahrungszeit: Diese Überschrift gibt es nicht; möglich sind: Kennzeichen, Bezeichnung, Übergeordnete Einheit, `,
		"code;Kennzeichen\n":              `Zeile 1, Spalte Kennzeichen: Diese Spalte steht zweimal da`,
		"Bezeichnung\n":                   `Zeile 1: Die Überschrift des Kennzeichens fehlt; möglich sind: Kennzeichen, `,
		"Kennzeichen;;Bezeichnung\n":      `Zeile 1, Spalte "": Diese Überschrift gibt es nicht`,
	} {
		_, err := readTable([]byte(text))
		list := asProblems(err)
		if len(list) != 1 || !strings.HasPrefix(list[0].text(german), said) {
			t.Errorf("%q: %v", text, err)
			for _, p := range list {
				t.Log(p.text(german))
			}
		}
	}
}
