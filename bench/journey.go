package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rennsteig/platform/db"
)

const erfurt = "160510000000"

// towns are where the applicants live, with their ARS: they share the offices of five towns.
var towns = []struct{ name, ars string }{
	{"Erfurt", erfurt}, {"Gera", "160520000000"}, {"Jena", "160530000000"}, {"Suhl", "160540000000"}, {"Weimar", "160550000000"},
}

// answers are the pages of the form Meldebescheinigung in their order.
var answers = []struct{ page, form string }{
	{"person", "given_name=%C5%81ucja&surname=M%C3%BCller-%C3%87elik&birth_name=&doctor="},
	{"geburt", "birth_date-day=3&birth_date-month=4&birth_date-year=1985&birth_place=Erfurt&birth_country="},
	{"anschrift", "home_street=Beispielweg&home_number=7a&home_extra=&home_postcode=99084&home_town=Erfurt"},
	{"kontakt", "email=lucja%40example.org&phone="},
	{"art", "certificate=einfach"},
	{"zweck", "purpose=privat&purpose_text="},
	{"zustellung", "copies=1&delivery=post"},
	{"ausweis", ""},
}

const boundary = "----bench"

// noFile is what a browser posts from a page for files when none was chosen.
var noFile = strings.ReplaceAll("--"+boundary+`
Content-Disposition: form-data; name="_version"

0
--`+boundary+`
Content-Disposition: form-data; name="id_copy"; filename=""
Content-Type: application/octet-stream


--`+boundary+"--\n", "\n", "\r\n")

// apply goes from the search to the confirmation as a person does: every page is fetched, every answer posted. It returns
// the address of the status page.
func (c *client) apply(town, ars string) (status string, err error) {
	c.forget()
	get := func(step, path string) {
		if err == nil {
			err = errors.Join(c.get(path), c.want(step, 200))
		}
	}
	// post posts, and follows to the page that it leads to.
	post := func(step, path, contentType, form string) (to string) {
		if err == nil {
			err = errors.Join(c.do("POST", path, contentType, form), c.want(step, 303))
		}
		to = c.location
		get("after "+step, to)
		return to
	}
	const urlencoded = "application/x-www-form-urlencoded"
	get("search", "/suche?q=meldebescheinigung&ort="+town)
	get("start", "/antrag/start/meldebescheinigung?ort="+ars)
	at := post("begin", "/antrag/start/meldebescheinigung", urlencoded, "ort="+ars)
	base := strings.TrimSuffix(at, "/person")
	for _, a := range answers {
		if err == nil && at != base+"/"+a.page {
			return "", fmt.Errorf("led to %s instead of %s", at, a.page)
		}
		if a.form == "" {
			at = post(a.page, at, "multipart/form-data; boundary="+boundary, noFile)
		} else {
			at = post(a.page, at, urlencoded, "_version=0&"+a.form)
		}
	}
	if err == nil && at != base+"/pruefen" {
		return "", fmt.Errorf("led to %s instead of the check: %s", at, mainText(c.body))
	}
	pay := post("send", base+"/senden", urlencoded, "_fee=800&declaration-given=1")
	provider := post("pay", pay, urlencoded, "")
	if err != nil {
		return "", err
	}
	// The provider's answer leads back over an address that leads on to the confirmation.
	if err := errors.Join(c.post(provider, "outcome=paid"), c.want("outcome", 303), c.get(c.location), c.want("back", 303)); err != nil {
		return "", err
	}
	get("confirmation", c.location)
	for _, k := range c.cookies {
		if k.name == "status" {
			return k.path, err
		}
	}
	return "", errors.Join(err, fmt.Errorf("no status cookie: %s", mainText(c.body)))
}

// untilFiled asks for the status until it names the Aktenzeichen.
func (c *client) untilFiled(ctx context.Context, status string) error {
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err := errors.Join(c.get(status), c.want("status", 200)); err != nil {
			return err
		}
		if bytes.Contains(c.body, []byte("Aktenzeichen")) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not filed within 30 s: %s", mainText(c.body))
		}
		select {
		case <-ctx.Done():
			return errStopped
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// person is one client's tally: when its journeys ended, and how long they took.
type person struct {
	ended []time.Time
	took  []time.Duration // from the search until filed
	paid  []time.Duration // until the confirmation
}

// journey measures people who apply, pay and wait until the status says filed.
func (b *bench) journey(dialect db.Dialect, p *server, address string) error {
	if _, err := b.travel(p, 2*time.Second); err != nil { // caches, connections, code that is loaded lazily
		return err
	}
	d, err := db.Open(b.ctx, address)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := b.untilPDFs(d); err != nil {
		return err
	}
	p.toggle()
	cpu := p.cpu()
	began := time.Now()
	people, err := b.travel(p, b.span)
	if err != nil {
		return err
	}
	if err := b.untilPDFs(d); err != nil {
		return err
	}
	all := time.Since(began)
	cpu = p.cpu() - cpu
	p.toggle()
	n, inTime := 0, 0
	var took, paid []time.Duration
	for _, q := range people {
		took, paid = append(took, q.took...), append(paid, q.paid...)
		for _, at := range q.ended {
			n++
			if at.Sub(began) <= b.span {
				inTime++
			}
		}
	}
	if n == 0 {
		return errors.New("no journey was finished")
	}
	slices.Sort(took)
	slices.Sort(paid)
	rate := float64(inTime) / b.span.Seconds()
	withPDFs := float64(n) / all.Seconds()
	b.add("journeys a second until filed, "+name(dialect), fmt.Sprintf("%.0f", rate), goal(rate >= 100, "≥ 100"),
		fmt.Sprintf("%d people; p50 %s, p99 %s, of it to the confirmation p50 %s; %s of the program's processor time a journey, PDFs included", b.clients,
			milliseconds(took[n/2]), milliseconds(took[min(n-1, n*99/100)]), milliseconds(paid[len(paid)/2]), milliseconds(cpu/time.Duration(n))))
	b.add("… and until receipt and application are PDFs, "+name(dialect), fmt.Sprintf("%.0f", withPDFs), goal(withPDFs >= 40, "≥ 40"),
		fmt.Sprintf("%d journeys; the last PDF %s after the last journey; the program's memory was %s at most", n,
			seconds(all-lastEnd(people, began)), p.memory()))
	return nil
}

func lastEnd(people []person, began time.Time) time.Duration {
	var last time.Duration
	for _, p := range people {
		for _, at := range p.ended {
			last = max(last, at.Sub(began))
		}
	}
	return last
}

// travel lets people go one journey after the other; those under way when the time is over finish.
func (b *bench) travel(p *server, span time.Duration) ([]person, error) {
	people := make([]person, b.clients)
	failed := make([]error, b.clients)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	var group sync.WaitGroup
	until := time.Now().Add(span)
	for k := range b.clients {
		group.Go(func() {
			c, err := newClient(p.host)
			if err != nil {
				failed[k] = err
				return
			}
			defer c.close()
			for i := k; time.Now().Before(until) && ctx.Err() == nil; i++ {
				began := time.Now()
				town := towns[i%len(towns)]
				status, err := c.apply(town.name, town.ars)
				if err == nil {
					people[k].paid = append(people[k].paid, time.Since(began))
					err = c.untilFiled(ctx, status)
				}
				if err != nil {
					failed[k] = err
					cancel()
					return
				}
				people[k].ended = append(people[k].ended, time.Now())
				people[k].took = append(people[k].took, time.Since(began))
			}
		})
	}
	group.Wait()
	return people, errors.Join(failed...)
}

// untilPDFs waits until every application that was sent has its receipt, and every case its PDF.
func (b *bench) untilPDFs(d *db.DB) error {
	for deadline := time.Now().Add(2 * time.Minute); ; {
		var missing int
		if err := d.Reader().QueryRow(b.ctx, `SELECT (SELECT count(*) FROM apply_application WHERE sent_at > 0)
			+ (SELECT count(*) FROM apply_application WHERE sent_at > 0 AND receipt_hash = '')
			- (SELECT count(*) FROM records_document WHERE kind = 'application_pdf')`).Scan(&missing); err != nil {
			return err
		}
		if missing == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d PDFs were not made within two minutes", missing)
		}
		select {
		case <-b.ctx.Done():
			return errStopped
		case <-time.After(100 * time.Millisecond):
		}
	}
}
