package errs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"rennsteig/platform/errs"
)

func TestStatus(t *testing.T) {
	for code, want := range map[errs.Code]int{
		errs.Invalid: 422, errs.NotFound: 404, errs.Conflict: 409, errs.Denied: 403, errs.Unauthenticated: 401,
		errs.TooLarge: 413, errs.TooMany: 429, errs.Unavailable: 503, errs.Internal: 500, "unheard of": 500,
	} {
		if got := errs.Status(code); got != want {
			t.Errorf("%s: status %d, want %d", code, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	fields := errs.InvalidFields([]errs.Field{{Name: "mail", Key: "errs.field.email"}})
	withInner := errs.E(errs.Unavailable, "pay.provider_gone", "Kasse", io.ErrUnexpectedEOF)
	for name, c := range map[string]struct {
		err  error
		code errs.Code
		text []string // parts of Error()
	}{
		"nil":     {nil, "", nil},
		"foreign": {io.EOF, errs.Internal, []string{"EOF"}},
		"plain":   {errs.E(errs.NotFound, "records.case_not_found", 7), errs.NotFound, []string{"not_found", "records.case_not_found", "7"}},
		"inner":   {withInner, errs.Unavailable, []string{"Kasse", "unexpected EOF"}},
		"wrapped": {fmt.Errorf("filing: %w", withInner), errs.Unavailable, []string{"filing"}},
		"fields":  {fields, errs.Invalid, []string{"[mail: errs.field.email]"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errs.CodeOf(c.err); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
			if c.err != nil && !errs.Is(c.err, c.code) {
				t.Error("Is says no")
			}
			for _, part := range c.text {
				if !strings.Contains(c.err.Error(), part) {
					t.Errorf("%q lacks %q", c.err, part)
				}
			}
		})
	}
	if errs.Is(nil, errs.Internal) || errs.InvalidFields(nil) != nil {
		t.Error("nothing wrong is something wrong")
	}
	if !errors.Is(withInner, io.ErrUnexpectedEOF) {
		t.Error("the inner error is lost")
	}
	if got := errs.As(withInner).Args; len(got) != 1 || got[0] != "Kasse" {
		t.Errorf("args %v hold the inner error", got)
	}
}

func TestWrap(t *testing.T) {
	do := func(in error) (err error) {
		defer errs.Wrap(&err, "File(%d)", 7)
		return in
	}
	if err := do(nil); err != nil {
		t.Errorf("got %v", err)
	}
	if err := do(errs.E(errs.Conflict, "records.taken")); !errs.Is(err, errs.Conflict) || !strings.HasPrefix(err.Error(), "File(7): ") {
		t.Errorf("got %v", err)
	}
}
