package filing

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/extract"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// storeMethods are the names of the store's methods, read from its source, each of which must take an Access third.
func storeMethods(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("store*.go")
	must1(t, err)
	var out []string
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must1(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			out = append(out, fn.Name.Name)
			if p := fn.Type.Params.List; len(p) < 3 || types.ExprString(p[2].Type) != "access.Access" {
				t.Errorf("store.%s does not take the Access before what it looks for", fn.Name.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// nothing is what a store method returns that found nothing, without an error.
func nothing[T any](found []T, err error) error {
	if err == nil && len(found) == 0 {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

func none(found bool, err error) error {
	if err == nil && !found {
		return errs.E(errs.NotFound, "records.error.not_found")
	}
	return err
}

type storeCall = func(ctx context.Context, tx *db.Tx, s access.Access) error

// storeCalls try each of the store's methods.
func (h *house) storeCalls(g guarded) map[string]storeCall {
	st := h.store
	new1 := g.doc
	new1.Document.ID = db.NewID()
	change := func(ctx context.Context, tx *db.Tx, s access.Access, f func(*Incoming)) error {
		x, err := st.incoming(ctx, tx, access.All, g.incoming, "")
		if err != nil {
			return err
		}
		f(&x)
		return st.change(ctx, tx, s, x)
	}
	// after runs a statement as the program, then says whether a query has changed.
	effect := func(query string, f func(ctx context.Context, tx *db.Tx, s access.Access) error) storeCall {
		return func(ctx context.Context, tx *db.Tx, s access.Access) error {
			var before, after string
			if err := tx.QueryRow(ctx, query).Scan(&before); err != nil {
				return err
			}
			if err := f(ctx, tx, s); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, query).Scan(&after); err != nil {
				return err
			}
			return none(before != after, nil)
		}
	}
	counts := func(table string) string { return `SELECT '' || count(*) FROM ` + table }
	return map[string]storeCall{
		"documents": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.documents(ctx, tx, s, g.c.ID, Filter{}, paging.Size)
			return nothing(l.Items, err)
		},
		"documentsByID": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.documentsByID(ctx, tx, s, g.c.ID, []string{g.doc.ID}))
		},
		"enclosures": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_document SET parent_id = $1 WHERE name = 'b.txt'`, g.doc.ID); err != nil {
				return err
			}
			d := g.doc
			d.Kind = Mail
			return nothing(st.enclosures(ctx, tx, s, g.c.ID, []Document{d}))
		},
		"children": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_document SET parent_id = $1 WHERE name = 'b.txt'`, g.doc.ID); err != nil {
				return err
			}
			return nothing(st.children(ctx, tx, s, g.doc.ID))
		},
		"document": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.document(ctx, tx, s, g.doc.ID, tx.ForUpdate())
			return err
		},
		"correspondents": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `UPDATE records_document SET kind = 'mail' WHERE id = $1`, g.doc.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO filing_document (document_id, authority_id, keywords, sender, sent_at, message_id) VALUES ($1, $2, '', 'x', 0, '')
				ON CONFLICT DO NOTHING`, g.doc.ID, erfurt); err != nil {
				return err
			}
			l, err := st.correspondents(ctx, tx, s, g.c.ID)
			return none(len(l) > 0, err)
		},
		"caseByReference": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.caseByReference(ctx, tx, s, erfurt, g.c.Reference)
			return err
		},
		"fileByReference": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.fileByReference(ctx, tx, s, erfurt, strings.TrimSuffix(g.c.Reference, "-1"))
			return err
		},
		"mark":     func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.mark(ctx, tx, s, g.doc) },
		"describe": func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.describe(ctx, tx, s, g.doc) },
		"moveTo": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.moveTo(ctx, tx, s, g.doc, g.c)
		},
		"versions": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.versions(ctx, tx, s, g.doc.ID))
		},
		"neighbours": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			previous, next, err := st.neighbours(ctx, tx, s, g.doc)
			return nothing(slices.DeleteFunc([]*Document{previous, next}, func(d *Document) bool { return d == nil }), err)
		},
		"version": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.version(ctx, tx, s, g.doc.ID, 1)
			return err
		},
		"addVersion": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			err := st.addVersion(ctx, tx, s, g.doc, Version{Document: g.doc.ID, Number: 9, Authority: erfurt})
			if errs.Is(err, errs.Conflict) {
				return errs.E(errs.NotFound, "records.error.not_found")
			}
			return err
		},
		"lock": func(ctx context.Context, tx *db.Tx, s access.Access) error { return st.lock(ctx, tx, s, g.doc) },
		"hold": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return none(st.hold(ctx, tx, s, Held{ID: db.NewID(), Document: g.doc.ID, Authority: erfurt}))
		},
		"held": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			s.Subject = "s:Erika Amt"
			_, err := st.held(ctx, tx, s, g.doc.ID, g.held)
			return err
		},
		"heldBy": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			s.Subject = "s:Erika Amt"
			return nothing(st.heldBy(ctx, tx, s, g.doc.ID))
		},
		"settle": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			s.Subject = "s:Erika Amt"
			return st.settle(ctx, tx, s, g.doc.ID, g.held)
		},
		"incomings": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			l, err := st.incomings(ctx, tx, s, IncomingFilter{})
			return nothing(l.Items, err)
		},
		"incoming": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.incoming(ctx, tx, s, g.incoming, tx.ForUpdate())
			return err
		},
		"insertIncoming": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return none(st.insertIncoming(ctx, tx, s, Incoming{ID: db.NewID(), Authority: erfurt}))
		},
		"insertIncomingDocument": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.insertIncomingDocument(ctx, tx, s, g.incoming, 1, new1)
		},
		"incomingDocuments": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.incomingDocuments(ctx, tx, s, g.incoming))
		},
		"change": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return change(ctx, tx, s, func(x *Incoming) { x.CaseID = g.c.ID })
		},
		"people": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `INSERT INTO records_member (org_id, subject, role, authority_id, name) VALUES ('u20', 's:x', 'member', $1, 'x')`, erfurt); err != nil {
				return err
			}
			return nothing(st.people(ctx, tx, s))
		},
		"worked": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return none(st.worked(ctx, tx, s, []string{records.DocumentObject(g.doc.ID)}, time.Time{}))
		},
		"unfile": effect(counts("records_version"), func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.unfile(ctx, tx, s, []string{g.doc.ID})
		}),
		"named": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.named(ctx, tx, s, erfurt, []string{g.c.Reference}))
		},
		"answered": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			mail := g.doc
			mail.Message = "m1"
			if err := st.describe(ctx, tx, access.All, mail); err != nil {
				return err
			}
			return nothing(st.answered(ctx, tx, s, erfurt, []string{"m1"}))
		},
		"ofSender": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := change(ctx, tx, access.All, func(x *Incoming) { x.CaseID = g.c.ID }); err != nil {
				return err
			}
			return nothing(st.ofSender(ctx, tx, s, erfurt, secret))
		},
		"twins": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.twins(ctx, tx, s, Incoming{ID: "x", Authority: erfurt}, []string{g.doc.Hash}, nil))
		},
		"incomingText": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			t, err := st.incomingText(ctx, tx, s, g.incoming, g.paper)
			return none(t.Text != "", err)
		},
		"putIncomingText": effect(`SELECT text FROM filing_incoming_document WHERE id = '`+g.paper+`'`, func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.putIncomingText(ctx, tx, s, g.paper, Text{How: extract.Read, Text: "x"})
		}),
		"address": effect(`SELECT '' || count(*) FROM filing_document WHERE recipients = 'x'`, func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.describe(ctx, tx, access.All, g.doc); err != nil {
				return err
			}
			d := g.doc
			d.Recipients, d.Copies = "x", "y"
			return st.address(ctx, tx, s, d)
		}),
		"letter": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, _, err := st.letter(ctx, tx, s, g.paper)
			return err
		},
		"addressLetter": effect(`SELECT recipients || copies FROM filing_incoming_document WHERE id = '`+g.paper+`'`, func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.addressLetter(ctx, tx, s, Document{Document: records.Document{ID: g.paper}, Recipients: "x", Copies: "y"})
		}),
		"postTexts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.postTexts(ctx, tx, s, g.incoming))
		},
		"scanFailed": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.scanFailed(ctx, tx, s, ScanFailure{ID: "x", Authority: erfurt})
		},
		"scanFailures": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.scanFailures(ctx, tx, s, 10))
		},
		"scanFailure": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.scanFailure(ctx, tx, s, g.failure)
			return err
		},
		"scanSeen": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.scanSeen(ctx, tx, s, ScanFailure{ID: g.failure, DoneAt: time.Now()}, "x")
		},
		"hasOrg": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u1', $1, '1', 'A', '', '/u1/', 0)`, erfurt); err != nil {
				return err
			}
			return none(st.hasOrg(ctx, tx, s, "u1"))
		},
		"orgs": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if _, err := tx.Exec(ctx, `INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('u1', $1, '1', 'A', '', '/u1/', 0)`, erfurt); err != nil {
				return err
			}
			return nothing(st.orgs(ctx, tx, s))
		},
		"scanned": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return none(st.scanned(ctx, tx, s, erfurt, "h", "n", g.incoming, 1))
		},
		"hasPlan": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if s.Has(jena) { // has one of its own
				return none(false, nil)
			}
			return none(st.hasPlan(ctx, tx, s))
		},
		"anyDue": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.noteDue(ctx, tx, access.All, []string{"document:" + g.doc.ID}); err != nil {
				return err
			}
			return none(st.anyDue(ctx, tx, s))
		},
		"takeDue": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.noteDue(ctx, tx, access.All, []string{"document:" + g.doc.ID}); err != nil {
				return err
			}
			return nothing(st.takeDue(ctx, tx, s, 10))
		},
		"noteDue": effect(counts("filing_due"), func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.noteDue(ctx, tx, s, []string{"document:" + g.doc.ID})
		}),
		"outdated": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.outdated(ctx, tx, s, fulltext.Version+1))
		},
		"putEntry": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.putEntry(ctx, tx, s, entry{ID: "x", Authority: erfurt})
		},
		"dropEntry": effect(counts("filing_entry"), func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.dropEntry(ctx, tx, s, "document:"+g.doc.ID)
		}),
		"postWords": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.postWords(ctx, tx, s, g.incoming))
		},
		"postSays": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.putIncomingText(ctx, tx, access.All, g.paper, Text{Text: "x"}); err != nil {
				return err
			}
			x, err := st.postSays(ctx, tx, s, []string{g.incoming})
			return none(len(x) > 0, err)
		},
		"entriesLabelledElse": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.entriesLabelledElse(ctx, tx, s, g.c.FileID, "x", 10))
		},
		"relabel": effect(`SELECT labels FROM filing_entry WHERE id = 'document:`+g.doc.ID+`'`, func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.relabel(ctx, tx, s, []string{"document:" + g.doc.ID}, "x")
		}),
		"labels": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.labels(ctx, tx, s, g.c.FileID))
		},
		"lockFile": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.lockFile(ctx, tx, s, g.c.FileID)
		},
		"putText": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.putText(ctx, tx, s, g.doc, Text{How: extract.Read})
		},
		"text": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			x, err := st.text(ctx, tx, s, g.doc.ID)
			return none(x.Text != "", err)
		},
		"texts": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			x, err := st.texts(ctx, tx, s, []string{g.doc.ID})
			return none(len(x) > 0, err)
		},
		"rendition": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			x, err := st.rendition(ctx, tx, s, g.doc.ID, g.doc.Version)
			return none(x.State != "", err)
		},
		"putRendition": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.putRendition(ctx, tx, s, Rendition{Document: g.doc.ID, Version: 1, Authority: erfurt})
		},
		"found": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.found(ctx, tx, s, h.index, SearchFilter{Query: secret}))
		},
		"liesWith": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := change(ctx, tx, access.All, func(x *Incoming) { x.Org = "x" }); err != nil {
				return err
			}
			return none(st.liesWith(ctx, tx, s, g.incoming, "x"))
		},
		"letterRendition": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.putRendition(ctx, tx, access.All, Rendition{Document: g.paper, Version: 1, Authority: erfurt, State: RenditionMade}); err != nil {
				return err
			}
			x, err := st.letterRendition(ctx, tx, s, g.incoming, g.paper)
			return none(x.State != "", err)
		},
		"erase": effect(counts("filing_rendition"), func(ctx context.Context, tx *db.Tx, s access.Access) error {
			_, err := st.erase(ctx, tx, s, "file_id", []string{g.c.FileID})
			return err
		}),
		"eraseIncoming": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := change(ctx, tx, access.All, func(x *Incoming) { x.CaseID = g.c.ID }); err != nil {
				return err
			}
			return nothing(st.eraseIncoming(ctx, tx, s, "file_id", []string{g.c.FileID}))
		},
		"keeps": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			r, err := st.rendition(ctx, tx, access.All, g.doc.ID, g.doc.Version)
			if err != nil {
				return err
			}
			return nothing(st.keeps(ctx, tx, s, []string{r.Hash}))
		},
		"idsAfter": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return nothing(st.idsAfter(ctx, tx, s, "document", "", 10))
		},
		"countAfter": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			n, err := st.countAfter(ctx, tx, s, "document", "")
			return none(n > 0, err)
		},
		"rebuilding": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.keepRebuild(ctx, tx, access.All, "file", "x", time.Now()); err != nil {
				return err
			}
			m, _, err := st.rebuilding(ctx, tx, s)
			return none(len(m) > 0, err)
		},
		"keepRebuild": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			return st.keepRebuild(ctx, tx, s, "file", "x", time.Now())
		},
		"endRebuild": func(ctx context.Context, tx *db.Tx, s access.Access) error {
			if err := st.keepRebuild(ctx, tx, access.All, "file", "x", time.Now()); err != nil {
				return err
			}
			return effect(counts("filing_rebuild"), func(ctx context.Context, tx *db.Tx, s access.Access) error {
				return st.endRebuild(ctx, tx, s)
			})(ctx, tx, s)
		},
	}
}

// everything marks methods that belong to the program as a whole, not to an authority.
var everything = []string{"rebuilding", "keepRebuild", "endRebuild"}

// errUndo ends a transaction that was only a try.
var errUndo = errors.New("undo")

func TestStrangersScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := guard(t, h)
		calls := h.storeCalls(g)
		var tried []string
		for name := range calls {
			tried = append(tried, name)
		}
		slices.Sort(tried)
		if all := storeMethods(t); !slices.Equal(all, tried) {
			t.Errorf("tried are %v\nthere are %v", tried, all)
		}
		for name, call := range calls {
			run := func(s access.Access) (err error) {
				undone := h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					err = call(ctx, tx, s)
					return errUndo
				})
				if !errors.Is(undone, errUndo) {
					t.Errorf("%s: %v", name, undone)
				}
				return err
			}
			for what, scope := range map[string]access.Access{"another's": access.At(jena), "no": {}, "an empty": access.At("")} {
				if err := run(scope); !errs.Is(err, errs.NotFound) {
					t.Errorf("%s with %s scope: %v", name, what, err)
				}
			}
			own := access.At(erfurt)
			if slices.Contains(everything, name) {
				own = access.All
			}
			if err := run(own); err != nil { // so that the above could fail
				t.Errorf("%s in its own scope: %v", name, err)
			}
		}
	})
}
