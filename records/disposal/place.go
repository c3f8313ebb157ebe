package disposal

import (
	"context"
	"slices"

	"rennsteig/platform/db"
)

// PersonPlace is where people are named (Art. 15 GDPR): columns of a table, told by whoever owns it. All but Name and Read
// is SQL: of values of the table, which is t, and of what is joined to it.
type PersonPlace struct {
	Name  string // catalogue key of what people call it: "filing.place.sender"
	Table string
	Joins string // " JOIN …"; a row stays one row
	Key   string // column that the table is walked by: indexed, the first of ID
	ID    string // names a row for good: Key, or Key and more behind a space

	Authority string
	File      string // ids of what the row lies in; '' if it lies in none
	Case      string
	Document  string
	At        string // microseconds; 0 if it has no time
	Where     string // only these rows; "" is all

	Texts []string // what is said of people
	Staff []string // names of who did something there in office
	// Stored is a SELECT of name, hash and size of the stored files that belong to a row, up to "WHERE … ="; "" if there are
	// none. Its one table has an authority_id.
	Stored string

	// Read finds the IDs of rows by an index of words: some at a time, next is where it goes on, 0 at the end. nil: the
	// table is read as a whole. It may find too much.
	Read func(ctx context.Context, q db.Querier, authority, words string, before int64, most int) (ids []string, next int64, err error)
	// Unread counts what Read cannot find, because nobody could read it.
	Unread func(ctx context.Context, q db.Querier, authority string) (int64, error)
}

// Not being a table's, these places have no columns.
const (
	placeAccount = "disposal.place.account" // applications of a citizens' account
	placeWhole   = "disposal.place.whole"   // a case that is given out as a whole
)

const (
	inCase     = ` JOIN records_case c ON c.id = t.case_id`
	inFile     = ` JOIN records_file f ON f.id = t.file_id`
	inDocument = ` JOIN records_document d ON d.id = t.document_id`
	// What is left of a destroyed file is told by its Destruction.
	notDestroyed = `f.state NOT IN ('archived', 'destroyed')`
)

// placeOf is a place in a table with an id of its own, in no file.
func placeOf(name, table string, texts ...string) PersonPlace {
	return PersonPlace{Name: name, Table: table, Key: "t.id", ID: "t.id", Authority: "t.authority_id", File: "''", Case: "''", Document: "''", At: "0", Texts: texts}
}

func (p PersonPlace) at(column string) PersonPlace          { p.At = column; return p }
func (p PersonPlace) by(columns ...string) PersonPlace      { p.Staff = columns; return p }
func (p PersonPlace) keyed(key, id string) PersonPlace      { p.Key, p.ID = key, id; return p }
func (p PersonPlace) within(joins, file string) PersonPlace { p.Joins, p.File = joins, file; return p }
func (p PersonPlace) ofCase(id string) PersonPlace          { p.Case = id; return p }
func (p PersonPlace) ofDocument(id string) PersonPlace      { p.Document = id; return p }
func (p PersonPlace) only(where string) PersonPlace         { p.Where = where; return p }

func caseOf(name, table string, texts ...string) PersonPlace {
	return placeOf(name, table, texts...).within(inCase, "c.file_id").ofCase("t.case_id")
}

func fileOf(name, table string, texts ...string) PersonPlace {
	return placeOf(name, table, texts...).within(inFile, "t.file_id").only(notDestroyed)
}

// corePlaces are those of the electronic file's core.
var corePlaces = []PersonPlace{
	placeOf("disposal.place.case", "records_case", "t.applicant", "t.subject").at("t.received_at").by("t.assigned_name", "t.changed_by", "t.opened_by", "t.closed_by").
		within("", "t.file_id").ofCase("t.id"),
	caseOf("disposal.place.answers", "records_form", "t.answers").keyed("t.case_id", "t.case_id"),
	caseOf("disposal.place.note", "records_note", "t.text").at("t.created_at").by("t.created_by"),
	caseOf("disposal.place.question", "records_question", "t.text", "t.answer").at("t.asked_at").by("t.asked_by"),
	caseOf("disposal.place.decision", "records_decision", "t.title", "t.decision", "t.reasons", "t.remedy").at("t.decided_at").by("t.decided_by"),
	placeOf("disposal.place.document", "records_document", "t.name", "t.subject").at("t.created_at").by("t.created_by", "t.locked_name").
		within("", "t.file_id").ofCase("t.case_id").ofDocument("t.id"),
	placeOf("disposal.place.version", "records_version", "t.name", "t.comment").at("t.created_at").by("t.created_by").
		keyed("t.document_id", "t.document_id || ' ' || t.number").within(inDocument, "d.file_id").ofCase("d.case_id").ofDocument("t.document_id"),
	placeOf("disposal.place.file", "records_file", "t.subject", "t.keywords").at("t.opened_at").by("t.changed_by").within("", "t.id").
		only("t.state NOT IN ('archived', 'destroyed')"),
	placeOf("disposal.place.fields", "records_file", "t.fields").at("t.opened_at").within("", "t.id").only("t.state NOT IN ('archived', 'destroyed')"),
	placeOf("disposal.place.loan", "records_file", "t.lent_to", "t.location").at("t.lent_at").within("", "t.id").
		only("t.state NOT IN ('archived', 'destroyed')"),
	fileOf("disposal.place.part", "records_part", "t.subject").at("t.opened_at"),
	fileOf("disposal.place.grant", "records_grant", "t.reason").at("t.granted_at").by("t.granted_by").keyed("t.file_id", "t.file_id || ' ' || t.holder"),
	fileOf("disposal.place.link", "records_link").at("t.linked_at").by("t.linked_by").keyed("t.file_id", "t.file_id || ' ' || t.other_id"),
	placeOf("disposal.place.unit", "records_unit", "t.title", "t.note").keyed("t.code", "t.code"),
	placeOf("disposal.place.type", "records_file_type", "t.name", "t.fields"),
	placeOf("disposal.place.view", "records_view", "t.name", "t.query"),
	placeOf("disposal.place.member", "records_member").by("t.name").keyed("t.org_id", "t.org_id || ' ' || t.role || ' ' || t.subject"),
	placeOf("disposal.place.member", "records_clearance").by("t.name").keyed("t.subject", "t.subject"),
	placeOf("disposal.place.org", "records_org", "t.name"),
}

// ownPlaces are those of disposal itself.
var ownPlaces = []PersonPlace{
	placeOf("disposal.place.erasure", "disposal_erasure", "t.court", "t.judgment", "t.reason").at("t.proposed_at").by("t.proposed_name", "t.decided_name").
		within("", "t.file_id"),
	placeOf("disposal.place.destruction", "disposal_destruction", "t.subject", "t.archive_id", "t.location").at("t.destroyed_at").by("t.first_name", "t.second_name").within("", "t.file_id"),
	placeOf("disposal.place.item", "disposal_item", "t.error", "t.archive_id").at("t.changed_at").
		keyed("t.file_id", "t.file_id || ' ' || t.process_id").within("", "t.file_id"),
	placeOf("disposal.place.process", "disposal_process", "t.archive").at("t.created_at").by("t.created_name"),
	placeOf("disposal.place.process", "disposal_approval").at("t.first_at").by("t.first_name", "t.second_name"),
	placeOf("disposal.place.package", "disposal_package", "t.name").at("t.created_at").by("t.created_by", "t.fetched_by").only("t.state <> 'erased'"),
	placeOf("disposal.place.import", "disposal_import", "t.sender", "t.name", "t.summary").at("t.created_at").by("t.created_by", "t.taken_by"),
	placeOf("disposal.place.origin", "disposal_origin", "t.reference", "t.sender").keyed("t.object", "t.object").within("", "t.file_id"),
	placeOf("disposal.place.setting", "disposal_setting", "t.archive").by("t.changed_by").at("t.changed_at").keyed("t.authority_id", "t.authority_id"),
}

// places are all of them, in the order in which they are searched.
func (r *Room) places() []PersonPlace {
	return slices.Concat([]PersonPlace{{Name: placeAccount}}, corePlaces, ownPlaces, r.Places)
}
