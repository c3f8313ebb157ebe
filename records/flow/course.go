package flow

import (
	"context"

	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Course is all that the page of a case shows of its circulations.
type Course struct {
	Case         records.Case
	File         records.File
	Circulations []Circulation // the latest first
	Signatures   []Signature
	Comments     []Comment
	Templates    []Template // that fit the case

	drafts []draft // those that circulate or did
	desk   desk
	dir    directory
	a      access.Access
}

// Course reads the circulations of a case that the caller may read, brought up to date with their documents first.
func (r *Room) Course(ctx context.Context, caseID string) (c Course, err error) {
	q := r.h.DB.Reader()
	if c.a, err = access.Load(ctx, q); err != nil {
		return c, err
	}
	if c.Case, err = r.core.CaseByID(ctx, q, c.a, caseID, ""); err != nil {
		return c, err
	}
	if c.File, err = r.core.FileOf(ctx, q, c.a, c.Case); err != nil {
		return c, err
	}
	if err := r.core.NoteReading(ctx, "flow.read", c.Case.Authority, records.CaseObject(c.Case.ID), max(c.Case.Level, c.File.Level), nil); err != nil {
		return c, err
	}
	if c.drafts, err = r.store.drafts(ctx, q, c.a, caseID); err != nil {
		return c, err
	}
	if c.Circulations, err = r.upToDate(ctx, c.a, caseID, c.drafts); err != nil {
		return c, err
	}
	if c.Signatures, err = r.store.signatures(ctx, q, c.a, caseID); err != nil {
		return c, err
	}
	if c.Comments, err = r.store.comments(ctx, q, c.a, caseID); err != nil {
		return c, err
	}
	all, err := r.store.templates(ctx, q, c.a)
	if err != nil {
		return c, err
	}
	for _, t := range all {
		if t.Authority == c.Case.Authority && t.Fits(c.Case) {
			c.Templates = append(c.Templates, t)
		}
	}
	if c.desk, err = r.desk(ctx, q, c.a); err != nil {
		return c, err
	}
	c.dir, err = r.directory(ctx, q, c.a, c.Case.Authority, r.h.Now())
	return c, err
}

// upToDate reads the circulations, after those were refreshed whose document has a newer version.
func (r *Room) upToDate(ctx context.Context, a access.Access, caseID string, drafts []draft) ([]Circulation, error) {
	list, err := r.store.circulations(ctx, r.h.DB.Reader(), a, caseID)
	if err != nil {
		return nil, err
	}
	current := map[string]Content{}
	for _, d := range drafts {
		current[d.id] = d.Content
	}
	stale := false
	for _, x := range list {
		if now, ok := current[x.Document]; ok && x.State == Running && now != x.Content {
			stale = true
			if err := r.refresh(identity.AsSystem(ctx, "flow"), x.ID); err != nil {
				return nil, err
			}
		}
	}
	if stale {
		return r.store.circulations(ctx, r.h.DB.Reader(), a, caseID)
	}
	return list, nil
}

// involved reports whether the caller started the circulation, or has an open task in it, or stands in for who does.
func (c Course) involved(x Circulation) bool {
	_, ok := c.desk.involved(x)
	return ok
}

// void reports whether a newer version than the signed one is current.
func (c Course) void(g Signature) bool {
	d, ok := c.document(g.Document)
	return ok && d.Content != g.Content
}

func (c Course) document(id string) (draft, bool) {
	for _, d := range c.drafts {
		if d.id == id {
			return d, true
		}
	}
	return draft{}, false
}
