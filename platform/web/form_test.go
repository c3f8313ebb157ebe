package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rennsteig/platform/errs"
	"rennsteig/platform/web"
)

func TestID(t *testing.T) {
	const id = "019a0000-0000-7000-8000-00000000abcd"
	for in, want := range map[string]string{id: id, strings.ToUpper(id): id, "": "", "x": "", "{" + id + "}": "", "urn:uuid:" + id: "",
		strings.ReplaceAll(id, "-", ""): "", id[:35] + "g": ""} {
		if got := web.ID(in); got != want {
			t.Errorf("ID(%q) = %q", in, got)
		}
	}
	if got := web.FormID(id); got != id {
		t.Error(got)
	}
	if a, b := web.FormID("x"), web.FormID("x"); a == b || web.ID(a) != a {
		t.Error(a, b)
	}
}

func TestQuery(t *testing.T) {
	for in, want := range map[string]string{" a \n b ": "a b", "a\x00b": "a b", "\xff": "", strings.Repeat("ä", 201): strings.Repeat("ä", 200)} {
		if got := web.Query(in); got != want {
			t.Errorf("Query(%q) = %q", in, got)
		}
	}
}

func TestFailure(t *testing.T) {
	h := newHouse(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	field := errs.InvalidFields([]errs.Field{{Name: "mail", Key: "errs.field.email"}})
	if h.FieldError(r, field, "mail") == "" || h.FieldError(r, field, "text") != "" || h.FieldError(r, nil, "mail") != "" {
		t.Error("the field's message stands elsewhere")
	}
	plain := errs.E(errs.Conflict, "errs.field.email")
	if h.Failure(r, field).Title != "" || h.Failure(r, nil).Title != "" || h.Failure(r, plain).Title == "" {
		t.Error("the alert is for errors without fields")
	}
	for err, want := range map[error]bool{field: true, plain: true, errs.E(errs.NotFound, "x"): false, nil: false} {
		if web.Retry(err) != want {
			t.Errorf("Retry(%v)", err)
		}
	}
}
