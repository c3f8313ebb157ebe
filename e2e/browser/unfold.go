package browser

// Unfold opens the details whose summary has this text.
func (b *Browser) Unfold(summary string) {
	b.t.Helper()
	if !eval[bool](b, call("unfold", summary)) {
		b.t.Fatalf("unfold %q: no such summary\n%s", summary, b.whereabouts())
	}
}
