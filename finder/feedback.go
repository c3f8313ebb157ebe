package finder

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// FeedbackReasons are why a page did not help.
var FeedbackReasons = []string{"not_found", "unclear", "wrong", "office", "form", "else"}

const (
	maxFeedback        = 1000 // letters
	feedbacksPerMinute = 10
	feedbackBurst      = 5
)

// countFeedback counts one answer to "Was this page helpful?". Nobody is noted down, only the day. A "no" is counted once
// without reason and, if the person goes on to give one, once more under that.
func countFeedback(ctx context.Context, tx *db.Tx, service, authority, day string, helpful bool, reason string) error {
	_, err := tx.Exec(ctx, `INSERT INTO finder_feedback (service_key, authority_id, day, helpful, reason, times) VALUES ($1, $2, $3, $4, $5, 1)
		ON CONFLICT (service_key, authority_id, day, helpful, reason) DO UPDATE SET times = finder_feedback.times + 1`, service, authority, day, helpful, reason)
	return err
}

// feedbackOf is the service of the address, and the authority whose page the reader sees there.
func (r *Room) feedbackOf(req *http.Request) (s Service, authority string, err error) {
	c := r.catalog()
	s, ok := c.Service(req.PathValue("key"))
	if !ok {
		return s, "", errs.E(errs.NotFound, "finder.service_unknown")
	}
	place := web.Place(req)
	if _, ok := c.areas[place]; !ok {
		place = ""
	}
	resp, err := c.Resolve(s.Key, place)
	if err != nil {
		return s, "", err
	}
	if resp.Known {
		authority = resp.Processor.ID
	}
	return s, authority, nil
}

func (r *Room) day() string { return r.h.Now().In(i18n.Berlin).Format("2006-01-02") }

// postHelpful takes the one-click answer.
func (r *Room) postHelpful(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 4<<10); err != nil {
		return err
	}
	s, authority, err := r.feedbackOf(req)
	if err != nil {
		return err
	}
	answer := req.PostForm.Get("hilfreich")
	if answer != "ja" && answer != "nein" {
		return errs.E(errs.Invalid, "finder.feedback.choose")
	}
	if err := r.h.DB.Tx(req.Context(), func(ctx context.Context, tx *db.Tx) error {
		return countFeedback(ctx, tx, s.Key, authority, r.day(), answer == "ja", "")
	}); err != nil {
		return err
	}
	if answer == "nein" {
		return r.h.Site.Redirect(w, req, "/leistung/"+s.Key+"/rueckmeldung", "")
	}
	return r.h.Site.Redirect(w, req, "/leistung/"+s.Key, "finder.notice.feedback")
}

type feedbackView struct {
	Key    string
	Errors web.ErrorSummary
	Reason web.Field
	Text   web.Field
}

func (r *Room) feedbackPage(w http.ResponseWriter, req *http.Request) error {
	return r.askReason(w, req, nil)
}

func (r *Room) askReason(w http.ResponseWriter, req *http.Request, fault error) error {
	s, _, err := r.feedbackOf(req)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return r.h.Site.T(req, key, args...) }
	v := feedbackView{Key: s.Key, Errors: r.h.Site.Summary(t, fault),
		Reason: web.Field{Name: "grund", Kind: "radio", Label: t("finder.feedback.reason"), Value: req.PostForm.Get("grund")},
		Text: web.Field{Name: "text", Kind: "textarea", Label: t("finder.feedback.text"), Hint: t("finder.feedback.text.hint"), Optional: true,
			Value: req.PostForm.Get("text"), MaxLength: maxFeedback}}
	for _, reason := range FeedbackReasons {
		v.Reason.Options = append(v.Reason.Options, web.Option{Value: reason, Label: t("finder.feedback.reason." + reason)})
	}
	if fault != nil {
		for _, f := range errs.As(fault).Fields {
			for _, field := range []*web.Field{&v.Reason, &v.Text} {
				if field.Name == f.Name {
					field.Error = t(f.Key, f.Args...)
				}
			}
		}
	}
	return r.pages.feedback.Render(w, req, web.Meta{Title: t("finder.feedback.title"), Failed: fault != nil,
		Crumbs: []web.Link{{Text: s.Title, Href: "/leistung/" + s.Key}}}, v)
}

// postReason takes why the page did not help.
func (r *Room) postReason(w http.ResponseWriter, req *http.Request) error {
	if err := web.ReadForm(w, req, 16<<10); err != nil {
		return err
	}
	s, authority, err := r.feedbackOf(req)
	if err != nil {
		return err
	}
	reason, text := req.PostForm.Get("grund"), strings.TrimSpace(req.PostForm.Get("text"))
	var wrong []errs.Field
	if !slices.Contains(FeedbackReasons, reason) {
		wrong = append(wrong, errs.Field{Name: "grund", Key: "finder.feedback.choose"})
	}
	if utf8.RuneCountInString(text) > maxFeedback {
		wrong = append(wrong, errs.Field{Name: "text", Key: "finder.too_long", Args: []any{maxFeedback}})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return r.askReason(w, req, err)
	}
	if err := r.h.DB.Tx(req.Context(), func(ctx context.Context, tx *db.Tx) error {
		if err := countFeedback(ctx, tx, s.Key, authority, r.day(), false, reason); err != nil || text == "" {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO finder_feedback_text (id, service_key, authority_id, at, reason, body) VALUES ($1, $2, $3, $4, $5, $6)`,
			db.NewID(), s.Key, authority, db.Micros(r.h.Now()), reason, text)
		return err
	}); err != nil {
		return err
	}
	return r.h.Site.Redirect(w, req, "/leistung/"+s.Key, "finder.notice.feedback")
}
