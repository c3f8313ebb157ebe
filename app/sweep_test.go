package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

func TestSweepBlobs(t *testing.T) {
	p := testProgram(t)
	ctx := t.Context()
	put := func(content string) string {
		ref, err := p.house.Blobs.Put(ctx, strings.NewReader(content), 100)
		if err != nil {
			t.Fatal(err)
		}
		return ref.Hash
	}
	filed, forgotten := put("filed"), put("of a deleted draft")
	if err := p.house.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return p.house.Audit.Append(ctx, tx, audit.Entry{Action: "test.filed", Object: "case:1", Blobs: []string{filed}})
	}); err != nil {
		t.Fatal(err)
	}
	if n, err := p.sweepBlobs(ctx, time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("%d young files deleted, %v", n, err)
	}
	if n, err := p.sweepBlobs(ctx, time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d files deleted, %v; want the forgotten one", n, err)
	}
	if _, err := p.house.Blobs.Stat(ctx, filed); err != nil {
		t.Error("a filed document was deleted:", err)
	}
	if _, err := p.house.Blobs.Stat(ctx, forgotten); !errs.Is(err, errs.NotFound) {
		t.Error("the forgotten file is still there:", err)
	}
}
