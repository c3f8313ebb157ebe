package records

import (
	"time"

	"rennsteig/platform/money"
)

// Topics of the events that this room publishes, each with the body of the type named.
const (
	TopicFiled          = "records.filed"           // Filed
	TopicAsked          = "records.asked"           // Asked
	TopicDecided        = "records.decided"         // Decided
	TopicNoticeRendered = "records.notice_rendered" // NoticeRendered
	TopicNoticePaid     = "records.notice_paid"     // NoticePaid
)

// Topics of this room's own jobs.
const (
	topicRender       = "records.render"        // renderJob: PDF of the form data
	topicRenderNotice = "records.render_notice" // renderJob: HTML and PDF of the notice
)

// Filed says that an application lies in the electronic file.
type Filed struct {
	Source    string // application id
	Case      string // case id
	Reference string // Aktenzeichen of the case
}

// Asked is a question to the applicant.
type Asked struct {
	Source string // application id
	ID     string // question id, to be given back with the Answer
	Text   string
	Due    time.Time
}

// Decided is all that the applicant is told of a decision; Amount 0 means nothing is to be paid.
type Decided struct {
	Source        string // application id
	Case          string
	CaseReference string // Aktenzeichen
	Authority     string // authority id
	Granted       bool
	Title         string
	Decision      string
	Reasons       string
	Remedy        string // Rechtsbehelfsbelehrung
	Amount        money.Cents
	Kassenzeichen string
	PayPath       string    // where it can be paid, a path on this site
	Due           time.Time // of the payment
	Demo          bool      // Amount is a demo value
	Date          time.Time // of the decision
}

// NoticeRendered says where the notice lies as PDF.
type NoticeRendered struct {
	Source string // application id
	Hash   string // SHA-256 of the PDF in the blob store
	Size   int64  // bytes
}

// NoticePaid says that what a notice demanded was paid.
type NoticePaid struct {
	Source string // application id
	At     time.Time
}

type renderJob struct{ Authority, Case string }
