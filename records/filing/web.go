package filing

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
	"rennsteig/records"
)

type pages struct {
	documents *web.Page[documentsPage]
	card      *web.Page[cardPage]
	incomings *web.Page[incomingsPage]
	incoming  *web.Page[incomingPage]
	search    *web.Page[searchPage]
	look      *web.Page[lookPage]
}

func newPages(s *web.Site) pages {
	return pages{
		documents: web.NewPage[documentsPage](s, Files, "documents"),
		card:      web.NewPage[cardPage](s, Files, "card"),
		incomings: web.NewPage[incomingsPage](s, Files, "incomings"),
		incoming:  web.NewPage[incomingPage](s, Files, "incoming"),
		search:    web.NewPage[searchPage](s, Files, "search"),
		look:      web.NewPage[lookPage](s, Files, "look"),
	}
}

// Routes registers the part's pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte/vorgang/{id}/dokumente", r.getDocuments)
	handle("POST /akte/vorgang/{id}/dokumente", r.postDocuments)
	handle("POST /akte/vorgang/{id}/dokumente/auswahl", r.postChosen)
	handle("GET /akte/vorgang/{id}/dokumente.csv", r.getCSV)
	handle("GET /akte/dokument/{id}/karte", r.getCard)
	handle("POST /akte/dokument/{id}/fassung", r.postVersion)
	handle("POST /akte/dokument/{id}/angaben", r.postDescribe)
	handle("GET /akte/dokument/{id}/fassung/{number}", r.getVersion)
	handle("GET /akte/dokument/{id}/fassung/{number}/ansehen", r.getLook)
	handle("GET /akte/dokument/{id}/fassung/{number}/seite/{page}", r.getSheet)
	handle("POST /akte/dokument/{id}/konflikt", r.postSettle)
	handle("GET /akte/dokument/{id}/zurueckgestellt/{held}", r.getHeld)
	handle("POST /akte/dokument/{id}/sperre", r.postLock)
	handle("GET /akte/posteingang", r.getIncomings)
	handle("POST /akte/posteingang", r.postIncoming)
	handle("GET /akte/posteingang.csv", r.getIncomingsCSV)
	handle("POST /akte/posteingang/auswahl", r.postChosenIncoming)
	handle("GET /akte/posteingang/{id}", r.getIncoming)
	handle("GET /akte/posteingang/{id}/dokument/{document}", r.getIncomingDocument)
	handle("GET /akte/posteingang/{id}/dokument/{document}/ansehen", r.getLookIncoming)
	handle("GET /akte/posteingang/{id}/dokument/{document}/seite/{page}", r.getIncomingSheet)
	handle("POST /akte/posteingang/{id}/zuordnen", r.postAssign)
	handle("POST /akte/posteingang/{id}/zuruecknehmen", r.postUnassign)
	handle("POST /akte/posteingang/{id}/weiterleiten", r.postForward)
	handle("POST /akte/posteingang/{id}/erledigen", r.postFinish)
	handle("POST /akte/posteingang/{id}/oeffnen", r.postReopen)
	handle("POST /akte/posteingang/{id}/angaben", r.postCorrect)
	handle("GET /akte/posteingang/{id}/ziele", r.getTargets)
	handle("POST /akte/fehlscan/{id}", r.postScanSeen)
	handle("GET /akte/dokument/{id}/vorschau", r.getRendition)
	handle("POST /akte/dokument/{id}/vorschau", r.postRendition)
	handle("GET /akte/suche", r.getSearch)
	handle("GET /akte/suche.csv", r.getSearchCSV)
	handle("GET /akte/skript/{name}", r.getScript)
}

// script is the part's script, under an address that changes with it.
type script struct {
	name string
	body []byte
}

func readScript() (script, error) {
	b, err := fs.ReadFile(Files, "static/filing.js")
	if err != nil {
		return script{}, err
	}
	sum := sha256.Sum256(b)
	return script{name: "filing." + hex.EncodeToString(sum[:6]) + ".js", body: b}, nil
}

func (s script) url() string { return "/akte/skript/" + s.name }

func (r *Room) getScript(w http.ResponseWriter, req *http.Request) error {
	if req.PathValue("name") != r.script.name {
		return errs.E(errs.NotFound, "errs.no_page")
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(r.script.body)))
	_, _ = w.Write(r.script.body) // the caller has gone if it fails
	return nil
}

func caller(req *http.Request) identity.Principal { return identity.From(req.Context()) }

// kind is what people call a kind of document.
func (r *Room) kind(req *http.Request, kind string) string {
	if key := "filing.kind." + kind; r.h.Site.Texts.Has(i18n.German, key) {
		return r.h.Site.T(req, key)
	}
	return r.h.Site.T(req, "records.kind."+kind)
}

// alert shows an error that is no field's.
func (r *Room) alert(req *http.Request, err error) web.Alert {
	if err == nil || len(errs.As(err).Fields) > 0 {
		return web.Alert{}
	}
	e := errs.As(err)
	return web.Alert{Kind: "warning", Title: r.h.Site.T(req, e.Key, e.Args...)}
}

// shown reports whether the error is shown on the page it came from, because the person can do something about it.
func shown(err error) bool {
	return errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) || errs.Is(err, errs.TooLarge)
}

func statusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return errs.Status(errs.CodeOf(err))
}

func oneOf(s string, choices ...string) string {
	for _, c := range choices {
		if s == c {
			return c
		}
	}
	return ""
}

// send streams a stored file for saving. Once it runs there is no error page any more: what breaks off, or is not what its
// hash says, breaks the connection, so that nobody takes half a file for a whole one.
func send(w http.ResponseWriter, f Stored, content io.Reader) error {
	h := w.Header()
	h.Set("Content-Type", records.SafeType(f.MediaType))
	h.Set("Content-Disposition", records.Disposition(f.Name))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if _, err := io.Copy(w, content); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
