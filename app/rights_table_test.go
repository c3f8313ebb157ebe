package app

import (
	"context"
	"io"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/paging"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
)

// try is one try: who, on what.
type try struct {
	*rights
	ctx  context.Context
	p    person
	x    *thing   // the file of actions on files
	post *post    // … on post
	pr   *process // … on disposals
}

// action is a use-case, with what it needs. It is tried so that it changes nothing that another try depends on: with a
// version that is not the current one, or the id of a form that was sent before; so its answer to who may is none, or one
// that has nothing to do with rights.
type action struct {
	word  string // what it is called in docs/RIGHTS.md; "" is one that goes along with another there
	need  need
	every bool // stands for its kind on every file; the others are tried on some (thing.tried)
	do    func(x try) error
}

const stale = 99 // a version that nothing has

// drop leaves the error.
func drop[T any](_ T, err error) error { return err }

// opened closes what was opened.
func opened[T any](_ T, c io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	return c.Close()
}

// onFiles are the actions on a file, and on a case, a document or a task in it.
var onFiles = map[string]action{
	// The core.
	"records.FilePage": {"Akte ansehen", toRead, false, func(x try) error { return drop(x.core.FilePage(x.ctx, x.x.id, paging.Cursor{})) }},
	"records.Mark":     {"", toRead, false, func(x try) error { return x.core.Mark(x.ctx, x.x.id, true) }},
	"records.FileHistory": {"Nachweis der Akte ansehen und als Bündel holen", toRead, false, func(x try) error {
		return drop(x.core.FileHistory(x.ctx, x.x.id, ""))
	}},
	"records.WriteProof": {"", toRead, false, func(x try) error {
		return x.core.WriteProof(x.ctx, x.x.id, func(records.File) io.Writer { return io.Discard })
	}},
	"records.ChangeFile": {"Angaben der Akte ändern", toWrite, false, func(x try) error {
		return x.core.ChangeFile(x.ctx, x.x.id, stale, records.Details{Subject: "x"})
	}},
	"records.AddKeyword": {"", toWrite, false, func(x try) error { return x.core.AddKeyword(x.ctx, x.x.id, stale, "x") }},
	"records.SetLead":    {"", toWrite, false, func(x try) error { return x.core.SetLead(x.ctx, x.x.id, stale, "10") }},
	"records.AddPart": {"Teilakte anlegen", toWrite, false, func(x try) error {
		return x.core.AddPart(x.ctx, x.x.id, stale, db.NewID(), "x")
	}},
	"records.ChangePart": {"", toWrite, false, func(x try) error { return x.core.ChangePart(x.ctx, x.x.id, stale, "x", "x", false) }},
	"records.PartForm": {"", toWrite, false, func(x try) error {
		_, _, err := x.core.PartForm(x.ctx, x.x.id, x.x.part)
		return err
	}},
	"records.CaseNamed": {"", toRead, false, func(x try) error { return drop(x.core.CaseNamed(x.ctx, x.x.id, "1")) }},
	"records.LinkFiles": {"Akten verknüpfen", toWrite, false, func(x try) error {
		return x.core.LinkFiles(x.ctx, x.x.id, stale, "x", records.SeeAlso)
	}},
	"records.Unlink": {"", toWrite, false, func(x try) error { return x.core.Unlink(x.ctx, x.x.id, stale, "x") }},
	"records.Lend": {"Papier ausleihen, Rückgabe vermerken", toWrite, false, func(x try) error {
		return x.core.Lend(x.ctx, x.x.id, stale, "x", x.tomorrow())
	}},
	"records.Return":    {"", toWrite, false, func(x try) error { return x.core.Return(x.ctx, x.x.id, stale) }},
	"records.CloseFile": {"Akte schließen", toWrite, true, func(x try) error { return x.core.CloseFile(x.ctx, x.x.id, stale) }},
	"records.OpenCase": {"Vorgang anlegen", toWrite, false, func(x try) error {
		return drop(x.core.OpenCase(x.ctx, records.NewCase{File: x.x.id, Subject: "x", Level: stale}))
	}},
	"records.Reopen": {"Geschlossene Akte wieder öffnen", toManage, true, func(x try) error { return x.core.Reopen(x.ctx, x.x.id, stale) }},
	"records.ReassignUnit": {"Akte umprotokollieren", toManage, false, func(x try) error {
		return x.core.ReassignUnit(x.ctx, x.x.id, stale, "00.20", "x")
	}},
	"records.Dossier": {"Vorgang ansehen", toReadCase, false, func(x try) error { return drop(x.core.Dossier(x.ctx, x.x.caseID)) }},
	"records.OpenDocument": {"Dokument ansehen und herunterladen, auch frühere Fassungen", toReadCase, false, func(x try) error {
		return opened(x.core.OpenDocument(x.ctx, x.x.doc))
	}},
	"records.CaseForm": {"", toReadCase, false, func(x try) error { return drop(x.core.CaseForm(x.ctx, x.x.caseID)) }},
	"records.MarkCase": {"", toReadCase, false, func(x try) error { return x.core.MarkCase(x.ctx, x.x.caseID, true) }},
	"records.Preview": {"", toReadCase, false, func(x try) error {
		return drop(x.core.Preview(x.ctx, x.x.caseID, records.Verdict{ID: "x", Decision: "x", Reasons: "x"}))
	}},
	"records.Neighbour": {"", toReadCase, false, func(x try) error {
		return drop(x.core.Neighbour(x.ctx, records.Filter{}, x.x.caseID))
	}},
	"records.AddNote": {"Notiz zum Vorgang schreiben", toWriteCase, false, func(x try) error {
		return x.core.AddNote(x.ctx, x.x.caseID, x.x.note, "x")
	}},
	"records.Take": {"Vorgang übernehmen, auch von jemand anderem", toWriteCase, true, func(x try) error {
		return x.core.Take(x.ctx, x.x.caseID, stale)
	}},
	"records.Assign": {"Vorgang zuweisen", toWriteCase, false, func(x try) error {
		return x.core.Assign(x.ctx, x.x.caseID, stale, "member of 20")
	}},
	"records.AssignUnit": {"", toWriteCase, false, func(x try) error { return x.core.AssignUnit(x.ctx, x.x.caseID, stale, "20") }},
	"records.SetDue":     {"", toWriteCase, false, func(x try) error { return x.core.SetDue(x.ctx, x.x.caseID, stale, x.tomorrow()) }},
	"records.ChangeCase": {"Angaben des Vorgangs ändern", toWriteCase, false, func(x try) error {
		return x.core.ChangeCase(x.ctx, x.x.caseID, stale, records.CaseDetails{Subject: "x", Due: x.tomorrow()})
	}},
	"records.MoveCase": {"Vorgang in eine andere Akte verschieben", toWriteCase, false, func(x try) error {
		return x.core.MoveCase(x.ctx, x.x.caseID, stale, records.Move{Reference: "x", Reason: "x"})
	}},
	"records.Ask": {"Bei der antragstellenden Person nachfragen", toWriteCase, false, func(x try) error {
		return x.core.Ask(x.ctx, x.x.caseID, stale, db.NewID(), "x", x.tomorrow())
	}},
	"records.Decide": {"Entscheiden (Bescheid)", toWriteCase, false, func(x try) error {
		return x.core.Decide(x.ctx, x.x.caseID, stale, records.Verdict{ID: "x", Decision: "x", Reasons: "x"})
	}},
	"records.Closing": {"", toWriteCase, false, func(x try) error { return drop(x.core.Closing(x.ctx, x.x.caseID)) }},
	"records.Close":   {"Vorgang zu den Akten geben", toWriteCase, false, func(x try) error { return x.core.Close(x.ctx, x.x.caseID, stale) }},
	"records.ReopenCase": {"Vorgang wieder aufnehmen", toRunCase, false, func(x try) error {
		return x.core.ReopenCase(x.ctx, x.x.caseID, stale, "x")
	}},

	// Documents.
	"filing.Documents": {"", toReadCase, false, func(x try) error {
		_, _, err := x.filing.Documents(x.ctx, x.x.caseID, filing.Filter{})
		return err
	}},
	"filing.Card":          {"", toReadCase, false, func(x try) error { return drop(x.filing.Card(x.ctx, x.x.doc)) }},
	"filing.Look":          {"", toReadCase, false, func(x try) error { return drop(x.filing.Look(x.ctx, x.x.doc, 1, 1)) }},
	"filing.Sheet":         {"", toReadCase, false, func(x try) error { return drop(x.filing.Sheet(x.ctx, x.x.doc, 1, 1, 200)) }},
	"filing.OpenVersion":   {"", toReadCase, false, func(x try) error { return opened(x.filing.OpenVersion(x.ctx, x.x.doc, 1, "")) }},
	"filing.OpenRendition": {"", toReadCase, false, func(x try) error { return opened(x.filing.OpenRendition(x.ctx, x.x.doc)) }},
	"filing.Render":        {"", toReadCase, false, func(x try) error { return x.filing.Render(x.ctx, x.x.doc) }},
	"filing.File": {"Dokumente ablegen", toWriteCase, false, func(x try) error {
		return drop(x.filing.File(x.ctx, x.x.caseID, x.x.doc, []filing.Stored{x.stored}, false))
	}},
	"filing.Describe": {"", toWriteCase, false, func(x try) error {
		return x.filing.Describe(x.ctx, x.x.doc, stale, filing.Details{Name: "x", Kind: "none such"})
	}},
	"filing.Mark": {"Dokumente benennen, verschlagworten", toWriteCase, false, func(x try) error {
		same := ""
		return x.filing.Mark(x.ctx, x.x.caseID, []string{x.x.doc}, filing.Marks{Keywords: &same})
	}},
	"filing.Move": {"Dokumente in einen anderen Vorgang verschieben", toWriteCase, false, func(x try) error {
		err := x.filing.Move(x.ctx, x.x.caseID, nil, x.x.otherReference)
		if errs.Is(err, errs.Invalid) && x.p.may(x.x.file) < access.Read { // to a guest there is no other case
			return errs.E(errs.Denied, "")
		}
		return err
	}},
	"filing.NewVersion": {"Dokument bearbeiten: neue Fassung, Sperre", toWriteCase, false, func(x try) error {
		_, _, err := x.filing.NewVersion(x.ctx, x.x.doc, stale, "f"+x.p.id+x.x.doc, x.stored, "", false)
		return err
	}},
	"filing.Settle": {"", toWriteCase, false, func(x try) error { return x.filing.Settle(x.ctx, x.x.doc, x.x.held, true, stale) }},
	"filing.Lock":   {"", toWriteCase, false, func(x try) error { return x.filing.Lock(x.ctx, x.x.doc) }},
	"filing.Unlock": {"", toWriteCase, false, func(x try) error { return x.filing.Unlock(x.ctx, x.x.doc) }},
	"filing.BreakLock": {"Fremde Sperre aufheben", toRunCase, false, func(x try) error {
		return x.filing.BreakLock(x.ctx, x.x.doc)
	}},

	// The course of business.
	"flow.Course": {"Geschäftsgang und Verlauf ansehen", toReadCase, false, func(x try) error { return drop(x.flow.Course(x.ctx, x.x.caseID)) }},
	"flow.Timeline": {"", toReadCase, false, func(x try) error {
		_, _, err := x.flow.Timeline(x.ctx, x.x.caseID, "", "")
		return err
	}},
	"flow.TaskByID": {"", toReadCase, false, func(x try) error { return drop(x.flow.TaskByID(x.ctx, x.x.task(x.p).ID, nil)) }},
	"flow.AddComment": {"Kommentar schreiben", toReadCase, false, func(x try) error {
		return x.flow.AddComment(x.ctx, x.x.caseID, x.x.comment, "x")
	}},
	"flow.BringBack": {"Wiedervorlage für sich selbst", toReadCase, false, func(x try) error {
		return x.flow.BringBack(x.ctx, x.x.caseID, x.x.circulation, x.tomorrow(), "")
	}},
	"flow.MoveDate": {"", toWithdraw, false, func(x try) error {
		return x.flow.MoveDate(x.ctx, x.x.task(x.p).ID, stale, x.tomorrow(), "x")
	}},
	"flow.Start": {"Geschäftsgang starten", toWriteCase, false, func(x try) error {
		return x.flow.Start(x.ctx, x.x.caseID, flow.Order{ID: x.x.circulation, Steps: []flow.Step{{Kind: flow.Know, To: []string{"unit:20"}}}})
	}},
	"flow.Finish": {"Aufgabe erledigen, zeichnen, ablehnen, weitergeben", toDo, false, func(x try) error {
		return x.flow.Finish(x.ctx, x.x.task(x.p).ID, stale, "")
	}},
	"flow.Sign": {"", toDo, false, func(x try) error {
		return x.flow.Sign(x.ctx, x.x.task(x.p).ID, stale, flow.Content{Version: 1, Hash: x.stored.Hash}, "")
	}},
	"flow.Refuse":  {"", toDo, false, func(x try) error { return x.flow.Refuse(x.ctx, x.x.task(x.p).ID, stale, "x") }},
	"flow.Forward": {"", toDo, false, func(x try) error { return x.flow.Forward(x.ctx, x.x.task(x.p).ID, stale, "person:writer") }},
	"flow.Seen": {"", toReadCase, false, func(x try) error {
		return drop(x.flow.Seen(x.ctx, []string{x.x.task(x.p).ID}))
	}},
	"flow.Withdraw": {"Geschäftsgang zurückziehen (den hier die Person mit Schreibregel gestartet hat)", toWithdraw, false, func(x try) error { return x.flow.Withdraw(x.ctx, x.x.circulation, stale, "x") }},
	"flow.AddCoSigner": {"", toTakePart, false, func(x try) error {
		return x.flow.AddCoSigner(x.ctx, x.x.circulation, db.NewID(), "", "")
	}},

	// Who reaches it, and how it ends.
	"office.Rules": {"Zugriffsregeln der Akte ansehen", toRead, false, func(x try) error { return drop(x.office.Rules(x.ctx, x.x.id)) }},
	"office.PutRule": {"Zugriffsregeln der Akte setzen", toRule, false, func(x try) error {
		return x.office.PutRule(x.ctx, x.x.id, "person:nobody", access.Read, "x")
	}},
	"office.DropRule":    {"", toRule, false, func(x try) error { return x.office.DropRule(x.ctx, x.x.id, "person:nobody") }},
	"disposal.Retention": {"Aufbewahrung der Akte ansehen", toRead, false, func(x try) error { return drop(x.disposal.Retention(x.ctx, x.x.id)) }},
	"disposal.Erasable": {"Gerichtlich angeordnete Löschung vorschlagen", toKeepFile, false, func(x try) error {
		_, _, err := x.disposal.Erasable(x.ctx, x.x.id)
		return err
	}},
	"disposal.ProposeErasure": {"", toKeepFile, false, func(x try) error {
		return x.disposal.ProposeErasure(x.ctx, erasure(x.x, x.shelf.erasures[x.x.id]))
	}},
	"disposal.Erasure": {"Gerichtlich angeordnete Löschung bestätigen (zweite Person)", toRule, false, func(x try) error {
		_, _, err := x.disposal.Erasure(x.ctx, x.shelf.erasures[x.x.id])
		return err
	}},
	"disposal.Erase":         {"", toRule, false, func(x try) error { return x.disposal.Erase(x.ctx, x.shelf.erasures[x.x.id]) }},
	"disposal.RefuseErasure": {"", toRule, false, func(x try) error { return x.disposal.RefuseErasure(x.ctx, x.shelf.erasures[x.x.id]) }},
}

// parts are rights within a use-case, and doubts that somebody had.
var parts = map[string]action{
	"another case of the file":       {"", toReadOther, false, func(x try) error { return drop(x.core.Dossier(x.ctx, x.x.other)) }},
	"a document in another case":     {"", toReadOther, false, func(x try) error { return opened(x.core.OpenDocument(x.ctx, x.x.otherDoc)) }},
	"a look at it":                   {"", toReadOther, false, func(x try) error { return drop(x.filing.Look(x.ctx, x.x.otherDoc, 1, 1)) }},
	"a page of it":                   {"", toReadOther, false, func(x try) error { return drop(x.filing.Sheet(x.ctx, x.x.otherDoc, 1, 1, 200)) }},
	"a version of it":                {"", toReadOther, false, func(x try) error { return opened(x.filing.OpenVersion(x.ctx, x.x.otherDoc, 1, "")) }},
	"its rendition":                  {"", toReadOther, false, func(x try) error { return opened(x.filing.OpenRendition(x.ctx, x.x.otherDoc)) }},
	"its card":                       {"", toReadOther, false, func(x try) error { return drop(x.filing.Card(x.ctx, x.x.otherDoc)) }},
	"what a colleague has put aside": {"", toHold, false, func(x try) error { return opened(x.filing.OpenVersion(x.ctx, x.x.doc, 0, x.x.held)) }},
	"the reach of a file":            {"Zugriff und Vertraulichkeit der Akte ändern", toManage, false, changeReach(records.Registry, 0)},
	"the confidentiality of a file":  {"", toManage, false, changeReach("", 4)},
	"a rule about oneself": {"", toRuleOwn, false, func(x try) error {
		return x.office.PutRule(x.ctx, x.x.id, access.Person(identity.From(x.ctx).Subject), access.Write, "x")
	}},
	"no rule about oneself": {"", toRuleOwn, false, func(x try) error {
		return x.office.DropRule(x.ctx, x.x.id, access.Person(identity.From(x.ctx).Subject))
	}},
	"a case that is less confidential": {"Vertraulichkeit des Vorgangs senken", toLower, false, func(x try) error {
		version := read[int64](x.rights, `SELECT version FROM records_case WHERE id = $1`, x.x.caseID)
		return x.core.ChangeCase(x.ctx, x.x.caseID, version, records.CaseDetails{Subject: "x", Due: x.tomorrow(), Level: access.Restricted, Org: "none such"})
	}},
}

// changeReach changes a file as it is, but for a leading unit that there is not.
func changeReach(reach records.Reach, level access.Level) func(x try) error {
	return func(x try) error {
		version := read[int64](x.rights, `SELECT version FROM records_file WHERE id = $1`, x.x.id)
		d := records.Details{Subject: "x", Lead: "none such", Reach: reach, Level: x.x.level}
		if reach == "" {
			d.Reach, d.Level = x.x.reach, (x.x.level+level)%5
		}
		return x.core.ChangeFile(x.ctx, x.x.id, version, d)
	}
}

// erasure is an order of a court about a document of the file.
func erasure(x *thing, id string) disposal.Erasure {
	return disposal.Erasure{ID: id, File: x.id, Scope: "document", Object: x.otherDoc, Court: "VG", Judgment: "1 K 1/26", Reason: "Urteil"}
}
