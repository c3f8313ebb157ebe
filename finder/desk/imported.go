package desk

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/db"
)

// importer is the subject of the author of texts that came by an import.
const importer = "import"

// Import is a text from elsewhere, to be released as it is.
type Import struct {
	finder.TextRef
	Content
	At     time.Time // when it was changed there; zero if that is not known
	Origin string    // what editors see as its author
}

// Outcome is what became of an Import.
type Outcome string

// The outcomes. Of all but IsNew and IsChanged, nothing was written.
const (
	IsNew       Outcome = "new"
	IsChanged   Outcome = "changed"
	IsSame      Outcome = "same"
	IsEdited    Outcome = "edited"    // somebody works on a version of it
	IsNewer     Outcome = "newer"     // editors released or withdrew it later, or it is not known when it was changed
	IsUnfit     Outcome = "unfit"     // longer than an editor could save
	IsUntouched Outcome = "untouched" // of TakeBack: there is no released text of an import
)

// Taken is the outcome with the modules that it is about.
type Taken struct {
	Outcome Outcome
	Modules []string
}

// TakeOver releases texts from elsewhere, in the caller's transaction: each becomes a version of its text, with the
// import as its author, and what it replaces stays in the history. It never goes over the work of editors: an open
// version, and whatever they released or withdrew after the text was changed at its origin, stay. The texts are of
// different refs. The caller ends with finder.MarkChanged.
func TakeOver(ctx context.Context, tx *db.Tx, now time.Time, list []Import) ([]Taken, error) {
	out := make([]Taken, len(list))
	refs := make([]finder.TextRef, 0, 2*len(list))
	for _, t := range list {
		refs = append(refs, t.TextRef)
		if t.Authority != "" {
			refs = append(refs, finder.TextRef{Service: t.Service, Lang: t.Lang})
		}
	}
	present, err := presentVersions(ctx, tx, refs)
	if err != nil {
		return nil, err
	}
	var versions []Version
	var releases []finder.Release
	var replaced []string
	for i, t := range list {
		clean, err := t.clean(t.Authority != "")
		if err != nil {
			out[i] = Taken{Outcome: IsUnfit}
			continue
		}
		p := present[t.TextRef]
		if out[i] = p.judge(clean, t.At); out[i].Outcome != IsNew && out[i].Outcome != IsChanged {
			continue
		}
		v := Version{ID: db.NewID(), TextRef: t.TextRef, Number: p.number + 1, State: Released, Change: 1, Content: clean,
			Author: importer, AuthorName: t.Origin, Authors: []string{importer}, Reviewer: importer, CreatedAt: now, ChangedAt: now, ReleasedAt: now}
		if t.Authority != "" {
			if master := present[finder.TextRef{Service: t.Service, Lang: t.Lang}]; master.released != nil {
				v.Master = master.released.ID
			}
		}
		if p.released != nil {
			replaced = append(replaced, p.released.ID)
		}
		if p.released != nil || hasLinks(clean) {
			if err := setLinks(ctx, tx, t.TextRef, clean.Modules, now); err != nil {
				return nil, err
			}
		}
		versions = append(versions, v)
		releases = append(releases, finder.Release{TextRef: t.TextRef, Version: v.ID, Modules: clean.Modules, Words: clean.Words, At: db.Micros(t.At)})
	}
	if err := endVersions(ctx, tx, replaced, Replaced, now); err != nil {
		return nil, err
	}
	if err := insertVersions(ctx, tx, versions); err != nil {
		return nil, err
	}
	return out, finder.PutReleases(ctx, tx, releases)
}

// TakeBack withdraws the released text of an import, because its origin has deleted it.
func TakeBack(ctx context.Context, tx *db.Tx, now time.Time, ref finder.TextRef, reason string) (Outcome, error) {
	present, err := presentVersions(ctx, tx, []finder.TextRef{ref})
	if err != nil {
		return "", err
	}
	v := present[ref].released
	switch {
	case v == nil:
		return IsUntouched, nil
	case v.Author != importer:
		return IsNewer, nil
	}
	if err := endVersions(ctx, tx, []string{v.ID}, Withdrawn, now); err != nil {
		return "", err
	}
	if err := insertComment(ctx, tx, v.ID, importer, v.AuthorName, Comment{ID: db.NewID(), At: now, Body: reason, Kind: Withdrawn}); err != nil {
		return "", err
	}
	if err := setLinks(ctx, tx, ref, nil, now); err != nil {
		return "", err
	}
	return IsChanged, finder.DropRelease(ctx, tx, ref)
}

// present is what there is of a text.
type present struct {
	number   int
	open     bool
	released *Version // id, author, content, time
	ended    *Version // the newest version, where it was withdrawn
}

// judge compares a text from elsewhere with what there is.
func (p present) judge(c Content, at time.Time) Taken {
	if p.released != nil {
		modules := differing(p.released.Content, c)
		switch {
		case len(modules) == 0:
			return Taken{Outcome: IsSame}
		case p.open:
			return Taken{IsEdited, modules}
		case p.released.Author != importer && !at.After(p.released.ReleasedAt):
			return Taken{IsNewer, modules}
		}
		return Taken{IsChanged, modules}
	}
	modules := differing(Content{}, c)
	switch {
	case p.open:
		return Taken{IsEdited, modules}
	case p.ended != nil && p.ended.Author != importer && !at.After(p.ended.EndedAt):
		return Taken{IsNewer, modules}
	case len(modules) == 0:
		return Taken{Outcome: IsSame}
	case p.number > 0:
		return Taken{IsChanged, modules}
	}
	return Taken{IsNew, modules}
}

// differing lists the modules in which two contents differ; "words" for the words. A name that only one of them says
// does not count: the other has that of the catalogue.
func differing(a, b Content) []string {
	var out []string
	for _, m := range finder.Modules {
		x, y := a.Modules[m], b.Modules[m]
		unsaid := m == finder.ModuleName && (x.Text == "" || y.Text == "") && len(a.Modules) > 0
		if x != y && !unsaid {
			out = append(out, string(m))
		}
	}
	if !slices.Equal(a.Words, b.Words) {
		out = append(out, "words")
	}
	return out
}

func hasLinks(c Content) bool {
	for t := range maps.Values(c.Modules) {
		if strings.Contains(t.Text, "href=") {
			return true
		}
	}
	return false
}

// presentVersions reads what there is of texts.
func presentVersions(ctx context.Context, tx *db.Tx, refs []finder.TextRef) (map[finder.TextRef]present, error) {
	out := map[finder.TextRef]present{}
	for part := range slices.Chunk(refs, 50) {
		var p db.Params
		marks := make([]string, len(part))
		for i, r := range part {
			marks[i] = "(" + p.Add(r.Service) + "," + p.Add(r.Authority) + "," + p.Add(string(r.Lang)) + ")"
		}
		rows, err := tx.Query(ctx, `SELECT service_key, authority_id, lang, id, number, state, author, author_name, released_at, ended_at,
			CASE WHEN state = 'released' THEN modules ELSE '{}' END, CASE WHEN state = 'released' THEN words ELSE '[]' END
			FROM finder_text_version WHERE (service_key, authority_id, lang) IN (VALUES `+strings.Join(marks, ",")+`)
			ORDER BY number`, p...)
		if err != nil {
			return nil, err
		}
		if err := scanPresent(rows, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanPresent(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}, out map[finder.TextRef]present) error {
	defer rows.Close() //nolint:errcheck // Err has said it
	for rows.Next() {
		var v Version
		var modules, words string
		var released, ended int64
		if err := rows.Scan(&v.Service, &v.Authority, &v.Lang, &v.ID, &v.Number, &v.State, &v.Author, &v.AuthorName, &released, &ended,
			&modules, &words); err != nil {
			return err
		}
		v.ReleasedAt, v.EndedAt = db.Time(released), db.Time(ended)
		if err := json.Unmarshal([]byte(modules), &v.Modules); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(words), &v.Words); err != nil {
			return err
		}
		p := out[v.TextRef]
		p.number, p.ended = v.Number, nil
		p.open = p.open || v.Open()
		switch v.State {
		case Released:
			p.released = &v
		case Withdrawn:
			p.ended = &v
		}
		out[v.TextRef] = p
	}
	return rows.Err()
}

// endVersions ends released versions.
func endVersions(ctx context.Context, tx *db.Tx, ids []string, state State, now time.Time) error {
	for part := range slices.Chunk(ids, 50) {
		p := db.Params{string(state), db.Micros(now)}
		marks := make([]string, len(part))
		for i, id := range part {
			marks[i] = p.Add(id)
		}
		if _, err := tx.Exec(ctx, `UPDATE finder_text_version SET state = $1, ended_at = $2, changed_at = $2, change = change + 1
			WHERE state = 'released' AND id IN (`+strings.Join(marks, ",")+`)`, p...); err != nil {
			return err
		}
	}
	return nil
}

// insertVersions writes new versions.
func insertVersions(ctx context.Context, tx *db.Tx, list []Version) error {
	rows := make([][]any, len(list))
	for i, v := range list {
		modules, words, authors, err := v.encode()
		if err != nil {
			return err
		}
		rows[i] = []any{v.ID, v.Service, v.Authority, string(v.Lang), v.Number, string(v.State), v.Change, modules, words, v.Master, authors,
			v.Author, v.AuthorName, v.Reviewer, v.ReviewerName, v.ReviewDate, int64(0), db.Micros(v.CreatedAt), db.Micros(v.ChangedAt),
			int64(0), db.Micros(v.ReleasedAt), int64(0)}
	}
	return finder.Upsert(ctx, tx, "finder_text_version", "id", `service_key, authority_id, lang, number, state, change, modules, words, master, authors, author, author_name, reviewer, reviewer_name, review_date, publish_at, created_at, changed_at, submitted_at, released_at, ended_at`, rows)
}
