package filing

import (
	"context"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// readAddressees reads again to whom a message went that came before that was kept: "mail:ID" of a document, "letter:ID" of one
// of post. Of anything else, of what is gone, and of what knows it already nothing is done.
func (r *Room) readAddressees(ctx context.Context, object string) error {
	kind, id, _ := strings.Cut(object, ":")
	if kind != "mail" && kind != "letter" {
		return nil
	}
	read := func(q db.Querier, lock string) (d Document, post string, err error) {
		if kind == "mail" {
			d, err = r.store.document(ctx, q, access.All, id, lock)
		} else {
			d, post, err = r.store.letter(ctx, q, access.All, id)
		}
		if errs.Is(err, errs.NotFound) {
			return Document{}, "", nil
		}
		return d, post, err
	}
	d, _, err := read(r.h.DB.Reader(), "")
	if err != nil || d.ID == "" {
		return err
	}
	m, err := r.readMail(ctx, d.file())
	if err != nil || m == nil {
		return err
	}
	describeMail(&d, m)
	return r.h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, post, err := read(tx, tx.ForUpdate()) // whoever describes it meanwhile writes all that is said of it
		if err != nil || now.Hash != d.Hash || now.Recipients+now.Copies != "" {
			return err
		}
		now.Recipients, now.Copies = d.Recipients, d.Copies
		if post == "" {
			return r.store.address(ctx, tx, access.At(now.Authority), now)
		}
		if err := r.store.addressLetter(ctx, tx, access.At(now.Authority), now); err != nil {
			return err
		}
		return r.store.noteDue(ctx, tx, access.At(now.Authority), []string{"post:" + post})
	})
}
