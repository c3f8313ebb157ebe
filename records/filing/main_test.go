package filing

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/extract"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/platform/scan"
	"rennsteig/records"
	"rennsteig/records/access"
)

const (
	erfurt = "authority-erfurt"
	jena   = "authority-jena"
	dogTax = "99110009104000"
)

// rooms are the tables that this part stands on.
var rooms = []platform.Files{{Room: "records", FS: records.Files}, {Room: "filing", FS: Files}, {Room: "extract", FS: extract.Files}, {Room: "scan", FS: scan.Files}}

// house is the part with its room.
type house struct {
	*Room
	h     *platform.House
	mux   *http.ServeMux
	plain *plain
}

// nobody pays here.
type nobody struct{}

func (nobody) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, nil
}
func (nobody) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}
func (nobody) ByNotice(string) bool { return false }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, rooms, func(t *testing.T, p *platform.House) { f(t, newHouse(t, p)) })
}

func newHouse(t testing.TB, p *platform.House) *house {
	t.Helper()
	core, err := records.New(p, nobody{}, nobody{}, nobody{})
	must1(t, err)
	x := newPlain()
	room, err := New(p, core, x)
	must1(t, err)
	h := &house{Room: room, h: p, mux: http.NewServeMux(), plain: x}
	room.Routes(h.mux)
	wire(p, core)
	must1(t, core.EnsurePlan(t.Context(), []string{erfurt, jena}))
	return h
}

// wire gives package records what it waits for.
func wire(p *platform.House, core *records.Room) {
	queue.Handle(p.Queue, "test.incoming", core.Receive)
	for _, topic := range []string{records.TopicFiled, records.TopicAsked, records.TopicDecided, records.TopicNoticeRendered, records.TopicNoticePaid} {
		queue.Handle(p.Queue, topic, func(context.Context, *queue.Job, map[string]any) error { return nil })
	}
}

func must1(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) tx(t testing.TB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	must1(t, h.h.DB.Tx(t.Context(), f))
}

func (h *house) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	housetest.ByHandIf(h.h.DB, statement, "records_file", "records_case", "records_document", "records_version")
	h.tx(t, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

// value is the first column of the first row.
func value[T any](t testing.TB, h *house, query string, args ...any) (v T) {
	t.Helper()
	must1(t, h.h.DB.Reader().QueryRow(t.Context(), query, args...).Scan(&v))
	return v
}

// newCase is a case of an application at the authority.
func (h *house) newCase(t testing.TB, authority, source string) records.Case {
	t.Helper()
	h.tx(t, func(ctx context.Context, tx *db.Tx) error {
		return h.h.Queue.Publish(ctx, tx, "test.incoming", records.Incoming{Source: source, Reference: "RS-" + source, StatusPath: "/x",
			Authority: authority, LeikaKey: dogTax, FormID: "f", FormVersion: "1", FormTitle: "Hund anmelden", Applicant: "Łucja Müller",
			JSON: []byte(`{}`), SentAt: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)})
	})
	must1(t, h.h.Queue.Drain(t.Context()))
	var c records.Case
	h.tx(t, func(ctx context.Context, tx *db.Tx) (err error) {
		var id string
		if err := tx.QueryRow(ctx, `SELECT id FROM records_case WHERE source = $1`, source).Scan(&id); err != nil {
			return err
		}
		c, err = h.core.CaseByID(ctx, tx, access.All, id, "")
		return err
	})
	return c
}

func staff(name string, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "s:" + name, Name: name, Kind: identity.Staff, Grants: grants})
}

func clerk(name string, authority string) context.Context {
	return staff(name, identity.Grant{Role: identity.Clerk, Authority: authority})
}

var (
	erika     = clerk("Erika Amt", erfurt)
	max_      = clerk("Max Amt", erfurt)
	jens      = clerk("Jens Fremd", jena)
	registrar = staff("Regina Ablage", identity.Grant{Role: identity.Registrar, Authority: erfurt})
)

// stored puts a text into the blob store.
func (h *house) stored(t testing.TB, name, content string) Stored {
	t.Helper()
	ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader(content), MaxFile)
	must1(t, err)
	return Stored{Ref: ref, Name: name, MediaType: typeByName(name)}
}

// file files texts by name in the case.
func (h *house) file(t testing.TB, ctx context.Context, caseID string, pairs ...string) []Document {
	t.Helper()
	var files []Stored
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, h.stored(t, pairs[i], pairs[i+1]))
	}
	docs, err := h.File(ctx, caseID, db.NewID(), files, true)
	must1(t, err)
	return docs
}

// form is a multipart form: fields, then files, each a name and a text.
func form(t testing.TB, fields map[string]string, files ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		must1(t, w.WriteField(k, v))
	}
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("dateien", files[i])
		must1(t, err)
		_, err = io.WriteString(part, files[i+1])
		must1(t, err)
	}
	must1(t, w.Close())
	return w.FormDataContentType(), b.Bytes()
}

// do sends a request as the caller in ctx.
func (h *house) do(ctx context.Context, method, path, contentType string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, req)
	return w
}

func (h *house) get(ctx context.Context, path string) *httptest.ResponseRecorder {
	return h.do(ctx, http.MethodGet, path, "", nil)
}

func (h *house) post(ctx context.Context, path, body string) *httptest.ResponseRecorder {
	return h.do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(body))
}

// settleAll has all texts read and all renditions made.
func (h *house) settleAll(t testing.TB) {
	t.Helper()
	must1(t, h.Catch(t.Context()))
	must1(t, h.h.Queue.Drain(t.Context()))
}
