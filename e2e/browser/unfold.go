package browser

import "encoding/json"

// Unfold opens the details whose summary has this text.
func (b *Browser) Unfold(summary string) {
	b.t.Helper()
	quoted, err := json.Marshal(summary)
	b.must(err, "unfold")
	if !eval[bool](b, `(() => {
		const s = [...document.querySelectorAll("summary")].find(s => s.innerText.trim() === `+string(quoted)+`);
		if (s) s.parentElement.open = true;
		return !!s;
	})()`) {
		b.t.Fatalf("unfold %q: no such summary\n%s", summary, b.whereabouts())
	}
}
