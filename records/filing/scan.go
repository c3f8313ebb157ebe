package filing

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/pdf"
	"rennsteig/records"
	"rennsteig/records/access"
)

// ScanIntake watches a folder for what scanners put there: DIR/AUTHORITY/NAME.pdf (or .tif, .jpg, .png), and beside it
// NAME.json or NAME.xml with what the scanner knows (see Transfer), written before the scan itself. A file is taken when it
// is the same in two looks. It becomes post of that authority with a transfer note, and goes to DIR/AUTHORITY/done; or
// to failed, with a text that says why.
//
// A process that dies loses nothing and takes nothing twice: a file is first moved to taking, which any process goes on
// with; the transaction that keeps it notes its hash and name.
type ScanIntake struct {
	Dir string

	room *Room
	seen map[string]look
}

// look is what a file was like when it was last looked at.
type look struct {
	size int64
	at   time.Time
}

// Transfer is what is known of how a scan was made (BSI TR-03138, Transfervermerk): NAME.json has these names, NAME.xml
// elements of these names.
type Transfer struct {
	Operator  string `json:"operator" xml:"operator"`     // who scanned
	Device    string `json:"device" xml:"device"`         // with what
	ScannedAt string `json:"scanned_at" xml:"scanned_at"` // when, RFC 3339
	Pages     int    `json:"pages" xml:"pages"`
	Anomalies string `json:"anomalies" xml:"anomalies"` // what was unusual about the paper
	Check     string `json:"check" xml:"check"`         // what looking at the scan gave
	Sender    string `json:"sender" xml:"sender"`
	Subject   string `json:"subject" xml:"subject"`
}

// scanEvery is how often the folder is looked at.
const scanEvery = 5 * time.Second

// scanKinds are the endings of what scanners write, with how such a file begins.
var scanKinds = map[string][]string{".pdf": {"%PDF-"}, ".tif": {"II*\x00", "MM\x00*"}, ".tiff": {"II*\x00", "MM\x00*"}, ".jpg": {"\xff\xd8\xff"},
	".jpeg": {"\xff\xd8\xff"}, ".png": {"\x89PNG\r\n"}}

const maxSidecar = 64 << 10 // bytes

// The folders of an authority's folder.
const (
	scanTaking = "taking"
	scanDone   = "done"
	scanFailed = "failed"
)

// Scans is the intake of the folder.
func (r *Room) Scans(dir string) *ScanIntake {
	return &ScanIntake{Dir: dir, room: r, seen: map[string]look{}}
}

// Run looks at the folder until ctx ends. What fails is logged and tried again.
func (s *ScanIntake) Run(ctx context.Context) error {
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	told := "" // once, and not every few seconds
	for {
		now := ""
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			now = err.Error()
		}
		if now != "" && now != told {
			s.room.h.Log.ErrorContext(ctx, "scan intake failed", "error", now)
		}
		told = now
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look takes what is complete.
func (s *ScanIntake) Look(ctx context.Context) error {
	ctx = identity.AsSystem(ctx, "scan")
	authorities, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	var all error
	for _, a := range authorities {
		if a.IsDir() && !strings.HasPrefix(a.Name(), ".") {
			all = errors.Join(all, s.folder(ctx, a.Name()))
		}
	}
	return all
}

// folder takes what is complete in an authority's folder.
func (s *ScanIntake) folder(ctx context.Context, authority string) error {
	dir := filepath.Join(s.Dir, authority)
	for _, sub := range []string{scanTaking, scanDone, scanFailed} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	ok, err := s.room.store.hasPlan(ctx, s.room.h.DB.Reader(), access.At(authority))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("scan intake: no authority %q keeps files here", authority)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.claim(dir, e); err != nil {
			return err
		}
	}
	taken, err := os.ReadDir(filepath.Join(dir, scanTaking))
	if err != nil {
		return err
	}
	var all error
	for _, e := range taken {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		all = errors.Join(all, s.take(ctx, authority, dir, filepath.Join(dir, scanTaking, e.Name())))
	}
	return all
}

func isSidecar(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".json" || ext == ".xml"
}

// claim moves a file that has stopped growing to a folder of its own in taking, what lies beside it first.
func (s *ScanIntake) claim(dir string, e fs.DirEntry) error {
	name := e.Name()
	if e.IsDir() || strings.HasPrefix(name, ".") || isSidecar(name) || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") {
		return nil
	}
	path := filepath.Join(dir, name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	now := look{info.Size(), info.ModTime()}
	if before, ok := s.seen[path]; !ok || before != now {
		s.seen[path] = now
		return nil
	}
	delete(s.seen, path)
	to := filepath.Join(dir, scanTaking, db.NewID())
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	for _, n := range []string{stem + ".json", stem + ".xml", name} {
		if err := move(filepath.Join(dir, n), to); err != nil {
			return err
		}
	}
	return nil
}

// move moves a file into a folder; no error if it is not there. A name that is taken gets a number.
func move(from, dir string) error {
	ext := filepath.Ext(from)
	stem := strings.TrimSuffix(filepath.Base(from), ext)
	target := filepath.Join(dir, stem+ext)
	for i := 2; ; i++ {
		if _, err := os.Lstat(target); err != nil {
			break
		}
		target = filepath.Join(dir, fmt.Sprintf("%s (%d)%s", stem, i, ext))
	}
	if err := os.Rename(from, target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// unfit is why a file cannot be taken, for whoever looks into the folder.
type unfit struct {
	key  string
	args []any
}

func (u unfit) Error() string { return u.key }

// abandoned is when a folder in taking without a scan is what a process left that died.
const abandoned = time.Minute

// take keeps the file of a folder in taking as post and puts it away. An error means that it stays and is tried again.
func (s *ScanIntake) take(ctx context.Context, authority, dir, folder string) error {
	name, beside, err := content(folder)
	if err != nil {
		return err
	}
	if name == "" { // died between moving what lies beside and the file; or another process is just there
		if info, err := os.Stat(folder); err != nil || time.Since(info.ModTime()) < abandoned {
			return nil //nolint:nilerr // another process was faster
		}
		return putAway(folder, dir, beside)
	}
	path := filepath.Join(folder, name)
	transfer, said, err := readTransfer(path)
	var f Stored
	if err == nil {
		f, err = s.store(ctx, path, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	all := append(beside, name) // the file last: as long as it is there the rest is done again
	var u unfit
	switch {
	case errors.As(err, &u):
		why := s.room.h.Site.Texts.T(i18n.German, u.key, u.args...)
		s.room.h.Log.WarnContext(ctx, "scan not taken", "authority", authority, "file", name, "why", why)
		if err := os.WriteFile(filepath.Join(dir, scanFailed, name+".txt"), []byte(why+"\n"), 0o600); err != nil {
			return err
		}
		if err := s.failed(ctx, ScanFailure{ID: filepath.Base(folder), Authority: authority, Name: name, Why: why, At: s.room.h.Now()}); err != nil {
			return err
		}
		return putAway(folder, filepath.Join(dir, scanFailed), all)
	case err != nil:
		return err
	}
	if err := s.keep(ctx, authority, f, transfer, said); err != nil {
		return err
	}
	return putAway(folder, filepath.Join(dir, scanDone), all)
}

// content is the scan in a folder, and what lies beside it.
func content(folder string) (name string, beside []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil // another process was faster
	}
	for _, e := range entries {
		if isSidecar(e.Name()) {
			beside = append(beside, e.Name())
		} else {
			name = e.Name()
		}
	}
	return name, beside, err
}

// putAway moves files out of a folder and removes it.
func putAway(folder, to string, names []string) error {
	for _, n := range names {
		if err := move(filepath.Join(folder, n), to); err != nil {
			return err
		}
	}
	if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// store checks how the file begins and ends, and stores it.
func (s *ScanIntake) store(ctx context.Context, path, name string) (Stored, error) {
	file, err := os.Open(path)
	if err != nil {
		return Stored{}, err
	}
	defer file.Close()
	begins, known := scanKinds[strings.ToLower(filepath.Ext(name))]
	if !known {
		return Stored{}, unfit{key: "filing.scan.kind"}
	}
	head := make([]byte, 16)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Stored{}, err
	}
	if !slices.ContainsFunc(begins, func(b string) bool { return bytes.HasPrefix(head[:n], []byte(b)) }) {
		return Stored{}, unfit{key: "filing.scan.damaged"}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Stored{}, err
	}
	ref, err := s.room.h.Blobs.Put(ctx, s.room.h.Scan.Pass(ctx, file), MaxFile)
	switch e := errs.As(err); {
	case err == nil || e.Code != errs.TooLarge && e.Code != errs.Invalid: // nobody to look into it: later
	case e.Key == "errs.too_large":
		return Stored{}, unfit{"filing.scan.too_large", []any{MaxFile >> 20}}
	default:
		return Stored{}, unfit{e.Key, e.Args}
	}
	return Stored{Ref: ref, Name: records.SafeName(name), MediaType: typeByName(name)}, err
}

// keep registers the scan with its transfer note, once for each content and name.
func (s *ScanIntake) keep(ctx context.Context, authority string, f Stored, t Transfer, said bool) error {
	now := s.room.h.Now()
	note, err := s.note(ctx, authority, f, t, said, now)
	if err != nil {
		return err
	}
	scan := Document{Document: records.Document{ID: db.NewID(), Kind: Scan, Name: f.Name, Hash: f.Hash, Size: f.Size, MediaType: f.MediaType, Subject: t.Subject}}
	vermerk := Document{Document: records.Document{ID: db.NewID(), Kind: TransferNote, Name: note.Name, Hash: note.Hash, Size: note.Size,
		MediaType: note.MediaType, Parent: scan.ID}}
	x := Incoming{ID: db.NewID(), Authority: authority, Source: ByScanner, Sender: t.Sender, Subject: t.Subject, ReceivedAt: now, CreatedAt: now,
		CreatedBy: "filing.by.scanner"}
	docs := []Document{scan, vermerk}
	x.complete(docs)
	scope := access.At(authority)
	err = s.room.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.room.keepIncoming(ctx, tx, scope, x, docs); err != nil {
			return err
		}
		fresh, err := s.room.store.scanned(ctx, tx, scope, authority, f.Hash, f.Name, x.ID, db.Micros(now))
		if err == nil && !fresh {
			return errTaken
		}
		return err
	})
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// errTaken undoes the post of a file that was taken before.
var errTaken = errors.New("filing: the scan was taken before")

// note makes the transfer note as a PDF, which is stored.
func (s *ScanIntake) note(ctx context.Context, authority string, f Stored, t Transfer, said bool, now time.Time) (Stored, error) {
	text := func(key string, args ...any) string { return s.room.h.Site.Texts.T(i18n.German, key, args...) }
	or := func(s string) string {
		if s == "" {
			return text("filing.note.unknown")
		}
		return s
	}
	pages := ""
	if t.Pages > 0 {
		pages = fmt.Sprint(t.Pages)
	}
	origin := "filing.note.no_sidecar"
	if said {
		origin = "filing.note.sidecar"
	}
	var b bytes.Buffer
	err := pdf.Write(&b, pdf.Doc{Lang: "de", Title: text("filing.note.title"), Sender: s.room.h.AuthorityName(authority), Created: now, Note: f.Name,
		Blocks: []pdf.Block{pdf.Rows{
			{text("filing.note.file"), f.Name}, {text("filing.bytes"), i18n.Number(i18n.German, f.Size)}, {"SHA-256", f.Hash},
			{text("filing.note.operator"), or(t.Operator)}, {text("filing.note.device"), or(t.Device)}, {text("filing.note.scanned_at"), or(t.ScannedAt)},
			{text("filing.note.pages"), or(pages)}, {text("filing.note.anomalies"), or(t.Anomalies)}, {text("filing.note.check"), or(t.Check)},
			{text("filing.note.taken_at"), i18n.DateTime(i18n.German, now)}, {text("filing.note.intake"), text("filing.note.intake_check")},
		}, pdf.Text(text(origin))}})
	if err != nil {
		return Stored{}, err
	}
	ref, err := s.room.h.Blobs.Put(ctx, &b, MaxFile)
	return Stored{Ref: ref, Name: text("filing.note.name", strings.TrimSuffix(f.Name, filepath.Ext(f.Name))), MediaType: "application/pdf"}, err
}

// readTransfer reads what lies beside the scan; said is false if nothing does.
func readTransfer(path string) (t Transfer, said bool, err error) {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	for _, ext := range []string{".json", ".xml"} {
		f, err := os.Open(stem + ext)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return t, false, err
		}
		b, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
		if err = errors.Join(err, f.Close()); err != nil {
			return t, false, err
		}
		t, err = parseTransfer(b, ext)
		return t, true, err
	}
	return t, false, nil
}

// parseTransfer reads a sidecar; its texts are made short and plain.
func parseTransfer(b []byte, ext string) (t Transfer, err error) {
	if len(b) > maxSidecar {
		return t, unfit{"filing.scan.sidecar_too_large", []any{ext, maxSidecar >> 10}}
	}
	if ext == ".json" {
		err = json.Unmarshal(b, &t)
	} else {
		err = xml.Unmarshal(b, &t)
	}
	if err != nil {
		return Transfer{}, unfit{"filing.scan.sidecar", []any{ext, err.Error()}}
	}
	for _, s := range []*string{&t.Operator, &t.Device, &t.ScannedAt, &t.Anomalies, &t.Check, &t.Sender, &t.Subject} {
		*s = clip(records.OneLine(*s), maxSubject)
	}
	t.Pages = max(0, min(t.Pages, 1_000_000))
	return t, nil
}
