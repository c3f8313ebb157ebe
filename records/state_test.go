package records

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rennsteig/platform/audit"
	"rennsteig/platform/audit/auditor"
	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// TestForgedRows changes rows by plain SQL, as somebody with the database would: the log names each, and so does the proof of
// the file.
func TestForgedRows(t *testing.T) {
	for _, x := range []struct {
		name       string
		statements []string // FILE, CASE, DOC and OTHER stand for ids
		want       string   // what the log says; CASEREF, FILEREF for the Aktenzeichen
		proof      bool     // the proof of the file says it too
	}{
		{"document removed", []string{`DELETE FROM records_version WHERE document_id = 'DOC'`, `DELETE FROM records_document WHERE id = 'DOC'`},
			"the row of document:DOC of case:CASE (CASEREF) of file:FILE (FILEREF) was removed outside the program", true},
		{"hash of another document", []string{`UPDATE records_version SET hash = (SELECT hash FROM records_document WHERE id = 'OTHER') WHERE document_id = 'DOC'`,
			`UPDATE records_document SET hash = (SELECT hash FROM records_document WHERE id = 'OTHER') WHERE id = 'DOC'`},
			"the row of document:DOC (a.txt) of case:CASE (CASEREF) of file:FILE (FILEREF) was changed outside the program", true},
		{"version's hash alone", []string{`UPDATE records_version SET hash = (SELECT hash FROM records_document WHERE id = 'OTHER') WHERE document_id = 'DOC'`},
			"the row of document:DOC (a.txt)", true},
		{"version removed", []string{`DELETE FROM records_version WHERE document_id = 'DOC'`}, "the row of document:DOC (a.txt)", true},
		{"version added", []string{`INSERT INTO records_version (document_id, number, authority_id, name, hash, size, media_type, comment, created_at, created_by)
			SELECT document_id, 2, authority_id, name, hash, size, media_type, comment, created_at, created_by FROM records_version WHERE document_id = 'DOC'`},
			"the row of document:DOC (a.txt)", true},
		{"file's subject", []string{`UPDATE records_file SET subject = 'Anderes' WHERE id = 'FILE'`}, "the row of file:FILE (FILEREF) was changed outside the program", true},
		{"end of retention", []string{`UPDATE records_file SET retain_until = 1 WHERE id = 'FILE'`}, "the row of file:FILE (FILEREF) was changed outside the program", true},
		{"case's subject", []string{`UPDATE records_case SET subject = 'Anderes' WHERE id = 'CASE'`}, "the row of case:CASE (CASEREF) of file:FILE (FILEREF) was changed outside the program", true},
		{"revision too", []string{`UPDATE records_case SET subject = 'Anderes', revision = revision + 1 WHERE id = 'CASE'`}, "the row of case:CASE (CASEREF)", true},
		{"document added", []string{`INSERT INTO records_document (id, authority_id, file_id, case_id, kind, name, hash, size, media_type, created_at, created_by)
			SELECT 'NEW', authority_id, file_id, case_id, kind, 'b.txt', hash, size, media_type, created_at, created_by FROM records_document WHERE id = 'DOC'`},
			"the row of document:NEW (b.txt) of case:CASE (CASEREF) of file:FILE (FILEREF) was added outside the program", true},
	} {
		t.Run(strings.ReplaceAll(x.name, " ", "_"), func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				f := h.open(t, erika, Details{Subject: "Hunde"})
				c := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Dackel"})
				docs := []Document{h.stored(t, "a.txt", "eins"), h.stored(t, "c.txt", "zwei")}
				must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "records.filed", docs) }))
				ids := strings.NewReplacer("FILEREF", f.Reference, "CASEREF", c.Reference, "FILE", f.ID, "CASE", c.ID, "DOC", docs[0].ID,
					"OTHER", docs[1].ID, "NEW", db.NewID())
				if r := h.verify(t); !r.OK() || r.Rows != 4 {
					t.Fatalf("before: %d rows, %v", r.Rows, r.Problems)
				}
				if s := h.prove(t, f); len(s.Problems) != 0 {
					t.Fatalf("proof before: %v", s.Problems)
				}
				for _, q := range x.statements {
					tx(t, h, ids.Replace(q))
				}
				r := h.verify(t)
				if len(r.Problems) != 1 || r.Problems[0].Kind != audit.BadState || !strings.Contains(r.Problems[0].Detail, ids.Replace(x.want)) {
					t.Errorf("verify says %v, want %s", r.Problems, ids.Replace(x.want))
				}
				said := strings.Join(h.prove(t, f).Problems, "\n")
				if strings.Contains(said, ids.Replace(x.want)) != x.proof {
					t.Errorf("the proof says %q", said)
				}
			})
		})
	}
}

// TestRowsBeforeUpgrade: entries without states are not held against the rows that they are about.
func TestRowsBeforeUpgrade(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		states := h.h.Audit.States
		h.h.Audit.States = nil
		f := h.open(t, erika, Details{Subject: "Hunde"})
		tx(t, h, `UPDATE records_file SET subject = 'Katzen' WHERE id = $1`, f.ID)
		h.h.Audit.States = states
		if r := h.verify(t); !r.OK() || r.Rows != 0 {
			t.Errorf("%d rows, %v", r.Rows, r.Problems)
		}
		h.openCase(t, erika, NewCase{File: f.ID, Subject: "Dackel"})
		if r := h.verify(t); !r.OK() || r.Rows != 1 {
			t.Errorf("%d rows, %v", r.Rows, r.Problems)
		}
		if s := h.prove(t, f); len(s.Problems) != 0 {
			t.Errorf("proof: %v", s.Problems)
		}
	})
}

// TestAnyOrderIsBound does things to a few files in any order: the log and the rows agree after each.
func TestAnyOrderIsBound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rapid.Check(t, func(rt *rapid.T) {
			files := []File{h.open(t, registrar, Details{Subject: "Hunde"}), h.open(t, registrar, Details{Subject: "Katzen"})}
			var cases []string
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				f := h.fileNow(t, files[rapid.IntRange(0, 1).Draw(rt, "file")].ID)
				var id string
				if len(cases) > 0 {
					id = rapid.SampledFrom(cases).Draw(rt, "case")
				}
				do := rapid.SampledFrom([]string{"open", "change file", "take", "note", "move", "close"}).Draw(rt, "do")
				if id == "" {
					do = "open"
				}
				// What is refused in the state of things is no mistake: it must leave no trace either.
				switch do {
				case "open":
					if c, err := h.OpenCase(registrar, NewCase{File: f.ID, Subject: "Sache"}); err == nil {
						cases = append(cases, c.ID)
					}
				case "change file":
					d := f.Details()
					d.Subject = fmt.Sprint("Hunde ", rapid.IntRange(0, 9).Draw(rt, "n"))
					_ = h.ChangeFile(registrar, f.ID, f.Version, d)
				case "take":
					_ = h.Take(registrar, id, h.caseNow(t, id).Version)
				case "note":
					_ = h.AddNote(registrar, id, db.NewID(), "x")
				case "move":
					_ = h.MoveCase(registrar, id, h.caseNow(t, id).Version, Move{Reference: f.Reference, Reason: "x"})
				case "close":
					_ = h.Close(registrar, id, h.caseNow(t, id).Version)
				}
			}
			if r := h.verify(t); !r.OK() {
				rt.Fatalf("%v", r.Problems)
			}
		})
	})
}

// TestWritersTell: whatever changes a row that the log binds counts its revision on and touches its object.
func TestWritersTell(t *testing.T) {
	statement := regexp.MustCompile(`tx\.(\w+)\(ctx, (?:"(\w+)", )?` + "`" + `(UPDATE|DELETE FROM) records_(file|case|document) ([^` + "`" + `]*)`)
	unbound := regexp.MustCompile(`^SET (gone|locked_by) = $`)
	n := 0
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range statement.FindAllStringSubmatch(string(source), -1) {
			n++
			if unbound.MatchString(m[5]) {
				continue
			}
			if m[1] != "Change" || m[2] != m[4] || m[3] == "UPDATE" && !strings.HasPrefix(m[5], "SET revision = revision + 1, ") {
				t.Errorf("%s: %s tells the log nothing: use db.Tx.Change, and count the revision on", path, m[0])
			}
		}
		return err
	})
	if must(t, err); n < 18 {
		t.Errorf("only %d statements were found", n)
	}
}

func (h *house) verify(t *testing.T) audit.Report {
	t.Helper()
	r, err := h.h.Audit.Verify(t.Context(), nil, nil)
	must(t, err)
	return r
}

func (h *house) prove(t *testing.T, f File) audit.Summary {
	t.Helper()
	req, err := Evidence(t.Context(), h.h.DB, f.Authority, f.Reference)
	must(t, err)
	s, err := h.h.Audit.WriteBundle(identity.AsSystem(t.Context(), "test"), &bytes.Buffer{}, req)
	must(t, err)
	return s
}

// stored is a document whose file is stored.
func (h *house) stored(t *testing.T, name, content string) Document {
	t.Helper()
	ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader(content), 1<<20)
	must(t, err)
	return Document{Name: name, Kind: AttachmentKind, Hash: ref.Hash, Size: ref.Size, MediaType: "text/plain"}
}

// TestProofTakesRows: the stand-alone verifier checks the rows that a proof takes along, and finds one that was changed in it.
func TestProofTakesRows(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.open(t, erika, Details{Subject: "Hunde"})
		c := h.openCase(t, erika, NewCase{File: f.ID, Subject: "Dackel"})
		docs := []Document{h.stored(t, "a.txt", "eins"), h.stored(t, "c.txt", "zwei")}
		must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return h.FileDocuments(ctx, tx, c, "records.filed", docs) }))
		req, err := Evidence(t.Context(), h.h.DB, f.Authority, f.Reference)
		must(t, err)
		var b bytes.Buffer
		_, err = h.h.Audit.WriteBundle(identity.AsSystem(t.Context(), "test"), &b, req)
		must(t, err)
		r, err := auditor.CheckBundle(bytes.NewReader(b.Bytes()), int64(b.Len()), auditor.BundleOptions{})
		if must(t, err); !r.OK() || r.Rows != 4 || strings.Contains(r.Text(), "which of them has which hash") {
			t.Errorf("%s", r.Text())
		}
		for old, now := range map[string]string{"name=a.txt": "name=b.txt", "subject=Hunde": "subject=Katze", docs[0].Hash: docs[1].Hash} {
			forged := rewrite(t, b.Bytes(), "rows.jsonl", old, now)
			r, err := auditor.CheckBundle(bytes.NewReader(forged), int64(len(forged)), auditor.BundleOptions{})
			if must(t, err); !strings.Contains(strings.Join(r.Problems, "\n"), "is not the one of its digest") {
				t.Errorf("%s: %q", old, r.Problems)
			}
		}
		// Somebody who has the key too would still have to answer for names and hashes that no entry binds.
		forged := rewrite(t, b.Bytes(), "documents.jsonl", docs[0].Hash, docs[1].Hash)
		r, err = auditor.CheckBundle(bytes.NewReader(forged), int64(len(forged)), auditor.BundleOptions{})
		if must(t, err); !strings.Contains(strings.Join(r.Problems, "\n"), "its row has another name or hash") {
			t.Errorf("%q", r.Problems)
		}
	})
}

// rewrite is the ZIP file with old replaced by now in one of its files.
func rewrite(t *testing.T, file []byte, name, old, now string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range z.File {
		r, err := part.Open()
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		if part.Name == name {
			content = bytes.ReplaceAll(content, []byte(old), []byte(now))
		}
		p, err := w.Create(part.Name)
		must(t, err)
		_, err = p.Write(content)
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}
