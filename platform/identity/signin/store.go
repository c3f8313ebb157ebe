package signin

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// visit is what the session's row says about the caller. The middleware puts an empty one into the context, the store
// fills it while scs looks for the session, so that a request costs one query.
type visit struct {
	token    string // as stored: hashed
	subject  string
	name     string
	email    string
	grants   []identity.Grant
	lastSeen time.Time
	ended    bool // somebody was signed in, but idle for too long or beyond the session's lifetime
}

type visitKey struct{}

func withVisit(ctx context.Context) context.Context {
	return context.WithValue(ctx, visitKey{}, &visit{})
}

func visitOf(ctx context.Context) *visit {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return &visit{}
	}
	return v
}

// principal is the caller. Who holds a grant is staff.
func (v *visit) principal() identity.Principal {
	if v.subject == "" {
		return identity.Principal{}
	}
	p := identity.Principal{Subject: v.subject, Name: v.name, Email: v.email, Kind: identity.Citizen, Grants: v.grants}
	if len(v.grants) > 0 {
		p.Kind = identity.Staff
	}
	return p
}

// sessions is the scs.CtxStore on table identity_session. Tokens arrive hashed.
type sessions struct {
	d   *db.DB
	now func() time.Time
}

// FindCtx returns the session's data and fills the context's visit. A session that expired, or whose staff member was
// idle for too long, is not found.
func (s *sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	rows, err := s.d.Reader().Query(ctx, `
		SELECT s.data, s.subject, s.last_seen, s.expires_at, COALESCE(p.name, ''), COALESCE(p.email, ''),
		       COALESCE(g.role, ''), COALESCE(g.authority_id, '')
		FROM identity_session s
		LEFT JOIN identity_person p ON p.subject = s.subject
		LEFT JOIN identity_grant g ON g.subject = s.subject
		WHERE s.token = $1
		ORDER BY g.authority_id, g.role`, token)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var data []byte
	var v visit
	var lastSeen, expires int64
	for rows.Next() {
		var g identity.Grant
		if err := rows.Scan(&data, &v.subject, &lastSeen, &expires, &v.name, &v.email, &g.Role, &g.Authority); err != nil {
			return nil, false, err
		}
		if g.Role != "" {
			v.grants = append(v.grants, g)
		}
	}
	if err := rows.Err(); err != nil || data == nil {
		return nil, false, err
	}
	now := s.now()
	v.token, v.lastSeen = token, db.Time(lastSeen)
	idle := len(v.grants) > 0 && now.Sub(v.lastSeen) > StaffIdle
	if idle || !now.Before(db.Time(expires)) {
		*visitOf(ctx) = visit{ended: v.subject != ""}
		return nil, false, nil
	}
	*visitOf(ctx) = v
	return data, true, nil
}

// CommitCtx writes the session, for the subject of the context's visit. A session that this request found is only
// written while it still exists: what another request has ended meanwhile, by signing out, stays ended.
func (s *sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	v, now := visitOf(ctx), db.Micros(s.now())
	return s.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if v.token == token {
			_, err := tx.Exec(ctx, `UPDATE identity_session SET data = $1, expires_at = $2 WHERE token = $3`,
				data, db.Micros(expiry), token)
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO identity_session (token, subject, data, created_at, last_seen, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			token, v.subject, data, now, now, db.Micros(expiry))
		return err
	})
}

// DeleteCtx ends the session; no error if there is none.
func (s *sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM identity_session WHERE token = $1`, token)
		return err
	})
}

// Find is FindCtx without a context; scs asks for it but does not call it.
func (s *sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// seen writes that the session is in use, at most once a minute however many requests run at once.
func (s *sessions) seen(ctx context.Context, token string) error {
	now := s.now()
	return s.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE identity_session SET last_seen = $1 WHERE token = $2 AND last_seen <= $3`,
			db.Micros(now), token, db.Micros(now.Add(-seenEvery)))
		return err
	})
}

// sweep deletes what is over: sessions, and citizens who have not been here for a long time. Sessions of somebody who
// was signed in stay for a day, so that a form sent after the end gets the right answer.
func (s *sessions) sweep(ctx context.Context) error {
	now := s.now()
	return s.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `
			DELETE FROM identity_session WHERE expires_at < $1 AND (subject = '' OR expires_at < $2)`,
			db.Micros(now), db.Micros(now.Add(-24*time.Hour))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			DELETE FROM identity_person WHERE last_signed_in < $1
			AND NOT EXISTS (SELECT 1 FROM identity_grant g WHERE g.subject = identity_person.subject)
			AND NOT EXISTS (SELECT 1 FROM identity_session s WHERE s.subject = identity_person.subject)`,
			db.Micros(now.Add(-forgetCitizens)))
		return err
	})
}

// errOtherIssuer says that the subject is known from another provider: two people may share a subject then.
var errOtherIssuer = errors.New("signin: subject is known from another issuer")

// savePerson writes what the provider said about a person at sign-in.
func savePerson(ctx context.Context, tx *db.Tx, p claims, now time.Time) error {
	var issuer string
	err := tx.QueryRow(ctx, `
		INSERT INTO identity_person (subject, issuer, name, email, first_seen, last_signed_in)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subject) DO UPDATE SET name = excluded.name, email = excluded.email,
			last_signed_in = excluded.last_signed_in
		RETURNING issuer`,
		p.Subject, p.Issuer, p.Name, p.Email, db.Micros(now), db.Micros(now)).Scan(&issuer)
	if err == nil && issuer != p.Issuer {
		return errOtherIssuer
	}
	return err
}

func grantsOf(ctx context.Context, q db.Querier, subject string) ([]identity.Grant, error) {
	rows, err := q.Query(ctx, `
		SELECT role, authority_id FROM identity_grant WHERE subject = $1 ORDER BY authority_id, role`, subject)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []identity.Grant
	for rows.Next() {
		var g identity.Grant
		if err := rows.Scan(&g.Role, &g.Authority); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// insertGrant reports whether the grant is new.
func insertGrant(ctx context.Context, tx *db.Tx, subject string, g identity.Grant, by string, now time.Time) (bool, error) {
	return db.Changed(tx.Exec(ctx, `
		INSERT INTO identity_grant (subject, role, authority_id, granted_at, granted_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (subject, role, authority_id) DO NOTHING`,
		subject, string(g.Role), g.Authority, db.Micros(now), by))
}

// deleteGrant reports whether there was one.
func deleteGrant(ctx context.Context, tx *db.Tx, subject string, g identity.Grant) (bool, error) {
	return db.Changed(tx.Exec(ctx, `
		DELETE FROM identity_grant WHERE subject = $1 AND role = $2 AND authority_id = $3`,
		subject, string(g.Role), g.Authority))
}

// members lists who holds a grant at the authority (identity.Everywhere: at any), by subject, after the given one.
// nameOf is the person's name; the subject before their first sign-in.
func nameOf(ctx context.Context, q db.Querier, subject string) (name string, err error) {
	err = q.QueryRow(ctx, `SELECT name FROM identity_person WHERE subject = $1`, subject).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return subject, nil
	}
	return name, err
}

func holds(ctx context.Context, q db.Querier, subject string, g identity.Grant) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM identity_grant WHERE subject = $1 AND role = $2 AND authority_id IN ($3, '*')`,
		subject, string(g.Role), g.Authority).Scan(&n)
	return n > 0, err
}

func members(ctx context.Context, q db.Querier, authority, after string, limit int) ([]Member, error) {
	rows, err := q.Query(ctx, `
		SELECT g.subject, COALESCE(p.name, ''), COALESCE(p.email, ''), COALESCE(p.last_signed_in, 0), g.role, g.authority_id
		FROM identity_grant g LEFT JOIN identity_person p ON p.subject = g.subject
		WHERE g.subject IN (
			SELECT DISTINCT subject FROM identity_grant
			WHERE (authority_id = $1 OR $1 = '*') AND subject > $2 ORDER BY subject LIMIT $3)
		AND (g.authority_id = $1 OR $1 = '*')
		ORDER BY g.subject, g.authority_id, g.role`, authority, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Member
	for rows.Next() {
		var m Member
		var last int64
		var g identity.Grant
		if err := rows.Scan(&m.Subject, &m.Name, &m.Email, &last, &g.Role, &g.Authority); err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].Subject != m.Subject {
			m.LastSignedIn = db.Time(last)
			out = append(out, m)
		}
		current := &out[len(out)-1]
		current.Grants = append(current.Grants, g)
	}
	return out, rows.Err()
}
