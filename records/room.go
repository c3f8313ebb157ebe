package records

import (
	"context"
	"embed"
	"html/template"
	"net/http"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
)

// Files are the room's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html fileplan/*.tsv letter/*.html
var Files embed.FS

// Room is the electronic file.
type Room struct {
	h        *platform.House
	cashier  Cashier
	fees     Fees
	policies Policies
	services Services // nil until KnowServices
	store    store
	plan     plan
	letters  *template.Template
	lists    map[string]List // by name
	pages    pages
	versions []func(ctx context.Context, tx *db.Tx, document string) error         // see OnVersion
	closers  []closer                                                              // see OnClosing
	movers   []func(ctx context.Context, tx *db.Tx, m Moved) error                 // see OnMove
	leavers  []func(ctx context.Context, tx *db.Tx, document string) error         // see OnDocumentMove
	stub     func(w http.ResponseWriter, req *http.Request, f File) error          // see OnStub
	said     []sayer                                                               // see OnSaid
	marks    map[string]func(req *http.Request) string                             // see OnTab
	late     []func(ctx context.Context, tx *db.Tx, c Case, question string) error // see OnLateAnswer
}

// New makes the room's pages and registers its jobs.
func New(h *platform.House, cashier Cashier, fees Fees, policies Policies) (*Room, error) {
	p, err := readPlan("fileplan/municipal.tsv")
	if err != nil {
		return nil, err
	}
	letters, err := template.ParseFS(Files, "letter/notice.html", "pages/_letter.html")
	if err != nil {
		return nil, err
	}
	r := &Room{h: h, cashier: cashier, fees: fees, policies: policies, plan: p, letters: letters, lists: map[string]List{}}
	r.AddList(inboxList)
	r.AddList(filesList)
	r.AddList(loansList)
	r.pages = newPages(h.Site)
	h.Audit.Holders = Holders
	h.Audit.States = RowStates{}
	queue.Handle(h.Queue, topicRender, r.renderApplication)
	queue.Handle(h.Queue, topicRenderNotice, r.renderNotice)
	return r, nil
}

// german is a text for what leaves the house: the official language is German (§ 23 ThürVwVfG), whatever language the
// clerk reads the pages in.
func (r *Room) german(key string, args ...any) string {
	return r.h.Site.Texts.T(i18n.German, key, args...)
}
