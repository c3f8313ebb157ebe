package desk

import (
	"context"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	"rennsteig/finder"
	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

func notFound() error { return errs.E(errs.NotFound, "finder.desk.error.not_found") }

// hrefOf is the address as it stands in cleaned HTML.
func hrefOf(address string) string { return `href="` + html.EscapeString(address) + `"` }

// Attach puts a form or online service elsewhere on a service's page, for the whole Land or at one authority.
func (r *Room) Attach(ctx context.Context, o finder.Online) error {
	s, _, err := editorScope(ctx)
	if err != nil {
		return err
	}
	if err := s.own(o.Authority); err != nil {
		return err
	}
	c := r.finder.Catalog()
	_, known := c.Service(o.Service)
	if _, ok := c.Authority(o.Authority); !known || o.Authority != "" && !ok {
		return notFound()
	}
	o.Name, o.URL = strings.Join(strings.Fields(o.Name), " "), strings.TrimSpace(o.URL)
	var wrong []errs.Field
	if n := utf8.RuneCountInString(o.Name); n == 0 || n > maxLine {
		wrong = append(wrong, errs.Field{Name: "name", Key: "finder.desk.error.online_name", Args: []any{maxLine}})
	}
	if !webAddress(o.URL) || len(o.URL) > 2000 {
		wrong = append(wrong, errs.Field{Name: "url", Key: "finder.desk.error.online_url"})
	}
	if !slices.Contains([]string{"form", "service"}, o.Kind) {
		wrong = append(wrong, errs.Field{Name: "kind", Key: "finder.desk.error.online_kind"})
	}
	if err := errs.InvalidFields(wrong); err != nil {
		return err
	}
	o.ID = db.NewID()
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := finder.PutOnline(ctx, tx, o); err != nil {
			return err
		}
		if err := addLink(ctx, tx, finder.TextRef{Service: o.Service, Authority: o.Authority}, "online", o.URL, r.h.Now()); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "finder.online_attached", Authority: o.Authority, Object: "online:" + o.ID,
			Changes: map[string]any{"service": o.Service, "kind": o.Kind, "name": o.Name, "url": o.URL}})
	})
}

// Detach takes it away.
func (r *Room) Detach(ctx context.Context, service, id string) error {
	s, _, err := editorScope(ctx)
	if err != nil {
		return err
	}
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := finder.OnlineByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Service != service || !s.has(o.Authority) {
			return notFound()
		}
		if err := finder.DropOnline(ctx, tx, o.Authority, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM finder_link WHERE service_key = $1 AND authority_id = $2 AND lang = '' AND source = 'online' AND url = $3`,
			o.Service, o.Authority, o.URL); err != nil {
			return err
		}
		return r.h.Audit.Append(ctx, tx, audit.Entry{Action: "finder.online_removed", Authority: o.Authority, Object: "online:" + o.ID,
			Changes: map[string]any{"service": o.Service, "name": o.Name, "url": o.URL}})
	})
}
