package filing

import (
	"context"
	"slices"
	"strings"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/records"
	"rennsteig/records/access"
)

// Proposal is a case or a file that post may belong to.
type Proposal struct {
	CaseID, FileID     string // one of them
	Reference, Subject string
	Closed             bool   // a case that lies with the files
	Why                string // catalogue key
}

// Letter is post with all that helps to find where it belongs.
type Letter struct {
	Incoming
	Case      records.Case // that it is assigned to; zero if to none, or to one that the caller may not read
	Documents []Document
	Shown     Document // that is looked at
	Sight
	Proposals  []Proposal
	Twins      []Twin
	Colleagues []Colleague
	Choices    records.Choices
}

// Letter reads post that the caller may see. document is the one of its documents that is looked at; "" is the first.
func (r *Room) Letter(ctx context.Context, id, document string) (l Letter, err error) {
	if l.Incoming, l.Documents, err = r.Incoming(ctx, id); err != nil {
		return l, err
	}
	if l.Choices, err = r.core.Choices(ctx, l.Authority); err != nil {
		return l, err
	}
	if l.Colleagues, err = r.Colleagues(ctx, l.Authority); err != nil {
		return l, err
	}
	i := max(0, slices.IndexFunc(l.Documents, func(d Document) bool { return d.ID == document }))
	if i < len(l.Documents) {
		l.Shown = l.Documents[i]
		if _, _, l.Sight, err = r.LookIncoming(ctx, id, l.Shown.ID, 1); err != nil {
			return l, err
		}
	}
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err != nil {
		return l, err
	}
	if l.CaseID != "" {
		if l.Case, err = r.core.CaseByID(ctx, q, scope, l.CaseID, ""); errs.Is(err, errs.NotFound) { // not for who only registered it
			err = nil
		}
	}
	if !l.Open() {
		return l, err
	}
	if l.Proposals, err = r.proposals(ctx, q, scope, l); err != nil {
		return l, err
	}
	var hashes, messages []string
	for _, d := range l.Documents {
		if d.Parent == "" { // logos in signatures are the same in many
			hashes = append(hashes, d.Hash)
		}
		if d.Message != "" {
			messages = append(messages, d.Message)
		}
	}
	if len(hashes) > 0 {
		l.Twins, err = r.store.twins(ctx, q, scope, l.Incoming, first100(hashes), first100(messages))
	}
	return l, err
}

func first100(s []string) []string { return s[:min(len(s), 100)] }

// proposals are the most likely ones first: what the letter names, what it answers, where the sender's last letters lie.
func (r *Room) proposals(ctx context.Context, q db.Querier, scope access.Access, l Letter) (out []Proposal, err error) {
	add := func(why string, found []target, err error) error {
		for _, t := range found {
			if !slices.ContainsFunc(out, func(p Proposal) bool { return p.Reference == t.Reference }) {
				out = append(out, t.proposal(why))
			}
		}
		return err
	}
	texts, err := r.store.postTexts(ctx, q, scope, l.ID)
	if err != nil {
		return nil, err
	}
	said := l.Subject + "\n" + l.Text + "\n" + strings.Join(texts, "\n")
	for _, d := range l.Documents {
		said += "\n" + d.Subject + "\n" + d.Name
	}
	if words := referencesIn(said); len(words) > 0 {
		found, err := r.store.named(ctx, q, scope, l.Authority, words)
		if err := add("filing.proposal.named", found, err); err != nil {
			return nil, err
		}
	}
	if m := l.Message; m != nil {
		if before := slices.Concat(m.InReplyTo, m.References); len(before) > 0 {
			found, err := r.store.answered(ctx, q, scope, l.Authority, before[max(0, len(before)-100):])
			if err := add("filing.proposal.answers", found, err); err != nil {
				return nil, err
			}
		}
	}
	if l.Sender != "" {
		found, err := r.store.ofSender(ctx, q, scope, l.Authority, l.Sender)
		if err := add("filing.proposal.sender", found, err); err != nil {
			return nil, err
		}
	}
	return out[:min(len(out), 10)], nil
}

func (t target) proposal(why string) Proposal {
	return Proposal{t.CaseID, t.FileID, t.Reference, t.Subject, t.State == records.StateClosed, why}
}

const maxReferences = 300 // words of a text that are looked up

// referencesIn are the words of a text that may be an Aktenzeichen: authorities write theirs in ways of their own, but
// always with a digit and with something between.
func referencesIn(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(c rune) bool { return c <= ' ' || strings.ContainsRune("\u00a0\"„“”'‚‘’<>[]{}|;,", c) }) {
		w = strings.Trim(w, ".:()!?*_")
		if len(w) < 5 || len(w) > 80 || !strings.ContainsAny(w, "0123456789") || !strings.ContainsAny(w, "-/.") || slices.Contains(out, w) {
			continue
		}
		if out = append(out, w); len(out) == maxReferences {
			break
		}
	}
	return out
}

const mostTargets = 10 // that a search for a target shows

// Targets are cases and files of the authority that the caller may read: those called so, or else those with these words.
func (r *Room) Targets(ctx context.Context, authority, query string) ([]Proposal, error) {
	q := r.h.DB.Reader()
	scope, err := access.Load(ctx, q)
	if err == nil {
		err = scope.Own(authority)
	}
	if err != nil {
		return nil, err
	}
	var out []Proposal
	reference, _, _ := strings.Cut(query, " ") // as it is suggested: with the subject
	for _, words := range []string{query, reference} {
		found, err := r.store.named(ctx, q, scope, authority, []string{words})
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if !slices.ContainsFunc(out, func(p Proposal) bool { return p.Reference == t.Reference }) {
				out = append(out, t.proposal(""))
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	for _, kind := range []string{"case", "file"} {
		hits, _, err := r.Search(ctx, SearchFilter{Query: query, Kind: kind, size: mostTargets})
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			switch {
			case h.Authority != authority:
			case kind == "case":
				out = append(out, Proposal{CaseID: h.Case.ID, Reference: h.Case.Reference, Subject: h.Case.Subject})
			default:
				out = append(out, Proposal{FileID: h.File.ID, Reference: h.File.Reference, Subject: h.File.Subject})
			}
		}
	}
	return out[:min(len(out), 2*mostTargets)], nil
}
