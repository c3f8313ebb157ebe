//go:build reference

package email

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Real mail of two decades ago, half of it written to deceive: nearly all is read, and what is not is refused by name.
func TestReferenceMail(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "mail", "spamassassin-half.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(z)
	all, read, text, from, date, flawed := 0, 0, 0, 0, 0, 0
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".eml") {
			continue
		}
		b, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all++
		m, err := Read(bytes.NewReader(b), Limits{})
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v", h.Name, err)
			}
			t.Logf("%s: %v", h.Name, err)
			continue
		}
		check(t, m)
		read++
		count := func(n *int, ok bool) {
			if ok {
				*n++
			}
		}
		count(&text, m.Text != "")
		count(&from, len(m.From) > 0 && m.From[0].Address != "")
		count(&date, !m.Date.IsZero())
		count(&flawed, len(m.Defects) > 0)
		for _, d := range m.Defects {
			t.Logf("%s: %s", filepath.Base(h.Name), d)
		}
	}
	t.Logf("%d mails: %d read; %d with text, %d with a sender, %d with a date, %d with defects", all, read, text, from, date, flawed)
	if all < 3000 || read*100 < all*99 || text*100 < all*97 || from*100 < all*97 || date*100 < all*97 {
		t.Errorf("too few of %d: %d read, %d texts, %d senders, %d dates", all, read, text, from, date)
	}
}
