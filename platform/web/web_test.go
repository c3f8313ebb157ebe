package web

import (
	"log/slog"
	"testing"

	"rennsteig/platform/i18n"
)

func newSite(t *testing.T) *Site {
	t.Helper()
	texts := i18n.New()
	if err := texts.Add(Files); err != nil {
		t.Fatal(err)
	}
	return New(texts, Assets{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
}

func TestPagesAreTypeChecked(t *testing.T) {
	s := newSite(t)
	if err := s.CheckPages(); err != nil {
		t.Fatal(err)
	}
}
