package finder

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web"
)

// sitemapAddresses is the most that one file may list (https://www.sitemaps.org/protocol.html).
const sitemapAddresses = 50_000

// sitemap answers GET /sitemap.xml: the pages worth finding, each with its other language if it has one. Where there are more than one
// file may list it is an index of ?seite=1, 2, …. Pages are written as they are walked over.
func (r *Room) sitemap(w http.ResponseWriter, req *http.Request) error {
	c := r.catalog()
	base := web.Origin(req)
	files := (c.pageCount() + sitemapAddresses - 1) / sitemapAddresses
	page := 1
	asked := req.URL.Query().Get("seite")
	if asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 || n > files {
			return errs.E(errs.NotFound, "errs.no_page")
		}
		page = n
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	out := bufio.NewWriterSize(w, 64<<10)
	if asked == "" && files > 1 {
		writeSitemapIndex(out, base, files)
	} else {
		c.writeSitemap(out, base, (page-1)*sitemapAddresses, page*sitemapAddresses)
	}
	return out.Flush()
}

func (c *Catalog) pageCount() int {
	n := 0
	c.eachPage(func(string, []i18n.Lang) bool { n++; return true })
	return n
}

// langsOf are the languages in which there is something to read about a service.
func (c *Catalog) langsOf(key string) []i18n.Lang {
	if _, ok := c.releases[TextRef{key, "", i18n.English}]; ok {
		return i18n.Langs
	}
	return []i18n.Lang{i18n.German}
}

// eachPage walks over the pages worth finding, with the languages of each, until yield is false.
func (c *Catalog) eachPage(yield func(path string, langs []i18n.Lang) bool) {
	if !yield("/", i18n.Langs) {
		return
	}
	for _, name := range lifeSituations {
		if len(c.situations[name]) > 0 && !yield(situationPath(name), i18n.Langs) {
			return
		}
	}
	for _, s := range c.ordered {
		if !yield("/leistung/"+s.Key, c.langsOf(s.Key)) {
			return
		}
	}
	for _, id := range c.authorityIDs {
		if !yield("/behoerde/"+url.PathEscape(id), i18n.Langs) {
			return
		}
	}
}

func situationPath(name string) string { return "/suche?lage=" + url.QueryEscape(name) }

func (c *Catalog) writeSitemap(w io.Writer, base string, from, to int) {
	_, _ = io.WriteString(w, xml.Header+`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">`+"\n")
	n := 0
	c.eachPage(func(path string, langs []i18n.Lang) bool {
		if n++; n > from {
			_, _ = fmt.Fprintf(w, "<url><loc>%s</loc>", escapeXML(base+path))
			for _, lang := range langs {
				if len(langs) > 1 {
					_, _ = fmt.Fprintf(w, `<xhtml:link rel="alternate" hreflang="%s" href="%s"/>`, lang, escapeXML(base+web.InLanguage(path, lang)))
				}
			}
			_, _ = io.WriteString(w, "</url>\n")
		}
		return n < to
	})
	_, _ = io.WriteString(w, "</urlset>\n")
}

func writeSitemapIndex(w io.Writer, base string, files int) {
	_, _ = io.WriteString(w, xml.Header+`<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`+"\n")
	for n := range files {
		_, _ = fmt.Fprintf(w, "<sitemap><loc>%s/sitemap.xml?seite=%d</loc></sitemap>\n", escapeXML(base), n+1)
	}
	_, _ = io.WriteString(w, "</sitemapindex>\n")
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// robots answers GET /robots.txt: pages of services and offices are there to be found, forms and accounts are not.
func (r *Room) robots(w http.ResponseWriter, req *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, err := fmt.Fprintf(w, "User-agent: *\nDisallow: /antrag/\nDisallow: /konto\nDisallow: /vorschlaege\nDisallow: /suche?q=\nSitemap: %s/sitemap.xml\n", web.Origin(req))
	return err
}

// linkedData is a service in the words of schema.org, for search engines. https://schema.org/GovernmentService
type linkedData struct {
	Context     string       `json:"@context"`
	Type        string       `json:"@type"`
	Name        string       `json:"name"`
	Identifier  string       `json:"identifier"`
	Description string       `json:"description,omitempty"`
	Category    string       `json:"category,omitempty"`
	URL         string       `json:"url"`
	Provider    *linkedOwner `json:"provider,omitempty"`
	Area        *linkedArea  `json:"areaServed,omitempty"`
	Channel     *linkedWay   `json:"availableChannel,omitempty"`
}

type linkedOwner struct {
	Type string `json:"@type"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

type linkedArea struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type linkedWay struct {
	Type string `json:"@type"`
	URL  string `json:"serviceUrl"`
}

func (r *Room) linkedData(req *http.Request, c *Catalog, s *Service, place string, office officeView) linkedData {
	base := web.Origin(req)
	d := linkedData{Context: "https://schema.org", Type: "GovernmentService", Name: s.Title, Identifier: s.Key, Description: s.Text,
		Category: s.LifeSituation, URL: base + "/leistung/" + s.Key}
	if office.Known {
		d.Provider = &linkedOwner{"GovernmentOrganization", office.Responsible.Text, base + office.Responsible.Href}
	}
	if a, ok := c.areas[place]; ok {
		d.Area = &linkedArea{"AdministrativeArea", a.Name}
	}
	if office.Online != "" {
		d.Channel = &linkedWay{"ServiceChannel", base + office.Online}
	}
	return d
}
