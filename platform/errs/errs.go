// Package errs is the one error type that reaches people: a code that decides status and exit code, and a
// catalogue key that names what is wrong and what to do. The inner error only goes to the log.
package errs

import (
	"errors"
	"fmt"
	"net/http"
)

// Code says what kind of failure this is.
type Code string

// The codes, and the HTTP status each becomes (see Status).
const (
	Invalid         Code = "invalid"         // 422: the input is wrong and the person can mend it
	NotFound        Code = "not_found"       // 404: there is no such thing, or not for this person
	Conflict        Code = "conflict"        // 409: somebody else was faster, or it was done already
	Denied          Code = "denied"          // 403: signed in, but not allowed
	Unauthenticated Code = "unauthenticated" // 401: sign in first
	TooLarge        Code = "too_large"       // 413: more bytes than accepted
	TooMany         Code = "too_many"        // 429: too many requests, try later
	Unavailable     Code = "unavailable"     // 503: something we need does not answer
	Internal        Code = "internal"        // 500: our fault
)

// Error carries a Code, a catalogue key with its arguments, and what caused it.
type Error struct {
	Code   Code
	Key    string // catalogue key, e.g. "records.case_not_found"
	Args   []any  // arguments of the catalogue text
	Fields []Field
	Err    error // never shown to a person
}

// Field is one wrong answer in a form.
type Field struct {
	Name string // the input's name and the anchor of the error summary
	Key  string // catalogue key
	Args []any
}

// E makes an error for a person. If the last argument is an error it becomes the inner error.
func E(code Code, key string, args ...any) error {
	e := &Error{Code: code, Key: key}
	if n := len(args); n > 0 {
		if inner, ok := args[n-1].(error); ok {
			e.Err, args = inner, args[:n-1]
		}
	}
	e.Args = args
	return e
}

// InvalidFields makes an Invalid error that lists wrong fields; nil if there are none.
func InvalidFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: Invalid, Key: "errs.fields", Fields: fields}
}

// Error is for logs and tests, not for people.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Key
	if len(e.Args) > 0 {
		s += fmt.Sprintf(" %v", e.Args)
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Name, f.Key)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the inner error.
func (e *Error) Unwrap() error { return e.Err }

// Wrap adds context to *err if it is not nil: defer errs.Wrap(&err, "File(%s)", id).
func Wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *err)
	}
}

// As returns the *Error inside err, or an Internal one around it.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Key: "errs.internal", Err: err}
}

// CodeOf returns the code of err; "" for nil, Internal for a foreign error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return As(err).Code
}

// Is reports whether err has the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// Status is the HTTP status of a code.
func Status(code Code) int {
	switch code {
	case Invalid:
		return http.StatusUnprocessableEntity
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Denied:
		return http.StatusForbidden
	case Unauthenticated:
		return http.StatusUnauthorized
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
