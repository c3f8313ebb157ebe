package filing

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"rennsteig/platform/blob"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Limits of an upload.
const (
	MaxFile   = 100 << 20 // bytes of one file
	MaxUpload = 500 << 20 // bytes of one form
	MaxFiles  = 500       // of one form
	maxField  = 64 << 10  // bytes of a typed field
	maxFields = 2200      // as many boxes as a list can have, and more
)

// Stored is a file from outside whose bytes lie in the blob store.
type Stored struct {
	blob.Ref
	Name      string
	MediaType string
}

// upload is what a form brought.
type upload struct {
	fields url.Values
	files  []Stored
}

// get is the field's last value.
func (u upload) get(name string) string { return u.fields.Get(name) }

// readUpload reads a multipart form and stores its files while they come in. Whoever calls it has asked already whether the
// caller may file here. What breaks off leaves no more than stored bytes that nothing names.
func (r *Room) readUpload(w http.ResponseWriter, req *http.Request) (upload, error) {
	req.Body = http.MaxBytesReader(w, req.Body, MaxUpload)
	parts, err := req.MultipartReader()
	if err != nil {
		return upload{}, errs.E(errs.Invalid, "errs.form", err)
	}
	return readParts(req.Context(), parts, func(ctx context.Context, content io.Reader) (blob.Ref, error) {
		return r.h.Blobs.Put(ctx, r.h.Scan.Pass(ctx, content), MaxFile)
	})
}

// readParts is readUpload on the form's parts, with put for its files.
func readParts(ctx context.Context, parts *multipart.Reader, put func(context.Context, io.Reader) (blob.Ref, error)) (upload, error) {
	u := upload{fields: url.Values{}}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return u, nil
		case err != nil:
			return u, broken(err)
		case n == maxFields:
			return u, errs.E(errs.Invalid, "errs.form")
		}
		if isFile(part) {
			err = u.addFile(ctx, part, put)
		} else {
			err = u.addField(part)
		}
		if err != nil {
			return u, broken(err)
		}
	}
}

// isFile reports whether the part is that of a file input, chosen or left empty.
func isFile(part *multipart.Part) bool {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	_, named := params["filename"]
	return err == nil && named
}

func (u *upload) addFile(ctx context.Context, part *multipart.Part, put func(context.Context, io.Reader) (blob.Ref, error)) error {
	if part.FileName() == "" {
		return nil // nothing was chosen
	}
	if len(u.files) == MaxFiles {
		return errs.InvalidFields([]errs.Field{{Name: "dateien", Key: "filing.error.too_many_files", Args: []any{MaxFiles}}})
	}
	ref, err := put(ctx, part)
	if err != nil {
		return err
	}
	u.files = append(u.files, Stored{Ref: ref, Name: records.SafeName(part.FileName()), MediaType: mediaType(part)})
	return nil
}

func (u *upload) addField(part *multipart.Part) error {
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return err
	case len(b) > maxField:
		return errs.E(errs.TooLarge, "errs.too_large", "64 kB")
	case !utf8.Valid(b) || strings.ContainsRune(string(b), 0) || !utf8.ValidString(part.FormName()):
		return errs.E(errs.Invalid, "errs.encoding")
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\r", "\n")
	u.fields.Add(part.FormName(), text)
	return nil
}

// mediaType is what the browser says of the file or, if it does not know, what its name says.
func mediaType(part *multipart.Part) string {
	if t := records.SafeType(part.Header.Get("Content-Type")); t != "application/octet-stream" {
		return t
	}
	return typeByName(part.FileName())
}

// knownTypes are media types by extension: those of the system differ from machine to machine.
var knownTypes = map[string]string{
	".pdf": "application/pdf", ".eml": "message/rfc822", ".msg": "application/vnd.ms-outlook", ".txt": "text/plain; charset=utf-8",
	".csv": "text/csv; charset=utf-8", ".html": "text/html; charset=utf-8", ".xml": "application/xml", ".json": "application/json",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".odp": "application/vnd.oasis.opendocument.presentation", ".doc": "application/msword", ".xls": "application/vnd.ms-excel",
	".ppt": "application/vnd.ms-powerpoint", ".rtf": "application/rtf", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".png": "image/png", ".tif": "image/tiff", ".tiff": "image/tiff", ".zip": "application/zip",
}

func typeByName(name string) string {
	if t, ok := knownTypes[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// broken is an upload's error for people.
func broken(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		return errs.E(errs.TooLarge, "filing.error.upload_too_large", MaxUpload>>20, err)
	case errs.Is(err, errs.TooLarge) && errs.As(err).Key == "errs.too_large":
		return errs.E(errs.TooLarge, "filing.error.file_too_large", MaxFile>>20, err)
	case errs.CodeOf(err) != errs.Internal:
		return err
	}
	return errs.E(errs.Invalid, "filing.error.broken_upload", err)
}

// File files stored files in a case that the caller may change. form is the id of the form they came with: sent twice it
// files them once. With split a mail becomes a message with its attachments as documents of their own.
func (r *Room) File(ctx context.Context, caseID, form string, files []Stored, split bool) ([]Document, error) {
	if len(files) == 0 {
		return nil, errs.InvalidFields([]errs.Field{{Name: "dateien", Key: "filing.error.no_file"}})
	}
	docs, err := r.documentsOf(ctx, files, split)
	if err != nil {
		return nil, err
	}
	docs[0].ID = form
	for i := range docs {
		if docs[i].Parent == first {
			docs[i].Parent = form
		}
	}
	err = r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		scope, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err := r.core.CaseToChange(ctx, tx, scope, caseID)
		if err != nil {
			return err
		}
		before, err := r.store.documentsByID(ctx, tx, scope, c.ID, []string{form})
		if err != nil || len(before) > 0 {
			return err // the form was sent before
		}
		return r.fileAll(ctx, tx, c, "filing.filed", docs)
	})
	return docs, err
}

// first stands for the id of the first document, which its form chooses.
const first = "first"

// fileAll files documents with what the desk adds to them.
func (r *Room) fileAll(ctx context.Context, tx *db.Tx, c records.Case, action string, docs []Document) error {
	plain := make([]records.Document, len(docs))
	for i := range docs {
		plain[i] = docs[i].Document
	}
	if err := r.core.FileDocuments(ctx, tx, c, action, plain); err != nil {
		return err
	}
	for i := range docs {
		docs[i].Document = plain[i]
		if docs[i].Sender == "" && docs[i].Message == "" && docs[i].Keywords == "" {
			continue
		}
		if err := r.store.describe(ctx, tx, access.At(c.Authority), docs[i]); err != nil {
			return err
		}
	}
	return nil
}
