package app

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/fulltext"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/disposal"
	"rennsteig/records/filing"
	"rennsteig/records/flow"
)

// nobody says of columns why they name nobody whom a search for a person (Art. 15 GDPR) would have to find: "COLUMN" of
// every table, or "TABLE.COLUMN". Whoever adds a text column decides: a place searches it, or it stands here.
var nobody = map[string]string{
	"id": "made by the program", "authority_id": "key of an authority", "file_id": "id", "case_id": "id", "document_id": "id", "parent_id": "id", "part_id": "id",
	"org_id": "id", "type_id": "id", "circulation_id": "id", "task_id": "id", "incoming_id": "id", "process_id": "id", "package_id": "id", "approval_id": "id",
	"erasure_id": "id", "import_id": "id", "other_id": "id", "object_id": "id", "origin_id": "id in a message", "search_id": "id", "row_id": "id", "handover_id": "id",
	"hash": "SHA-256", "document_hash": "SHA-256", "signed_hash": "SHA-256", "media_type": "media type", "state": "one of a few words", "kind": "one of a few words",
	"role": "one of a few words", "scope": "one of a few words", "medium": "one of a few words", "appraisal": "A, B or V", "proposal": "A, B or V", "decision": "A, B or V",
	"subject": "id of a sign-in", "lent_by": "id of a sign-in", "holder": "id of a sign-in, a unit or a role", "deputy": "id of a sign-in", "unit": "code in the file plan", "code": "code", "lead": "id of a unit",
	"readers": "holder", "writers": "holder", "leika_key": "key of a service", "search": "a copy in small letters of columns that are searched",
	"kassenzeichen": "number of a payment", "reference": "Aktenzeichen", "path": "ids", "parent": "id or code", "object": "kind and id", "source": "id or one of a few words",
	"first_by": "id of a sign-in", "second_by": "id of a sign-in", "decided_by": "id of a sign-in", "proposed_by": "id of a sign-in", "done_by": "id of a sign-in", "done_for": "id of a sign-in",
	"signed_by": "id of a sign-in", "signed_for": "id of a sign-in", "started_by": "id of a sign-in", "from_subject": "id of a sign-in", "to_subject": "id of a sign-in", "by_subject": "id of a sign-in",
	"message": "number of a message", "content": "digest", "former": "earlier Aktenzeichen",

	"records_case.assigned_to": "id of a sign-in", "records_case.source_reference": "number of an application", "records_case.status_path": "address of an application",
	"records_case.fee_kassenzeichen": "number of a payment", "records_decision.pay_path": "address of a payment", "records_document.locked_by": "id of a sign-in",
	"records_form.form_id": "id of a form", "records_form.form_version": "number", "records_form.title": "name of a form", "records_setting.reference_pattern": "pattern",
	"records_keyword.word": "a copy of records_file.keywords, which are searched", "records_view.list": "name of a list", "records_view.columns": "names of columns",
	"disposal_process.created_by": "id of a sign-in", "disposal_package.direction": "one of a few words", "disposal_hit.place": "key of a text", "disposal_hit.sort": "ids",
	"disposal_search.name": "what is looked for: it is deleted with the search", "disposal_search.mail": "as the name", "disposal_search.address": "as the name",
	"disposal_search.born": "as the name", "disposal_search.citizen": "as the name", "disposal_search.after_key": "id", "disposal_search.created_by": "id of a sign-in",
	"disposal_search.created_name": "who looked, which the log says, too",
	"filing_content.how":           "one of a few words", "filing_incoming_document.how": "one of a few words", "filing_incoming.reason": "one of a few words",
	"filing_incoming.registered_by": "id of a sign-in", "filing_incoming.person": "id of a sign-in", "filing_scan_failure.reason": "one of a few sentences", "filing_text.words": "the index: the texts in it are searched", "filing_text.tokens": "as the words",
	"filing_entry.labels": "rights in the index", "filing_rebuild.after_id": "id", "flow_template.case_type": "key of a service", "flow_handover.last_case": "id",
	"flow_comment.created_by": "id of a sign-in",
}

// searched are columns that have the name of one above and are searched all the same.
var searched = []string{"records_file.subject", "records_case.subject", "records_document.subject", "records_part.subject", "records_decision.decision", "filing_incoming.subject",
	"filing_incoming_document.subject", "disposal_destruction.subject", "disposal_origin.reference"}

// inOffice are columns with names of who did something in office: they are searched for who asks as an employee.
var inOffice = []string{"records_case.assigned_name", "records_case.changed_by", "records_case.opened_by", "records_case.closed_by", "records_note.created_by", "records_question.asked_by", "records_decision.decided_by",
	"records_document.created_by", "records_document.locked_name", "records_version.created_by", "records_file.changed_by", "records_grant.granted_by", "records_link.linked_by",
	"records_member.name", "records_clearance.name", "disposal_erasure.proposed_name", "disposal_erasure.decided_name", "disposal_destruction.first_name",
	"disposal_destruction.second_name", "disposal_process.created_name", "disposal_approval.first_name", "disposal_approval.second_name", "disposal_package.created_by", "disposal_package.fetched_by",
	"disposal_import.created_by", "disposal_import.taken_by", "disposal_setting.changed_by", "filing_incoming.created_by", "filing_incoming.assigned_by", "filing_incoming.closed_by", "filing_incoming.person_name", "filing_scan_failure.done_name",
	"flow_task.holder_name", "flow_task.done_name", "flow_task.done_for_name", "flow_task.from_name", "flow_circulation.started_name", "flow_signature.signed_name", "flow_signature.signed_for_name",
	"flow_template.changed_by", "flow_comment.created_name", "flow_absence.name", "flow_absence.deputy_name", "flow_absence.recorded_by", "flow_handover.from_name", "flow_handover.to_name", "flow_handover.by_name"}

// first are tables that others refer to, in the order in which rows are made.
var first = []string{"records_org", "records_file", "records_case", "records_document", "filing_incoming", "flow_circulation", "disposal_process", "disposal_import", "disposal_search"}

func TestPersonIsFoundEverywhere(t *testing.T) {
	const erfurt = "160510000000"
	var files []platform.Files
	for _, r := range rooms {
		if r.Room != "queue" && r.Room != "audit" && r.Room != "web" {
			files = append(files, r)
		}
	}
	housetest.Each(t, files, func(t *testing.T, h *platform.House) {
		ctx := identity.With(t.Context(), identity.Principal{Subject: "staff:regina", Name: "Regina Ablage", Kind: identity.Staff,
			Grants: []identity.Grant{{Role: identity.Registrar, Authority: erfurt}}})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		h.Queue.Now = func() time.Time { return time.Now().Add(time.Hour) } // a search that takes long goes on as a job, a little later
		core, err := records.New(h, nil, nil, nil)
		must(err)
		f, err := filing.New(h, core, nil)
		must(err)
		w, err := flow.New(h, core, directory{})
		must(err)
		d, err := disposal.New(h, core, f, w)
		must(err)
		d.Places = personPlaces(f, w)
		exec := func(statement string, args ...any) {
			t.Helper()
			must(h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, statement, args...)
				return err
			}))
		}

		tables := columnsOf(t, h.DB)
		ids := map[string]string{}
		row := func(table string) {
			var names, marks []string
			var values db.Params
			for _, c := range tables[table] {
				var v any = int64(0)
				switch {
				case c.kind == "boolean":
					v = false
				case c.kind != "text":
				case c.name == "id":
					ids[table] = db.NewID()
					v = ids[table]
				case c.name == "authority_id":
					v = erfurt
				case ids[parents[c.name]] != "":
					v = ids[parents[c.name]]
				case c.name == "parent_id", c.name == "fields":
					v = ""
				default:
					v = "x" + c.name
				}
				if c.name == "state" || c.name == "readers" || c.name == "writers" {
					v = ""
				}
				names, marks = append(names, c.name), append(marks, values.Add(v))
			}
			exec(`INSERT INTO `+table+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, values...)
		}
		var order []string
		for table := range tables {
			order = append(order, table)
		}
		slices.SortFunc(order, func(x, y string) int {
			place := func(s string) int {
				if i := slices.Index(first, s); i >= 0 {
					return i
				}
				return len(first)
			}
			return place(x)*1000 + strings.Compare(x, y) - place(y)*1000
		})
		for _, table := range order {
			if table != "filing_entry" && table != "filing_text" && table != "filing_due" { // triggers and the index write these
				row(table)
			}
		}
		exec(`DELETE FROM disposal_hit`)
		document := "document:" + ids["records_document"]
		exec(`INSERT INTO filing_entry (id, authority_id, kind, file_id, case_id, document_id, labels, at) VALUES ($1, $2, 'document', '', '', $3, '', 0)`, document, erfurt,
			ids["records_document"])
		index := fulltext.New(h.DB.Dialect(), "filing_text")
		find := func(p disposal.Person) int {
			t.Helper()
			id := db.NewID()
			p.Authority = erfurt
			must(d.Find(ctx, id, p))
			found, err := d.Findings(ctx, id, "")
			must(err)
			if found.Search.Ended.IsZero() {
				must(h.Queue.Drain(t.Context()))
				found, err = d.Findings(ctx, id, "")
				must(err)
			}
			if found.Search.Ended.IsZero() || found.Hidden != 0 {
				t.Fatalf("the search has not ended, or hides something: %+v", found)
			}
			for _, x := range found.List {
				for _, place := range x.Places {
					if !h.Site.Texts.Has("de", place) || !h.Site.Texts.Has("en", place) {
						t.Errorf("%s has no text", place)
					}
				}
			}
			return len(found.List)
		}
		const name = "Quellwasser,\tZacharias Müßig"
		anybody := disposal.Person{Name: "zacharias muessig Quellwasser"}
		if n := find(anybody); n != 0 {
			t.Fatalf("%d hits of nobody", n)
		}
		tried := 0
		for _, table := range order {
			for _, c := range tables[table] {
				column := table + "." + c.name
				if c.kind != "text" {
					continue
				}
				why := nobody[column]
				if why == "" && !slices.Contains(searched, column) && !slices.Contains(inOffice, column) {
					why = nobody[c.name]
				}
				if why != "" {
					continue
				}
				var old string
				must(h.DB.Reader().QueryRow(t.Context(), `SELECT `+c.name+` FROM `+table).Scan(&old))
				exec(`UPDATE `+table+` SET `+c.name+` = $1`, name)
				if column == "filing_content.text" {
					must(h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						return index.Put(ctx, tx, fulltext.Document{ID: document, At: time.Now(), Labels: []string{erfurt + "|registry"}, Texts: []string{name}})
					}))
				}
				tried++
				staff := slices.Contains(inOffice, column)
				if n := find(anybody); n != 1 && !staff || n != 0 && staff {
					t.Errorf("%s: %d hits: name a place where people are looked for, or say in this test why it names nobody", column, n)
				}
				as := anybody
				as.Staff = true
				if n := find(as); n != 1 {
					t.Errorf("%s: %d hits of an employee", column, n)
				}
				exec(`UPDATE `+table+` SET `+c.name+` = $1`, old)
			}
		}
		if tried < 60 {
			t.Errorf("only %d columns are searched", tried)
		}
	})
}

// parents are the tables that a column refers to.
var parents = map[string]string{"file_id": "records_file", "other_id": "records_file", "case_id": "records_case", "document_id": "records_document", "org_id": "records_org",
	"circulation_id": "flow_circulation", "incoming_id": "filing_incoming", "process_id": "disposal_process", "import_id": "disposal_import", "search_id": "disposal_search"}

type column struct{ name, kind string }

// columnsOf are those of all tables of the electronic file; kind is "text", "boolean" or another.
func columnsOf(t *testing.T, d *db.DB) map[string][]column {
	t.Helper()
	statement := `SELECT m.name, c.name, lower(c.type) FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'filing_text_%' ORDER BY m.name, c.cid`
	if d.Dialect() == db.Postgres {
		statement = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`
	}
	rows, err := d.Reader().Query(t.Context(), statement)
	out := map[string][]column{}
	_, err = db.All(rows, err, func(r db.Scanner) (x column, err error) {
		var table string
		err = r.Scan(&table, &x.name, &x.kind)
		if room, _, _ := strings.Cut(table, "_"); slices.Contains([]string{"records", "filing", "flow", "disposal"}, room) {
			out[table] = append(out[table], x)
		}
		return x, err
	})
	for table, columns := range out { // those of goose
		if slices.ContainsFunc(columns, func(c column) bool { return c.name == "is_applied" }) {
			delete(out, table)
		}
	}
	if err != nil || len(out) < 30 {
		t.Fatal(len(out), err)
	}
	return out
}
