package app

import (
	"bytes"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// toList is to work with files anywhere: who does not at Erfurt sees a list of their own, empty, or a form about their own.
const toList need = "works with files"

// addresses are those of the electronic file, with what each needs; what {id} stands for is told by the words before it.
var addresses = map[string]need{
	"GET /akte/akte/{id}":                                         toRead,
	"GET /akte/akte/{id}/aufbewahrung":                            toRead,
	"GET /akte/akte/{id}/bearbeiten":                              toWrite,
	"GET /akte/akte/{id}/einheit":                                 toManage,
	"GET /akte/akte/{id}/loeschung":                               toKeepFile,
	"GET /akte/akte/{id}/nachweis":                                toRead,
	"GET /akte/akte/{id}/nachweis/buendel":                        toRead,
	"GET /akte/akte/{id}/teilakte/{teil}":                         toWrite,
	"GET /akte/akte/{id}/vorgang":                                 toWrite,
	"GET /akte/akte/{id}/zugriff":                                 toRead,
	"POST /akte/akte/{id}/ausleihe":                               toWrite,
	"POST /akte/akte/{id}/bearbeiten":                             toWrite,
	"POST /akte/akte/{id}/einheit":                                toManage,
	"POST /akte/akte/{id}/loeschung":                              toKeepFile,
	"POST /akte/akte/{id}/merken":                                 toRead,
	"POST /akte/akte/{id}/schliessen":                             toWrite,
	"POST /akte/akte/{id}/teilakte":                               toWrite,
	"POST /akte/akte/{id}/teilakte/{teil}":                        toWrite,
	"POST /akte/akte/{id}/verweis":                                toWrite,
	"POST /akte/akte/{id}/verweis-entfernen":                      toWrite,
	"POST /akte/akte/{id}/vorgang":                                toWrite,
	"POST /akte/akte/{id}/wiederaufnehmen":                        toManage,
	"POST /akte/akte/{id}/zugriff":                                toRule,
	"POST /akte/akte/{id}/zugriff-entfernen":                      toRule,
	"GET /akte/vorgang/{id}":                                      toReadCase,
	"GET /akte/vorgang/{id}/bearbeiten":                           toWriteCase,
	"GET /akte/vorgang/{id}/dokumente":                            toReadCase,
	"GET /akte/vorgang/{id}/dokumente.csv":                        toReadCase,
	"GET /akte/vorgang/{id}/entscheidung":                         toWriteCase,
	"GET /akte/vorgang/{id}/geschaeftsgang":                       toReadCase,
	"GET /akte/vorgang/{id}/verlauf":                              toReadCase,
	"GET /akte/vorgang/{id}/verschieben":                          toWriteCase,
	"GET /akte/vorgang/{id}/weiter":                               toReadCase,
	"GET /akte/vorgang/{id}/wiederaufnehmen":                      toRunCase,
	"GET /akte/vorgang/{id}/zda":                                  toWriteCase,
	"GET /akte/vorgang/{id}/zuweisen":                             toWriteCase,
	"POST /akte/vorgang/{id}/bearbeiten":                          toWriteCase,
	"POST /akte/vorgang/{id}/dokumente":                           toWriteCase,
	"POST /akte/vorgang/{id}/dokumente/auswahl":                   toWriteCase,
	"POST /akte/vorgang/{id}/entscheidung":                        toWriteCase,
	"POST /akte/vorgang/{id}/geschaeftsgang":                      toWriteCase,
	"POST /akte/vorgang/{id}/kommentar":                           toReadCase,
	"POST /akte/vorgang/{id}/nachforderung":                       toWriteCase,
	"POST /akte/vorgang/{id}/notiz":                               toWriteCase,
	"POST /akte/vorgang/{id}/uebernehmen":                         toWriteCase,
	"POST /akte/vorgang/{id}/verschieben":                         toWriteCase,
	"POST /akte/vorgang/{id}/wiederaufnehmen":                     toRunCase,
	"POST /akte/vorgang/{id}/wiedervorlage":                       toReadCase,
	"POST /akte/vorgang/{id}/zda":                                 toWriteCase,
	"POST /akte/vorgang/{id}/zuweisen":                            toWriteCase,
	"GET /akte/dokument/{id}":                                     toReadCase,
	"GET /akte/dokument/{id}/fassung/{number}":                    toReadCase,
	"GET /akte/dokument/{id}/fassung/{number}/ansehen":            toReadCase,
	"GET /akte/dokument/{id}/fassung/{number}/seite/{page}":       toReadCase,
	"GET /akte/dokument/{id}/karte":                               toReadCase,
	"GET /akte/dokument/{id}/vorschau":                            toReadCase,
	"GET /akte/dokument/{id}/zurueckgestellt/{held}":              toHold,
	"POST /akte/dokument/{id}/angaben":                            toWriteCase,
	"POST /akte/dokument/{id}/fassung":                            toWriteCase,
	"POST /akte/dokument/{id}/konflikt":                           toWriteCase,
	"POST /akte/dokument/{id}/sperre":                             toWriteCase,
	"POST /akte/dokument/{id}/vorschau":                           toReadCase,
	"GET /akte/aufgabe/{id}":                                      toReadCase,
	"POST /akte/aufgabe/{id}":                                     toDo,
	"POST /akte/laufweg/{id}/mitzeichnung":                        toTakePart,
	"POST /akte/laufweg/{id}/zurueckziehen":                       toWithdraw,
	"GET /akte/loeschung/{id}":                                    toRule,
	"POST /akte/loeschung/{id}":                                   toRule,
	"GET /akte/posteingang/{id}":                                  toSeePost,
	"GET /akte/posteingang/{id}/dokument/{document}":              toReadPost,
	"GET /akte/posteingang/{id}/dokument/{document}/ansehen":      toReadPost,
	"GET /akte/posteingang/{id}/dokument/{document}/seite/{page}": toReadPost,
	"GET /akte/posteingang/{id}/ziele":                            toSeePost,
	"POST /akte/posteingang/{id}/angaben":                         toWorkPost,
	"POST /akte/posteingang/{id}/erledigen":                       toWorkPost,
	"POST /akte/posteingang/{id}/oeffnen":                         toWorkPost,
	"POST /akte/posteingang/{id}/weiterleiten":                    toWorkPost,
	"POST /akte/posteingang/{id}/zuordnen":                        toWorkPost,
	"POST /akte/posteingang/{id}/zuruecknehmen":                   toUnassign,
	"POST /akte/fehlscan/{id}":                                    toKeep,
	"GET /akte/laufwege/{id}":                                     toWork,
	"POST /akte/laufwege/{id}":                                    toLead,
	"POST /akte/laufwege/{id}/loeschen":                           toLead,
	"POST /akte/abwesenheit/{id}/beenden":                         toLeadThem,
	"GET /akte/plan/import/{id}/antwort":                          toKeep,
	"GET /akte/auskunft/{id}":                                     toKeep,
	"POST /akte/auskunft/{id}":                                    toKeep,
	"POST /akte/auskunft/{id}/export":                             toKeep,
	"GET /akte/aussonderung/paket/{id}":                           toKeepAll,
	"GET /akte/aussonderung/uebernahme/{id}":                      toKeep,
	"POST /akte/aussonderung/uebernahme/{id}":                     toKeep,
	"GET /akte/aussonderung/verfahren/{id}":                       toKeep,
	"POST /akte/aussonderung/verfahren/{id}/abgabe":               toKeepAll,
	"POST /akte/aussonderung/verfahren/{id}/freigabe":             toKeepAll,
	"POST /akte/aussonderung/verfahren/{id}/vernichtung":          toKeepAll,
	"POST /akte/aussonderung/verfahren/{id}/vorschlag":            toKeepAll,
	"POST /akte/aussonderung/verfahren/{id}/zurueck":              toKeepAll,

	"GET /akte": toList, "GET /akte.csv": toList, "GET /akte/abwesenheit": toList, "GET /akte/akten": toList, "GET /akte/akten.csv": toList, "GET /akte/akten/neu": toWork,
	"GET /akte/aufgaben": toList, "GET /akte/aufgaben.csv": toList, "GET /akte/ausleihen": toList, "GET /akte/ausleihen.csv": toList, "GET /akte/laufwege": toList,
	"GET /akte/posteingang": toList, "GET /akte/posteingang.csv": toList, "GET /akte/suche": toList, "GET /akte/suche.csv": toList,
	"POST /akte/akten/auswahl": toList, "POST /akte/akten/neu": toWork, "POST /akte/ansichten": toList, "POST /akte/aufgaben/gesehen": toReadCase,
	"POST /akte/ausleihen/auswahl": toList, "POST /akte/auswahl": toList, "POST /akte/spalten": toList, "POST /akte/posteingang": toWork,
	"POST /akte/posteingang/auswahl": toList, "GET /akte/laufwege/neu": toLeadList, "POST /akte/abwesenheit": toLeadThem, "POST /akte/abwesenheit/uebergabe": toLeadOthers,
	"GET /akte/organisation": toWork, "GET /akte/plan": toWork, "GET /akte/plan/austausch": toWork, "GET /akte/plan/einheit": toWork, "GET /akte/plan/export": toWork,
	"GET /akte/plan/einheit/bearbeiten": toKeep, "POST /akte/plan/einheit/bearbeiten": toKeep, "POST /akte/plan/import": toKeep, "POST /akte/plan/import/uebernehmen": toKeep,
	"POST /akte/plan/leistung": toKeep, "POST /akte/plan/leistung-entfernen": toKeep, "POST /akte/organisation/aktentyp": toKeep, "POST /akte/organisation/einheit": toKeep,
	"POST /akte/organisation/einheit-beenden": toKeep, "POST /akte/organisation/ermaechtigung": toKeep, "POST /akte/organisation/mitglied": toKeep,
	"POST /akte/organisation/mitglied-entfernen": toKeep, "POST /akte/organisation/muster": toKeep,
	"GET /akte/auskunft": toKeepList, "POST /akte/auskunft": toKeepList, "GET /akte/aussonderung": toKeepList, "GET /akte/aussonderung.csv": toKeepList, "POST /akte/aussonderung": toKeepList,
	"GET /akte/aussonderung/loeschungen": toKeepList, "GET /akte/aussonderung/uebernahme": toKeepList, "POST /akte/aussonderung/uebernahme": toKeepList,
	"GET /akte/aussonderung/verfahren": toKeepList, "POST /akte/aussonderung/verfahren": toKeepList, "POST /akte/aussonderung/einstellung": toKeepList,
}

const (
	toKeepList need = "keeps the records of an authority"
	toLeadList need = "heads a unit of an authority, or keeps its records"
)

// uploads are the addresses whose forms bring files.
var uploads = []string{"POST /akte/vorgang/{id}/dokumente", "POST /akte/dokument/{id}/fassung", "POST /akte/posteingang", "POST /akte/plan/import",
	"POST /akte/aussonderung/verfahren", "POST /akte/aussonderung/uebernahme"}

// patterns are the addresses that the parts have, read from their source: what is registered must be one of these.
func patterns(t *testing.T) (out []string) {
	t.Helper()
	if err := filepath.WalkDir("../records", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found := regexp.MustCompile(`\bhandle\("((?:GET|POST) [^"]+)"`).FindAllStringSubmatch(string(b), -1)
		if n := len(regexp.MustCompile(`\bhandle\(`).FindAll(b, -1)); n != len(found) {
			t.Errorf("%s has %d addresses, of which %d can be read", path, n, len(found))
		}
		for _, m := range found {
			if m[1] != "GET /akte/skript/{name}" { // for everybody
				out = append(out, m[1])
			}
		}
		return nil
	}); err != nil || len(out) < 140 {
		t.Fatalf("%d addresses: %v", len(out), err)
	}
	return out
}

// pages adds every address, for those who have a column in docs/RIGHTS.md, strangers, and who registered the post.
func (m *matrix) pages(t *testing.T, h *rights, x *thing, y *post, z *process) {
	t.Helper()
	all, sealed := patterns(t), map[string][]string{}
	for _, p := range everyone {
		sealed[p.id] = h.sealed(p)
	}
	for _, pattern := range all {
		need, ok := addresses[pattern]
		if !ok {
			t.Errorf("%s is not in the matrix: say what it needs", pattern)
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		on := x.file
		if need == toKeepAll {
			on = z.file
		}
		for _, p := range everyone {
			if p.word == "" && !slices.Contains([]string{"anonymous", "registrar of Jena", "outsider"}, p.id) {
				continue // tried with the use-cases
			}
			id := ""
			for word, is := range map[string]string{"/akte/akte/": x.id, "/akte/vorgang/": x.caseID, "/akte/dokument/": x.doc, "/aufgabe/": x.task(p).ID, "/laufweg/": x.circulation,
				"/akte/loeschung/": h.shelf.erasures[x.id], "/posteingang/": y.id, "/fehlscan/": h.shelf.failure, "/laufwege/": h.shelf.template, "/abwesenheit/": h.shelf.ended,
				"/plan/import/": h.shelf.sent, "/auskunft/": h.shelf.search, "/paket/": z.packageID, "/uebernahme/": h.shelf.imported, "/verfahren/": z.id} {
				if strings.Contains(path, word) {
					id = is
				}
			}
			address := strings.NewReplacer("{id}", id, "{teil}", x.part, "{number}", "1", "{page}", "1.png", "{held}", x.held, "{document}", y.paper).Replace(path) +
				"?behoerde=" + erfurt + "&einheit=00.10&format=csv&nachricht=0512&q=zwiebelmarkt"
			form := url.Values{"version": {"99"}, "id": {db.NewID()}, "subject": {"x"}, "reason": {"x"}, "note": {"x"}, "note_id": {x.note}, "question": {"x"}, "question_id": {db.NewID()},
				"due": {i18n.ISODate(h.tomorrow())}, "schritt": {"erlassen"}, "ergebnis": {"ja"}, "decision": {"x"}, "reasons": {"x"}, "liste": {"inbox"}, "name": {"x"},
				records.ChosenName: {records.RowValue(x.caseID, 99)}, "to": {"member of 20"}, "reference": {"x"}, "kind": {"see"}, "unit": {"00.20"}, "until": {i18n.ISODate(h.tomorrow())},
				"from": {i18n.ISODate(h.tomorrow())}, "comment": {"x"}, "tun": {"erledigt"}, "text": {"x"}, "behoerde": {erfurt}, "authority": {erfurt}, "step-1-kind": {"know"},
				"step-1-to-1": {"person:none such"}, "who": {"member of 20"}, "owner": {"member of 20"}, "deputy": {"none such"}, "dokument": {x.doc}, "was": {"markieren"}, "betreff": {"x"},
				"wahl": {"behalten"}, "vorgang": {"none such"}, "an_einheit": {"none such"}, "grund": {"not_ours"}, "eingang_betreff": {"x"}, "absender": {"x"}, "eingang": {i18n.ISODate(h.h.Now())},
				"holder": {"person:none such"}, "may": {"1"}, "akte": {z.files[0]}, "schritte": {"4"}, "archive": {"Stadtarchiv (Demowert)"}, "paket": {db.NewID()}, "vorschlag": {z.approval},
				"object": {"document:" + x.otherDoc}, "court": {"x"}, "judgment": {"x"}, "code": {"20"}, "role": {"member"}, "level": {"1"}, "pattern": {"{unit}-{year}/{number:6}"},
				"typename": {"x"}, "cleared": {"none such"}, "quelle": {"municipal"}, "key": {"99110009104000"}, "title": {"x"}, "einheit": {"none such"}, "on": {"1"}, "other": {"x"},
				"aufgabe": {x.task(p).ID}, "tage": {"7"}, "treffer": {"vorgang:x"}, "gezeigt": {"vorgang:x"}, "applicant": {""}, "an": {"person:none such"}, "zeichner": {"person:none such"}}
			switch {
			case strings.HasPrefix(path, "/akte/plan"):
				form.Set("einheit", "00.10")
			case strings.HasSuffix(path, "/einheit-beenden"):
				form.Set("id", "20")
			}
			kind, body := "application/x-www-form-urlencoded", []byte(form.Encode())
			if slices.Contains(uploads, pattern) {
				kind, body = upload(t, form)
			}
			m.cells = append(m.cells, cell{p.id, pattern, on, need, p.page(need, on, y), func() error {
				return h.visit(p, method, address, kind, body, sealed[p.id])
			}})
		}
	}
	for pattern := range addresses {
		if !slices.Contains(all, pattern) {
			t.Errorf("there is no %s", pattern)
		}
	}
}

// upload is the form with a file in it.
func upload(t *testing.T, v url.Values) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, values := range v {
		if err := w.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dateien", "datei", "file", "nachricht"} {
		part, err := w.CreateFormFile(name, "x.txt")
		if err == nil {
			_, err = part.Write([]byte("x"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// page is want for an address.
func (p person) page(n need, f file, y *post) errs.Code {
	s := p.stranger()
	switch n {
	case toList:
		if s == errs.NotFound {
			return ""
		}
		return s
	case toKeepList, toLeadList:
		switch {
		case s != "" && s != errs.NotFound:
			return s
		case p.roles[identity.Registrar] == "" && (n == toKeepList || !p.head), n == toLeadList && s == "" && !p.registrar() && !p.head:
			return errs.Denied
		}
		return ""
	case toSeePost, toReadPost, toWorkPost, toUnassign:
		return p.mail(n, y)
	}
	return p.want(n, f)
}

// sealed are the Aktenzeichen that no page shows the person: of files of which they may read nothing.
func (h *rights) sealed(p person) (out []string) {
	for id, sees := range h.files() {
		guest := slices.ContainsFunc(h.things, func(x *thing) bool { return x.id == id && p.mayCase(x.file) >= access.Read })
		if !sees(p) && !guest {
			out = append(out, read[string](h, `SELECT reference FROM records_file WHERE id = $1`, id))
		}
	}
	return out
}

// visit asks for a page, and says what it was refused with, or that it shows what it must not.
func (h *rights) visit(p person, method, address, kind string, body []byte, sealed []string) error {
	req := httptest.NewRequestWithContext(p.ctx(), method, address, bytes.NewReader(body))
	req.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	code := map[int]errs.Code{http.StatusUnauthorized: errs.Unauthenticated, http.StatusForbidden: errs.Denied, http.StatusNotFound: errs.NotFound,
		http.StatusConflict: errs.Conflict, http.StatusUnprocessableEntity: errs.Invalid}[w.Code]
	switch {
	case w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/anmelden"):
		code = errs.Unauthenticated
	case w.Code >= http.StatusInternalServerError:
		code = errs.Internal
	}
	shown := w.Body.String()
	if strings.Contains(shown, "Zwiebelmarkt") && (slices.Contains(refusals, code) || p.stranger() != "") {
		return fmt.Errorf("status %d shows what it must not", w.Code)
	}
	for _, reference := range sealed {
		if strings.Contains(shown, reference) {
			return fmt.Errorf("status %d shows the Aktenzeichen %s", w.Code, reference)
		}
	}
	if code == "" {
		return nil
	}
	return errs.E(code, fmt.Sprint(w.Code))
}
