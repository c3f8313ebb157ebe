package browser

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The views every page is looked at in: WCAG 2.2 1.4.10 (reflow) asks for 320 pixels.
var views = []struct {
	width int64
	dark  bool
}{{1280, false}, {1280, true}, {320, false}, {320, true}}

// Check runs Axe on the page and has html-validate look at it in the end (see Start).
func (b *Browser) Check() {
	b.t.Helper()
	b.Axe()
	name, source := b.t.Name()+" "+b.Path(), b.Source()
	b.chromium.mu.Lock()
	defer b.chromium.mu.Unlock()
	b.chromium.sources[name] = source
}

// unknown returns the indexes of what Axe has not looked at before, and remembers all of it.
func (c *Chromium) unknown(what ...string) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := []int{} // JSON's null would be all
	for i, w := range what {
		if !c.looked[w] {
			c.looked[w] = true
			fresh = append(fresh, i)
		}
	}
	return fresh
}

// Axe looks at the page as it is, without loading it again, light and dark, wide and narrow (see TwoViews): no axe violation, no text
// in the colour of its background (axe calls that "incomplete"), nothing that sticks out at 320 pixels.
func (b *Browser) Axe() {
	b.t.Helper()
	if b.noScript {
		b.t.Fatal("axe needs scripts: check the page in a browser without NoScript")
	}
	for _, problem := range b.problems() {
		b.t.Errorf("%s %s", b.URL(), problem)
	}
}

func (b *Browser) problems() []string {
	b.t.Helper()
	width, dark := b.width, b.dark
	defer func() { b.View(width, dark) }()
	ctx, cancel := b.within()
	defer cancel()
	known := b.twoViews && len(b.chromium.unknown(ids.ReplaceAllString(strings.Split(b.Path(), "?")[0], ""))) == 0
	loaded := false
	var out []string
	seen := ""
	for i, v := range views {
		if b.twoViews && (i > 0 || known) && i < len(views)-1 {
			continue
		}
		b.View(v.width, v.dark)
		if v.width == 320 {
			for _, f := range eval[[]string](b, overflow) {
				out = append(out, fmt.Sprintf("at %d px, dark %t: %s", v.width, v.dark, f))
			}
		}
		some := "null"
		if b.twoViews && i == len(views)-1 {
			fresh := b.chromium.unknown(eval[[]string](b, parts+".map(skeleton)")...)
			if known && len(fresh) == 0 {
				continue
			}
			if known {
				some = strings.ReplaceAll(fmt.Sprint(fresh), " ", ", ")
			}
		}
		if !loaded {
			b.must(chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe(b.t))), "load axe")
			loaded = true
		}
		rules := "null"
		if shown := eval[string](b, shown); shown == seen {
			rules = ofLook
		} else {
			seen = shown
		}
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(axeRun, parts, some, rules), chromedp.EvalAwaitPromise))
		b.must(err, "axe")
		for _, f := range found {
			out = append(out, fmt.Sprintf("at %d px, dark %t: %s", v.width, v.dark, f))
		}
	}
	return out
}

// ids are what differs in the addresses of pages of one kind.
var ids = regexp.MustCompile(`[0-9a-f-]{36}|[0-9]+`)

// shown tells which elements of the page are shown. A view that shows the same ones as the view before can differ in what
// depends on the look only: the rules of ofLook. That saves half of the time.
const shown = `[...document.querySelectorAll("*")].map((e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) ? 1 : 0).join("")`

const ofLook = `["color-contrast", "link-in-text-block", "scrollable-region-focusable"]`

// parts are what a page consists of: the header, the navigation, what stands next to each other in the middle, the footer. Two
// parts with one skeleton are one to axe: the same elements with the same looks and roles around other words, any number of rows.
const parts = `(() => {
  const words = /^(id|for|href|value|name|action|src|alt|title|datetime|content|aria-label|aria-labelledby|aria-describedby|aria-controls|data-.*)$/;
  globalThis.skeleton = (e) => {
    const looks = [...e.attributes].map((a) => words.test(a.name) ? a.name : a.name + "=" + a.value).join(" ");
    const inner = [...e.childNodes].map((c) => c.nodeType === 1 ? skeleton(c) : c.nodeType === 3 && c.data.trim() ? "text" : "");
    return "<" + e.tagName + " " + looks + (e.checkVisibility() ? "" : " hidden") + ">" + [...new Set(inner)].join("") + "</>";
  };
  return [...document.body.children].flatMap((e) => e.tagName === "MAIN" ? [...e.children] : [e]);
})()`

// axeRun takes parts, which of them to look at (null for the whole page) and which rules (null for all).
const axeRun = `((all, some, rules) => axe.run(some ? { include: some.map((i) => all[i]) } : document, {runOnly: rules || undefined, resultTypes: ["violations", "incomplete"]}).then((r) => {
  const tell = (rule, n) => rule.id + ": " + rule.help + "\n    " + n.html.slice(0, 200) + "\n    " +
    n.any.concat(n.all, n.none).map((c) => c.message).join("; ");
  const invisible = (n) => n.any.some((c) => c.data && (c.data.messageKey === "equalRatio" || c.data.contrastRatio === 1));
  return r.violations.flatMap((v) => v.nodes.map((n) => tell(v, n))).concat(
    r.incomplete.filter((i) => i.id.startsWith("color-contrast")).flatMap((i) => i.nodes.filter(invisible).map((n) => tell(i, n))));
}))(%s, %s, %s)`

// overflow lists what sticks out to the right, but for what is inside a box that scrolls by itself.
const overflow = `(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = (e) => { for (e = e.parentElement; e && e !== document.body; e = e.parentElement) if (getComputedStyle(e).overflowX !== "visible") return true; return false; };
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > width + 1 && !scrolls(e));
  return ["page is " + document.documentElement.scrollWidth + " px wide"].concat(out.slice(-3).map((e) => "sticks out: " + e.outerHTML.slice(0, 160)));
})()`

func axe(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing (run \"make assets\"): %v", err)
	}
	return string(b) + "\n;void 0"
}

// ValidHTML checks pages (name to HTML) with html-validate, all at once because node starts slowly. Its rules are in
// htmlvalidate.json: the recommended ones; white space at line ends comes from templates and harms nobody; void elements
// are written without a slash, as the HTML standard does; titles are long because they name page and site; boxes of one
// question share their name; a box that scrolls is a region only so that a keyboard reaches it, not a <section>.
func ValidHTML(t testing.TB, pages map[string]string) {
	t.Helper()
	if problems := invalidHTML(t, pages); problems != "" {
		t.Errorf("html-validate:\n%s", problems)
	}
}

func invalidHTML(t testing.TB, pages map[string]string) string {
	t.Helper()
	if len(pages) == 0 {
		return ""
	}
	dir := t.TempDir()
	names := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(pages)) {
		file := fmt.Sprintf("%03d.html", i)
		names[file] = name
		if err := os.WriteFile(filepath.Join(dir, file), []byte(pages[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(root(t), "node_modules", ".bin", "html-validate")
	config := filepath.Join(root(t), "e2e", "browser", "htmlvalidate.json")
	out, err := exec.Command(bin, "--config", config, "--formatter", "text", dir).CombinedOutput()
	if err == nil {
		return ""
	}
	text := err.Error() + "\n" + string(out)
	for file, name := range names {
		text = strings.ReplaceAll(text, filepath.Join(dir, file), name)
	}
	return text
}
