package apply

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"rennsteig/apply/form"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
)

const (
	maxFile  = 10 << 20  // bytes of one file
	maxFiles = 100 << 20 // bytes of all files of an application and its answers
	maxCount = 50        // files of an application and its answers
	sniff    = 3072      // bytes that tell the type
)

// fileTypes are the media types taken, with the extensions that go with them.
var fileTypes = map[string][]string{
	"application/pdf": {".pdf"},
	"image/jpeg":      {".jpg", ".jpeg"},
	"image/png":       {".png"},
}

// accept is what the browser offers to choose from.
const accept = ".pdf,.jpg,.jpeg,.png"

// upload is a file as it comes in.
type upload struct {
	name string
	open func() (io.ReadCloser, error)
}

// keep stores a file before anything is known of it but its type, and returns what to remember. Content and extension
// must agree; whoever gets the file later gets it as an attachment, never shown in place.
func (r *Room) keep(ctx context.Context, u upload) (attachment, error) {
	name := fileName(u.name)
	f, err := u.open()
	if err != nil {
		return attachment{}, err
	}
	defer f.Close()
	head := make([]byte, sniff)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return attachment{}, err
	}
	head = head[:n]
	if n == 0 {
		return attachment{}, errs.E(errs.Invalid, "apply.file.empty", name)
	}
	mediaType, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	if !slices.Contains(fileTypes[mediaType], strings.ToLower(path.Ext(name))) {
		return attachment{}, errs.E(errs.Invalid, "apply.file.type", name)
	}
	ref, err := r.h.Blobs.Put(ctx, r.h.Scan.Pass(ctx, io.MultiReader(bytes.NewReader(head), f)), maxFile)
	if errs.Is(err, errs.TooLarge) && errs.As(err).Key == "errs.too_large" {
		return attachment{}, errs.E(errs.Invalid, "apply.file.too_large", name)
	}
	if err != nil {
		return attachment{}, err
	}
	return attachment{id: db.NewID(), name: name, hash: ref.Hash, size: ref.Size, mediaType: mediaType, created: r.h.Now()}, nil
}

// fileName is the name without folders, invisible characters and what headers and file systems stumble over.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(s, `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"<>|:*?/`, r) || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, s)
	ext := path.Ext(s)
	if len(ext) < 2 || len(ext) > 8 {
		ext = ""
	}
	stem := []rune(strings.Trim(strings.TrimSuffix(s, ext), " ."))
	if len(stem) == 0 {
		stem = []rune("datei")
	}
	return string(stem[:min(len(stem), 100)]) + ext
}

// fits checks the limits of all files together; what is there twice is left out.
func fits(have, more []attachment) ([]attachment, error) {
	var size int64
	for _, f := range have {
		size += f.size
	}
	var out []attachment
	for _, m := range more {
		again := func(f attachment) bool {
			return f.hash == m.hash && f.name == m.name && f.field == m.field && f.message == m.message
		}
		if slices.ContainsFunc(have, again) || slices.ContainsFunc(out, again) {
			continue // a second click
		}
		out = append(out, m)
		size += m.size
	}
	if size > maxFiles {
		return nil, errs.E(errs.Invalid, "apply.file.all_too_large")
	}
	if len(have)+len(out) > maxCount {
		return nil, errs.E(errs.Invalid, "apply.file.too_many", maxCount)
	}
	return out, nil
}

// attach adds files to a draft, as the answer to a question of the group. Files go to the store first, the rows
// follow in one transaction.
func (r *Room) attach(ctx context.Context, h holder, id, groupID, fieldID string, uploads []upload) error {
	a, have, err := r.own(ctx, r.h.DB.Reader(), h, id)
	if err != nil {
		return err
	}
	d, err := r.definition(a)
	if err != nil {
		return err
	}
	g := d.Group(groupID)
	if g == nil || !slices.ContainsFunc(g.Fields, func(f *form.Field) bool { return f.ID == fieldID && f.Kind == form.File }) {
		return errs.E(errs.Invalid, "apply.unknown_field")
	}
	if len(have)+len(uploads) > maxCount {
		return errs.E(errs.Invalid, "apply.file.too_many", maxCount)
	}
	var kept []attachment
	for _, u := range uploads {
		f, err := r.keep(ctx, u)
		if err != nil {
			return err
		}
		f.field = fieldID
		kept = append(kept, f)
	}
	return r.inDraft(ctx, h, id, func(ctx context.Context, tx *db.Tx, a *application) error {
		have, err := attachments(ctx, tx, a.authority, a.id)
		if err != nil {
			return err
		}
		fresh, err := fits(have, kept)
		if err != nil {
			return err
		}
		for _, f := range fresh {
			if err := insertAttachment(ctx, tx, a.authority, a.id, f); err != nil {
				return err
			}
		}
		return saveDraft(ctx, tx, a, r.h.Now())
	})
}

// detach removes a file from a draft; no error if it has gone already.
func (r *Room) detach(ctx context.Context, h holder, id, file string) error {
	return r.inDraft(ctx, h, id, func(ctx context.Context, tx *db.Tx, a *application) error {
		if err := deleteAttachment(ctx, tx, a.authority, a.id, file); err != nil {
			return err
		}
		return saveDraft(ctx, tx, a, r.h.Now())
	})
}
