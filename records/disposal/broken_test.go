package disposal

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/i18n"
	"rennsteig/standards/xdomea"
)

// What cannot be read is refused in words that say what is wrong with it, and where.
func TestUnreadableInPlainWords(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.plans(t)
		good := string(body(t, message(t, db.NewID(), xdomea.AppraisalList, appraised("A", h.closed(t, claudia, erfurt, unitA))...)))
		change := func(old, fresh string) string {
			t.Helper()
			if !strings.Contains(good, old) {
				t.Fatalf("no %s in %s", old, good)
			}
			return strings.ReplaceAll(good, old, fresh)
		}
		var none bytes.Buffer
		must(t, zip.NewWriter(&none).Close())
		one := h.as(t, regina)
		for content, want := range map[string]string{
			"":                                     "Sie ist leer, oder die Nachricht darin ist es.",
			"<a/>":                                 "Ihr erstes Element „a“ (Zeile 1) gehört nicht zu xdomea. Erwartet wird eine Nachricht im Namensraum urn:xoev-de:xdomea:schema:3.1.0",
			"kein XML":                             "Die Nachricht ist kein lesbares XML: In Zeile 1 ist ein Fehler",
			none.String():                          "Im ZIP liegt keine Nachricht",
			change("schema:3.1.0", "schema:4.0.0"): "ist in einer Version von xdomea, die hier nicht gelesen wird.",
			change("Aussonderung.Bewertungsverzeichnis.0502", "Aussonderung.Anders.0502"): "Ihr erstes Element „Aussonderung.Anders.0502“ (Zeile 2) ist keine Nachricht.",
			change("xdomea:Kopf", "xdomea:Zopf"):                                          "Der Nachricht fehlt das Element „Kopf“.",
			change("xdomea:BewertetesObjekt", "xdomea:Anderes"):                           "Der Nachricht fehlt das Element „BewertetesObjekt“.",
			change("ProzessID>", "Prozess>"):                                              "In der Nachricht fehlt das Element „ProzessID“ bei Zeile",
			change("<code>A<", "<code>X<"):                                                "„Aussonderungsart“ bei Zeile",
		} {
			page := one.Get(listPath).Upload("Nachricht", "x.xml", []byte(content)).Press("Einlesen").Want(http.StatusUnprocessableEntity, "kann nicht eingelesen werden.", want)
			for _, s := range []string{"[xml]", "[namespace]", "[zip-broken]", "%!"} {
				if strings.Contains(page.Body, s) {
					t.Errorf("the page of %q says %s", content, s)
				}
			}
		}
		one.Get(importPath).Upload("Paket", db.NewID()+"_Aussonderung.Aussonderung.0503.zip", nil).Press("Prüfen").Want(http.StatusUnprocessableEntity, "Sie ist leer")
		one.Get(importPath).Upload("Paket", db.NewID()+"_Aussonderung.Aussonderung.0503.zip", []byte("x")).Press("Prüfen").Want(http.StatusUnprocessableEntity, "Sie ist kein ZIP, oder sie ist beschädigt.")
	})
}

// Each fault of the checker is told with what its text names, in both languages.
func TestBrokenKinds(t *testing.T) {
	h := newHouse(t, housetest.New(t, db.SQLite, rooms...))
	var codes []string
	files, err := filepath.Glob("../../standards/xdomea/*.go")
	must(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		must(t, err)
		for _, m := range regexp.MustCompile(`(?:refuse|found|fault|refusal\{|add\(Fault, |addAt\(Fault, )\(?"([a-z-]+)"`).FindAllStringSubmatch(string(b), -1) {
			codes = append(codes, m[1])
		}
	}
	own := []string{"depth", "token", "schema"} // told in the checker's words
	for code := range brokenKinds {
		if !slices.Contains(codes, code) {
			t.Errorf("%s is no fault", code)
		}
	}
	for _, code := range append(codes, "unheard-of") {
		if brokenKinds[code] == "" && !slices.Contains(own, code) && code != "unheard-of" {
			t.Errorf("nothing is told of %s", code)
		}
		for _, f := range []xdomea.Finding{{Code: code}, {Code: code, File: "datei.xml", Path: "/Nachricht/Kopf/Wert", Line: 7, Message: "wrong"}} {
			e := errs.As(broken(f, io.EOF))
			for _, lang := range i18n.Langs {
				if text := h.h.Site.Texts.T(lang, e.Key, e.Args...); strings.Contains(text, "%!") || strings.HasPrefix(text, "[") {
					t.Errorf("%s: %s", code, text)
				}
			}
		}
	}
}
