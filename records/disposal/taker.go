package disposal

import (
	"context"
	"mime"
	"path"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/audit"
	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/standards/xdomea"
)

// taker makes files, cases and documents of a package's records, in one transaction.
type taker struct {
	r     *Room
	tx    *db.Tx
	a     access.Access
	i     Import
	into  Into
	blobs map[string]blobOf
}

const maxSubject = 250 // characters, as the electronic file takes them

// subject is what a record is called here.
func (t taker) subject(g xdomea.General) string {
	for _, s := range []string{g.Subject, g.Reference, g.Remark} {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			return cut(s, maxSubject)
		}
	}
	return t.r.german("disposal.no_subject")
}

func (t taker) file(ctx context.Context, h xdomea.Head, x *xdomea.File) error {
	n := records.NewFile{ID: db.NewID(), Authority: t.i.Authority, Unit: t.i.Unit, Details: records.Details{Subject: t.subject(x.General),
		Lead: t.into.Lead, Reach: t.into.Reach,
		Level: max(t.into.Level, levelOf(x.General.Confidentiality)), Medium: mediumOf(x.General.Medium), Location: cut(x.Location, 120)}}
	if n.Medium != records.Electronic && n.Location == "" {
		n.Location = t.r.german("disposal.location_unknown")
	}
	f, err := t.r.core.OpenFileIn(ctx, t.tx, t.a, n)
	if err != nil {
		return err
	}
	if err := t.origin(ctx, records.FileObject(f.ID), f.ID, x.ID, x.General.Reference); err != nil {
		return err
	}
	made := map[*xdomea.File]string{}
	for n, part := range parts(x) {
		made[part] = db.NewID()
		if err := t.r.store.insertPart(ctx, t.tx, t.a, f, partRow{id: made[part], number: int64(n + 1), subject: t.subject(part.General),
			opened: midday(part.Period.From)}); err != nil {
			return err
		}
	}
	cases := map[*xdomea.Case]string{}
	about := x // what is known of the file stands in the sheet of its first case
	open := false
	var dates []caseDates
	if err := walk(x, func(part *xdomea.File, parent, c *xdomea.Case) error {
		k, err := t.r.core.OpenCaseIn(ctx, t.tx, t.a, records.NewCase{ID: db.NewID(), File: f.ID, Part: made[part], Parent: cases[parent],
			Subject: t.subject(c.General), Level: levelOf(c.General.Confidentiality)})
		if err != nil {
			return err
		}
		cases[c] = k.ID
		if err := t.origin(ctx, records.CaseObject(k.ID), f.ID, c.ID, c.General.Reference); err != nil {
			return err
		}
		if err := t.documents(ctx, k, c); err != nil {
			return err
		}
		if err := t.sheet(ctx, h, k, about, c); err != nil {
			return err
		}
		about = nil
		closed := c.Closed || x.Closed
		open = open || !closed
		dates = append(dates, caseDates{k.ID, former(c.General.Reference), midday(c.Period.From), t.closed(closed, c.ClosedOn, c.Period.To, x.ClosedOn)})
		return nil
	}); err != nil {
		return err
	}
	for _, d := range dates { // only now: no case is opened in one that is closed, nor in a part file that is
		if err := t.r.store.originCase(ctx, t.tx, t.a, t.i, d); err != nil {
			return err
		}
	}
	for part, id := range made {
		if err := t.r.store.closePart(ctx, t.tx, t.a, f, id, t.closed(!open && part.Closed, part.ClosedOn, part.Period.To)); err != nil {
			return err
		}
	}
	return t.r.store.originFile(ctx, t.tx, t.a, f.ID, former(x.General.Reference), midday(x.Period.From), t.closed(!open && x.Closed, x.ClosedOn, x.Period.To))
}

// caseDates are a case's own dates, and its Aktenzeichen there.
type caseDates struct {
	id, former       string
	received, closed time.Time
}

// closed is when a record was closed: the first of the days that is known, the zero time for an open one.
func (t taker) closed(closed bool, days ...time.Time) time.Time {
	if !closed {
		return time.Time{}
	}
	for _, d := range days {
		if !d.IsZero() {
			return midday(d)
		}
	}
	return t.r.h.Now()
}

// midday is a day that xdomea names as a time that is in that day here.
func midday(d time.Time) time.Time {
	if d.IsZero() {
		return d
	}
	return d.Add(12 * time.Hour)
}

func (t taker) origin(ctx context.Context, object, file, id, reference string) error {
	return t.r.store.insertOrigin(ctx, t.tx, t.a, t.i, file, Origin{Object: object, ID: id, Reference: cut(reference, maxName), Sender: t.i.Sender})
}

// sheet files what the electronic file has no field for.
func (t taker) sheet(ctx context.Context, h xdomea.Head, k records.Case, file *xdomea.File, c *xdomea.Case) error {
	text, err := t.r.originSheet(h, file, c)
	if err != nil || text == "" {
		return err
	}
	b := t.blobs[hashOf(text)]
	title := t.r.german("disposal.origin_sheet")
	return t.r.core.FileDocuments(ctx, t.tx, k, "disposal.documents_imported", []records.Document{{Kind: records.AttachmentKind, Subject: title, Name: title + ".html",
		Hash: b.hash, Size: b.size, MediaType: "text/html", CreatedBy: t.i.Sender}})
}

// documentsBatch is how many documents one entry of the log vouches for.
const documentsBatch = 1000

func (t taker) documents(ctx context.Context, k records.Case, c *xdomea.Case) error {
	ids := map[string]string{}
	var documents []records.Document
	var later []laterVersion
	for _, d := range flatten(c.Documents, "") {
		id := db.NewID()
		ids[d.ID] = id
		if err := t.origin(ctx, records.DocumentObject(id), k.FileID, d.ID, d.General.Reference); err != nil {
			return err
		}
		x := records.Document{ID: id, Kind: records.AttachmentKind, Subject: cut(d.General.Subject, maxSubject), Parent: ids[d.parent], CreatedBy: t.i.Sender,
			Name: t.subject(d.General) + ".json", Hash: t.blobs[d.ID].hash, Size: t.blobs[d.ID].size, MediaType: "application/json", CreatedAt: midday(d.Received)}
		number := 0
		for _, v := range d.Versions {
			if len(v.Formats) == 0 {
				continue
			}
			f, by := v.Formats[0], t.i.Sender
			b := t.blobs[f.FileName]
			if f.Author != "" {
				by = cut(f.Author, maxName)
			}
			name := f.OriginalName
			if name == "" {
				name = f.FileName
			}
			if number++; number == 1 {
				x.Name, x.Hash, x.Size, x.MediaType, x.CreatedBy = name, b.hash, b.size, mediaType(name), by
				if !f.Created.IsZero() {
					x.CreatedAt = f.Created
				}
				continue
			}
			later = append(later, laterVersion{id, number, records.SafeName(name), b, by, f.Created})
		}
		documents = append(documents, x)
	}
	for some := range slices.Chunk(documents, documentsBatch) {
		if err := t.r.core.FileDocuments(ctx, t.tx, k, "disposal.documents_imported", some); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(later, documentsBatch) {
		var hashes []string
		for _, v := range some {
			if v.at.IsZero() {
				v.at = t.r.h.Now()
			}
			if err := t.r.store.insertVersion(ctx, t.tx, t.a, k.Authority, v); err != nil {
				return err
			}
			hashes = append(hashes, v.blob.hash)
		}
		if err := t.r.h.Audit.Append(ctx, t.tx, audit.Entry{Action: "disposal.documents_imported", Authority: k.Authority,
			Object: records.CaseObject(k.ID), Changes: map[string]any{"versions": len(hashes)}, Blobs: hashes}); err != nil {
			return err
		}
	}
	return nil
}

// laterVersion is a version of a document after its first.
type laterVersion struct {
	document string
	number   int
	name     string
	blob     blobOf
	by       string
	at       time.Time
}

// mediaType is the media type that a file's name says.
func mediaType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
