package disposal

import (
	"context"
	"time"

	"rennsteig/platform/db"
	"rennsteig/records/access"
)

// Eraser is another part of the electronic file that keeps rows of its own about files, cases and documents. Erase
// deletes those of whole files, in the transaction in which they are destroyed and before their cases and documents
// are deleted, and returns the SHA-256 of the stored files that the rows named.
type Eraser interface {
	Erase(ctx context.Context, tx *db.Tx, files []string) (blobs []string, err error)
}

// PartEraser is an Eraser that can forget single cases and documents too, for what a court ordered. Of the two lists
// one is empty.
type PartEraser interface {
	EraseParts(ctx context.Context, tx *db.Tx, cases, documents []string) (blobs []string, err error)
}

// Keeper is an Eraser, or a part of another room, whose rows name stored files. Keeps says which of the hashes it still
// names; those are not deleted.
type Keeper interface {
	Keeps(ctx context.Context, q db.Querier, hashes []string) ([]string, error)
}

// Applicants knows which applications somebody sent through the citizens' account.
type Applicants interface {
	// Applications lists the ids of the applications of the account; none if there is no such account.
	Applications(ctx context.Context, citizen string) ([]string, error)
}

// Courses knows how cases went from desk to desk (Geschäftsgang).
type Courses interface {
	// Course is the course of business of a case, read in the name of a.
	Course(ctx context.Context, q db.Querier, a access.Access, caseID string) (Course, error)
}

// Messages knows who wrote to whom.
type Messages interface {
	// Correspondents are the sender, the recipients and who got a copy, each in one line or "", of those of the documents of
	// a case that are messages, by the document's id, read in the name of a.
	Correspondents(ctx context.Context, q db.Querier, a access.Access, caseID string) (map[string][3]string, error)
}

// Course is the course of business of a case.
type Course struct {
	Circulations []Circulation // the earliest first
	Comments     []Comment     // in their order
}

// Circulation is the way of a case, or of one document in it, from desk to desk (Laufweg).
type Circulation struct {
	ID       string // UUID
	Document string // id; "" is the case as a whole
	Title    string
	State    string // "running", "completed", "rejected", "withdrawn"
	By       string // name of who started it
	Started  time.Time
	Ended    time.Time // zero while it runs
	Reason   string    // of who refused or withdrew it
	Steps    []CourseStep
}

// CourseStep is what one recipient was asked for. A signature that a new version took back is a step of its own.
type CourseStep struct {
	State  string // "waiting", "later", "open", "done", "refused", "stopped"
	Order  string // in German: "Mitzeichnung"
	Text   string
	To     string // name of the recipient
	Person bool   // the recipient is a person; else an organisational unit, or a role in one
	Due    time.Time
	Done   time.Time // zero unless it was done
	By     string    // name of who did it
	For    string    // name of who was absent; "" unless a deputy did it
	Answer string    // reason or remark
	Signed Signed    // zero unless it is a signature
	Void   bool      // a new version took the signature back
}

// Signed is the version of a document that a signature binds to.
type Signed struct {
	Version int64
	Hash    string // SHA-256
}

// Comment is a word on a case.
type Comment struct {
	Text string
	By   string // name
	At   time.Time
}
