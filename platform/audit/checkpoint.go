package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint is a row of audit_checkpoint.
type checkpoint struct {
	number, size int64
	note         string
}

// checkpointText is the signed text: origin, size and root hash, each on a line (c2sp.org/tlog-checkpoint).
func checkpointText(origin string, t tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, t.N, t.Hash)
}

// sign makes the signed note of a tree.
func (k Key) sign(t tlog.Tree) (string, error) {
	return k.signText(func(origin string) string { return checkpointText(origin, t) })
}

// signText makes a signed note (c2sp.org/signed-note) of a text that may name the key. No other text than a
// checkpoint's may begin with that name, so that nothing else can be taken for a checkpoint.
func (k Key) signText(text func(name string) string) (string, error) {
	if len(k.secrets) == 0 {
		return "", errNoSecret
	}
	signer, err := note.NewSigner(k.secrets[0])
	if err != nil {
		return "", err
	}
	b, err := note.Sign(&note.Note{Text: text(signer.Name())}, signer)
	return string(b), err
}

// opener checks signed notes; made once for many.
func (k Key) opener() (note.Verifiers, error) {
	var list []note.Verifier
	for _, s := range k.verifiers {
		v, err := note.NewVerifier(s)
		if err != nil {
			return nil, fmt.Errorf("audit key: %w", err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, errors.New("audit: no public key to verify with")
	}
	return note.VerifierList(list...), nil
}

// openCheckpoint verifies a signed note and returns the tree it vouches for. Nothing but the exact bytes that sign
// makes is accepted: base64 has spare bits that would otherwise change unseen.
func openCheckpoint(msg string, keys note.Verifiers) (tlog.Tree, error) {
	n, err := note.Open([]byte(msg), keys)
	if err != nil {
		var unsigned *note.UnverifiedNoteError
		if errors.As(err, &unsigned) {
			return tlog.Tree{}, errors.New("it is not signed by a known key")
		}
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || len(n.Sigs) != 1 {
		return tlog.Tree{}, errors.New("it is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return tlog.Tree{}, errors.New("it has no valid size")
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, errors.New("it has no valid root hash")
	}
	t := tlog.Tree{N: size, Hash: hash}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return tlog.Tree{}, err
	}
	name := n.Sigs[0].Name
	exact := checkpointText(name, t) + "\n— " + name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	if exact != msg {
		return tlog.Tree{}, errors.New("its bytes are not those that were signed")
	}
	return t, nil
}

// copyPath is where the newest checkpoint is also kept, beside the key: whoever turns the whole database back to an
// older state contradicts it. "" if the key is in no file.
func (k Key) copyPath() string {
	if k.path == "" {
		return ""
	}
	return strings.TrimSuffix(k.path, filepath.Ext(k.path)) + ".checkpoint"
}

// readCopy returns the kept checkpoint; "" if there is none.
func (k Key) readCopy() (string, error) {
	if k.copyPath() == "" {
		return "", nil
	}
	b, err := os.ReadFile(k.copyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}
