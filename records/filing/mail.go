package filing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/mail"
	"path"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/standards/email"
)

// mailLimits bound what is read of one mail.
var mailLimits = email.Limits{Size: 50 << 20, Attachment: 50 << 20}

// documentsOf makes documents of stored files; the first has the id first. With split, mails come with their attachments.
func (r *Room) documentsOf(ctx context.Context, files []Stored, split bool) ([]Document, error) {
	var out []Document
	for i, f := range files {
		d := Document{Document: records.Document{ID: db.NewID(), Kind: Paper, Name: f.Name, Hash: f.Hash, Size: f.Size, MediaType: f.MediaType}}
		if i == 0 {
			d.ID = first
		}
		if !split || !mayBeMail(f) {
			out = append(out, d)
			continue
		}
		m, err := r.readMail(ctx, f)
		if err != nil {
			return nil, err
		}
		if m == nil { // it only looked like a mail
			out = append(out, d)
			continue
		}
		describeMail(&d, m)
		out = append(out, d)
		enclosed, err := r.enclosed(ctx, d.ID, m)
		if err != nil {
			return nil, err
		}
		if out = append(out, enclosed...); len(out) > maxDocuments {
			return nil, errs.InvalidFields([]errs.Field{{Name: "dateien", Key: "filing.error.too_many_files", Args: []any{maxDocuments}}})
		}
	}
	return out, nil
}

// maxDocuments of one form, with the attachments of its mails: an entry of the log names no more files.
const maxDocuments = 4000

// describeMail says of the document what the message says.
func describeMail(d *Document, m *email.Message) {
	d.Kind, d.Subject, d.SentAt = Mail, clip(records.OneLine(m.Subject), maxSubject), m.Date
	d.Sender, d.Message = clip(sender(m), maxSubject), clip(records.OneLine(m.MessageID), maxSubject)
	if d.Sender == "" {
		d.Sender = "–"
	}
	d.Recipients, d.Copies = clip(people(m.To), maxRecipients), clip(people(m.Cc), maxRecipients)
}

const maxRecipients = 4000 // characters

func sender(m *email.Message) string { return people(m.From) }

// people are addresses in one line.
func people(all []mail.Address) string {
	var out []string
	for _, a := range all {
		out = append(out, records.OneLine(person(a)))
	}
	return strings.Join(out, ", ")
}

// attached are the names of what came with a message, in one line.
func attached(m *email.Message) string {
	var out []string
	for _, a := range m.Attachments {
		out = append(out, records.SafeName(a.Name))
	}
	return strings.Join(out, ", ")
}

// person is an address as people read it.
func person(a mail.Address) string {
	switch {
	case a.Name == "":
		return a.Address
	case a.Address == "":
		return a.Name
	}
	return a.Name + " <" + a.Address + ">"
}

// enclosed stores the attachments of a message.
func (r *Room) enclosed(ctx context.Context, parent string, m *email.Message) ([]Document, error) {
	var out []Document
	for _, a := range m.Attachments {
		content, name := a.Content, records.SafeName(a.Name)
		if a.Message != nil && a.Content == nil { // a mail inside a mail of Outlook has no bytes of its own
			content, name = []byte(a.Message.Text), name+".txt"
		}
		ref, err := r.h.Blobs.Put(ctx, bytes.NewReader(content), MaxFile)
		if err != nil {
			return nil, err
		}
		kind := typeByName(name)
		if kind == "application/octet-stream" && a.MediaType != "" {
			kind = records.SafeType(a.MediaType)
		}
		out = append(out, Document{Document: records.Document{ID: db.NewID(), Kind: Enclosure, Name: name, Hash: ref.Hash, Size: ref.Size,
			MediaType: kind, Parent: parent}})
	}
	return out, nil
}

// mayBeMail reports whether name or type say that the file is a mail.
func mayBeMail(f Stored) bool {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".eml", ".msg":
		return true
	}
	return f.MediaType == "message/rfc822" || f.MediaType == "application/vnd.ms-outlook"
}

// readMail reads a stored mail; nil if it is none, or more than is taken apart: it is filed as the file that it is.
func (r *Room) readMail(ctx context.Context, f Stored) (*email.Message, error) {
	if f.Size > mailLimits.Size {
		return nil, nil
	}
	content, err := r.h.Blobs.Open(ctx, f.Hash)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	m, err := email.Read(io.LimitReader(content, mailLimits.Size), mailLimits)
	if errors.Is(err, email.ErrFormat) || errors.Is(err, email.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.E(errs.Unavailable, "errs.unavailable", err)
	}
	return m, nil
}

// clip is at most so many characters of s.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
