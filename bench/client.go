package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// client is a browser in miniature: one connection kept open, cookies, nothing else. It shares the machine with what it
// measures, so it does no more than it must.
type client struct {
	host    string
	conn    net.Conn
	r       *bufio.Reader
	out     []byte
	cookies []cookie
	answer
}

type cookie struct{ name, value, path string }

// answer is what came back last; body is valid until the next request.
type answer struct {
	status   int
	location string
	body     []byte
}

func newClient(host string) (*client, error) {
	c := &client{host: host}
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	c.conn, c.r = conn, bufio.NewReaderSize(conn, 32<<10)
	return c, nil
}

func (c *client) close() { c.conn.Close() }

// forget drops all cookies: a new person.
func (c *client) forget() { c.cookies = c.cookies[:0] }

func (c *client) get(path string) error { return c.do("GET", path, "", "") }

func (c *client) post(path, form string) error {
	return c.do("POST", path, "application/x-www-form-urlencoded", form)
}

func (c *client) do(method, path, contentType, body string) error {
	b := append(c.out[:0], method...)
	b = append(append(b, ' '), path...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), c.host...)
	b = append(b, "\r\nAccept: text/html\r\n"...)
	sep := "Cookie: "
	for _, k := range c.cookies {
		if strings.HasPrefix(path, k.path) {
			b = append(append(append(append(b, sep...), k.name...), '='), k.value...)
			sep = "; "
		}
	}
	if sep == "; " {
		b = append(b, "\r\n"...)
	}
	if method == "POST" {
		b = append(append(append(b, "Origin: http://"...), c.host...), "\r\nSec-Fetch-Site: same-origin\r\nContent-Type: "...)
		b = append(append(b, contentType...), "\r\nContent-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), body...)
	c.out = b
	if err := c.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := c.conn.Write(b); err != nil {
		return err
	}
	return c.read()
}

// read takes in one answer (RFC 9112, as far as our server uses it).
func (c *client) read() error {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return fmt.Errorf("no status line: %q", line)
	}
	if c.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return err
	}
	c.location, c.body = "", c.body[:0]
	length := 0
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case "Transfer-Encoding":
			length = -1
		case "Location":
			c.location = string(value)
		case "Set-Cookie":
			c.set(string(value))
		}
	}
	if length >= 0 {
		return c.take(length)
	}
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if _, err := c.r.Discard(2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

func (c *client) take(n int) error {
	at := len(c.body)
	if cap(c.body) < at+n {
		c.body = append(make([]byte, 0, 2*(at+n)), c.body...)
	}
	c.body = c.body[:at+n]
	_, err := io.ReadFull(c.r, c.body[at:])
	return err
}

func (c *client) set(header string) {
	first, rest, _ := strings.Cut(header, ";")
	k := cookie{path: "/"}
	k.name, k.value, _ = strings.Cut(first, "=")
	gone := false
	for a := range strings.SplitSeq(rest, ";") {
		switch a = strings.TrimSpace(a); {
		case strings.HasPrefix(a, "Path="):
			k.path = a[len("Path="):]
		case a == "Max-Age=0":
			gone = true
		}
	}
	keep := c.cookies[:0]
	for _, old := range c.cookies {
		if old.name != k.name || old.path != k.path {
			keep = append(keep, old)
		}
	}
	if c.cookies = keep; !gone {
		c.cookies = append(c.cookies, k)
	}
}

// want complains about an answer of another status.
func (c *client) want(step string, status int) error {
	if c.status == status {
		return nil
	}
	return fmt.Errorf("%s: %d instead of %d: %s", step, c.status, status, mainText(c.body))
}

// mainText is the page without its head, for people who look for a mistake.
func mainText(page []byte) []byte {
	if _, after, ok := bytes.Cut(page, []byte("<main")); ok {
		page = after
	}
	return page[:min(len(page), 1500)]
}
