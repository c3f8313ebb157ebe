package browser

import (
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// keyCodes are the Windows virtual key codes of the keys that tests press.
var keyCodes = map[string]int64{"ArrowDown": 40, "ArrowUp": 38, "Escape": 27, "Enter": 13, "Tab": 9}

// Key presses a key, named as in KeyboardEvent.key, in the focused element. It waits for nothing.
func (b *Browser) Key(name string) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	for _, kind := range []input.DispatchKeyEventType{"rawKeyDown", "keyUp"} {
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: name, Code: name,
			WindowsVirtualKeyCode: keyCodes[name], NativeVirtualKeyCode: keyCodes[name]})
		b.must(err, "key %s", name)
	}
}

// Until waits until the expression, looked at whenever the page changes, is true.
func (b *Browser) Until(expression string) {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise((done) => {
		const look = () => { if (`+expression+`) { watch.disconnect(); done(true); } };
		const watch = new MutationObserver(look);
		watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		look();
	})`, chromedp.EvalAwaitPromise))
	b.must(err, "until %s", expression)
}

// Value is the value of the focused input.
func (b *Browser) Value() string {
	b.t.Helper()
	return eval[string](b, "document.activeElement.value")
}
