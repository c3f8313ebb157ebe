package email

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// check asserts what holds for every message, whatever it was read from.
func check(t *testing.T, m *Message) {
	t.Helper()
	texts := []string{m.Subject, m.MessageID, m.Text}
	for _, list := range [][]string{m.InReplyTo, m.References} {
		texts = append(texts, list...)
	}
	for _, a := range append(append(m.From, m.To...), m.Cc...) {
		texts = append(texts, a.Name, a.Address)
	}
	for _, a := range m.Attachments {
		texts = append(texts, a.Name, a.MediaType)
		if a.Name == "" || strings.ContainsAny(a.Name, "/\\\n") || len(a.Name) > 200 || a.Size != int64(len(a.Content)) {
			t.Errorf("attachment %q of %d bytes, %d in it", a.Name, a.Size, len(a.Content))
		}
		if a.Message != nil {
			check(t, a.Message)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
			t.Errorf("%.100q is no clean text", s)
		}
	}
	if len(m.Text) > maxText {
		t.Errorf("%d bytes of text", len(m.Text))
	}
}
