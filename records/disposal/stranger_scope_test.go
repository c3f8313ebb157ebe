package disposal

import (
	"context"
	"errors"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
)

// found is errs.NotFound for an empty answer.
func found(v any, err error) error {
	if err != nil {
		return err
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Struct {
		for _, field := range []string{"Items", "files"} {
			if f := r.FieldByName(field); f.IsValid() {
				r = f
				break
			}
		}
	}
	if r.IsZero() || (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0 {
		return errs.E(errs.NotFound, "empty")
	}
	return nil
}

func TestStrangersScope(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.guard(t)
		st, now := h.store, h.h.Now()
		begun := Search{ID: db.NewID(), Person: Person{Authority: erfurt, Name: secret}, At: now}
		h.tx(t, regina, func(ctx context.Context, tx *db.Tx) error {
			return drop(st.insertSearch(ctx, tx, access.At(erfurt), begun))
		})
		all := func(*db.Params) string { return `f.id <> ''` }
		p := Process{ID: g.process, Authority: erfurt}
		type call = func(ctx context.Context, tx *db.Tx, a access.Access) error
		calls := map[string]call{
			"unreckoned": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.unreckoned(ctx, tx, a, 10))
			},
			"reopened": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.reopened(ctx, tx, a, 10)) },
			"ofUnit": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.ofUnit(ctx, tx, a, unitB, "", 10))
			},
			"setRetention": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.setRetention(ctx, tx, a, retained{id: g.due.ID, closed: g.due.ClosedAt}, now))
			},
			"changedRules": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.changedRules(ctx, tx, a)) },
			"noteRule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.noteRule(ctx, tx, a, ruleOf{authority: erfurt, unit: "x"})
			},
			"putRule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putRule(ctx, tx, a, ruleOf{authority: erfurt, unit: "x"})
			},
			"setting": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				s, err := st.setting(ctx, tx, a, erfurt)
				return found(s.Archive, err)
			},
			"putSetting": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putSetting(ctx, tx, a, Setting{Authority: erfurt, Archive: "x"}, "x", now)
			},
			"fileBatch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileBatch(ctx, tx, a, g.packageID, "", 10, true))
			},
			"digests": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.digests(ctx, tx, a, all)) },
			"setContent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.setContent(ctx, tx, a, g.process, g.handed.ID, "x")
			},
			"caseContent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.caseContent(ctx, tx, a, g.caseID))
			},
			"approval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.approval(ctx, tx, a, g.process, g.approval))
			},
			"approvals": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.approvals(ctx, tx, a, g.process))
			},
			"openApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.openApproval(ctx, tx, a, g.process))
			},
			"insertApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertApproval(ctx, tx, a, p, Approval{ID: db.NewID(), State: "given"})
			},
			"decideApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.decideApproval(ctx, tx, a, g.approval, "given", identity.Principal{}, now)
			},
			"itemsToPropose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToPropose(ctx, tx, a, g.process))
			},
			"itemsOfApproval": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsOfApproval(ctx, tx, a, g.approval))
			},
			"itemsToDestroy": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToDestroy(ctx, tx, a, g.process))
			},
			"destroying": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.destroying(ctx, tx, a, g.process, 10))
			},
			"responsible": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				first, _, err := st.responsible(ctx, tx, a, g.process, g.handed.ID)
				return found(first, err)
			},
			"lockFiles": func(ctx context.Context, tx *db.Tx, a access.Access) error { // finds nothing, locks nothing
				return st.lockFiles(ctx, tx, a, []string{g.due.ID})
			},
			"hashes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.hashes(ctx, tx, a, scopeFile, []string{g.due.ID}))
			},
			"facts": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.facts(ctx, tx, a, scopeFile, []string{g.due.ID}))
			},
			"casesIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesIn(ctx, tx, a, []string{g.caseID}))
			},
			"erase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.erase(ctx, tx, a, scopeFile, []string{g.due.ID})
			},
			"leaveStub": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.leaveStub(ctx, tx, a, Destruction{File: g.due.ID}, FileDestroyed, now)
			},
			"insertDestruction": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertDestruction(ctx, tx, a, Destruction{ID: db.NewID(), Authority: erfurt, File: g.due.ID})
			},
			"destructions": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.destructions(ctx, tx, a, g.other.ID))
			},
			"putBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.putBlob(ctx, tx, a, erfurt, "x", strings.Repeat("1", 64), false, now)
			},
			"blobs": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.blobs(ctx, tx, a, now)) },
			"listBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.listBlob(ctx, tx, a, strings.Repeat("0", 64))
			},
			"postponeBlobs": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.postponeBlobs(ctx, tx, a, []string{strings.Repeat("0", 64)}, now)
			},
			"dropBlob": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.dropBlob(ctx, tx, a, strings.Repeat("0", 64))
			},
			"namedHere": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.namedHere(ctx, tx, a, []string{g.hash}))
			},
			"erasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasure(ctx, tx, a, g.erasure, ""))
			},
			"erasures": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasures(ctx, tx, a, paging.Cursor{}))
			},
			"erasuresOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.erasuresOf(ctx, tx, a, g.other.ID))
			},
			"insertErasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				e := order(g.due.ID, "file", g.due.ID)
				e.Authority, e.State = erfurt, ErasureOpen
				return st.insertErasure(ctx, tx, a, e)
			},
			"decideErasure": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.decideErasure(ctx, tx, a, g.erasure, ErasureDone, identity.Principal{}, now)
			},
			"erasureOpenIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if _, err := tx.Exec(ctx, `UPDATE disposal_erasure SET object_id = $1, state = 'open' WHERE id = $2`, g.caseID, g.erasure); err != nil {
					return err
				}
				open, err := st.erasureOpenIn(ctx, tx, a, g.caseID)
				return found(open, err)
			},
			"bringOrigins": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				if _, err := tx.Exec(ctx, `UPDATE disposal_origin SET object = $1 WHERE object = $2`, records.CaseObject(g.caseID), records.FileObject(g.taken.ID)); err != nil {
					return err
				}
				if err := st.bringOrigins(ctx, tx, a, records.Case{ID: g.caseID, FileID: g.other.ID}); err != nil {
					return err
				}
				var n int
				err := tx.QueryRow(ctx, `SELECT count(*) FROM disposal_origin WHERE file_id = $1`, g.other.ID).Scan(&n)
				return found(n > 0, err)
			},
			"packagesWith": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packagesWith(ctx, tx, a, g.handed.ID))
			},
			"objectsIn": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.objectsIn(ctx, tx, a, g.other.ID))
			},
			"insertSearch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.insertSearch(ctx, tx, a, Search{ID: db.NewID(), Person: Person{Authority: erfurt}, At: now}))
			},
			"search": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.search(ctx, tx, a, g.search))
			},
			"searches": func(ctx context.Context, tx *db.Tx, a access.Access) error { return found(st.searches(ctx, tx, a, 5)) },
			"advance": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				changed, err := st.advance(ctx, tx, a, begun, begun.Place, "x", true)
				return found(changed, err)
			},
			"endSearch": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.endSearch(ctx, tx, a, g.search, 99, now)
			},
			"forgetSearches": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.forgetSearches(ctx, tx, a, now.AddDate(1, 0, 0))
			},
			"window": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.window(ctx, tx, a, corePlaces[0], false, erfurt, begun.Person.terms(), "", "zzz"))
			},
			"rowsOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.rowsOf(ctx, tx, a, corePlaces[0], false, erfurt, []string{g.caseID}))
			},
			"storedOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.storedOf(ctx, tx, a, PersonPlace{Stored: `SELECT name, hash, size FROM records_version WHERE document_id =`}, g.document))
			},
			"casesOfSources": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesOfSources(ctx, tx, a, erfurt, []string{"desk:" + g.caseID}))
			},
			"insertHits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertHits(ctx, tx, a, begun, []hit{{sort: "x", place: placeAccount}})
			},
			"countHits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.countHits(ctx, tx, a, g.search)
				return found(n > 0, err)
			},
			"hits": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.hits(ctx, tx, a, g.search, "", 5))
			},
			"chosen": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.chosen(ctx, tx, a, g.search))
			},
			"hiddenFiles": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.hiddenFiles(ctx, tx, a, g.search)
				return found(n > 0, err)
			},
			"choose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.choose(ctx, tx, a, g.search, "document_id", []string{g.document}, false)
			},
			"chooseWhole": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.chooseWhole(ctx, tx, a, g.search, g.caseID, false)
			},
			"wholes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.wholes(ctx, tx, a, g.search))
			},
			"headings": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				heads, err := st.headings(ctx, tx, a, []string{g.due.ID}, []string{g.caseID}, []string{g.document})
				return found(len(heads) > 0, err)
			},
			"casesToDisclose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.casesToDisclose(ctx, tx, a, erfurt, []string{g.caseID}))
			},
			"documentsToDisclose": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.documentsToDisclose(ctx, tx, a, erfurt, []string{g.document}))
			},
			"documentsOf": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.documentsOf(ctx, tx, a, g.caseID))
			},
			"due": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.due(ctx, tx, a, DueFilter{}, now))
			},
			"dueToOffer": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.dueToOffer(ctx, tx, a, Offering{Authority: erfurt, Files: []string{g.due.ID}}, now, 10))
			},
			"process": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.process(ctx, tx, a, g.process, ""))
			},
			"processes": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.processes(ctx, tx, a, paging.Cursor{}))
			},
			"insertProcess": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertProcess(ctx, tx, a, Process{ID: db.NewID(), Authority: erfurt}, "x")
			},
			"endProcess": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.endProcess(ctx, tx, a, g.process))
			},
			"insertItems": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertItems(ctx, tx, a, p, []Item{{File: g.due.ID}})
			},
			"items": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.items(ctx, tx, a, g.process, "", "", 10))
			},
			"itemOfFile": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				_, _, err := st.itemOfFile(ctx, tx, a, g.handed.ID)
				return err
			},
			"hidden": func(ctx context.Context, tx *db.Tx, a access.Access) error { // the other way round: all is hidden from a stranger
				hidden, err := st.hidden(ctx, tx, a, g.process)
				return found(!hidden, err)
			},
			"itemCounts": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemCounts(ctx, tx, a, g.process))
			},
			"allItems": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.allItems(ctx, tx, a, g.process))
			},
			"fileOfCase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileOfCase(ctx, tx, a, g.process, h.onlyCase(ctx, t, tx, g.handed.ID)))
			},
			"move": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.move(ctx, tx, a, g.process, []string{g.handed.ID}, []ItemState{HandedOver}, TakenOver, now, nothing)
			},
			"itemsToHandOver": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.itemsToHandOver(ctx, tx, a, g.process))
			},
			"handOver": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.handOver(ctx, tx, a, g.process, db.NewID(), now)
			},
			"withdraw": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.withdraw(ctx, tx, a, g.process, g.proposed.ID, now))
			},
			"insertPackage": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertPackage(ctx, tx, a, Package{ID: db.NewID(), Process: g.process, Authority: erfurt, Out: true})
			},
			"packageByID": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.packageByID(ctx, tx, a, g.packageID))
			},
			"packages": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packages(ctx, tx, a, g.process))
			},
			"written": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.written(ctx, tx, a, Package{ID: g.packageID}))
			},
			"packagesToErase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.packagesToErase(ctx, tx, a, g.process, true))
			},
			"erasePackage": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.erasePackage(ctx, tx, a, g.packageID)
			},
			"fileByReference": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.fileByReference(ctx, tx, a, erfurt, g.due.Reference))
			},
			"imported": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return drop(st.imported(ctx, tx, a, g.imported.ID, ""))
			},
			"imports": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.imports(ctx, tx, a, paging.Cursor{}))
			},
			"taken": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.taken(ctx, tx, a, erfurt, g.imported.Process))
			},
			"insertImport": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertImport(ctx, tx, a, Import{ID: db.NewID(), Authority: erfurt})
			},
			"take": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				i := g.imported
				i.Process = db.NewID()
				return st.take(ctx, tx, a, i)
			},
			"fetched": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.fetched(ctx, tx, a, Package{ID: g.packageID})
			},
			"lent": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.lent(ctx, tx, a, []string{g.due.ID}))
			},
			"dueHidden": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				n, err := st.dueHidden(ctx, tx, a, now.AddDate(99, 0, 0))
				return found(n > 0, err)
			},
			"dropChecked": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.dropChecked(ctx, tx, a, now.Add(time.Hour)))
			},
			"insertOrigin": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertOrigin(ctx, tx, a, g.imported, g.due.ID, Origin{Object: "file:" + g.due.ID})
			},
			"origins": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return found(st.origins(ctx, tx, a, g.taken.ID))
			},
			"insertPart": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertPart(ctx, tx, a, g.due, partRow{id: db.NewID(), number: 1})
			},
			"closePart": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				id := db.NewID()
				if err := st.insertPart(ctx, tx, access.At(erfurt), g.due, partRow{id: id, number: 1}); err != nil {
					return err
				}
				return st.closePart(ctx, tx, a, g.due, id, now)
			},
			"originCase": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.originCase(ctx, tx, a, g.imported, caseDates{id: g.caseID, received: now, closed: now})
			},
			"originFile": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.originFile(ctx, tx, a, g.due.ID, "x", now, now)
			},
			"came": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				l, err := st.came(ctx, tx, a, g.takenImport, paging.Cursor{})
				return found(l.Items, err)
			},
			"insertVersion": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				return st.insertVersion(ctx, tx, a, erfurt, laterVersion{document: g.document, number: 9})
			},
			"rule": func(ctx context.Context, tx *db.Tx, a access.Access) error {
				rule, err := st.rule(ctx, tx, a, erfurt, unitB)
				return found(rule.RetentionYears != -1, err)
			},
		}
		methods(t, "store", func(name string, p []*ast.Field) {
			if calls[name] == nil {
				t.Errorf("store.%s is not tried", name)
			}
			if len(p) < 3 || types.ExprString(p[2].Type) != "access.Access" {
				t.Errorf("store.%s does not take the access before what it looks for", name)
			}
		})
		rollback := errors.New("roll back")
		in := func(who context.Context, use call, a func(ctx context.Context, tx *db.Tx) access.Access) (err error) {
			if e := h.h.DB.Tx(who, func(ctx context.Context, tx *db.Tx) error {
				err = use(ctx, tx, a(ctx, tx))
				return rollback
			}); !errors.Is(e, rollback) {
				t.Fatal(e)
			}
			return err
		}
		load := func(ctx context.Context, tx *db.Tx) access.Access {
			a, err := access.Load(ctx, tx)
			must(t, err)
			return a
		}
		// Nothing lies there for a registrar to find: these are the program's own, or another state's.
		empty := []string{"unreckoned", "reopened", "changedRules", "itemsToPropose", "itemsToDestroy", "destroying", "endProcess", "itemsToHandOver", "written", "withdraw",
			"hiddenFiles", "dueHidden", "lent"}
		silent := []string{"lockFiles", "erase", "postponeBlobs", "dropBlob", "handOver", "endSearch", "forgetSearches", "choose", "chooseWhole"} // find nothing, change nothing, say nothing
		before := h.state(t)
		for name, use := range calls {
			for who, a := range map[string]func(ctx context.Context, tx *db.Tx) access.Access{
				"registrar of Jena": load, "the program at Jena": func(context.Context, *db.Tx) access.Access { return access.At(jena) },
				"nobody": func(context.Context, *db.Tx) access.Access { return access.Access{} },
			} {
				err := h.h.DB.Tx(jenny, func(ctx context.Context, tx *db.Tx) error { return use(ctx, tx, a(ctx, tx)) })
				if !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Conflict) && (err != nil || !slices.Contains(silent, name)) {
					t.Errorf("%s by %s: %v", name, who, err)
				}
			}
			if err := in(arne, use, load); err != nil && !db.IsUnique(err) && !slices.Contains(empty, name) {
				t.Errorf("%s by a registrar of Erfurt: %v", name, err)
			}
		}
		if h.state(t) != before {
			t.Error("a stranger changed something")
		}
	})
}
