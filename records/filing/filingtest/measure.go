// Package filingtest fills and measures package filing, for benchmarks: filing against a plain folder, and the lists.
package filingtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/pdf"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/filing"
)

// PDFs are documents of 20 KB with a page of text each, no two alike.
func PDFs(n int) ([][]byte, error) {
	var b bytes.Buffer
	err := pdf.Write(&b, pdf.Doc{Lang: "de", Title: "Bescheid", Sender: "Stadtverwaltung", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Blocks: []pdf.Block{pdf.Text(strings.Repeat("Die Hundesteuer wird für das Kalenderjahr festgesetzt und ist fällig. ", 20))}})
	if err != nil {
		return nil, err
	}
	out := make([][]byte, n)
	for i := range out {
		end := fmt.Sprintf("\n%% %s", db.NewID()) // after the end of the file, where a PDF may have anything
		out[i] = append(slices.Clone(b.Bytes()), end...)
		if more := 20<<10 - len(out[i]); more > 1 {
			out[i] = append(out[i], "\n%"+strings.Repeat("x", more-2)...)
		}
	}
	return out, nil
}

// Floor writes the files to a new folder in dir, each with its own fsync, by so many at once.
func Floor(dir string, files [][]byte, atOnce int) (time.Duration, error) {
	dir, err := os.MkdirTemp(dir, "floor-")
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	err = parallel(len(files), atOnce, func(_, i int) error {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.pdf", i)))
		if err != nil {
			return err
		}
		if _, err := f.Write(files[i]); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		return f.Close()
	})
	return time.Since(begin), err
}

// File files the documents as the caller in ctx, so many a form, by as many clerks at once as there are cases, each in
// theirs: blob, transaction, rights and log.
func File(ctx context.Context, h *platform.House, r *filing.Room, cases []string, files [][]byte, each int) (time.Duration, error) {
	begin := time.Now()
	forms := slices.Collect(slices.Chunk(files, each))
	err := parallel(len(forms), len(cases), func(clerk, i int) error {
		var stored []filing.Stored
		for k, content := range forms[i] {
			ref, err := h.Blobs.Put(ctx, bytes.NewReader(content), filing.MaxFile)
			if err != nil {
				return err
			}
			stored = append(stored, filing.Stored{Ref: ref, Name: fmt.Sprintf("Bescheid %d-%d.pdf", i, k), MediaType: "application/pdf"})
		}
		_, err := r.File(ctx, cases[clerk], db.NewID(), stored, true)
		return err
	})
	return time.Since(begin), err
}

// parallel calls f for each of n by so many workers at once, and tells it which one it is.
func parallel(n, atOnce int, f func(worker, i int) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := make(chan int)
	for worker := range atOnce {
		wg.Go(func() {
			for i := range next {
				if err := f(worker, i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first
}

// FillCase puts so many documents into the case without their bytes, for lists.
func FillCase(ctx context.Context, h *platform.House, core *records.Room, caseID string, n int) error {
	for from := 0; from < n; from += 500 {
		err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			c, err := core.CaseByID(ctx, tx, access.All, caseID, "")
			if err != nil {
				return err
			}
			var docs []records.Document
			for i := from; i < min(n, from+500); i++ {
				docs = append(docs, records.Document{Kind: filing.Paper, Name: fmt.Sprintf("Schreiben %06d.pdf", i), Hash: strings.Repeat("0", 64), Size: 20480,
					MediaType: "application/pdf", Subject: "Betreff", CreatedAt: h.Now().Add(-time.Duration(n-i) * time.Second)})
			}
			return core.FileDocuments(ctx, tx, c, "filing.filed", docs)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FillIncoming puts so many posts into the authority's intake, without documents.
func FillIncoming(ctx context.Context, h *platform.House, authority string, n int) error {
	for from := 0; from < n; from += 1000 {
		err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i := from; i < min(n, from+1000); i++ {
				sender, subject := fmt.Sprintf("Absender %d", i%997), fmt.Sprintf("Schreiben Nummer %d", i)
				at := db.Micros(h.Now().Add(-time.Duration(n-i) * time.Minute))
				if _, err := tx.Exec(ctx, `INSERT INTO filing_incoming (id, authority_id, org_id, source, sender, subject, search, received_at, created_at,
					created_by, case_id, assigned_at, assigned_by) VALUES ($1, $2, '', 'upload', $3, $4, $5, $6, $6, 'x', '', 0, '')`, db.NewID(), authority,
					sender, subject, strings.ToLower(sender+" "+subject), at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// P99 runs f so often and says how long the slowest but one in a hundred took.
func P99(n int, f func(i int) error) (time.Duration, error) {
	took := make([]time.Duration, n)
	for i := range took {
		begin := time.Now()
		if err := f(i); err != nil {
			return 0, err
		}
		took[i] = time.Since(begin)
	}
	slices.Sort(took)
	return took[len(took)*99/100], nil
}
