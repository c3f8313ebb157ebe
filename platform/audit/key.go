package audit

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Key signs checkpoints and seals entries. It lives in a file beside the data, never in the database.
//
// A key may hold several pairs: the first signs, the others are earlier ones whose seals and signatures still hold.
type Key struct {
	secrets   []string // note signer keys; none in a key that only verifies
	verifiers []string // note verifier keys
	path      string   // the file it came from; "" if from none
}

// NewKey makes a fresh key with the name that its signatures carry, for example "rennsteig.example.org/audit": no
// spaces and no "+".
func NewKey(name string) (Key, error) {
	secret, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return Key{}, fmt.Errorf("new audit key: %w", err)
	}
	k := Key{secrets: []string{secret}, verifiers: []string{verifier}}
	if _, err := note.NewSigner(secret); err != nil {
		return Key{}, fmt.Errorf("new audit key: the name %q must not be empty or have spaces or +", name)
	}
	return k, nil
}

// CreateKey makes a key and writes it to path (mode 0600) and its public part to the same name with ".pub". It never
// writes over a file: fs.ErrExist.
func CreateKey(path, name string) (Key, error) {
	k, err := NewKey(name)
	if err != nil {
		return Key{}, err
	}
	if _, err := os.Stat(publicPath(path)); err == nil {
		if _, err := os.Stat(path); err == nil { // the secret comes first
			return Key{}, fmt.Errorf("audit key: %s: %w", path, fs.ErrExist)
		}
		return Key{}, fmt.Errorf("audit key: there is %s but not %s: bring the secret key back from your backup", publicPath(path), path)
	}
	k.path = path
	// The secret first: the public part can be made from it again.
	if err := writeNew(path, k.secrets); err != nil {
		return Key{}, fmt.Errorf("audit key: %w", err)
	}
	return k, k.writePublic()
}

// LoadKey reads a key that CreateKey wrote. Given the public file, or where the secret one is missing, the key can
// only verify.
func LoadKey(path string) (Key, error) {
	k := Key{path: path}
	var err error
	if k.secrets, err = readLines(path, "PRIVATE+KEY+"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Key{}, err
	}
	k.verifiers, err = readLines(publicPath(path), "")
	if canMake := errors.Is(err, fs.ErrNotExist) && len(k.secrets) > 0; err != nil && !canMake {
		return Key{}, err
	}
	for _, v := range k.verifiers {
		if _, err := note.NewVerifier(v); err != nil {
			return Key{}, fmt.Errorf("audit key %s: %w", publicPath(path), err)
		}
	}
	for i, s := range k.secrets {
		v, err := verifierOf(s)
		if err != nil {
			return Key{}, fmt.Errorf("audit key %s: %w", path, err)
		}
		if !slices.Contains(k.verifiers, v) {
			k.verifiers = slices.Insert(k.verifiers, min(i, len(k.verifiers)), v)
		}
	}
	if len(k.verifiers) == 0 {
		return Key{}, fmt.Errorf("audit key: %s holds no key", publicPath(path))
	}
	return k, nil
}

// OpenKey loads the key at path for signing, or creates it under that name where there is none.
func OpenKey(path, name string) (Key, error) {
	k, err := LoadKey(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if k, err = CreateKey(path, name); errors.Is(err, fs.ErrExist) {
			return LoadKey(path) // another process was faster
		}
	case err == nil && !k.CanSeal():
		if _, err := os.Stat(path); err == nil { // made by another process since we looked
			return LoadKey(path)
		}
		return Key{}, fmt.Errorf("audit key: %s is missing: bring it back from your backup", path)
	case err == nil:
		if public, _ := readLines(publicPath(path), ""); !slices.Equal(public, k.verifiers) {
			return k, k.writePublic()
		}
	}
	return k, err
}

// verifierOf is the public part of a signer key.
func verifierOf(secret string) (string, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(secret, "+", 5) // PRIVATE, KEY, name, hash, base64 of an algorithm byte and the seed
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil {
		return "", err
	}
	return note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
}

// RotateKey puts a fresh key of the same name in front of those at path. Earlier lines of the secret file may be
// deleted once everything they sealed is sequenced; the public ones stay as long as the log.
func RotateKey(path string) (Key, error) {
	old, err := LoadKey(path)
	if err != nil {
		return Key{}, err
	}
	if len(old.secrets) == 0 {
		return Key{}, fmt.Errorf("audit key: %s is missing; only its holder can rotate it", path)
	}
	k, err := NewKey(old.Name())
	if err != nil {
		return Key{}, err
	}
	k = Key{secrets: append(k.secrets, old.secrets...), verifiers: append(k.verifiers, old.verifiers...), path: path}
	// The public part first: a signature that nobody can verify is worse than a key that signs nothing yet.
	if err := k.writePublic(); err != nil {
		return Key{}, err
	}
	if err := writeFile(path, []byte(strings.Join(k.secrets, "\n")+"\n")); err != nil {
		return Key{}, fmt.Errorf("audit key: %w", err)
	}
	return k, nil
}

// Name is the name in the signatures, and the origin of the checkpoints.
func (k Key) Name() string {
	if len(k.verifiers) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(k.verifiers[0], "+")
	return name
}

// Public are the verifier keys, the newest first, in the form of golang.org/x/mod/sumdb/note.
func (k Key) Public() []string { return k.verifiers }

// CanSeal reports whether the secret part is there.
func (k Key) CanSeal() bool { return len(k.secrets) > 0 }

// seal is what an entry carries until it is in the tree: only a holder of the key can make it.
func (k Key) seal(leaf tlog.Hash) []byte {
	return sealWith(k.secrets[0], leaf)
}

var errNoSecret = errors.New("the audit key can only verify: its secret part is missing")

func (k Key) checkSeal(leaf tlog.Hash, seal []byte) bool {
	for _, s := range k.secrets {
		if hmac.Equal(sealWith(s, leaf), seal) {
			return true
		}
	}
	return false
}

func sealWith(secret string, leaf tlog.Hash) []byte {
	m := hmac.New(sha256.New, []byte("rennsteig audit seal\n"+secret))
	m.Write(leaf[:])
	return m.Sum(nil)
}

func publicPath(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".pub" }

func readLines(path, prefix string) ([]string, error) {
	if prefix != "" && path == publicPath(path) {
		return nil, fs.ErrNotExist // the public file was named: there is no secret to read
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	if len(b) > 64<<10 {
		return nil, fmt.Errorf("audit key: %s is too long for a key", path)
	}
	lines := strings.Fields(string(b))
	for _, line := range lines {
		if !strings.HasPrefix(line, prefix) {
			return nil, fmt.Errorf("audit key: %s is no key file", path)
		}
	}
	return lines, nil
}

func (k Key) writePublic() error {
	if err := writeFile(publicPath(k.path), []byte(strings.Join(k.verifiers, "\n")+"\n")); err != nil {
		return fmt.Errorf("audit key: %w", err)
	}
	return nil
}

// writeFile replaces path as a whole, readable by its owner only, and durably.
func writeFile(path string, b []byte) error { return write(path, b, os.Rename) }

// writeNew writes lines to a file that does not exist yet: whole, or not at all.
func writeNew(path string, lines []string) error {
	return write(path, []byte(strings.Join(lines, "\n")+"\n"), os.Link)
}

func write(path string, b []byte, put func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".audit-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone after a rename
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
