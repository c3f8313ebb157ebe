package flow

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// timelineSize is how many entries of the log a page shows.
const timelineSize = 100

// Timeline is a page of what happened to a case and its documents, the latest first, as the log has it; before and
// after are ids of entries, "" for none.
func (r *Room) Timeline(ctx context.Context, caseID, before, after string) (Course, []audit.Verified, error) {
	c, err := r.Course(ctx, caseID)
	if err != nil {
		return c, nil, err
	}
	documents, err := r.store.documentIDs(ctx, r.h.DB.Reader(), c.a, caseID)
	if err != nil {
		return c, nil, err
	}
	objects := []string{records.CaseObject(caseID)}
	for _, id := range documents {
		objects = append(objects, records.DocumentObject(id))
	}
	entries, err := r.h.Audit.VerifiedHistory(ctx, objects, before, after, timelineSize+1)
	return c, entries, err
}

type timelinePage struct {
	Tabs  web.Tabs
	Case  records.Case
	Steps []timelineStep
	Pages web.Pagination
}

type timelineStep struct {
	At      time.Time
	Title   string
	By      string
	Details []string
	State   web.Badge
}

func (r *Room) getTimeline(w http.ResponseWriter, req *http.Request) error {
	v := req.URL.Query()
	before, after := web.ID(v.Get("vor")), web.ID(v.Get("nach"))
	c, entries, err := r.Timeline(req.Context(), web.PathID(req), before, after)
	if err != nil {
		return err
	}
	t := r.h.Site.Text(req)
	more := len(entries) > timelineSize
	if more && after == "" {
		entries = entries[:timelineSize]
	} else if more {
		entries = entries[1:]
	}
	p := timelinePage{Tabs: r.core.CaseTabs(req, c.Case.ID, "/verlauf"), Case: c.Case}
	var documents []string
	for _, e := range entries {
		if id, ok := strings.CutPrefix(e.Object, "document:"); ok {
			documents = append(documents, id)
		}
	}
	names, err := r.store.documentNames(req.Context(), r.h.DB.Reader(), c.a, c.Case.ID, documents)
	if err != nil {
		return err
	}
	words := said(c)
	for _, e := range entries {
		p.Steps = append(p.Steps, r.timelineStep(req, c, e, names, words))
	}
	if n := len(entries); n > 0 {
		path := "/akte/vorgang/" + c.Case.ID + "/verlauf?"
		if before != "" || after != "" && more {
			p.Pages.Previous = path + "nach=" + entries[0].ID
		}
		if after != "" || more {
			p.Pages.Next = path + "vor=" + entries[n-1].ID
		}
	}
	meta := web.Meta{Title: t("flow.timeline_title", c.Case.Reference), Crumbs: r.caseCrumbs(req, c.Case)}
	return r.pages.timeline.Render(w, req, meta, p)
}

// said are the words of which the log has the hash, by it: a text that is not what was logged is not shown.
func said(c Course) map[string]string {
	out := map[string]string{}
	add := func(text string) {
		if text != "" {
			out[records.Digest(text)] = text
		}
	}
	for _, x := range c.Circulations {
		add(x.Reason)
		for _, k := range x.Tasks {
			add(k.Text)
			add(k.Answer)
		}
	}
	for _, g := range c.Signatures {
		add(g.Remark)
	}
	for _, k := range c.Comments {
		add(k.Text)
	}
	return out
}

// changes are what this part writes into the log, as far as the timeline shows it.
type changes struct {
	Kind     Kind
	Version  int64
	Hash     string
	ForName  string `json:"for_name"`
	To, From string
	Tasks    json.RawMessage
	SHA256   string
}

func (r *Room) timelineStep(req *http.Request, c Course, e audit.Verified, names, words map[string]string) timelineStep {
	t := r.h.Site.Text(req)
	s := timelineStep{At: e.Time, Title: e.Action, By: e.ActorName, State: web.Badge{Kind: proofKind[e.State], Text: t("flow.proof." + string(e.State))}}
	if key := "audit.action." + e.Action; r.h.Site.Texts.Has(web.Lang(req), key) {
		s.Title = t(key)
	}
	if id, ok := strings.CutPrefix(e.Object, "document:"); ok {
		if name := names[id]; name != "" {
			s.Details = append(s.Details, t("records.document")+": "+name)
		}
	}
	if e.ByProgram() {
		s.By = t("records.by.program")
	}
	var x changes
	if json.Unmarshal([]byte(e.Changes), &x) != nil { // changed from outside: the mark says so
		return s
	}
	add := func(key string, args ...any) { s.Details = append(s.Details, t(key, args...)) }
	if x.ForName != "" {
		add("flow.instead", x.ForName)
	}
	if !strings.HasPrefix(e.Action, "flow.") {
		return s
	}
	if x.Kind != "" && !x.Kind.Signs() {
		s.Title += ": " + t("flow.kind."+string(x.Kind))
	}
	var tasks []struct {
		Kind   Kind
		Holder string
	}
	if json.Unmarshal(x.Tasks, &tasks) == nil {
		for _, k := range tasks {
			s.Details = append(s.Details, t("flow.kind."+string(k.Kind))+": "+r.nameOr(c.dir, k.Holder))
		}
	}
	if x.Hash != "" {
		add("flow.signed_content", x.Version, x.Hash)
	}
	if e.Action == "flow.forwarded" {
		add("flow.forwarded_to", r.nameOr(c.dir, x.From), r.nameOr(c.dir, x.To))
	}
	if e.Action == "flow.added" {
		s.Details = append(s.Details, r.nameOr(c.dir, x.To))
	}
	if day, err := time.Parse(time.DateOnly, x.To); (e.Action == "flow.brought_back" || e.Action == "flow.date_moved") && err == nil {
		add("flow.on_day", i18n.Date(web.Lang(req), day))
	}
	if from, err := time.Parse(time.DateOnly, x.From); e.Action == "flow.date_moved" && err == nil {
		add("flow.moved_from", i18n.Date(web.Lang(req), from))
	}
	if text := words[x.SHA256]; text != "" {
		s.Details = append(s.Details, text)
	}
	return s
}

func (r *Room) nameOr(d directory, holder string) string {
	if name := r.holderName(d, holder); name != "" {
		return name
	}
	return holder
}

var proofKind = map[audit.State]string{audit.Proved: "success", audit.Waiting: "info", audit.Tampered: "danger"}
