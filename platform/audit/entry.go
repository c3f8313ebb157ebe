package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"rennsteig/platform/db"
	"rennsteig/platform/identity"
)

// Entry is one thing done. Time and actor are taken from the clock and the context.
type Entry struct {
	Action    string         // "records.case_decided": room, thing, past participle
	Authority string         // authority id; "" if none is concerned
	Object    string         // "case:018f…": kind and id of what was changed
	Changes   map[string]any // new values worth proving; no secrets, no more personal data than needed
	Blobs     []string       // SHA-256 of stored files this entry vouches for; verify reads them again
	Erased    []string       // SHA-256 of stored files rightly removed with this; verify no longer misses them
}

// Record is an entry as it stands in the log.
type Record struct {
	ID        string // UUIDv7
	Seq       int64  // place in the tree, from 0; Unsequenced if it has none yet
	Time      time.Time
	Actor     string // identity.Principal.Subject; "" if nobody was signed in
	ActorName string
	Authority string
	Action    string
	Object    string
	Changes   string   // JSON object
	Blobs     []string // SHA-256, hex
	Erased    []string // SHA-256, hex
	Hash      tlog.Hash
}

// ByProgram reports whether the program did it by itself, as in a job; its ActorName is then that of a part of the program.
func (r Record) ByProgram() bool { return strings.HasPrefix(r.Actor, "system:") }

// Unsequenced is the Seq of an entry that is not in the tree yet.
const Unsequenced int64 = -1

const (
	maxChanges = 64 << 10 // bytes of JSON; an entry names what changed, it is no store
	maxHashes  = 4096     // files in one entry
	maxText    = 1024     // bytes of action, authority, object, actor
)

// row is an entry exactly as its columns hold it: what is hashed are these bytes, not a reading of them.
type row struct {
	id, actor, actorName, authority, action, object string
	changes, blobs, erased                          string
	at                                              int64
	seq                                             int64
	hash, seal                                      []byte
	broken                                          bool // a number column holds no number
}

// Append writes e in the transaction of the change, right before the commit: all its entries in one INSERT, with the states
// of what it changed (RowState). The entry carries its own hash and a seal that only a holder of the key can make, so it is
// protected before it is in the tree.
func (l *Log) Append(ctx context.Context, tx *db.Tx, e Entry) error {
	r, err := newRow(identity.From(ctx), time.Now(), e)
	if err != nil {
		return fmt.Errorf("audit entry %s of %s: %w", e.Action, e.Object, err)
	}
	if !l.key.CanSeal() {
		return errNoSecret
	}
	tx.BeforeCommit(&r, func(ctx context.Context, kept []any) error {
		rows := make([]*row, len(kept))
		for i, k := range kept {
			rows[i] = k.(*row) //nolint:forcetypeassert // only Append keeps something
		}
		if err := l.write(ctx, tx, rows); err != nil {
			return fmt.Errorf("audit entry %s of %s: %w", rows[0].action, rows[0].object, err)
		}
		return nil
	})
	tx.AfterCommit(l.wakeUp)
	return nil
}

func newRow(p identity.Principal, now time.Time, e Entry) (row, error) {
	r := row{
		id: db.NewID(), seq: Unsequenced, at: db.Micros(now),
		actor: clean(p.Subject), actorName: clean(p.Name), authority: clean(e.Authority), action: clean(e.Action), object: clean(e.Object),
	}
	if r.action == "" || r.object == "" {
		return row{}, errors.New("action and object are needed")
	}
	for _, s := range []string{r.actor, r.actorName, r.authority, r.action, r.object} {
		if len(s) > maxText {
			return row{}, fmt.Errorf("a text of %d bytes is too long", len(s))
		}
	}
	if _, taken := e.Changes[statesKey]; taken {
		return row{}, fmt.Errorf("%q are the log's own to tell", statesKey)
	}
	var err error
	if r.blobs, err = hashList(e.Blobs); err != nil {
		return row{}, err
	}
	if r.erased, err = hashList(e.Erased); err != nil {
		return row{}, err
	}
	r.changes = "{}"
	if len(e.Changes) > 0 {
		b, err := json.Marshal(e.Changes)
		if err != nil {
			return row{}, err
		}
		if len(b) > maxChanges {
			return row{}, fmt.Errorf("changes of %d bytes are too long", len(b))
		}
		r.changes = string(b)
	}
	return r, nil
}

// clean makes s storable in both databases: PostgreSQL takes neither a NUL nor broken UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func hashList(hashes []string) (string, error) {
	if len(hashes) == 0 {
		return "[]", nil
	}
	if len(hashes) > maxHashes {
		return "", fmt.Errorf("%d files are too many", len(hashes))
	}
	for _, h := range hashes {
		if !isHash(h) {
			return "", fmt.Errorf("%q is no SHA-256 in lower-case hex", h)
		}
	}
	return `["` + strings.Join(hashes, `","`) + `"]`, nil
}

func isHash(s string) bool {
	if len(s) != 2*sha256.Size || strings.ToLower(s) != s {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}

const timeFormat = "2006-01-02T15:04:05.000000Z"

// canonical is the entry as one line of JSON with a fixed order of fields, the form that is hashed and exported. It
// takes the JSON columns as they are, so that no byte of them can change unseen.
func (r *row) canonical() []byte {
	b := make([]byte, 0, 512)
	text := func(key, value string) {
		b = append(b, key...)
		quoted, _ := json.Marshal(value) // a string always marshals
		b = append(b, quoted...)
	}
	text(`{"v":1,"id":`, r.id)
	text(`,"time":`, db.Time(r.at).Format(timeFormat))
	text(`,"actor":`, r.actor)
	text(`,"actorName":`, r.actorName)
	text(`,"authority":`, r.authority)
	text(`,"action":`, r.action)
	text(`,"object":`, r.object)
	b = append(append(b, `,"changes":`...), r.changes...)
	b = append(append(b, `,"blobs":`...), r.blobs...)
	b = append(append(b, `,"erased":`...), r.erased...)
	return append(b, '}')
}

// leaf is the hash under which the entry stands in the tree: SHA-256(0x00 || canonical), RFC 6962 §2.1.
func (r *row) leaf() tlog.Hash { return tlog.RecordHash(r.canonical()) }

// wellFormed reports whether the columns are what Append writes. Without it bytes could be moved from one column to
// the next, or broken UTF-8 put in place of U+FFFD, and the canonical form would stay the same.
func (r *row) wellFormed() bool {
	if r.broken {
		return false
	}
	for _, s := range []string{r.id, r.actor, r.actorName, r.authority, r.action, r.object} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	var changes map[string]json.RawMessage
	return json.Unmarshal([]byte(r.changes), &changes) == nil && isHashList(r.blobs) && isHashList(r.erased)
}

func isHashList(s string) bool {
	var hashes []string
	if json.Unmarshal([]byte(s), &hashes) != nil {
		return false
	}
	again, err := hashList(hashes)
	return err == nil && again == s
}

// intact reports whether the row still is what its own hash says.
func (r *row) intact() bool {
	leaf := r.leaf()
	return r.wellFormed() && hmac.Equal(leaf[:], r.hash)
}

// record is the row for reading; broken columns give empty lists.
func (r *row) record() Record {
	rec := Record{
		ID: r.id, Seq: r.seq, Time: db.Time(r.at), Actor: r.actor, ActorName: r.actorName, Authority: r.authority,
		Action: r.action, Object: r.object, Changes: r.changes,
	}
	_ = json.Unmarshal([]byte(r.blobs), &rec.Blobs)
	_ = json.Unmarshal([]byte(r.erased), &rec.Erased)
	copy(rec.Hash[:], r.hash)
	return rec
}
