package apply

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestReference(t *testing.T) {
	now := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC) // already 2027 in Berlin
	seen := map[Reference]bool{}
	for range 1000 {
		ref := newReference(now)
		if !strings.HasPrefix(string(ref), "R27-") || len(ref) != 13 || seen[ref] {
			t.Fatalf("%s", ref)
		}
		seen[ref] = true
	}
	ref := newReference(now)
	for _, typed := range []string{string(ref), strings.ToLower(string(ref)), strings.ReplaceAll(string(ref), "-", " "), " " + strings.ReplaceAll(string(ref), "0", "o") + " ", strings.ReplaceAll(string(ref), "1", "I")} {
		if got, ok := ParseReference(typed); !ok || got != ref {
			t.Errorf("%q read as %s, %v", typed, got, ok)
		}
	}
	for _, bad := range []string{"", "R", "R27-", string(ref)[1:], string(ref) + "0", "X" + string(ref)[1:], "R2U-0000-0000", strings.Repeat("R", 10000), "R27-äöü0-0000"} {
		if got, ok := ParseReference(bad); ok {
			t.Errorf("%q read as %s", bad, got)
		}
	}
}

func TestReferenceCatchesTypingErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := []byte(strings.ReplaceAll(string(newReference(time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "time"), 0))), "-", ""))
		i := rapid.IntRange(1, len(s)-1).Draw(t, "i")
		wrong := append([]byte{}, s...)
		if rapid.Bool().Draw(t, "swap") {
			j := rapid.IntRange(1, len(s)-1).Draw(t, "j")
			wrong[i], wrong[j] = wrong[j], wrong[i]
		} else {
			wrong[i] = alphabet[rapid.IntRange(0, 31).Draw(t, "symbol")]
		}
		if string(wrong) == string(s) {
			return
		}
		if got, ok := ParseReference(string(wrong)); ok {
			t.Fatalf("%s for %s was taken as %s", wrong, s, got)
		}
	})
}

func TestAccessCode(t *testing.T) {
	secret, hash := newSecret()
	if string(hashSecret(secret)) != string(hash) || len(secret) < 50 {
		t.Error("secret and hash do not belong together")
	}
	code := accessCode(secret, "a")
	if code != accessCode(secret, "a") || code == accessCode(secret, "b") || code == accessCode(secret+"x", "a") || len(code) != 19 {
		t.Errorf("code %q", code)
	}
	if string(hashCode(code)) != string(hashCode(strings.ToLower(strings.ReplaceAll(code, "-", " ")))) {
		t.Error("spelling of a code matters")
	}
}
