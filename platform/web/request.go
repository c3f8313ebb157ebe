package web

import (
	"net/http"
)

// ReadForm reads a posted form (urlencoded or multipart) of at most limit bytes. errs.TooLarge beyond, errs.Invalid
// for what is no form or no UTF-8. Uploaded files are in r.MultipartForm.File; they live until the request ends.
func ReadForm(w http.ResponseWriter, r *http.Request, limit int64) error {
	panic("being built")
}

// Limit lets one caller (signed-in subject, else client address) call h at most perMinute times a minute after a
// burst; beyond that errs.TooMany with Retry-After. name keeps the counts of different doors apart.
func (s *Site) Limit(name string, perMinute, burst int, h Handler) Handler { return h }

// Redirect answers 303 to path on this site. notice is a catalogue key shown once, as a success message, on the next
// page; "" for none.
func (s *Site) Redirect(w http.ResponseWriter, r *http.Request, path, notice string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// Place is "Mein Ort" of the request: the 12-digit ARS in the cookie "ort"; "" if none.
func Place(r *http.Request) string { return "" }

// SetPlace remembers "Mein Ort"; "" forgets it.
func SetPlace(w http.ResponseWriter, r *http.Request, ars string) {}
