package app

import (
	"bytes"
	"io"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/i18n"
	"rennsteig/records"
	"rennsteig/records/access"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
	"rennsteig/records/office"
	"rennsteig/records/plan"
	"rennsteig/standards/xdomea"
)

// The needs of post (person.sees, person.works).
const (
	toSeePost  need = "sees the post"
	toReadPost need = "sees the post, and reads the case in which it lies"
	toWorkPost need = "works on the post"
)

// onPost are the actions on incoming post.
var onPost = map[string]action{
	"filing.Incoming": {"Posteingang: Eingang ansehen", toSeePost, false, func(x try) error {
		_, _, err := x.filing.Incoming(x.ctx, x.post.id)
		return err
	}},
	"filing.OpenIncoming": {"", toReadPost, false, func(x try) error { return opened(x.filing.OpenIncoming(x.ctx, x.post.id, x.post.paper)) }},
	"filing.LookIncoming": {"", toReadPost, false, func(x try) error {
		_, _, _, err := x.filing.LookIncoming(x.ctx, x.post.id, x.post.paper, 1)
		return err
	}},
	"filing.IncomingSheet": {"", toReadPost, false, func(x try) error { return drop(x.filing.IncomingSheet(x.ctx, x.post.id, x.post.paper, 1, 200)) }},
	"filing.Letter":        {"", toSeePost, false, func(x try) error { return drop(x.filing.Letter(x.ctx, x.post.id, "")) }},
	"filing.Assign": {"Posteingang: zuordnen, weiterleiten, erledigen", toWorkPost, false, func(x try) error {
		return drop(x.filing.Assign(x.ctx, x.post.id, filing.Target{Case: "none such"}))
	}},
	"filing.Forward": {"", toWorkPost, false, func(x try) error { return x.filing.Forward(x.ctx, x.post.id, stale, "20", "") }},
	"filing.HandTo":  {"", toWorkPost, false, func(x try) error { return x.filing.HandTo(x.ctx, x.post.id, "none such") }},
	"filing.Finish":  {"", toWorkPost, false, func(x try) error { return x.filing.Finish(x.ctx, x.post.id, stale, filing.NotOurs, "") }},
	"filing.Reopen":  {"", toWorkPost, false, func(x try) error { return x.filing.Reopen(x.ctx, x.post.id) }},
	"filing.Correct": {"", toWorkPost, false, func(x try) error {
		return x.filing.Correct(x.ctx, x.post.id, stale, "x", "x", time.Now().Add(-time.Hour))
	}},
	"filing.Unassign": {"", toUnassign, false, func(x try) error { return x.filing.Unassign(x.ctx, x.post.id) }},
}

// toUnassign is to work on post, and to change the case in which it lies.
const toUnassign need = "works on the post, and changes its case"

// onProcesses are the actions on a disposal.
var onProcesses = map[string]action{
	"disposal.Process": {"Aussonderung: Verfahren ansehen", toKeep, false, func(x try) error {
		_, _, _, err := x.disposal.Process(x.ctx, x.pr.id)
		return err
	}},
	"disposal.OpenPackage": {"Aussonderung: anbieten, abgeben, vernichten", toKeepAll, false, func(x try) error {
		return opened(x.disposal.OpenPackage(x.ctx, x.pr.packageID))
	}},
	"disposal.HandOver": {"", toKeepAll, false, func(x try) error { return drop(x.disposal.HandOver(x.ctx, x.pr.id, db.NewID())) }},
	"disposal.Withdraw": {"", toKeepAll, false, func(x try) error { return x.disposal.Withdraw(x.ctx, x.pr.id, x.pr.files[0]) }},
	"disposal.Propose":  {"", toKeepAll, false, func(x try) error { return x.disposal.Propose(x.ctx, x.pr.id, x.pr.approval) }},
	"disposal.Approve":  {"", toKeepAll, false, func(x try) error { return x.disposal.Approve(x.ctx, x.pr.id, x.pr.approval) }},
	"disposal.Reject":   {"", toKeepAll, false, func(x try) error { return x.disposal.Reject(x.ctx, x.pr.id, x.pr.approval) }},
	"disposal.Destroy":  {"", toKeepAll, false, func(x try) error { return drop(x.disposal.Destroy(x.ctx, x.pr.id)) }},
	"disposal.Work":     {"", toKeep, false, func(x try) error { return x.disposal.Work(x.ctx, x.pr.id) }},
	"disposal.Take": {"", toKeepAll, false, func(x try) error {
		var b bytes.Buffer
		w, err := xdomea.NewWriter(&b, xdomea.Head{ProcessID: x.pr.id, Message: xdomea.DisposalResult, Created: time.Now()})
		if err == nil {
			err = w.Write(&xdomea.Result{ID: x.pr.id, OK: true, ArchiveID: "x"})
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			return err
		}
		return drop(x.disposal.Take(x.ctx, bytes.NewReader(b.Bytes()), int64(b.Len())))
	}},
}

// atAuthority are the actions that are about no file: about the authority, or about what is the caller's own.
var atAuthority = map[string]action{
	// What a clerk does anywhere.
	"records.OpenFile": {"Akte anlegen", toWork, false, func(x try) error {
		return drop(x.core.OpenFile(x.ctx, records.NewFile{Authority: erfurt, Unit: "none such", Details: records.Details{Subject: "x"}}))
	}},
	"records.Choices": {"", toWork, false, func(x try) error { return drop(x.core.Choices(x.ctx, erfurt)) }},
	"filing.Register": {"Posteingang: Post erfassen", toWork, false, func(x try) error {
		return x.filing.Register(x.ctx, filing.Post{ID: x.posts[0].id, Authority: erfurt, ReceivedAt: time.Now().Add(-time.Hour)}, []filing.Stored{x.stored})
	}},
	"filing.Targets":      {"", toWork, false, func(x try) error { return drop(x.filing.Targets(x.ctx, erfurt, "Zwiebelmarkt")) }},
	"filing.Colleagues":   {"", toWork, false, func(x try) error { return drop(x.filing.Colleagues(x.ctx, erfurt)) }},
	"flow.TemplateByID":   {"Laufwege ansehen", toWork, false, func(x try) error { return drop(x.flow.TemplateByID(x.ctx, x.shelf.template)) }},
	"office.Organisation": {"Organisation ansehen", toWork, false, func(x try) error { return drop(x.office.Organisation(x.ctx, erfurt)) }},
	"plan.View":           {"Aktenplan ansehen, ausgeben", toWork, false, func(x try) error { return drop(x.plan.View(x.ctx, erfurt, plan.Filter{})) }},
	"plan.Unit":           {"", toWork, false, func(x try) error { return drop(x.plan.Unit(x.ctx, erfurt, "00.10")) }},
	"plan.Export":         {"", toWork, false, func(x try) error { return drop(x.plan.Export(x.ctx, io.Discard, erfurt, plan.CSV, "", i18n.German)) }},

	// What is for heads.
	"flow.SaveTemplate": {"Laufwege anlegen und ändern", toLead, false, func(x try) error {
		return x.flow.SaveTemplate(x.ctx, flow.Template{ID: db.NewID(), Authority: erfurt, Name: "x", Steps: []flow.Step{{Kind: flow.Know, To: []string{"unit:none such"}}}})
	}},
	"flow.DropTemplate": {"", toLead, false, func(x try) error { return x.flow.DropTemplate(x.ctx, x.shelf.template, stale) }},
	"flow.RecordAbsence": {"", toLeadThem, false, func(x try) error {
		return x.flow.RecordAbsence(x.ctx, flow.Absence{ID: db.NewID(), Authority: erfurt, Subject: "member of 20", Deputy: "nobody", From: x.tomorrow(), Until: x.tomorrow()})
	}},
	"flow.EndAbsence": {"", toLeadThem, false, func(x try) error { return x.flow.EndAbsence(x.ctx, x.shelf.ended) }},
	"flow.HandOver":   {"Abwesenheit anderer eintragen, Schreibtisch anderer übergeben", toLeadOthers, false, func(x try) error { return x.flow.HandOver(x.ctx, x.shelf.handover, erfurt, "member of 20", "nobody") }},

	// What is for registrars.
	"filing.ScanFailureSeen": {"Fehlgeschlagene Scans", toKeep, false, func(x try) error { return x.filing.ScanFailureSeen(x.ctx, x.shelf.failure) }},
	"office.PutUnit": {"Organisation, Ermächtigungen, Aktentypen, Aktenzeichen einstellen", toKeep, false, func(x try) error {
		return x.office.PutUnit(x.ctx, office.Unit{ID: db.NewID(), Authority: erfurt, Code: "20", Name: "x"})
	}},
	"office.EndUnit": {"", toKeep, false, func(x try) error { return x.office.EndUnit(x.ctx, erfurt, "20") }},
	"office.PutMember": {"", toKeep, false, func(x try) error {
		return x.office.PutMember(x.ctx, erfurt, office.Member{Unit: "20", Subject: "nobody", Role: access.Member})
	}},
	"office.DropMember": {"", toKeep, false, func(x try) error {
		return x.office.DropMember(x.ctx, erfurt, office.Member{Unit: "20", Subject: "nobody", Role: access.Member})
	}},
	"office.Leaving": {"", toKeep, false, func(x try) error {
		return drop(x.office.Leaving(x.ctx, erfurt, office.Member{Unit: "20", Subject: "member of 20", Role: access.Member}))
	}},
	"office.Clear":      {"", toKeep, false, func(x try) error { return x.office.Clear(x.ctx, erfurt, "nobody", access.Restricted) }},
	"office.SetPattern": {"", toKeep, false, func(x try) error { return x.office.SetPattern(x.ctx, erfurt, "{unit}-{year}/{number:6}") }},
	"office.PutType": {"", toKeep, false, func(x try) error {
		return x.office.PutType(x.ctx, records.FileType{ID: "t", Authority: erfurt, Name: "x"})
	}},
	"plan.Put": {"Aktenplan ändern, einlesen", toKeep, false, func(x try) error {
		return x.plan.Put(x.ctx, plan.Edit{Authority: erfurt, Values: map[string]string{"code": "00.10", "title": "x"}})
	}},
	"plan.Route": {"", toKeep, false, func(x try) error {
		return x.plan.Route(x.ctx, plan.Routing{Authority: erfurt, Key: "x", Unit: "none such"})
	}},
	"plan.Unroute": {"", toKeep, false, func(x try) error {
		return x.plan.Unroute(x.ctx, plan.Routing{Authority: erfurt, Key: "99110009104000", Seen: "00.10"})
	}},
	"plan.Propose": {"", toKeep, false, func(x try) error { return drop(x.plan.Propose(x.ctx, erfurt, plan.Source{BuiltIn: "none such"})) }},
	"plan.Take":    {"", toKeep, false, func(x try) error { return x.plan.Take(x.ctx, plan.Import{Authority: erfurt}) }},
	"plan.Imports": {"", toKeep, false, func(x try) error { return drop(x.plan.Imports(x.ctx, erfurt)) }},
	"plan.Outbox":  {"", toKeep, false, func(x try) error { return drop(x.plan.Outbox(x.ctx, erfurt)) }},
	"plan.Answer": {"", toKeep, false, func(x try) error {
		return drop(x.plan.Answer(x.ctx, io.Discard, x.shelf.sent, xdomea.PlanForAppraisalReceipt))
	}},
	"plan.Receive": {"", toKeep, false, func(x try) error {
		return x.plan.Receive(x.ctx, erfurt, xdomea.Head{ProcessID: db.NewID(), Message: xdomea.PlanForAppraisalReceipt})
	}},
	"disposal.Offer": {"", toKeep, false, func(x try) error {
		return drop(x.disposal.Offer(x.ctx, disposal.Offering{ID: db.NewID(), Authority: erfurt, Steps: 4, Files: []string{"none such"}}))
	}},
	"disposal.LeftOut": {"", toKeep, false, func(x try) error {
		return drop(x.disposal.LeftOut(x.ctx, disposal.Offering{ID: db.NewID(), Authority: erfurt, Steps: 2}))
	}},
	"disposal.Setting": {"", toKeep, false, func(x try) error { return drop(x.disposal.Setting(x.ctx, erfurt)) }},
	"disposal.Set": {"", toKeep, false, func(x try) error {
		return x.disposal.Set(x.ctx, disposal.Setting{Authority: erfurt, Archive: "Stadtarchiv (Demowert)", Agreed: true})
	}},
	"disposal.Check": {"Übernahme von einer anderen Behörde", toKeep, false, func(x try) error {
		return drop(x.disposal.Check(x.ctx, bytes.NewReader(x.shelf.packed), int64(len(x.shelf.packed)), x.shelf.packedName, erfurt, db.NewID()))
	}},
	"disposal.Import": {"", toKeep, false, func(x try) error { return drop(x.disposal.Import(x.ctx, x.shelf.imported)) }},
	"disposal.TakeOver": {"", toKeep, false, func(x try) error {
		return x.disposal.TakeOver(x.ctx, x.shelf.imported, disposal.Into{Unit: "00.20", Reach: records.Registry})
	}},
	"disposal.Find": {"Auskunft nach Art. 15 DSGVO", toKeep, false, func(x try) error {
		return x.disposal.Find(x.ctx, x.shelf.search, disposal.Person{Authority: erfurt, Name: "Zwiebelmarkt"})
	}},
	"disposal.Findings": {"", toKeep, false, func(x try) error { return drop(x.disposal.Findings(x.ctx, x.shelf.search, "")) }},
	"disposal.Choose":   {"", toKeep, false, func(x try) error { return x.disposal.Choose(x.ctx, x.shelf.search, nil, nil) }},
	"disposal.Disclose": {"", toKeep, false, func(x try) error { return drop(x.disposal.Disclose(x.ctx, x.shelf.search)) }},
}

// toLeadOthers is toLeadThem, but nobody hands over their own desk.
const toLeadOthers need = "heads the unit of who it is about, or keeps the records, and is somebody else"

// elsewhere are the other exported methods that take a context, and why they are not in the matrix.
var elsewhere = map[string]string{
	"records.Inbox": "list", "records.Loans": "list", "records.OverdueLoans": "list", "records.Files": "list", "filing.IncomingPost": "list", "filing.NextPost": "list", "filing.Search": "list", "filing.Why": "list",
	"filing.ScanFailures": "list", "flow.Inbox": "list", "flow.Waiting": "list", "flow.Next": "list", "flow.Absences": "list", "flow.Handovers": "list", "flow.Templates": "list",
	"disposal.Due": "list", "disposal.DueHidden": "list", "disposal.Processes": "list", "disposal.Items": "list", "disposal.Erasures": "list", "disposal.Came": "list",
	"disposal.Imports": "list", "disposal.Searches": "list", "records.Units": "list", "records.People": "list",
	"records.Views": "own", "records.SaveView": "own", "records.DropView": "own", "records.Columns": "own", "records.KeepColumns": "own",
	"records.FileByID": "access", "records.FileOf": "access", "records.CaseByID": "access", "records.CaseToChange": "access", "records.DocumentByID": "access",
	"records.LoansDue": "access", "records.OpenFileIn": "access", "records.OpenCaseIn": "access", "records.SaidIn": "access", "records.LeaveTraces": "access", "filing.AddVersion": "access",
	"flow.ExportCourse": "access", "filing.Correspondents": "access",
	"records.CloseIn": "built on", "records.FileDocuments": "built on", "records.VersionAdded": "built on", "records.DocumentLeaves": "built on",
	"records.NoteReading": "built on", "records.OpenBlob": "built on", "records.Each": "built on", "filing.Erase": "built on", "filing.EraseParts": "built on",
	"filing.Keeps": "built on", "flow.Erase": "built on", "flow.EraseParts": "built on", "disposal.Write": "built on",
	"records.EnsurePlan": "job", "records.Receive": "job", "records.Answered": "job", "records.Paid": "job", "filing.Run": "job", "filing.Catch": "job",
	"filing.Reindex": "job", "flow.Run": "job", "flow.Refresh": "job", "disposal.Run": "job", "disposal.Sweep": "job", "disposal.Reckon": "job",
}
