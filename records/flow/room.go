package flow

import (
	"context"
	"embed"
	"net/http"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/i18n"
	"rennsteig/platform/queue"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// Files are the part's migrations, texts and pages.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS

// Room is the course of business.
type Room struct {
	// Texts reads the document that somebody signs; app sets it. Without it there is a link to the document only.
	Texts Texts

	h     *platform.House
	core  *records.Room
	staff Staff
	store store
	pages pages
}

// New makes the pages and registers the jobs.
func New(h *platform.House, core *records.Room, staff Staff) (*Room, error) {
	r := &Room{h: h, core: core, staff: staff}
	core.AddList(tasksList)
	core.OnTab(tasksPath, r.tab)
	r.pages = newPages(h.Site)
	queue.Handle(h.Queue, topicRemind, r.remind)
	queue.Handle(h.Queue, topicResubmit, r.resubmit)
	queue.Handle(h.Queue, topicDeputies, r.deputiesChange)
	queue.Handle(h.Queue, topicHandOver, r.handOver)
	core.OnVersion(r.revised)
	core.OnClosing(r.closing)
	core.OnMove(r.moved)
	core.OnDocumentMove(r.stays)
	core.OnSaid(wordsOf)
	core.OnLateAnswer(r.late)
	return r, nil
}

// Run compares circulations with their documents, until ctx ends. A new version tells of itself (revised); this is for
// those that a process of the release before files while releases change.
func (r *Room) Run(ctx context.Context) error {
	const pause = 10 * time.Minute
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
			r.h.Log.ErrorContext(ctx, "circulations not compared with their documents", "error", err)
		}
		tick.Reset(pause)
	}
}

// Routes registers the pages.
func (r *Room) Routes(mux *http.ServeMux) {
	handle := func(pattern string, h web.Handler) { r.h.Site.Handle(mux, pattern, h) }
	handle("GET /akte/aufgaben", r.getTasks)
	handle("GET /akte/aufgaben.csv", r.getTasksCSV)
	handle("POST /akte/aufgaben/gesehen", r.postSeen)
	handle("GET /akte/aufgabe/{id}", r.getTask)
	handle("POST /akte/aufgabe/{id}", r.postTask)
	handle("GET /akte/vorgang/{id}/geschaeftsgang", r.getFlow)
	handle("POST /akte/vorgang/{id}/geschaeftsgang", r.postStart)
	handle("POST /akte/vorgang/{id}/kommentar", r.postComment)
	handle("POST /akte/laufweg/{id}/zurueckziehen", r.postWithdraw)
	handle("POST /akte/laufweg/{id}/mitzeichnung", r.postAddCoSigner)
	handle("POST /akte/vorgang/{id}/wiedervorlage", r.postBringBack)
	handle("GET /akte/vorgang/{id}/verlauf", r.getTimeline)
	handle("GET /akte/abwesenheit", r.getAbsence)
	handle("POST /akte/abwesenheit", r.postAbsence)
	handle("POST /akte/abwesenheit/{id}/beenden", r.postEndAbsence)
	handle("POST /akte/abwesenheit/uebergabe", r.postHandOver)
	handle("GET /akte/laufwege", r.getTemplates)
	handle("GET /akte/laufwege/neu", r.getNewTemplate)
	handle("GET /akte/laufwege/{id}", r.getTemplate)
	handle("POST /akte/laufwege/{id}", r.postTemplate)
	handle("POST /akte/laufwege/{id}/loeschen", r.postDropTemplate)
}

// german is a text for what is kept: the official language is German (§ 23 ThürVwVfG).
func (r *Room) german(key string, args ...any) string {
	return r.h.Site.Texts.T(i18n.German, key, args...)
}
