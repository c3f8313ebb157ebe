package records

import (
	"context"
	"io"
	"mime"
	"path"
	"strings"
	"time"
	"unicode"

	"rennsteig/records/access"
)

// Kind is what a document is to its case.
type Kind string

// The kinds.
const (
	ApplicationJSON Kind = "application_json" // the answers as sent
	ApplicationPDF  Kind = "application_pdf"  // the answers to read
	AttachmentKind  Kind = "attachment"       // sent with the application
	AnswerKind      Kind = "answer"           // sent in answer to a question
	NoticeHTML      Kind = "notice_html"
	NoticePDF       Kind = "notice_pdf"
)

// Document is a document of a case, as its current version is.
type Document struct {
	ID         string
	Authority  string
	FileID     string
	CaseID     string
	Kind       Kind
	Name       string // file name, safe to show and to save under
	Hash       string // SHA-256 of the blob
	Size       int64  // bytes
	MediaType  string
	CreatedAt  time.Time // of the first version
	CreatedBy  string
	Version    int64
	Parent     string // document that this one came with: the message of an attachment; "" if none
	Subject    string
	LockedBy   string // subject of who edits it; "" if nobody
	LockedName string
	LockedAt   time.Time
	FinalAt    time.Time // of the final signature, after which there is no new version; zero while a draft
}

// OpenDocument reads a document of the caller's authorities; close what it returns. errs.NotFound for any other.
func (r *Room) OpenDocument(ctx context.Context, id string) (Document, io.ReadCloser, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return Document{}, nil, err
	}
	d, err := r.store.documentByID(ctx, q, scope, id)
	if err != nil {
		return Document{}, nil, err
	}
	c, err := r.store.caseByID(ctx, q, scope, d.CaseID, "")
	if err != nil {
		return Document{}, nil, err
	}
	if err := r.NoteReading(ctx, "records.read", d.Authority, DocumentObject(id), c.Level, nil); err != nil {
		return Document{}, nil, err
	}
	content, err := r.OpenBlob(ctx, d.Hash, d.Name)
	return d, content, err
}

// SafeName makes a file name from outside harmless: its last element, no control or format characters (which could
// turn "exe.pdf" around), no separators, at most 120 characters with the extension kept; "Datei" if nothing is left.
func SafeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsControl(c), unicode.Is(unicode.Cf, c), unicode.Is(unicode.Zl, c), unicode.Is(unicode.Zp, c):
			return -1
		case strings.ContainsRune(`/\:*?"<>|;%`, c):
			return '_'
		}
		return c
	}, name)
	name = strings.Trim(name, ". ")
	if name == "" {
		return "Datei"
	}
	const most = 120
	if r := []rune(name); len(r) > most {
		ext := []rune(path.Ext(name))
		if len(ext) > 12 {
			ext = nil
		}
		name = string(r[:most-len(ext)]) + string(ext)
	}
	return name
}

// SafeType is a media type that may stand in a header; "application/octet-stream" for what is none.
func SafeType(t string) string {
	media, params, err := mime.ParseMediaType(t)
	if err != nil || !strings.Contains(media, "/") || len(t) > 200 {
		return "application/octet-stream"
	}
	return mime.FormatMediaType(media, params)
}

// Disposition has the browser save the file under its name (RFC 6266).
func Disposition(name string) string {
	d := mime.FormatMediaType("attachment", map[string]string{"filename": SafeName(name)})
	if d == "" {
		return "attachment"
	}
	return d
}
