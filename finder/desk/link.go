package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/db"
)

// LinkState is how a link was when it was last looked at.
type LinkState string

// The states of links.
const (
	LinkNew     LinkState = "new"
	LinkGood    LinkState = "good"
	LinkMoved   LinkState = "moved"   // for good, to another address
	LinkBroken  LinkState = "broken"  // not there, or silent three times in a row
	LinkFailing LinkState = "failing" // silent, but not often enough yet to bother anybody
	LinkRefused LinkState = "refused" // leads into the house's own network, where we do not look
)

// Result is what looking at a link gave.
type Result struct {
	State   LinkState
	Status  int    // of HTTP; 0 if nothing answered
	MovedTo string // where it leads for good
}

const (
	linkPatience  = 10 * time.Second
	maxRedirects  = 5
	silentLimit   = 3 // failures in a row until a silent link is broken
	linksAtOnce   = 20
	linkWorkers   = 4
	recheckGood   = 24 * time.Hour
	recheckBad    = time.Hour
	leaseOfChecks = 10 * time.Minute
)

// errPrivate is returned for an address that is not on the public internet.
var errPrivate = errors.New("desk: not a public address")

// checker looks at links. Editors name the addresses, so it must not become their way into the house's network: the
// address is judged after the name was resolved, at each redirect again, right before the connection is made.
type checker struct{ client *http.Client }

func newChecker(private bool) *checker {
	dialer := &net.Dialer{Timeout: linkPatience / 2, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !private && !public(a) {
			return errPrivate
		}
		return nil
	}}
	return &checker{&http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ResponseHeaderTimeout: linkPatience, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       linkPatience,
	}}
}

// reserved are the nets that netip has no question for (RFC 6890).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), // these four wrap IPv4 addresses
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("fec0::/10"),
}

// public reports whether the address is one of the public web: a global address and the usual port.
func public(a netip.AddrPort) bool {
	ip := a.Addr().Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || a.Port() != 80 && a.Port() != 443 {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// webAddress reports whether the link is one that can be looked at.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// look looks at a link and follows where it leads. StatusForbidden and the like mean that something is there.
func (c *checker) look(ctx context.Context, address string) Result {
	if !webAddress(address) {
		return Result{State: LinkRefused}
	}
	at, permanent := address, true
	for range maxRedirects + 1 {
		status, location, err := c.ask(ctx, at)
		switch {
		case errors.Is(err, errPrivate):
			return Result{State: LinkRefused}
		case err != nil:
			return Result{State: LinkFailing}
		case status >= 300 && status < 400 && location != "":
			permanent = permanent && (status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect)
			if !webAddress(location) {
				return Result{State: LinkBroken, Status: status}
			}
			at = location
			continue
		case status < 300 || status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests:
			if permanent && at != address {
				return Result{State: LinkMoved, Status: status, MovedTo: at}
			}
			return Result{State: LinkGood, Status: status}
		case status >= 500:
			return Result{State: LinkFailing, Status: status}
		}
		return Result{State: LinkBroken, Status: status}
	}
	return Result{State: LinkBroken, Status: http.StatusLoopDetected}
}

// ask asks for one address: HEAD, and GET where HEAD is answered with an error, as many servers do not know it.
func (c *checker) ask(ctx context.Context, address string) (status int, location string, err error) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		req, err := http.NewRequestWithContext(ctx, method, address, nil)
		if err != nil {
			return 0, "", err
		}
		req.Header.Set("User-Agent", "Rennsteig-Linkcheck/1.0")
		res, err := c.client.Do(req)
		if err != nil {
			return 0, "", err
		}
		_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // the body is of no interest
		_ = res.Body.Close()
		status = res.StatusCode
		if to, err := res.Location(); err == nil {
			location = to.String()
		}
		if status < 400 {
			break
		}
	}
	return status, location, nil
}

// setLinks notes the links of a text, which are looked at soon.
func setLinks(ctx context.Context, tx *db.Tx, ref finder.TextRef, modules map[finder.Module]finder.ModuleText, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM finder_link WHERE service_key = $1 AND authority_id = $2 AND lang = $3`, ref.Service, ref.Authority, string(ref.Lang)); err != nil {
		return err
	}
	for _, m := range finder.Modules {
		for _, address := range finder.Links(modules[m].Text) {
			if err := addLink(ctx, tx, ref, string(m), address, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func addLink(ctx context.Context, tx *db.Tx, ref finder.TextRef, source, address string, now time.Time) error {
	if !webAddress(address) {
		return nil // mail and telephone cannot be looked at
	}
	if _, err := tx.Exec(ctx, `INSERT INTO finder_link (service_key, authority_id, lang, source, url) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (service_key, authority_id, lang, source, url) DO NOTHING`, ref.Service, ref.Authority, string(ref.Lang), source, address); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO finder_link_check (url, state, status, moved_to, failures, checked_at, due_at)
		VALUES ($1, 'new', 0, '', 0, 0, $2) ON CONFLICT (url) DO NOTHING`, address, db.Micros(now))
	return err
}

// CheckLinks looks at links that are due, at most linksAtOnce, and returns how many it looked at. Several processes
// share the work: who claims a link has it for a while.
func (r *Room) CheckLinks(ctx context.Context) (int, error) {
	var due []string
	now := r.h.Now()
	err := r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		due = nil
		rows, err := tx.Query(ctx, `SELECT c.url FROM finder_link_check c WHERE c.due_at <= $1
			AND EXISTS (SELECT 1 FROM finder_link l WHERE l.url = c.url) ORDER BY c.due_at, c.url LIMIT $2`+tx.SkipLocked(), db.Micros(now), linksAtOnce)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var address string
			if err := rows.Scan(&address); err != nil {
				return err
			}
			due = append(due, address)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		for _, address := range due {
			if _, err := tx.Exec(ctx, `UPDATE finder_link_check SET due_at = $2 WHERE url = $1`, address, db.Micros(now.Add(leaseOfChecks))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	results := make([]Result, len(due))
	var group sync.WaitGroup
	turns := make(chan struct{}, linkWorkers)
	for i, address := range due {
		turns <- struct{}{}
		group.Go(func() {
			results[i] = r.links.look(ctx, address)
			<-turns
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err // told to stop: what failed for that is no failure of the link
	}
	return len(due), r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i, address := range due {
			if err := r.noteLink(ctx, tx, address, results[i]); err != nil {
				return fmt.Errorf("link %s: %w", address, err)
			}
		}
		return nil
	})
}

func (r *Room) noteLink(ctx context.Context, tx *db.Tx, address string, res Result) error {
	now := r.h.Now()
	again := now.Add(recheckGood)
	if res.State == LinkFailing {
		again = now.Add(recheckBad)
	}
	// A silent link stays what it was until it was silent often enough.
	_, err := tx.Exec(ctx, `UPDATE finder_link_check SET
		state = CASE WHEN $2 <> 'failing' THEN $2 WHEN failures + 1 >= $7 THEN 'broken' WHEN state = 'new' THEN 'failing' ELSE state END,
		failures = CASE WHEN $2 = 'failing' THEN failures + 1 ELSE 0 END,
		status = $3, moved_to = $4, checked_at = $5, due_at = $6 WHERE url = $1`,
		address, string(res.State), res.Status, res.MovedTo, db.Micros(now), db.Micros(again), silentLimit)
	return err
}

// BadLink is a link that an editor should mend.
type BadLink struct {
	finder.TextRef
	Source  string // module, or "online"
	URL     string
	State   LinkState
	Status  int
	MovedTo string
	At      time.Time
	Version string // the released version it stands in; "" for an online service
	Owner   string // who wrote that
}

// BadLinks lists the links of the caller's texts that are broken, moved or refused, at most limit.
func (r *Room) BadLinks(ctx context.Context, limit int) ([]BadLink, error) {
	s, _, err := editorScope(ctx)
	if err != nil {
		return nil, err
	}
	p := db.Params{limit}
	rows, err := r.h.DB.Reader().Query(ctx, `SELECT l.service_key, l.authority_id, l.lang, l.source, l.url, c.state, c.status, c.moved_to, c.checked_at,
		coalesce(v.id, ''), coalesce(v.author_name, '') FROM finder_link_check c JOIN finder_link l ON l.url = c.url
		LEFT JOIN finder_text_version v ON v.service_key = l.service_key AND v.authority_id = l.authority_id AND v.lang = l.lang AND v.state = 'released'
		WHERE c.state IN ('broken', 'moved', 'refused') AND `+s.in("l.authority_id", &p)+` ORDER BY c.state, l.service_key, l.authority_id, l.lang, l.url LIMIT $1`, p...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []BadLink
	for rows.Next() {
		var l BadLink
		var at int64
		if err := rows.Scan(&l.Service, &l.Authority, &l.Lang, &l.Source, &l.URL, &l.State, &l.Status, &l.MovedTo, &at, &l.Version, &l.Owner); err != nil {
			return nil, err
		}
		l.At = db.Time(at)
		out = append(out, l)
	}
	return out, rows.Err()
}

// Repair begins a draft of the text in which the link leads where it has moved to, and returns it. errs.NotFound
// unless the link is known to have moved.
func (r *Room) Repair(ctx context.Context, ref finder.TextRef, address string) (Version, error) {
	bad, err := r.BadLinks(ctx, 5000)
	if err != nil {
		return Version{}, err
	}
	for _, l := range bad {
		if l.TextRef != ref || l.URL != address || l.MovedTo == "" || l.Version == "" {
			continue
		}
		v, err := r.StartDraft(ctx, ref)
		if err != nil {
			return v, err
		}
		content := Content{Modules: map[finder.Module]finder.ModuleText{}, Words: v.Words, ReviewDate: v.ReviewDate}
		for m, t := range v.Modules {
			t.Text = strings.ReplaceAll(t.Text, hrefOf(address), hrefOf(l.MovedTo))
			content.Modules[m] = t
		}
		return v, r.Save(ctx, v.ID, v.Change, content)
	}
	return Version{}, notFound()
}
