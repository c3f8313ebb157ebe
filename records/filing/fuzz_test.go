package filing

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rennsteig/platform/blob"
	"rennsteig/platform/errs"
	"rennsteig/platform/web"
	"rennsteig/records"
)

// Any bytes give a form or an error for people; what is taken is text, and has safe names.
func FuzzUpload(f *testing.F) {
	kind, body := form(f, map[string]string{"id": "x", "mail": "true"}, "Brief.pdf", "eins", "../../etc/passwd", "zwei")
	boundary := strings.TrimPrefix(kind, "multipart/form-data; boundary=")
	f.Add(string(bytes.ReplaceAll(body, []byte(boundary), []byte("x"))))
	f.Add("--x\r\nContent-Disposition: form-data; name=\"dateien\"; filename=\"\"\r\n\r\n\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"dateien\"; filename*=utf-8''a%00b\r\nContent-Type: text/html;;\r\n\r\nx")
	f.Fuzz(func(t *testing.T, body string) {
		u, err := readParts(t.Context(), multipart.NewReader(strings.NewReader(body), "x"), func(_ context.Context, r io.Reader) (blob.Ref, error) {
			n, err := io.Copy(io.Discard, r)
			return blob.Ref{Size: n}, err
		})
		if err != nil && errs.CodeOf(err) != errs.Invalid && errs.CodeOf(err) != errs.TooLarge {
			t.Fatalf("our fault: %v", err)
		}
		for _, x := range u.files {
			if x.Name == "" || strings.ContainsAny(x.Name, "/\\\x00\n") || !utf8.ValidString(x.Name) || x.MediaType == "" || strings.ContainsAny(x.MediaType, "\r\n") {
				t.Errorf("taken: %+v", x)
			}
		}
		for k, values := range u.fields {
			if !utf8.ValidString(k) || !utf8.ValidString(strings.Join(values, "")) || strings.Contains(strings.Join(values, ""), "\x00") {
				t.Errorf("field %q: %q", k, values)
			}
		}
	})
}

// Whatever documents are called, the ZIP has each of them once, under a name that leads nowhere.
func FuzzZIP(f *testing.F) {
	f.Add("a.pdf", "a.pdf", "A.PDF")
	f.Add("../x", `..\x`, "x (2)")
	f.Add("", ".", "CON")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		docs := make([]Document, 3)
		for i, name := range []string{a, b, c} {
			docs[i].Document = records.Document{Name: name, Hash: string(rune('0' + i)), CreatedAt: time.Unix(0, 0)}
		}
		var out bytes.Buffer
		err := writeZIP(t.Context(), &out, docs, func(_ context.Context, hash, _ string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(hash)), nil
		})
		must1(t, err)
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		must1(t, err)
		names, all := map[string]bool{}, ""
		for _, file := range z.File {
			r, err := file.Open()
			must1(t, err)
			content, err := io.ReadAll(r)
			must1(t, err)
			all += string(content)
			names[strings.ToLower(file.Name)] = true
			if strings.ContainsAny(file.Name, "/\\\x00") || file.Name == ".." || file.Name == "" {
				t.Errorf("name %q", file.Name)
			}
		}
		if all != "012" || len(names) != 3 {
			t.Errorf("%q under %v", all, names)
		}
	})
}

// Whatever stands in a cell, a table program takes it for a text, and the row stays a row.
func FuzzCell(f *testing.F) {
	f.Add("=1+1")
	f.Add("\t=1")
	f.Add("a;\"b\"\r\nc")
	f.Fuzz(func(t *testing.T, s string) {
		got := web.Cell(s)
		if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) || !strings.HasSuffix(got, s) {
			t.Errorf("%q", got)
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = ';'
		must1(t, w.Write([]string{got, "x"}))
		w.Flush()
		r := csv.NewReader(&b)
		r.Comma = ';'
		row, err := r.Read()
		if err != nil || len(row) != 2 || strings.ReplaceAll(row[0], "\n", "") != strings.ReplaceAll(strings.ReplaceAll(got, "\r\n", "\n"), "\n", "") {
			t.Errorf("%q came back as %q, %v", got, row, err)
		}
	})
}

// Any address gives a page of a list, never an error; what is shown in it comes back.
func FuzzAddress(f *testing.F) {
	f.Add("nach=017f22e2-79b0-7cc3-98c4-dc0c0c07398fMTIz&vor=y&q=a")
	f.Fuzz(func(t *testing.T, q string) {
		v, err := url.ParseQuery(q)
		if err != nil {
			return
		}
		a := parseFilter(v)
		if b := parseFilter(a.values()); a != b {
			t.Errorf("%+v comes back as %+v", a, b)
		}
	})
}
