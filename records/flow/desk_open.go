package flow

import (
	"context"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// OpenTasks counts the tasks that wait for a holder (of package access) at the authorities of the scope.
func OpenTasks(ctx context.Context, q db.Querier, a access.Access, holder string) (n int, err error) {
	var p db.Params
	err = q.QueryRow(ctx, `SELECT count(*) FROM flow_task WHERE `+a.In("authority_id", &p)+` AND holder = `+p.Add(holder)+` AND state = 'open'`, p...).Scan(&n)
	return n, err
}
