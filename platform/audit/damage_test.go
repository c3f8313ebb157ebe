package audit

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
)

// The page names damage as people know it, and asks for it within what its reader watches over.
func TestDamageIsNamed(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, _ := folder(t)
		hash := filed(t, l, store, 1)[0]
		var asked [][]string
		l.Holders = func(_ context.Context, _ db.Querier, authorities []string, of string) ([]Holder, error) {
			asked = append(asked, authorities)
			if of != hash {
				t.Errorf("asked of %s", of)
			}
			return []Holder{{"22.31-2026/000017-1", "Lageplan.pdf", 3, "/akte/dokument/x/karte"}, {"22.31-2026/000018-1", "", 1, "/akte/dokument/y/karte"}}, nil
		}
		l.Report(t.Context(), hash, errs.E(errs.NotFound, "blob.gone"))
		l.Report(t.Context(), hash, errs.E(errs.NotFound, "blob.gone"))
		if list := openFindings(t, l); len(list) != 1 || list[0].Damage != Missing || len(list[0].Holders) != 2 || asked[0] != nil {
			t.Errorf("%+v, asked of %v", list, asked)
		}
		code, body := pages(t, l).get(asAuditor(identity.Everywhere), filesPath)
		for _, want := range []string{"22.31-2026/000017-1, Lageplan.pdf, Fassung 3", "22.31-2026/000018-1, vertrauliches Dokument, Fassung 1", "/akte/dokument/x/karte"} {
			if code != 200 || !strings.Contains(body, want) {
				t.Errorf("the page (%d) lacks %q", code, want)
			}
		}
	})
}

// The re-check takes a report back once the file is whole.
func TestReportIsRechecked(t *testing.T) {
	each(t, func(t *testing.T, l *Log) {
		store, dir := folder(t)
		hash := filed(t, l, store, 1)[0]
		path := filepath.Join(dir, hash[:2], hash)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l.Report(t.Context(), hash, errs.E(errs.NotFound, "blob.gone"))
		if damaged, err := l.Damaged(t.Context(), []string{hash}); err != nil || damaged[hash] != Missing {
			t.Errorf("%v %v", damaged, err)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		c, _ := rechecker(l, store)
		portion(t, c)
		if damaged, err := l.Damaged(t.Context(), []string{hash}); err != nil || len(damaged) != 0 {
			t.Errorf("%v %v", damaged, err)
		}
	})
}
