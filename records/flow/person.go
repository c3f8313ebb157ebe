package flow

import (
	"context"

	"rennsteig/platform/db"
)

// PersonPlace is where this part names people (Art. 15 GDPR), for whoever looks for one: SQL of values of a table, which is
// t, and of what is joined to it. See disposal.PersonPlace.
type PersonPlace struct {
	Name, Table, Joins, Key, ID                string
	Authority, File, Case, Document, At, Where string
	Texts, Staff                               []string
	Stored                                     string
	Read                                       func(ctx context.Context, q db.Querier, authority, words string, before int64, most int) ([]string, int64, error)
	Unread                                     func(ctx context.Context, q db.Querier, authority string) (int64, error)
}

// PersonPlaces are comments, circulations and tasks; of what is about clerks only, their names.
func (r *Room) PersonPlaces() []PersonPlace {
	inCase := func(name, table, at string, staff []string, texts ...string) PersonPlace {
		return PersonPlace{Name: name, Table: table, Joins: ` JOIN records_case c ON c.id = t.case_id`, Key: "t.id", ID: "t.id", Authority: "t.authority_id",
			File: "c.file_id", Case: "t.case_id", Document: "''", At: at, Texts: texts, Staff: staff}
	}
	inNone := func(name, table, at string, staff []string, texts ...string) PersonPlace {
		return PersonPlace{Name: name, Table: table, Key: "t.id", ID: "t.id", Authority: "t.authority_id", File: "''", Case: "''", Document: "''", At: at, Texts: texts, Staff: staff}
	}
	return []PersonPlace{
		inCase("flow.place.comment", "flow_comment", "t.created_at", []string{"t.created_name"}, "t.text"),
		inCase("flow.place.task", "flow_task", "t.opened_at", []string{"t.holder_name", "t.done_name", "t.done_for_name", "t.from_name"}, "t.text", "t.answer"),
		inCase("flow.place.circulation", "flow_circulation", "t.started_at", []string{"t.started_name"}, "t.title", "t.reason"),
		inCase("flow.place.signature", "flow_signature", "t.signed_at", []string{"t.signed_name", "t.signed_for_name"}, "t.remark"),
		inNone("flow.place.template", "flow_template", "t.changed_at", []string{"t.changed_by"}, "t.name", "t.steps"),
		inNone("flow.place.absence", "flow_absence", "t.from_at", []string{"t.name", "t.deputy_name", "t.recorded_by"}),
		inNone("flow.place.handover", "flow_handover", "t.started_at", []string{"t.from_name", "t.to_name", "t.by_name"}),
	}
}
