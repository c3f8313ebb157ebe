package flow

import (
	"context"
	"fmt"
	"testing"

	"rennsteig/platform/db"
	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/records"
	"rennsteig/records/access"
)

// cell is who somebody is to a case: what they may do with its file, whether they may know it, whether its tasks are
// theirs, and what they are at the authority.
type cell struct {
	right  string // "none", "read", "write", "blocked"
	secret bool   // the file is confidential
	clear  bool   // they are cleared for that
	task   string // "" is none of theirs, "person", "unit", "role", "deputy"
	office string // "clerk", "head" of the leading unit, "registrar"
	began  bool   // they started it
}

// cells are all there can be.
func cells() (out []cell) {
	for _, right := range []string{"none", "guest", "read", "write", "blocked"} {
		for _, level := range []cell{{}, {secret: true}, {secret: true, clear: true}} {
			for _, task := range []string{"", "person", "unit", "role", "deputy"} {
				out = append(out, cell{right, level.secret, level.clear, task, "clerk", false})
			}
			out = append(out, cell{right, level.secret, level.clear, "", "clerk", true}, cell{right, level.secret, level.clear, "", "head", false},
				cell{right, level.secret, level.clear, "", "registrar", false})
		}
	}
	return out
}

// want is what the rules say: what cannot be read is not there; who only reads may do what they were asked; to start
// needs the right to write; to withdraw needs to have begun it or to manage the file.
func (c cell) want(action string) errs.Code {
	base := (c.right == "none" || c.right == "guest") && c.office != "clerk" // heads and registrars write without a rule
	guest := c.right == "guest" && c.task != ""                              // for the sake of their tasks
	if !base && !guest && c.right != "read" && c.right != "write" || c.secret && !c.clear {
		return errs.NotFound
	}
	writes := base || c.right == "write"
	ok := map[string]bool{"Course": true, "Timeline": true, "AddComment": true, "Start": writes, "Finish": c.task != "", "Sign": c.task != "",
		"Refuse": c.task != "", "Forward": c.task != "", "Withdraw": c.began || c.office != "clerk",
		"BringBack": true, "MoveDate": c.began || c.office != "clerk"}
	if ok[action] {
		return ""
	}
	return errs.Denied
}

// TestMatrix tries every use-case on a case as everybody that somebody can be to it.
func TestMatrix(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.exec(`INSERT INTO records_org (id, authority_id, code, name, parent, path, ended_at) VALUES ('40', $1, '40', 'Ordnung', '', '/40/', 0)`, erfurt)
		h.member("40", "max", "member")
		h.exec(`INSERT INTO flow_absence (id, authority_id, subject, name, deputy, deputy_name, from_at, until_at, ended_at, recorded_by, recorded_at)
			VALUES ('a', $1, 'cem', 'Cem', 'max', 'Max', 1, $2, 0, '', 1)`, erfurt, never)
		for _, who := range []string{"claudia", "cem"} {
			h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, $2, '', 4)`, erfurt, who)
		}
		n := 0
		for _, x := range cells() {
			h.exec(`DELETE FROM records_member WHERE org_id = '20' AND subject = 'max'`)
			h.exec(`INSERT INTO records_clearance (authority_id, subject, name, level) VALUES ($1, 'max', '', 4) ON CONFLICT DO NOTHING`, erfurt)
			c := h.newCase(func(f *records.File, _ *records.Case) {
				if x.secret {
					f.Level = access.Confidential
				}
			})
			doc := h.newDocument(c)
			holder := map[string]string{"": "person:claudia", "person": "person:max", "unit": "unit:40", "role": "role:40:member", "deputy": "person:cem"}[x.task]
			var tasks []Task
			for _, k := range []Kind{CoSign, Act, Act, Act, Know, Act} {
				document := ""
				if k.Signs() {
					document = doc
				}
				tasks = append(tasks, h.task(h.start(c, document, step(k, holder)), holder))
			}
			sign, refuse, forward, withdraw, finish, move := tasks[0], tasks[1], tasks[2], tasks[3], tasks[4], tasks[5]
			if x.began {
				h.exec(`UPDATE flow_circulation SET started_by = 'max' WHERE case_id = $1`, c.ID)
			}
			if x.right != "guest" { // as the tasks have let them in
				h.exec(`DELETE FROM records_guest WHERE case_id = $1`, c.ID)
			}
			if may, ok := map[string]access.May{"read": access.Read, "write": access.Write, "blocked": access.Nothing}[x.right]; ok {
				must(t, h.h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					return access.Put(ctx, tx, access.At(erfurt), access.Grant{Authority: erfurt, File: c.FileID, Holder: access.Person("max"), May: may, At: h.now})
				}))
			}
			if !x.clear {
				h.exec(`DELETE FROM records_clearance WHERE subject = 'max'`)
			}
			me := identity.Principal{Subject: "max", Name: "Max", Kind: identity.Staff, Grants: []identity.Grant{{Role: identity.Clerk, Authority: erfurt}}}
			switch x.office {
			case "head":
				h.member("20", "max", "head")
			case "registrar":
				me.Grants[0].Role = identity.Registrar
			}
			ctx := identity.With(context.Background(), me)
			for _, use := range []struct {
				action string
				do     func() error
			}{
				{"Course", func() error { _, err := h.Course(ctx, c.ID); return err }},
				{"Timeline", func() error { _, _, err := h.Timeline(ctx, c.ID, "", ""); return err }},
				{"AddComment", func() error { return h.AddComment(ctx, c.ID, db.NewID(), "x") }},
				{"Start", func() error { return h.Start(ctx, c.ID, Order{ID: db.NewID(), Steps: []Step{step(Know, "claudia")}}) }},
				{"Sign", func() error { return h.Sign(ctx, sign.ID, sign.Version, h.content(doc), "") }},
				{"Refuse", func() error { return h.Refuse(ctx, refuse.ID, refuse.Version, "x") }},
				{"Forward", func() error { return h.Forward(ctx, forward.ID, forward.Version, "person:birgit") }},
				{"Withdraw", func() error { return h.Withdraw(ctx, withdraw.Circulation, 1, "x") }},
				{"Finish", func() error { return h.Finish(ctx, finish.ID, finish.Version, "") }},
				{"BringBack", func() error { return h.BringBack(ctx, c.ID, db.NewID(), h.now.AddDate(0, 0, 7), "x") }},
				{"MoveDate", func() error { return h.MoveDate(ctx, move.ID, move.Version, h.now.AddDate(0, 0, 7), "x") }},
			} {
				n++
				want := x.want(use.action)
				if x.secret && use.action == "Forward" && want == "" {
					want = errs.Invalid // Birgit is not cleared
				}
				if err := use.do(); errs.CodeOf(err) != want {
					t.Errorf("%s by %+v: %v, want %q", use.action, x, err, want)
				}
			}
			l, err := h.Inbox(ctx, Filter{Query: c.Reference})
			must(t, err)
			left := 0 // of what is theirs: what they could not withdraw, what was only moved, and what they could not forward
			if x.want("Course") == "" && x.task != "" {
				left += 2
				if x.secret {
					left++
				}
			}
			if len(l.Items) != left {
				t.Errorf("the inbox of %+v has %d tasks, want %d", x, len(l.Items), left)
			}
		}
		if want := len(cells()) * 11; n != want {
			t.Fatal(fmt.Sprint(n, " tried, want ", want))
		}
	})
}
