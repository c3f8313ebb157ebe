package audit

import (
	"archive/zip"
	"bufio"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

//go:embed export/README.txt
var exportReadme string

// ExportCheckpoint is a line of checkpoints.jsonl in an export.
type ExportCheckpoint struct {
	Number int64  `json:"number"`
	Size   int64  `json:"size"`
	Note   string `json:"note"`
}

// Export writes the log as far as the newest checkpoint covers it, for an outside auditor: a ZIP file with the entries
// in canonical form, their hashes, all checkpoints, the public keys and a README. It streams; package auditor checks
// such a file. progress (may be nil) is told how many entries of how many are written.
func (l *Log) Export(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	newest, err := newestCheckpoint(ctx, l.d.Reader())
	if err != nil {
		return err
	}
	if newest.number < 0 {
		return errors.New("the audit log has no checkpoint yet: nothing to export")
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	z := zip.NewWriter(w)
	file := func(name string, f func(w *bufio.Writer) error) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()}
		part, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		b := bufio.NewWriterSize(part, 64<<10)
		return errors.Join(f(b), b.Flush())
	}
	entries := func(line func(w *bufio.Writer, r *row) error, done func(n int64)) func(*bufio.Writer) error {
		return func(w *bufio.Writer) error {
			for seq := int64(0); ; {
				rows, err := entriesFrom(ctx, l.d.Reader(), seq, newest.size, 1000)
				if err != nil || len(rows) == 0 {
					return err
				}
				for i := range rows {
					if err := line(w, &rows[i]); err != nil {
						return err
					}
				}
				seq = rows[len(rows)-1].seq + 1
				done(seq)
			}
		}
	}
	steps := []struct {
		name string
		f    func(*bufio.Writer) error
	}{
		{"README.txt", text(exportReadme)},
		{"audit.pub", text(strings.Join(l.key.Public(), "\n") + "\n")},
		{"checkpoints.jsonl", func(w *bufio.Writer) error {
			enc := json.NewEncoder(w)
			for after := int64(math.MinInt64); ; {
				list, err := checkpoints(ctx, l.d.Reader(), after, newest.size, 1000)
				if err != nil || len(list) == 0 {
					return err
				}
				for _, c := range list {
					if err := enc.Encode(ExportCheckpoint{c.number, c.size, c.note}); err != nil {
						return err
					}
				}
				after = list[len(list)-1].size
			}
		}},
		{"hashes.txt", entries(func(w *bufio.Writer, r *row) error {
			_, err := fmt.Fprintf(w, "%d %s\n", r.seq, hex.EncodeToString(r.hash))
			return err
		}, func(int64) {})},
		{"entries.jsonl", entries(func(w *bufio.Writer, r *row) error {
			_, err := w.Write(append(r.canonical(), '\n'))
			return err
		}, func(n int64) { progress(n, newest.size) })},
	}
	for _, s := range steps {
		if err := file(s.name, s.f); err != nil {
			return fmt.Errorf("export %s: %w", s.name, err)
		}
	}
	return z.Close()
}
