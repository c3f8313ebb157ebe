package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
)

const (
	formMemory = 1 << 20  // of a multipart form; files beyond it go to temporary files
	formDrain  = 64 << 20 // of an oversize body that is read and thrown away
)

// ReadForm reads a posted form (urlencoded or multipart) of at most limit bytes. errs.TooLarge beyond, errs.Invalid
// for what is no form or no UTF-8, errs.Unavailable if there is no room for its files. Uploaded files are in r.MultipartForm.File; they live until the request ends.
//
// Line ends become "\n". The three inputs of a date field NAME (NAME-day, NAME-month, NAME-year) are joined: afterwards
// r.Form and r.PostForm have NAME as DateValue gives it.
func ReadForm(w http.ResponseWriter, r *http.Request, limit int64) error {
	body := r.Body
	r.Body = http.MaxBytesReader(w, body, limit)
	err := parseForm(r)
	if f := r.MultipartForm; f != nil {
		// The server removes the files of the request it knows; a middleware may have handed us a copy.
		context.AfterFunc(r.Context(), func() { _ = f.RemoveAll() })
	}
	var tooLarge *http.MaxBytesError
	var disk *fs.PathError
	switch {
	case err == nil:
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		// A browser that is still sending shows "connection reset" instead of our answer, so let it finish.
		_, _ = io.CopyN(io.Discard, body, formDrain)
		return errs.E(errs.TooLarge, "errs.too_large", SizeText(limit), err)
	case errors.As(err, &disk): // the folder for temporary files is full
		return errs.E(errs.Unavailable, "errs.no_space", err)
	default:
		return errs.E(errs.Invalid, "errs.form", err)
	}
	if !cleanValues(r.Form) || !cleanValues(r.PostForm) || !cleanFiles(r.MultipartForm) {
		return errs.E(errs.Invalid, "errs.encoding")
	}
	joinDates(r.Form)
	joinDates(r.PostForm)
	return nil
}

func parseForm(r *http.Request) error {
	mt, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	switch mt {
	case "application/x-www-form-urlencoded":
		return r.ParseForm()
	case "multipart/form-data":
		return r.ParseMultipartForm(formMemory)
	}
	return errors.New("not a form: " + mt)
}

// SizeText is a number of bytes as people read it, in whole KB or MB. Only what is empty has 0 KB.
func SizeText(n int64) string {
	if n < 1<<20 {
		return formatInt(max((n+512)>>10, min(n, 1))) + " KB"
	}
	return formatInt((n+1<<19)>>20) + " MB"
}

// cleanValues reports whether all keys and values are text, and makes their line ends "\n".
func cleanValues(v url.Values) bool {
	for key, values := range v {
		if !isText(key) {
			return false
		}
		for i, s := range values {
			if !isText(s) {
				return false
			}
			if strings.Contains(s, "\r") {
				values[i] = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
			}
		}
	}
	return true
}

func cleanFiles(f *multipart.Form) bool {
	if f == nil {
		return true
	}
	for key, files := range f.File {
		if !isText(key) {
			return false
		}
		for _, file := range files {
			if !isText(file.Filename) {
				return false
			}
		}
	}
	return true
}

func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// Redirect answers 303 to path on this site. notice is a catalogue key shown once, as a success message, on the next
// page; "" for none. Its text has no arguments, and one part of the key is "notice" ("records.notice.decided"): the key
// comes back in a cookie, and no other text may be shown by setting that cookie. A path that LocalPath refuses goes to
// the start page.
func (s *Site) Redirect(w http.ResponseWriter, r *http.Request, path, notice string) error {
	if notice != "" {
		if !s.isNotice(notice) {
			return errors.New("web: not a notice: " + notice)
		}
		setNotice(w, r, notice)
	}
	w.Header().Set("Location", LocalPath(path))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// RedirectCount is Redirect with a notice that says how many (n, not negative): its text is that of notice.one or
// notice.other, which have the number as their only argument.
func (s *Site) RedirectCount(w http.ResponseWriter, r *http.Request, path, notice string, n int) error {
	if !s.isNotice(notice + ".other") {
		return errors.New("web: not a notice: " + notice)
	}
	setNotice(w, r, notice+noticeCount+strconv.Itoa(n))
	return s.Redirect(w, r, path, "")
}

func setNotice(w http.ResponseWriter, r *http.Request, value string) {
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Value: value, Path: "/", MaxAge: 60,
		HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode})
}

// LocalPath is path if it leads to a page of this site, else "/". It begins with exactly one "/" and has no backslash
// or control character: browsers read "/\host" and "/<tab>/host" as another site.
func LocalPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || !isText(path) || len(path) > maxURL {
		return "/"
	}
	for _, c := range path {
		if c == '\\' || c < ' ' || c == 0x7f {
			return "/"
		}
	}
	if u, err := url.Parse(path); err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return path
}

const (
	noticeCookie = "hinweis"
	noticeCount  = ":" // between a notice and its number
	placeCookie  = "ort"
	langCookie   = "lang"
)

func (s *Site) isNotice(key string) bool {
	if !s.Texts.Has(i18n.German, key) {
		return false
	}
	for part := range strings.SplitSeq(key, ".") {
		if part == "notice" {
			return true
		}
	}
	return false
}

// takeNotice returns the text of the notice and forgets it.
func (s *Site) takeNotice(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1})
	if key, count, ok := strings.Cut(c.Value, noticeCount); ok {
		n, err := strconv.ParseUint(count, 10, 16)
		if err != nil || !s.isNotice(key+".other") {
			return ""
		}
		return s.Texts.N(Lang(r), key, int(n))
	}
	if !s.isNotice(c.Value) {
		return ""
	}
	return s.T(r, c.Value)
}

// Place is "Mein Ort" of the request: the 12-digit ARS in the cookie "ort"; "" if none.
func Place(r *http.Request) string {
	c, err := r.Cookie(placeCookie)
	if err != nil || !isARS(c.Value) {
		return ""
	}
	return c.Value
}

// SetPlace remembers "Mein Ort" for a year; "", or what is no ARS, forgets it.
func SetPlace(w http.ResponseWriter, r *http.Request, ars string) {
	keep(w, r, placeCookie, ars, isARS(ars))
}

func isARS(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// keep sets a cookie for a year, or removes it.
func keep(w http.ResponseWriter, r *http.Request, name, value string, ok bool) {
	c := &http.Cookie{Name: name, Path: "/", HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteLaxMode, MaxAge: -1}
	if ok {
		c.Value, c.MaxAge = value, int((365 * 24 * time.Hour).Seconds())
	}
	http.SetCookie(w, c)
}

// Lang is the language of the request: the parameter "lang" of the address (search engines and shared links have it), the
// cookie "lang", else German.
func Lang(r *http.Request) i18n.Lang {
	if strings.Contains(r.URL.RawQuery, langCookie+"=") {
		switch asked := i18n.Lang(r.URL.Query().Get(langCookie)); asked {
		case i18n.German, i18n.English:
			return asked
		}
	}
	if c, err := r.Cookie(langCookie); err == nil && c.Value == string(i18n.English) {
		return i18n.English
	}
	return i18n.German
}

// Origin is our address as the browser sees it: "https://rennsteig.example".
func Origin(r *http.Request) string {
	if secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// secure reports whether the browser speaks HTTPS with us or with a proxy before us. A forged header only makes the
// forger's own cookie stricter.
func secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}
