package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"rennsteig/e2e/citizen"
)

// The scripts' commands that speak HTTP. Each leaves the answer's body in the file "page" and its header lines in the
// file "head", for grep, and checks what every answer must have.

// get asks for a page and follows where it leads: get PATH STATUS [TEXT…]; each TEXT must be in it ("!TEXT": must not).
func get(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	resp, err := s.client.Get(s.url + args[0])
	ts.Check(err)
	answer(ts, resp, args[1], args[2:])
}

// post sends a form and follows where it leads: post PATH STATUS [NAME=VALUE…].
func post(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	resp, err := s.client.PostForm(s.url+args[0], form(args[2:]))
	ts.Check(err)
	answer(ts, resp, args[1], nil)
}

func form(pairs []string) url.Values {
	form := url.Values{}
	for _, a := range pairs {
		name, value, _ := strings.Cut(a, "=")
		form.Add(name, value)
	}
	return form
}

// ask sends one request and follows nothing: ask METHOD PATH STATUS ['HEADER: VALUE'…] [@FILE | NAME=VALUE…]. In PATH
// {N} stands for N letters.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	header := http.Header{}
	var body []byte
	var pairs []string
	for _, a := range args[3:] {
		if name, value, ok := strings.Cut(a, ": "); ok {
			header.Add(name, value)
		} else if file, ok := strings.CutPrefix(a, "@"); ok {
			b, err := os.ReadFile(ts.MkAbs(file))
			ts.Check(err)
			body = b
		} else {
			pairs = append(pairs, a)
		}
	}
	if len(pairs) > 0 {
		body = []byte(form(pairs).Encode())
	}
	if args[0] == http.MethodPost && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	path := manyLetters.ReplaceAllStringFunc(args[1], func(m string) string {
		n, err := strconv.Atoi(m[1 : len(m)-1])
		ts.Check(err)
		return strings.Repeat("a", n)
	})
	s.send(ts, args[0], path, args[2], header, body)
}

var manyLetters = regexp.MustCompile(`\{[0-9]+\}`)

func (s *server) send(ts *testscript.TestScript, method, path, status string, header http.Header, body []byte) {
	r, err := http.NewRequest(method, s.url, bytes.NewReader(body))
	ts.Check(err)
	// As it stands: a client would tidy up what must reach the server untidy.
	r.URL.Opaque = "//" + r.URL.Host + path
	way, _, _ := strings.Cut(path, "?")
	if r.URL.Path, err = url.PathUnescape(way); err != nil { // the cookies go by it
		r.URL.Path = way
	}
	r.Header = header
	client := *s.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(r)
	ts.Check(err)
	answer(ts, resp, status, nil)
}

// upload sends a form with files: upload PATH STATUS FIELD=@FILE… [NAME=VALUE…].
func upload(ts *testscript.TestScript, neg bool, args []string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, a := range args[2:] {
		name, value, _ := strings.Cut(a, "=")
		file, ok := strings.CutPrefix(value, "@")
		if !ok {
			ts.Check(w.WriteField(name, value))
			continue
		}
		part, err := w.CreateFormFile(name, filepath.Base(file))
		ts.Check(err)
		content, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		_, err = part.Write(content)
		ts.Check(err)
	}
	ts.Check(w.Close())
	running(ts).send(ts, http.MethodPost, args[0], args[1], http.Header{"Content-Type": {w.FormDataContentType()}}, b.Bytes())
}

// until sends a form again and again until the answer has the status, at most 300 times: until STATUS PATH [NAME=VALUE…].
func until(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	for range 300 {
		resp, err := s.client.PostForm(s.url+args[1], form(args[2:]))
		ts.Check(err)
		if fmt.Sprint(resp.StatusCode) == args[0] {
			answer(ts, resp, args[0], nil)
			return
		}
		_, err = io.Copy(io.Discard, resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
	}
	ts.Fatalf("300 requests, and none was answered with %s", args[0])
}

// signin signs in at the demo's provider: signin SUBJECT.
func signin(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	resp, err := s.client.PostForm(s.url+"/anmelden", url.Values{"als": {"staff"}})
	ts.Check(err)
	ts.Check(resp.Body.Close())
	form := url.Values{"id": {resp.Request.URL.Query().Get("id")}, "subject": {args[0]}}
	resp, err = s.client.PostForm(s.url+"/demo-anmeldung/personen", form)
	ts.Check(err)
	answer(ts, resp, "200", []string{"Abmelden"})
}

// apply fills in a Meldebescheinigung, all but sending it: $DRAFT is its address.
func apply(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	c := citizen.New(s.url, http.DefaultTransport)
	ts.Check(c.Fill(context.Background()))
	s.client.Jar = c.Jar()
	ts.Setenv("DRAFT", c.Draft())
}

// forget loses all cookies, as another browser has none.
func forget(ts *testscript.TestScript, neg bool, args []string) {
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	running(ts).client.Jar = jar
}

// fetch asks an address that is not the program's for people: fetch URL STATUS [TEXT…].
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := http.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	for _, text := range args[2:] {
		if !strings.Contains(string(b), text) {
			ts.Fatalf("no %q in:\n%s", text, b)
		}
	}
	if got := fmt.Sprint(resp.StatusCode); got != args[1] {
		ts.Fatalf("status %s, want %s:\n%s", got, args[1], b)
	}
}

// bytesFile writes a file of N bytes, which begins with TEXT: bytes FILE N TEXT.
func bytesFile(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := append([]byte(args[2]), bytes.Repeat([]byte("x"), max(0, n-len(args[2])))...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// answer checks what came, and keeps it for grep.
func answer(ts *testscript.TestScript, resp *http.Response, status string, texts []string) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("page"), b, 0o600))
	var head bytes.Buffer
	ts.Check(resp.Header.Write(&head))
	ts.Check(os.WriteFile(ts.MkAbs("head"), bytes.ReplaceAll(head.Bytes(), []byte("\r\n"), []byte("\n")), 0o600))
	if got := fmt.Sprint(resp.StatusCode); got != status {
		ts.Fatalf("status %s, want %s:\n%s\n%s", got, status, head.String(), heart(b))
	}
	for _, problem := range unsafe(resp, string(b)) {
		ts.Fatalf("%s: %s\n%s", resp.Request.URL, problem, head.String())
	}
	for _, text := range texts {
		unwanted, not := strings.CutPrefix(text, "!")
		if not && strings.Contains(string(b), unwanted) {
			ts.Fatalf("page has %q:\n%s", unwanted, heart(b))
		}
		if !not && !strings.Contains(string(b), text) {
			ts.Fatalf("page has no %q:\n%s", text, heart(b))
		}
	}
}

// heart is the part of a page that differs from other pages.
func heart(page []byte) []byte {
	if _, main, ok := bytes.Cut(page, []byte("<main")); ok {
		page, _, _ = bytes.Cut(main, []byte("</main>"))
	}
	return page[:min(len(page), 3000)]
}

// inner are words that tell an attacker, and nobody else, something.
var inner = regexp.MustCompile(`goroutine \d|\.go:\d|SQLSTATE|SQL logic error|sqlite|pgx`)

// unsafe names what an answer lacks that every answer must have, whatever was asked.
func unsafe(resp *http.Response, body string) (problems []string) {
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=()",
	} {
		if !strings.HasPrefix(resp.Header.Get(name), want) {
			problems = append(problems, "no "+name)
		}
	}
	if resp.Header.Get("X-Request-Id") == "" {
		problems = append(problems, "no request id")
	}
	if resp.Header.Get("Server") != "" || resp.Header.Get("X-Powered-By") != "" {
		problems = append(problems, "tells what it is made of")
	}
	cache := resp.Header.Get("Cache-Control")
	if !strings.HasPrefix(resp.Request.URL.Path, "/assets/") && cache != "no-store" {
		problems = append(problems, "may be kept: "+cache)
	}
	for _, c := range resp.Cookies() {
		if c.MaxAge >= 0 && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode) {
			problems = append(problems, "open cookie "+c.Name)
		}
	}
	if to := resp.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "http://"+resp.Request.URL.Host+"/") || strings.HasPrefix(to, "//")) {
		problems = append(problems, "leads to "+to)
	}
	if inner.MatchString(body) {
		problems = append(problems, "tells of its inside")
	}
	return problems
}
