// Package browser drives a real Chromium for tests, in the words of someone who uses the pages: open an address, fill
// the field with this label, press that button. Every call that goes wrong ends the test. Calls wait for the page they
// lead to, never for a time.
package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	_ "embed"
)

// patience is how long one call may take on a busy machine.
const patience = 60 * time.Second

// Chromium is the running program, in which people have windows with a profile of their own each. What is checked in it is
// known to all of them.
type Chromium struct {
	ctx context.Context

	mu      sync.Mutex
	sources map[string]string // of the checked pages, by test and address
	looked  map[string]bool   // what Axe has looked at: pages by address without ids, and the skeletons of their parts
}

// Start starts Chromium until the test ends. Then html-validate looks at all pages that were checked, at once because node
// starts slowly.
func Start(t testing.TB) *Chromium {
	t.Helper()
	c := &Chromium{sources: map[string]string{}, looked: map[string]bool{}}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(func() {
		stop()
		ValidHTML(t, c.sources)
	})
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start of Chromium: %v", err)
	}
	c.ctx = ctx
	return c
}

// Browser is one person's window.
type Browser struct {
	t        testing.TB
	chromium *Chromium
	ctx      context.Context
	noScript bool
	twoViews bool
	status   int
	width    int64
	dark     bool

	mu       sync.Mutex // guards document, which events write
	document network.RequestID
}

// Option changes a Browser.
type Option func(*Browser)

// NoScript forbids pages to run scripts. The calls of this package work all the same, but for Axe.
func NoScript(b *Browser) { b.noScript = true }

// TwoViews has Axe look at pages wide and light, and narrow and dark; and of a page that it knows, in another state, only at
// the parts whose like it has not seen, narrow and dark. That takes less time, for a test of very many pages; both
// widths and both schemes are seen all the same.
func TwoViews(b *Browser) { b.twoViews = true }

// New is a Chromium for one person, until the test ends.
func New(t testing.TB, options ...Option) *Browser { t.Helper(); return Start(t).Person(t, options...) }

// Person is a window for somebody new, until the test ends. It is 1280 pixels wide and light.
func (c *Chromium) Person(t testing.TB, options ...Option) *Browser {
	t.Helper()
	b := &Browser{t: t, chromium: c, width: 1280}
	for _, o := range options {
		o(b)
	}
	b.begin(c.ctx, chromedp.WithNewBrowserContext())
	return b
}

// Window opens a further window of the same person: it shares the cookies.
func (b *Browser) Window() *Browser {
	b.t.Helper()
	w := &Browser{t: b.t, chromium: b.chromium, noScript: b.noScript, twoViews: b.twoViews, width: b.width, dark: b.dark}
	w.begin(b.ctx)
	return w
}

// begin opens the window inside of parent.
func (b *Browser) begin(parent context.Context, options ...chromedp.ContextOption) {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	b.t.Cleanup(cancel)
	b.ctx = ctx
	b.must(chromedp.Do(ctx), "open a window")
	err := chromedp.Listen(ctx, func(ev any) {
		if ev, ok := ev.(*network.EventResponseReceived); ok && ev.Type == network.ResourceTypeDocument {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.document = ev.RequestID
		}
	})
	b.must(err, "listen to the browser")
	b.View(b.width, b.dark)
	if b.noScript {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		b.must(err, "switch off scripts")
	}
}

func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("Chromium is missing: run \"make deps\"")
	return ""
}

func (b *Browser) must(err error, format string, args ...any) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

func (b *Browser) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, patience)
}

// View sets the window's width in pixels and the colour scheme that the person prefers. The page stays.
func (b *Browser) View(width int64, dark bool) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	b.width, b.dark = width, dark
	b.must(chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)), "width %d", width)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.must(err, "scheme %s", scheme)
}

// Open goes to the address and waits until the page is there.
func (b *Browser) Open(address string) {
	b.t.Helper()
	b.leadsTo("open "+address, chromedp.Navigate(address))
}

// leadsTo does the steps and waits for the page that they lead to.
func (b *Browser) leadsTo(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.whereabouts())
	}
	if answer != nil {
		b.status = int(answer.Status)
	}
}

// Status is the HTTP status of the last page.
func (b *Browser) Status() int { return b.status }

// URL is the address of the page.
func (b *Browser) URL() string { b.t.Helper(); return eval[string](b, "location.href") }

// Title is the page's title.
func (b *Browser) Title() string { b.t.Helper(); return eval[string](b, "document.title") }

// Focused is the id of the element that has the focus; "" if it has none.
func (b *Browser) Focused() string { b.t.Helper(); return eval[string](b, "document.activeElement.id") }

// Text is what can be read on the page, without soft hyphens.
func (b *Browser) Text() string {
	b.t.Helper()
	return strings.ReplaceAll(eval[string](b, "document.body.innerText"), "\u00ad", "")
}

// Has reports whether the page shows the text; runs of white space count as one space.
func (b *Browser) Has(text string) bool {
	b.t.Helper()
	return strings.Contains(oneLine(b.Text()), oneLine(text))
}

// Want ends the test if the page does not show all of the texts.
func (b *Browser) Want(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !b.Has(text) {
			b.t.Fatalf("page does not show %q\n%s", text, b.whereabouts())
		}
	}
}

// Source is the page's HTML as the server sent it.
func (b *Browser) Source() string {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	b.mu.Lock()
	id := b.document
	b.mu.Unlock()
	body, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id})
	b.must(err, "source of %s", b.URL())
	if body.Base64encoded {
		plain, err := base64.StdEncoding.DecodeString(string(body.Body))
		b.must(err, "source")
		return string(plain)
	}
	return string(body.Body)
}

// Fill types value into the field with this label. A date ("24.11.2026") goes into the three inputs under the legend
// label. In a select the option with this text is chosen. "Schritt 1: Frist" is the field of that group.
func (b *Browser) Fill(label, value string) {
	b.t.Helper()
	parts := strings.Split(value, ".")
	kind := eval[string](b, call("fill", label, value, parts))
	switch kind {
	case "typed":
		b.insert(value)
	case "date":
		for i, part := range parts {
			eval[bool](b, call("datePart", label, i))
			b.insert(part)
		}
	case "done":
	default:
		b.t.Fatalf("fill %q: %s\n%s", label, kind, b.whereabouts())
	}
}

// insert types into the focused input, whose old text is selected.
func (b *Browser) insert(text string) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	if text == "" {
		eval[bool](b, "document.activeElement.value = '', true")
		return
	}
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	b.must(err, "type %q", text)
}

// Choose ticks the radio button or box with this label. Where several have it, legend names the group.
func (b *Browser) Choose(label string, legend ...string) {
	b.t.Helper()
	if problem := eval[string](b, call("choose", label, strings.Join(legend, " "))); problem != "" {
		b.t.Fatalf("choose %q: %s\n%s", label, problem, b.whereabouts())
	}
}

// Upload puts the file at path into the file field with this label.
func (b *Browser) Upload(label, path string) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	object, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](helpers+call("file", label)))
	b.must(err, "upload to %q", label)
	if object.ObjectID == "" {
		b.t.Fatalf("upload to %q: no such field\n%s", label, b.whereabouts())
	}
	path, err = filepath.Abs(path)
	b.must(err, "upload")
	_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: object.ObjectID})
	b.must(err, "upload %s to %q", path, label)
}

// Press presses the button with this text, and waits for the page if it leads to one.
func (b *Browser) Press(text string) { b.t.Helper(); b.hit("press", "button", text) }

// Click follows the link with this text. A link to a place on the same page does not wait.
func (b *Browser) Click(text string) { b.t.Helper(); b.hit("click", "link", text) }

func (b *Browser) hit(verb, kind, text string) {
	b.t.Helper()
	what := fmt.Sprintf("%s %q", verb, text)
	switch found := eval[string](b, call(kind, text)); found {
	case "leads":
		b.leadsTo(what, chromedp.Evaluate[chromedp.Void](helpers+call("hit", kind, text)))
	case "stays":
		eval[bool](b, call("hit", kind, text))
	default:
		b.t.Fatalf("%s: %s\n%s", what, found, b.whereabouts())
	}
}

// Download fetches what the link with this text leads to, with the person's cookies, and returns header and content.
func (b *Browser) Download(text string) (http.Header, []byte) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	href := eval[string](b, call("href", text))
	if href == "" {
		b.t.Fatalf("download %q: no such link\n%s", text, b.whereabouts())
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, href, nil)
	b.must(err, "download %q", text)
	for _, c := range b.Cookies(href) {
		r.AddCookie(c)
	}
	answer, err := http.DefaultClient.Do(r)
	b.must(err, "download %q", text)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	b.must(err, "download %q", text)
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("download %q: %s", text, answer.Status)
	}
	return answer.Header, body
}

// Cookies are those that the browser sends to the address.
func (b *Browser) Cookies(address string) []*http.Cookie {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	found, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	b.must(err, "cookies")
	var out []*http.Cookie
	for _, c := range found.Cookies {
		out = append(out, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return out
}

// Shot writes the whole page, as wide and as dark as it is now, to e2e/shots/NAME.png.
func (b *Browser) Shot(name string) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	b.must(err, "picture %s", name)
	dir := filepath.Join(root(b.t), "e2e", "shots")
	b.must(os.MkdirAll(dir, 0o755), "pictures")
	b.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644), "picture %s", name)
}

// whereabouts tells what the page shows, for messages.
func (b *Browser) whereabouts() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
	if err != nil {
		return "(page cannot be read: " + err.Error() + ")"
	}
	if len(text) > 3000 {
		text = text[:3000] + " …"
	}
	return "on page " + text
}

//go:embed helpers.js
var helpers string

// call is a JavaScript call of one of the helpers.
func call(name string, args ...any) string {
	texts := make([]string, len(args))
	for i, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			panic(err) // strings and numbers only
		}
		texts[i] = string(b)
	}
	return "e2e." + name + "(" + strings.Join(texts, ", ") + ")"
}

func eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](helpers+expression))
	b.must(err, "%s", expression)
	return v
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Path is path and query of the page's address.
func (b *Browser) Path() string {
	b.t.Helper()
	u, err := url.Parse(b.URL())
	b.must(err, "address")
	return u.RequestURI()
}

var root = func() func(t testing.TB) string {
	find := sync.OnceValues(func() (string, error) {
		dir, err := os.Getwd()
		for err == nil {
			if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
				return dir, nil
			}
			if parent := filepath.Dir(dir); parent != dir {
				dir = parent
				continue
			}
			err = os.ErrNotExist
		}
		return "", err
	})
	return func(t testing.TB) string {
		dir, err := find()
		if err != nil {
			t.Fatalf("root of the module: %v", err)
		}
		return dir
	}
}()
