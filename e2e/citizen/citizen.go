// Package citizen applies for a Meldebescheinigung by plain HTTP, as a browser would without its pictures: for tests and
// benchmarks that need many applicants.
package citizen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Citizen is one applicant with their own cookies.
type Citizen struct {
	base   string
	client *http.Client
	id     string // of the draft
}

// New returns an applicant at the program at this address. transport may be shared by many.
func New(base string, transport http.RoundTripper) *Citizen {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cannot happen: there are no options
	}
	return &Citizen{base: base, client: &http.Client{Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Wear takes over the cookies of a browser: the applicant is then whoever is signed in there.
func (c *Citizen) Wear(cookies []*http.Cookie) error {
	u, err := url.Parse(c.base)
	if err != nil {
		return err
	}
	c.client.Jar.SetCookies(u, cookies)
	return nil
}

// Jar holds the applicant's cookies.
func (c *Citizen) Jar() http.CookieJar { return c.client.Jar }

// Draft is the address of the draft, once it is begun.
func (c *Citizen) Draft() string { return "/antrag/" + c.id }

// Place is where the applicant lives.
const Place = "160510000000"

// pages are the groups of the form, with the answers to them.
var pages = []struct {
	group   string
	answers url.Values
}{
	{"person", url.Values{"given_name": {"Kim"}, "surname": {"Beispiel"}}},
	{"geburt", url.Values{"birth_date-day": {"1"}, "birth_date-month": {"2"}, "birth_date-year": {"1990"}, "birth_place": {"Weimar"}}},
	{"anschrift", url.Values{"home_street": {"Beispielweg"}, "home_number": {"1"}, "home_postcode": {"99084"}, "home_town": {"Erfurt"}}},
	{"kontakt", url.Values{}},
	{"art", url.Values{"certificate": {"einfach"}}},
	{"zweck", url.Values{"purpose": {"arbeit"}}},
	{"zustellung", url.Values{"copies": {"1"}, "delivery": {"abholung"}}},
	{"ausweis", url.Values{}},
}

// Search looks for the service.
func (c *Citizen) Search(ctx context.Context) error {
	body, err := c.Get(ctx, "/suche?q=meldebescheinigung&ort=Erfurt")
	if err == nil && !strings.Contains(body, "/antrag/start/meldebescheinigung") {
		return errors.New("the search does not lead to the form")
	}
	return err
}

// Fill begins a draft and answers all its pages.
func (c *Citizen) Fill(ctx context.Context) error {
	to, err := c.post(ctx, "/antrag/start/meldebescheinigung", url.Values{"ort": {Place}})
	if err != nil {
		return err
	}
	parts := strings.Split(to, "/")
	if len(parts) < 4 || parts[1] != "antrag" {
		return fmt.Errorf("beginning led to %s", to)
	}
	c.id = parts[2]
	for i, p := range pages {
		answers := url.Values{"_version": {"0"}}
		for k, v := range p.answers {
			answers[k] = v
		}
		to, err := c.post(ctx, "/antrag/"+c.id+"/"+p.group, answers)
		if err != nil {
			return err
		}
		want := "pruefen"
		if i+1 < len(pages) {
			want = pages[i+1].group
		}
		if !strings.HasSuffix(to, "/"+want) {
			return fmt.Errorf("page %s led to %s", p.group, to)
		}
	}
	return nil
}

// Send sends the application and returns the address of its payment. It may be called again.
func (c *Citizen) Send(ctx context.Context, fee string) (payPath string, err error) {
	return c.post(ctx, "/antrag/"+c.id+"/senden", url.Values{"declaration-given": {"true"}, "_fee": {fee}})
}

// Pay pays at the test provider and returns where the payer is led afterwards.
func (c *Citizen) Pay(ctx context.Context, payPath string) (string, error) {
	provider, err := c.post(ctx, payPath, nil)
	if err != nil {
		return "", err
	}
	back, err := c.post(ctx, provider, url.Values{"outcome": {"paid"}})
	if err != nil {
		return "", err
	}
	return c.post(ctx, back, nil, http.MethodGet)
}

var reference = regexp.MustCompile(`R\d\d(-[0-9A-Z]{4}){2}`)

// Reference reads the reference from the confirmation.
func (c *Citizen) Reference(ctx context.Context) (string, error) {
	body, err := c.Get(ctx, "/antrag/"+c.id+"/gesendet")
	if err != nil {
		return "", err
	}
	ref := reference.FindString(body)
	if ref == "" {
		return "", errors.New("no reference on the confirmation")
	}
	return ref, nil
}

// Status is the page of the application's state.
func (c *Citizen) Status(ctx context.Context, ref string) (string, error) {
	return c.Get(ctx, "/status/"+ref)
}

// Get reads a page; it is an error if it is not there.
func (c *Citizen) Get(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return string(body), err
}

// post sends a form (or asks, with another method) and returns the path it is redirected to.
func (c *Citizen) post(ctx context.Context, path string, form url.Values, method ...string) (string, error) {
	m := http.MethodPost
	if len(method) > 0 {
		m = method[0]
	}
	r, err := http.NewRequestWithContext(ctx, m, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if m == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("%s %s: %s\n%s", m, path, resp.Status, body)
	}
	to, err := resp.Location()
	if err != nil {
		return "", err
	}
	return to.RequestURI(), nil
}
