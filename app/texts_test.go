package app

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rennsteig/platform/i18n"
)

func testProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	p, err := open(t.Context(), Config{DB: "sqlite:" + filepath.Join(dir, "rennsteig.db"), Blobs: filepath.Join(dir, "blobs"),
		Key: filepath.Join(dir, "audit.key"), Listen: "127.0.0.1:0", Demo: true, Workers: 1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// Every page of every room fits the data it is given.
func TestPagesFitTheirData(t *testing.T) {
	if err := testProgram(t).house.Site.CheckPages(); err != nil {
		t.Error(err)
	}
}

// German and English have the same keys with the same arguments.
func TestCatalogues(t *testing.T) {
	if err := testProgram(t).house.Site.Texts.Check(); err != nil {
		t.Error(err)
	}
}

var (
	inPages  = regexp.MustCompile(`\b(tn?) "([a-z_]+\.[a-zA-Z0-9_.]+)"`)
	inCode   = regexp.MustCompile(`(?:\bT\([a-z.]+, |\bt\(|errs\.E\(errs\.[A-Za-z]+, )"([a-z_]+\.[a-zA-Z0-9_.]+)"[,)]`)
	inAction = regexp.MustCompile(`Action: +"([a-z_.]+)"`)
)

// Every text that a page or the code names is there; every action of the log has a name for the auditor.
func TestNamedTextsExist(t *testing.T) {
	texts := testProgram(t).house.Site.Texts
	seen := 0
	want := func(path, key string) {
		seen++
		if !texts.Has(i18n.German, key) {
			t.Errorf("%s: no text %q", path, key)
		}
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "browser") {
			return filepath.SkipDir
		}
		html := strings.HasSuffix(path, ".html")
		if !html && (!strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go")) || strings.HasPrefix(path, "../platform/pdf") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if html {
			for _, m := range inPages.FindAllStringSubmatch(string(b), -1) {
				if m[1] == "tn" {
					want(path, m[2]+".one")
				} else {
					want(path, m[2])
				}
			}
			return nil
		}
		for _, m := range inCode.FindAllStringSubmatch(string(b), -1) {
			want(path, m[1])
		}
		for _, m := range inAction.FindAllStringSubmatch(string(b), -1) {
			want(path, "audit.action."+m[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 300 {
		t.Errorf("only %d named texts found", seen)
	}
}
