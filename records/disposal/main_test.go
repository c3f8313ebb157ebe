package disposal

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
	"rennsteig/platform/queue"
	"rennsteig/platform/web/webtest"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

const (
	erfurt = "160510000000"
	jena   = "160530000000"

	// Units of the municipal plan: A, B and V.
	unitA, unitB, unitV = "00.20", "11.31", "22.31"

	// secret stands in everything that a file holds.
	secret = "Geheimrat Quastenflosser"
)

// desk is cashier, fees and policies for a room that needs none of them.
type desk struct{}

func (desk) Request(context.Context, *db.Tx, records.Order) (records.Payment, error) {
	return records.Payment{}, nil
}

func (desk) Fee(context.Context, string, string) (money.Cents, bool, bool, error) {
	return 0, false, false, nil
}

func (desk) ByNotice(string) bool { return false }

// house is the room on the electronic file, with a clock that tests move.
type house struct {
	*Room
	h    *platform.House
	core *records.Room
	mux  *http.ServeMux
	at   atomic.Int64 // how far the clock was moved
	n    int
}

var rooms = []platform.Files{{Room: "records", FS: records.Files}, {Room: "disposal", FS: Files}}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	housetest.Each(t, rooms, func(t *testing.T, p *platform.House) { f(t, newHouse(t, p)) })
}

func newHouse(t testing.TB, p *platform.House, hooks ...Eraser) *house {
	t.Helper()
	h := &house{h: p, mux: http.NewServeMux()}
	names := map[string]string{erfurt: "Stadtverwaltung Erfurt", jena: "Stadtverwaltung Jena"}
	p.AuthorityName = func(id string) string { return names[id] }
	p.Now = func() time.Time { return time.Now().Add(time.Duration(h.at.Load())) }
	p.Queue.Now = p.Now
	var err error
	if h.core, err = records.New(p, desk{}, desk{}, desk{}); err != nil {
		t.Fatal(err)
	}
	if h.Room, err = New(p, h.core, hooks...); err != nil {
		t.Fatal(err)
	}
	queue.Handle(p.Queue, "test.receive", h.core.Receive)
	for _, topic := range []string{records.TopicFiled, records.TopicAsked, records.TopicDecided, records.TopicNoticeRendered} {
		queue.Handle(p.Queue, topic, func(context.Context, *queue.Job, map[string]any) error { return nil })
	}
	h.core.Routes(h.mux)
	h.Routes(h.mux)
	return h
}

// plans gives both authorities a file plan and an agreement with an archive.
func (h *house) plans(t testing.TB) {
	t.Helper()
	must(t, h.core.EnsurePlan(t.Context(), []string{erfurt, jena}))
	must(t, h.Set(regina, Setting{Authority: erfurt, Archive: "Stadtarchiv (Demowert)", Agreed: true}))
	must(t, h.Set(jenny, Setting{Authority: jena, Archive: "Stadtarchiv (Demowert)"}))
}

// years moves the clock.
func (h *house) years(n int) { h.at.Add(int64(time.Duration(n) * 366 * 24 * time.Hour)) }

func staff(name string, grants ...identity.Grant) context.Context {
	return identity.With(context.Background(), identity.Principal{Subject: "staff:" + name, Name: name, Kind: identity.Staff, Grants: grants})
}

var (
	regina  = staff("Regina Ablage", identity.Grant{Role: identity.Registrar, Authority: erfurt})
	arne    = staff("Arne Altakte", identity.Grant{Role: identity.Registrar, Authority: erfurt})
	jenny   = staff("Jenny Saale", identity.Grant{Role: identity.Registrar, Authority: jena})
	claudia = staff("Claudia Amtmann", identity.Grant{Role: identity.Clerk, Authority: erfurt})
	doris   = staff("Doris Leitung", identity.Grant{Role: identity.Clerk, Authority: erfurt})
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code errs.Code, key string) {
	t.Helper()
	if !errs.Is(err, code) || key != "" && errs.As(err).Key != key {
		t.Fatalf("error %v, want %s %s", err, code, key)
	}
}

func (h *house) tx(t testing.TB, who context.Context, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	must(t, h.h.DB.Tx(who, f))
}

func (h *house) put(t testing.TB, content string) (hash string, size int64) {
	t.Helper()
	ref, err := h.h.Blobs.Put(t.Context(), strings.NewReader(content), 1<<20)
	must(t, err)
	return ref.Hash, ref.Size
}

// open opens a file with a case that has two documents (one of them with an attachment), a note and a keyword, all of
// which hold the secret.
func (h *house) open(t testing.TB, who context.Context, authority, unit string) (records.File, records.Case) {
	t.Helper()
	h.n++
	f, err := h.core.OpenFile(who, records.NewFile{Authority: authority, Unit: unit, Details: records.Details{
		Subject: fmt.Sprintf("Akte %d %s", h.n, secret), Keywords: secret}})
	must(t, err)
	c, err := h.core.OpenCase(who, records.NewCase{File: f.ID, Subject: "Vorgang " + secret})
	must(t, err)
	must(t, h.core.AddNote(who, c.ID, db.NewID(), "Notiz "+secret))
	var list []records.Document
	parent := ""
	for i, name := range []string{"Bescheid " + secret + ".pdf", "Anlage.txt"} {
		d := records.Document{ID: db.NewID(), Kind: records.AttachmentKind, Name: name, MediaType: "text/plain", Subject: secret, Parent: parent}
		d.Hash, d.Size = h.put(t, fmt.Sprintf("%s %d %d", secret, h.n, i))
		list = append(list, d)
		parent = d.ID
	}
	var second blobOf
	second.hash, second.size = h.put(t, fmt.Sprintf("%s %d zweite", secret, h.n))
	h.tx(t, who, func(ctx context.Context, tx *db.Tx) error {
		a, err := access.Load(ctx, tx)
		if err != nil {
			return err
		}
		c, err = h.core.CaseToChange(ctx, tx, a, c.ID)
		if err != nil {
			return err
		}
		if err := h.core.FileDocuments(ctx, tx, c, "records.test_filed", append([]records.Document(nil), list...)); err != nil {
			return err
		}
		// And a second version of the first document.
		return h.store.insertVersion(ctx, tx, access.At(authority), authority, laterVersion{document: list[0].ID, number: 2,
			name: "Bescheid.pdf", blob: second, by: "x", at: h.h.Now()})
	})
	return f, c
}

// closed is open, with the case put to the files and the end of retention reckoned.
func (h *house) closed(t testing.TB, who context.Context, authority, unit string) records.File {
	t.Helper()
	f, c := h.open(t, who, authority, unit)
	must(t, h.core.Close(who, c.ID, h.caseVersion(t, c.ID)))
	must(t, h.Reckon(t.Context()))
	return h.file(t, f.ID)
}

func (h *house) caseVersion(t testing.TB, id string) int64 {
	t.Helper()
	c, err := h.core.CaseByID(t.Context(), h.h.DB.Reader(), access.All, id, "")
	must(t, err)
	return c.Version
}

func (h *house) file(t testing.TB, id string) records.File {
	t.Helper()
	f, err := h.core.FileByID(t.Context(), h.h.DB.Reader(), access.All, id)
	must(t, err)
	return f
}

func (h *house) drain(t testing.TB) {
	t.Helper()
	must(t, h.h.Queue.Drain(t.Context()))
}

func (h *house) as(t testing.TB, who context.Context) *webtest.Client {
	return webtest.New(t, h.h.Site.Middleware(h.h.Site.Mux(h.mux))).As(identity.From(who))
}

// message is a message of the archive as bare XML.
func message(t testing.TB, process string, m xdomea.Message, items ...xdomea.Item) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: process, Message: m, Created: time.Now(), WantsReceipt: true,
		Sender: xdomea.Contact{Organisation: "Archiv"}, Recipient: xdomea.Contact{Organisation: "Behörde"}})
	must(t, err)
	for _, x := range items {
		must(t, w.Write(x))
	}
	must(t, w.Close())
	return bytes.NewReader(b.Bytes())
}

func (h *house) take(who context.Context, in *bytes.Reader) error {
	_, err := h.Take(who, in, in.Size())
	return err
}

func appraised(a xdomea.Appraisal, files ...records.File) []xdomea.Item {
	var out []xdomea.Item
	for _, f := range files {
		out = append(out, &xdomea.Appraised{ID: f.ID, Appraisal: a})
	}
	return out
}

func result(ok bool, files ...records.File) []xdomea.Item {
	var out []xdomea.Item
	for i, f := range files {
		r := &xdomea.Result{ID: f.ID, OK: ok, ArchiveID: fmt.Sprintf("ARCHIV-%d", i+1)}
		if !ok {
			r.ArchiveID, r.Errors = "", []string{"Datei nicht lesbar"}
		}
		out = append(out, r)
	}
	return out
}

// here is where tests take things over: into the unit, for registrars.
func here(unit string) Into { return Into{Unit: unit, Reach: records.Registry} }

// offer begins a process with the files.
func (h *house) offer(t testing.TB, steps int, files ...records.File) string {
	t.Helper()
	o := Offering{ID: db.NewID(), Authority: erfurt, Steps: steps}
	for _, f := range files {
		o.Files = append(o.Files, f.ID)
	}
	_, err := h.Offer(regina, o)
	must(t, err)
	h.drain(t)
	return o.ID
}

// packageOf reads the last package of the message in a process.
func (h *house) packageOf(t testing.TB, process string, m xdomea.Message) (Package, []byte) {
	t.Helper()
	_, packages, _, err := h.Process(regina, process)
	must(t, err)
	for i := len(packages) - 1; i >= 0; i-- {
		if k := packages[i]; k.Message == m {
			_, content, err := h.OpenPackage(regina, k.ID)
			must(t, err)
			defer content.Close()
			b, err := io.ReadAll(content)
			must(t, err)
			return k, b
		}
	}
	t.Fatalf("no package %s", m)
	return Package{}, nil
}

// sound checks a package as the archive does.
func sound(t testing.TB, k Package, b []byte) []*zip.File {
	t.Helper()
	found, err := xdomea.CheckPackage(bytes.NewReader(b), int64(len(b)), k.Name, xdomea.Options{Schema: schema(t)})
	must(t, err)
	for _, f := range found {
		if f.Severity != xdomea.Note || f.Code != "schema" {
			t.Errorf("%s: %s", k.Name, f)
		}
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	return z.File
}

// schema is the folder of xdomea's schemas where the reference folder is at hand; else only what needs no schema is
// checked.
func schema(testing.TB) string {
	if dir := os.Getenv("RENNSTEIG_REFERENCE"); dir != "" {
		return filepath.Join(dir, "reference/xdomea/xsd-3.1.0")
	}
	return ""
}

func (h *house) states(t testing.TB, process string) map[ItemState]int64 {
	t.Helper()
	p, _, _, err := h.Process(regina, process)
	must(t, err)
	return p.Counts
}

func wantStates(t testing.TB, got, want map[ItemState]int64) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("items: %v, want %v", got, want)
	}
}
