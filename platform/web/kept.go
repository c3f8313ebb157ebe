package web

import (
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rennsteig/platform/errs"
)

const (
	keptText  = 1 << 20  // of a form that is kept, in bytes
	keptFiles = 64 << 20 // of files that are read past on the way to its text
)

// keptData is a form that came from somebody who is not signed in any more, to be sent again from where it is shown. It
// lives in that page alone: nothing of it is stored, and nothing is done before they send it again.
type keptData struct {
	Message   string
	Action    string
	Multipart bool
	Values    []keptValue
	Texts     []string // what is worth being read of them
	Files     []keptFile
}

type keptValue struct{ Name, Value string }

// keptFile is an input whose files have to be chosen again.
type keptFile struct{ Name, Chosen string }

// showKept answers what comes with a form from somebody who is not signed in with all that was typed. false if no form came,
// or none that can be read.
func (s *Site) showKept(w http.ResponseWriter, r *http.Request, e *errs.Error) bool {
	data := keptData{Message: s.T(r, e.Key, e.Args...), Action: LocalPath(r.URL.RequestURI())}
	values, files, err := readKept(w, r)
	if err != nil || len(values) == 0 {
		return false
	}
	mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // was read already
	data.Multipart = mt == "multipart/form-data"
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			data.Values = append(data.Values, keptValue{name, v})
			if len(strings.Fields(v)) > 1 && !slices.Contains(data.Texts, v) {
				data.Texts = append(data.Texts, v)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data.Files = append(data.Files, keptFile{name, strings.Join(files[name], ", ")})
	}
	if err := s.keptPage.RenderStatus(w, r, errs.Status(e.Code), Meta{Title: s.T(r, "web.kept")}, data); err != nil {
		s.Log.ErrorContext(r.Context(), "kept form not shown", "error", err)
		return false
	}
	return true
}

// readKept returns the values of the posted form, and the names of its files by input, whether a handler has read it already
// or not. Files are read past.
func readKept(w http.ResponseWriter, r *http.Request) (url.Values, url.Values, error) {
	files := url.Values{}
	if r.PostForm == nil {
		body := r.Body
		r.Body = http.MaxBytesReader(w, body, keptFiles)
		parts, err := r.MultipartReader()
		if errors.Is(err, http.ErrNotMultipart) {
			r.Body = body
			err = ReadForm(w, r, keptText)
			return r.PostForm, files, err
		} else if err != nil {
			return nil, nil, err
		}
		values, left := url.Values{}, int64(keptText)
		for {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return values, files, nil
			} else if err != nil {
				return nil, nil, err
			}
			if part.FileName() != "" {
				if _, err := io.Copy(io.Discard, part); err != nil {
					return nil, nil, err
				}
				files.Add(part.FormName(), part.FileName())
				continue
			}
			b, err := io.ReadAll(io.LimitReader(part, left+1))
			if left -= int64(len(b) + len(part.FormName())); err != nil || left < 0 || !isText(string(b)) || !isText(part.FormName()) {
				return nil, nil, errs.E(errs.Invalid, "errs.form", err)
			}
			values.Add(part.FormName(), string(b))
		}
	}
	if r.MultipartForm != nil {
		for name, all := range r.MultipartForm.File {
			for _, f := range all {
				files.Add(name, f.Filename)
			}
		}
	}
	return r.PostForm, files, nil
}
