package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"rennsteig/platform/errs"
)

// IDLength is the length of an id.
const IDLength = 36

// ID is s if it is an id as the house makes them, else "", which nothing has.
func ID(s string) string {
	if len(s) != IDLength || uuid.Validate(s) != nil {
		return ""
	}
	return strings.ToLower(s)
}

// PathID is the {id} in the address; "" if it is none.
func PathID(r *http.Request) string { return ID(r.PathValue("id")) }

// FormID is the id that a form gives to what it makes, so that sending it twice makes one; a new one for a new form.
func FormID(s string) string {
	if id := ID(s); id != "" {
		return id
	}
	return uuid.Must(uuid.NewV7()).String()
}

// FormVersion is the version that a form was made from; 0, which nothing stored has, if it names none.
func FormVersion(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	return n
}

// Query is what was typed into a search field, in one line and not longer than anyone searches for.
func Query(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")), " ")
	if utf8.RuneCountInString(s) > 200 {
		s = string([]rune(s)[:200])
	}
	return s
}

// Text gives the texts in the language of the request's reader.
func (s *Site) Text(r *http.Request) func(key string, args ...any) string {
	return func(key string, args ...any) string { return s.T(r, key, args...) }
}

// FieldError is what is wrong with the field, in the reader's language, several things in one line; "" if nothing is.
func (s *Site) FieldError(r *http.Request, err error, name string) string {
	if err == nil {
		return ""
	}
	var all []string
	for _, f := range errs.As(err).Fields {
		if f.Name == name {
			all = append(all, s.T(r, f.Key, f.Args...))
		}
	}
	return strings.Join(slices.Compact(all), " ")
}

// Failure is the message of an error that is not about single fields, for the page that shows a form again.
func (s *Site) Failure(r *http.Request, err error) Alert {
	if err == nil || len(errs.As(err).Fields) > 0 {
		return Alert{}
	}
	e := errs.As(err)
	return Alert{Kind: "warning", Title: s.T(r, e.Key, e.Args...)}
}

// Retry reports whether the error is for the person at the form to mend: their input, or what has changed meanwhile.
func Retry(err error) bool { return errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) }

// Address is the path with the query, or alone if there is none.
func Address(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Values makes the query of an address of names and values, without those that are empty.
func Values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// Cell keeps a spreadsheet from taking a text in a CSV file for a formula.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
