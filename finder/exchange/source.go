package exchange

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Fetch bounds what is taken from the network. Zero values are the defaults.
type Fetch struct {
	AllowPrivate bool          // addresses of this machine and of private networks
	MaxBytes     int64         // default 8 GiB
	Timeout      time.Duration // of the whole; default 30 minutes
}

// Source is a file to import, or the copy of one from the web.
type Source struct {
	Name string // base name of the file, or the address without password and query
	Size int64
	file *os.File
	temp bool
	sum  string // SHA-256 of the first reading; every later one must be the same
}

// Open opens a file, or fetches an address (http, https) into a temporary one. Anything else with a scheme is refused.
func Open(ctx context.Context, name string, f Fetch) (*Source, error) {
	if u, err := url.Parse(name); err == nil && strings.Contains(name, "://") {
		return fetch(ctx, u, f)
	} else if strings.Contains(name, "://") {
		return nil, errors.New("this is no address that can be read")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no plain file", name)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Source{Name: filepath.Base(name), Size: info.Size(), file: file}, nil
}

func fetch(ctx context.Context, u *url.URL, f Fetch) (*Source, error) {
	if f.MaxBytes == 0 {
		f.MaxBytes = 8 << 30
	}
	if f.Timeout == 0 {
		f.Timeout = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if err := webOnly(u); err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/xml, text/xml, text/csv")
	// No proxy of the environment: the check of addresses must see where the connection really goes.
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second, Control: dialControl(f.AllowPrivate)}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: time.Minute, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("too many redirects")
		}
		return webOnly(req.URL)
	}}
	shown := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	resp, err := client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the error's own text has the address with all its secrets
		}
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", shown, resp.Status)
	}
	temp, err := os.CreateTemp("", "rennsteig-import-*") // mode 0600
	if err != nil {
		return nil, err
	}
	s := &Source{Name: shown.String(), file: temp, temp: true}
	s.Size, err = io.Copy(temp, io.LimitReader(resp.Body, f.MaxBytes+1))
	if err == nil && s.Size > f.MaxBytes {
		err = fmt.Errorf("more than %d bytes", f.MaxBytes)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", shown, err), s.Close())
	}
	return s, nil
}

// webOnly refuses everything but http and https, and passwords in addresses.
func webOnly(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("only http and https are fetched, not %.20q", u.Scheme)
	case u.Host == "":
		return errors.New("the address names no host")
	case u.User != nil:
		return errors.New("no password may be in the address")
	}
	return nil
}

// dialControl looks at the address that is really connected to: names may resolve to anything.
func dialControl(allowPrivate bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if a := ap.Addr().Unmap(); !allowPrivate && !public(a) {
			return errors.New("this is an address of this machine or of a private network; --allow-private fetches from it all the same")
		}
		return nil
	}
}

// special are networks that are global unicast by their form but belong to nobody on the Internet.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.Zone() != "" {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Close closes the file, and removes it if it is a copy.
func (s *Source) Close() error {
	err := s.file.Close()
	if s.temp {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}

// SHA256 is the hash of the whole file, once it was read.
func (s *Source) SHA256() string { return s.sum }

// errChanged means that somebody writes into the file while it is read.
var errChanged = errors.New("the file was changed while it was read")

// reading is one reading of the file. At its end the hash is compared with that of the first.
type reading struct {
	s        *Source
	r        io.Reader
	hash     hash.Hash
	progress func(n int)
}

func (s *Source) read(progress func(n int)) (io.Reader, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &reading{s: s, r: bufio.NewReaderSize(s.file, 256<<10), hash: sha256.New(), progress: progress}, nil
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.hash.Write(p[:n])
	r.progress(n)
	if errors.Is(err, io.EOF) {
		sum := hex.EncodeToString(r.hash.Sum(nil))
		if r.s.sum == "" {
			r.s.sum = sum
		} else if r.s.sum != sum {
			return n, errChanged
		}
	}
	return n, err
}

// isXML reports whether the file begins like XML.
func (s *Source) isXML() (bool, error) {
	head := make([]byte, 512)
	n, err := s.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\uFEFF")), " \t\r\n")
	wide := n > 1 && (head[0] == 0 || n > 1 && bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}))
	return wide || bytes.HasPrefix(head, []byte("<")), nil // the XML reader says what is wrong with UTF-16
}

// records reads the file in its format.
func (s *Source) records(progress func(n int)) (records, error) {
	open := func() (io.Reader, error) { return s.read(progress) }
	xml, err := s.isXML()
	if err != nil {
		return nil, err
	}
	if xml {
		return &message{open: open}, nil
	}
	return &table{open: open}, nil
}

// webAddress is s if it is an address of the web, else "".
func webAddress(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s) > 2000 {
		return ""
	}
	return strings.Clone(s)
}
