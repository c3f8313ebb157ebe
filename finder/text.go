package finder

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

// Module is a part of a service's description: the code of a FIM text module (XZuFi: leikaTextmodul/code), or the name
// of one of XZuFi's own modules.
type Module string

// The modules that the code names.
const (
	ModuleName   Module = "02" // Leistungsbezeichnung
	ModuleTitle  Module = "03" // Leistungsbezeichnung II: the citizens' name
	ModuleShort  Module = "05" // Kurztext
	ModuleFull   Module = "06" // Volltext
	ModuleTeaser Module = "24" // Teaser
)

// Modules are all modules, in the order in which a description has them.
// https://www.xrepository.de/details/urn:de:xzufi:codeliste:leistungstextmodulleika
var Modules = []Module{ModuleName, ModuleTitle, ModuleTeaser, ModuleShort, ModuleFull, "09", "08", "Kosten", "Frist", "Bearbeitungsdauer",
	"11", "14", "22", "23", "07", "25", "15", "16", "18"}

// Line reports whether the module is one line of plain words, not rich text.
func (m Module) Line() bool { return m == ModuleName || m == ModuleTitle || m == "18" }

// Known reports whether there is such a module.
func (m Module) Known() bool { return slices.Contains(Modules, m) }

// TextKey is the key of the module's name in the catalogue of texts.
func (m Module) TextKey() string { return "finder.module." + string(m) }

// ModuleText is the content of a module: words, or HTML as CleanHTML leaves it.
type ModuleText struct {
	Text string `json:"text"`
	Adds bool   `json:"adds,omitempty"` // a local text follows the whole Land's instead of replacing it
}

// Word is an everyday word for a service (XZuFi: BegriffImKontext). Type is 001, 002, 003, 999 or "".
type Word struct {
	Term string `json:"term"`
	Type string `json:"type,omitempty"`
}

// TextRef names a text: of a service, in a language, for the whole Land (Authority "") or an authority's additions to it.
type TextRef struct {
	Service, Authority string
	Lang               i18n.Lang
}

// Release is a text that citizens read.
type Release struct {
	TextRef
	Version string // id
	Modules map[Module]ModuleText
	Words   []Word
	At      int64 // micros
}

// PutRelease makes the release what citizens read in the place of the one before; every process shows it within about
// a second. Module texts are cleaned.
func PutRelease(ctx context.Context, tx *db.Tx, r Release) error {
	clean := map[Module]ModuleText{}
	for m, t := range r.Modules {
		if t.Text = CleanModule(m, t.Text); m.Known() && t.Text != "" {
			clean[m] = t
		}
	}
	modules, err := json.Marshal(clean)
	if err != nil {
		return err
	}
	words, err := json.Marshal(r.Words)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO finder_release (service_key, authority_id, lang, version_id, modules, words, released_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (service_key, authority_id, lang) DO UPDATE SET version_id = excluded.version_id,
		modules = excluded.modules, words = excluded.words, released_at = excluded.released_at`,
		r.Service, r.Authority, string(r.Lang), r.Version, string(modules), string(words), r.At); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return bumpVersion(ctx, tx)
}

// DropRelease takes a text away from citizens.
func DropRelease(ctx context.Context, tx *db.Tx, ref TextRef) error {
	if _, err := tx.Exec(ctx, `DELETE FROM finder_release WHERE service_key = $1 AND authority_id = $2 AND lang = $3`,
		ref.Service, ref.Authority, string(ref.Lang)); err != nil {
		return fmt.Errorf("drop release: %w", err)
	}
	return bumpVersion(ctx, tx)
}

const releaseColumns = `SELECT service_key, authority_id, lang, version_id, modules, words, released_at FROM finder_release`

func readReleases(ctx context.Context, q db.Querier) ([]Release, error) {
	rows, err := q.Query(ctx, releaseColumns+` ORDER BY service_key, authority_id, lang`)
	return db.All(rows, err, scanRelease)
}

func scanRelease(row db.Scanner) (r Release, err error) {
	var modules, words string
	if err := row.Scan(&r.Service, &r.Authority, &r.Lang, &r.Version, &modules, &words, &r.At); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(modules), &r.Modules); err != nil {
		return r, fmt.Errorf("release of %s: %w", r.Service, err)
	}
	return r, json.Unmarshal([]byte(words), &r.Words)
}

// Online is a form or online service elsewhere. Kind is "form" or "service".
type Online struct {
	ID, Service, Authority string // Authority "" is the whole Land
	Kind, Name, URL        string
	Origin                 string // where an imported one came from; "" for what editors attached
}

func readOnline(ctx context.Context, q db.Querier) ([]Online, error) {
	return query(ctx, q, func(row *sql.Rows, o *Online) error {
		return row.Scan(&o.ID, &o.Service, &o.Authority, &o.Kind, &o.Name, &o.URL)
	}, `SELECT id, service_key, authority_id, kind, name, url FROM finder_online ORDER BY service_key, authority_id, id`)
}

// PutOnline attaches a form or online service.
func PutOnline(ctx context.Context, tx *db.Tx, o Online) error {
	if _, err := tx.Exec(ctx, `INSERT INTO finder_online (id, service_key, authority_id, kind, name, url) VALUES ($1, $2, $3, $4, $5, $6)`,
		o.ID, o.Service, o.Authority, o.Kind, o.Name, o.URL); err != nil {
		return err
	}
	return bumpVersion(ctx, tx)
}

// OnlineByID reads one; errs.NotFound.
func OnlineByID(ctx context.Context, q db.Querier, id string) (o Online, err error) {
	err = q.QueryRow(ctx, `SELECT id, service_key, authority_id, kind, name, url FROM finder_online WHERE id = $1`, id).
		Scan(&o.ID, &o.Service, &o.Authority, &o.Kind, &o.Name, &o.URL)
	if errors.Is(err, sql.ErrNoRows) {
		return o, errs.E(errs.NotFound, "finder.desk.error.not_found")
	}
	return o, err
}

// DropOnline takes it away.
func DropOnline(ctx context.Context, tx *db.Tx, authority, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM finder_online WHERE id = $1 AND authority_id = $2`, id, authority); err != nil {
		return err
	}
	return bumpVersion(ctx, tx)
}

// describe takes the released texts into the catalogue: citizens' names, short texts and everyday words of the services.
// It returns the synonyms with the new words.
func (c *Catalog) describe(releases []Release, online []Online, synonyms []synonym) []synonym {
	for i := range releases {
		r := &releases[i]
		s, ok := c.services[r.Service]
		if !ok {
			continue
		}
		c.releases[r.TextRef] = r
		for _, w := range r.Words {
			synonyms = append(synonyms, synonym{Pattern: r.Service, Term: w.Term})
		}
		if r.Authority != "" || r.Lang != i18n.German {
			continue
		}
		if title := r.Modules[ModuleTitle].Text; title != "" {
			s.Title = title
			synonyms = append(synonyms, synonym{Pattern: r.Service, Term: title})
		}
		for _, m := range []Module{ModuleTeaser, ModuleShort} {
			if text := PlainText(r.Modules[m].Text); text != "" {
				s.Text = text
				break
			}
		}
	}
	for _, o := range online {
		c.online[o.Service] = append(c.online[o.Service], o)
		if _, ok := c.services[o.Service]; ok {
			c.onlineIn[o.Authority] = append(c.onlineIn[o.Authority], o)
		}
	}
	return synonyms
}

// Released returns the release of a text.
func (c *Catalog) Released(ref TextRef) (Release, bool) {
	r, ok := c.releases[ref]
	if !ok {
		return Release{}, false
	}
	return *r, true
}

// Services lists all services, by key.
func (c *Catalog) Services() []Service {
	out := make([]Service, len(c.ordered))
	for i, s := range c.ordered {
		out[i] = *s
	}
	return out
}

// OnlineAt lists the forms and online services elsewhere for a service, of the whole Land and at the authorities.
func (c *Catalog) OnlineAt(service string, authorities ...string) []Online {
	var out []Online
	for _, o := range c.online[service] {
		if o.Authority == "" || slices.Contains(authorities, o.Authority) {
			out = append(out, o)
		}
	}
	return out
}

// OnlineIn lists the forms and online services elsewhere that are offered in the areas and in the whole Land, by service.
func (c *Catalog) OnlineIn(areas ...string) []Online {
	var out []Online
	for _, a := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(areas), "")))) {
		out = append(out, c.onlineIn[a]...)
	}
	slices.SortStableFunc(out, func(a, b Online) int { return strings.Compare(a.Service, b.Service) })
	return out
}

// Releases lists all released texts, by service, authority and language.
func (c *Catalog) Releases() []Release {
	out := make([]Release, 0, len(c.releases))
	for _, r := range c.releases {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Release) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Authority, b.Authority), strings.Compare(string(a.Lang), string(b.Lang)))
	})
	return out
}

// Assigned reports whether it is known on which level the service is done.
func (c *Catalog) Assigned(service string) bool {
	_, ok := c.assigned[service]
	return ok
}

// HasForm reports whether the service can be applied for online here at some municipality or office.
func (r *Room) HasForm(ctx context.Context, service string) bool {
	c := r.catalog()
	for _, id := range c.authorityIDs {
		if _, ok, err := r.forms.Online(ctx, service, id); err == nil && ok {
			return true
		}
	}
	return false
}

// AllOnline lists all that is attached to a service.
func (c *Catalog) AllOnline(service string) []Online { return slices.Clone(c.online[service]) }

// TextView is a description as citizens see it: {{template "finderText" .}}.
type TextView struct {
	Lang     i18n.Lang // of the words
	Foreign  bool      // there is none in the reader's language
	Lead     template.HTML
	Sections []TextSection
}

// TextSection is one module. Local is the name of the authority that wrote it; "" for the whole Land's.
type TextSection struct {
	Key   string // of the heading
	Parts []TextPart
}

// TextPart is what the whole Land or an authority says in a module.
type TextPart struct {
	HTML  template.HTML
	Local string
}

// LocalText is what an authority adds.
type LocalText struct {
	Authority string // name
	Modules   map[Module]ModuleText
}

// ViewText lays local texts over the whole Land's, the later over the earlier.
func ViewText(lang, reader i18n.Lang, master map[Module]ModuleText, local ...LocalText) TextView {
	v := TextView{Lang: lang, Foreign: lang != reader}
	for _, m := range Modules {
		var parts []TextPart
		if t := master[m].Text; t != "" {
			parts = append(parts, TextPart{HTML: showModule(m, t)})
		}
		for _, l := range local {
			t, ok := l.Modules[m]
			if !ok || t.Text == "" {
				continue
			}
			if !t.Adds {
				parts = nil
			}
			parts = append(parts, TextPart{HTML: showModule(m, t.Text), Local: l.Authority})
		}
		switch {
		case len(parts) == 0 || m == ModuleName || m == ModuleTitle: // the official name is among the facts, the title on top
		case m == ModuleTeaser, m == ModuleShort && v.Lead == "" && len(parts) == 1 && parts[0].Local == "":
			v.Lead = parts[0].HTML
		default:
			v.Sections = append(v.Sections, TextSection{Key: m.TextKey(), Parts: parts})
		}
	}
	return v
}

// showModule is a module's text for a page. It was cleaned when it was written; whatever is in the table by now is
// cleaned again.
func showModule(m Module, text string) template.HTML {
	if m.Line() {
		return template.HTML("<p>" + template.HTMLEscapeString(text) + "</p>")
	}
	return template.HTML(CleanHTML(text))
}

// textView is the description of a service for a reader: in their language, else in German, with what the authorities
// that are responsible add. Local additions in another language than the rest are left out.
func (c *Catalog) textView(service string, reader i18n.Lang, authorities ...Authority) (TextView, bool) {
	for _, lang := range slices.Compact([]i18n.Lang{reader, i18n.German}) {
		master := c.releases[TextRef{service, "", lang}]
		var local []LocalText
		for _, a := range authorities {
			if r := c.releases[TextRef{service, a.ID, lang}]; a.ID != "" && r != nil {
				local = append(local, LocalText{a.Name, r.Modules})
			}
		}
		if master == nil && len(local) == 0 {
			continue
		}
		var modules map[Module]ModuleText
		if master != nil {
			modules = master.Modules
		}
		return ViewText(lang, reader, modules, local...), true
	}
	return TextView{}, false
}

// titleIn is the service's name for people in a language.
func (c *Catalog) titleIn(s *Service, lang i18n.Lang) string {
	if r := c.releases[TextRef{s.Key, "", lang}]; r != nil {
		if t := strings.TrimSpace(r.Modules[ModuleTitle].Text); t != "" {
			return t
		}
	}
	return s.Title
}
