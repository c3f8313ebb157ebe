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

func TestAddress(t *testing.T) {
	if got := web.Address("/a", web.Values("q", "x y", "leer", "", "b", "1")); got != "/a?b=1&q=x+y" {
		t.Error(got)
	}
	if got := web.Address("/a", web.Values("leer", "")); got != "/a" {
		t.Error(got)
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 KB", 1: "1 KB", 1535: "1 KB", 1536: "2 KB", 1<<20 - 1: "1024 KB", 1 << 20: "1 MB", 3<<19 - 1: "1 MB", 3 << 19: "2 MB", 100 << 20: "100 MB"} {
		if got := web.SizeText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "Haus": "Haus", "=1+1": "'=1+1", "-1": "'-1", "\t=1": "'\t=1", "'x": "'x"} {
		if got := web.Cell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	h := newHouse(t)
	c := h.Choose(httptest.NewRequest(http.MethodGet, "/", nil), "stand", "x.stand", "neu", "neu", "alt")
	if len(c.Options) != 3 || c.Options[0].Value != "" || c.Options[0].Selected || !c.Options[1].Selected || c.Options[2].Text != "[x.stand.alt]" {
		t.Errorf("%+v", c)
	}
}
