package records

import (
	"context"
	"net/http"

	"rennsteig/platform/db"
	"rennsteig/platform/web"
	"rennsteig/records/access"
)

// The states of a file whose cases and documents were destroyed: what is left of it is its stub.
const (
	StateArchived  = "archived"  // the archive has it
	StateDestroyed = "destroyed" // nobody has it
)

// Gone reports whether only the stub of the file is left.
func (f File) Gone() bool { return f.State == StateArchived || f.State == StateDestroyed }

// OnStub has show answer for the page of a file that is gone, which the caller may read: a part asks for that when it is
// made.
func (r *Room) OnStub(show func(w http.ResponseWriter, req *http.Request, f File) error) {
	r.stub = show
}

// LeaveTraces keeps which cases and documents lie in a file, a case or are a document (one of the three is named, by its id):
// before it is destroyed, in the same transaction.
func (r *Room) LeaveTraces(ctx context.Context, tx *db.Tx, a access.Access, file, caseID, document string) error {
	return r.store.leaveTraces(ctx, tx, a, file, caseID, document)
}

// stateBadge is the badge of a file whose disposal has begun.
func (r *Room) stateBadge(req *http.Request, f File) web.Badge {
	if f.Gone() {
		return web.Badge{Kind: "danger", Text: r.h.Site.T(req, "records.file_state."+f.State)}
	}
	return web.Badge{Text: r.h.Site.T(req, "records.file_state.disposal")}
}
