package flow

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/records"
	"rennsteig/records/access"
)

// saidTables have the words of the course of business. A trigger for each tells the case when they are others.
var saidTables = []records.SaidTable{{Table: "flow_circulation", At: "started_at", Columns: []string{"title", "reason"}},
	{Table: "flow_task", At: "opened_at", Columns: []string{"text", "answer"}}, {Table: "flow_signature", At: "signed_at", Columns: []string{"remark"}},
	{Table: "flow_comment", At: "created_at", Columns: []string{"text"}}}

// wordsOf is what was written in the course of business of the cases, for who looks for words.
func wordsOf(ctx context.Context, q db.Querier, a access.Access, cases []string) ([]records.Said, error) {
	return records.ReadSaid(ctx, q, a, cases, saidTables)
}
