package records

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"rennsteig/platform/audit"
	"rennsteig/platform/web"
)

type historyView struct {
	History
	Tabs  web.Tabs
	Alert web.Alert
	Rows  []historyRow
	Older string
}

type historyRow struct {
	Entry  audit.Verified
	Action string
	About  string
	Who    string
	State  web.Badge
}

func (r *Room) getHistory(w http.ResponseWriter, req *http.Request) error {
	id := web.PathID(req)
	h, err := r.FileHistory(req.Context(), id, web.ID(req.URL.Query().Get("vor")))
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	p := historyView{History: h, Tabs: r.FileTabs(req, id, "/nachweis")}
	if h.Partial {
		p.Alert = web.Alert{Kind: "warning", Title: t("records.history.partial")}
	}
	kinds := map[audit.State]string{audit.Proved: "success", audit.Waiting: "info", audit.Tampered: "danger"}
	for _, e := range h.Entries {
		who := r.h.Site.Known(req, e.ActorName)
		if e.ByProgram() {
			who = t("records.by.program")
		}
		p.Rows = append(p.Rows, historyRow{e, r.actionText(req, e.Record), h.Objects[e.Object],
			who, web.Badge{Kind: kinds[e.State], Text: t("records.entry." + string(e.State))}})
	}
	if h.Before != "" {
		p.Older = web.Address("/akte/akte/"+id+"/nachweis", url.Values{"vor": {h.Before}})
	}
	return r.pages.history.Render(w, req, web.Meta{Title: t("records.history.title", h.File.Reference),
		Crumbs: append(r.fileCrumbs(req), web.Link{Text: h.File.Reference, Href: "/akte/akte/" + id})}, p)
}

// getProof gives out the bundle. Once it runs there is no error page any more: what breaks off breaks the connection.
func (r *Room) getProof(w http.ResponseWriter, req *http.Request) error {
	begun := false
	err := r.WriteProof(req.Context(), web.PathID(req), func(f File) io.Writer {
		begun = true
		h := w.Header()
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", Disposition("Nachweis "+strings.ReplaceAll(f.Reference, "/", "_")+".zip"))
		h.Set("X-Content-Type-Options", "nosniff")
		return w
	})
	if err != nil && begun {
		r.h.Log.ErrorContext(req.Context(), "proof broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}
