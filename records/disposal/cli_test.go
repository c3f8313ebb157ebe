package disposal

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rennsteig/platform/cli"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/standards/xdomea"
)

// run runs a command as one of the test's people and returns what it printed.
func (h *house) run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	var c Command
	parser, err := kong.New(&c, kong.Name("disposal"), kong.Exit(func(int) { t.Fatal("exit") }))
	must(t, err)
	parsed, err := parser.Parse(args)
	if err != nil {
		return "", err
	}
	people := map[string]context.Context{"regina": regina, "arne": arne, "jenny": jenny, "claudia": claudia}
	var out bytes.Buffer
	open := Opener(func(_ *cli.Env, as string, f func(ctx context.Context, r *Room) error) error {
		return f(people[as], h.Room)
	})
	err = parsed.Run(&cli.Env{Context: t.Context(), Out: &out, Err: &out}, open)
	return out.String(), err
}

func (h *house) want(t testing.TB, want string, args ...string) string {
	t.Helper()
	out, err := h.run(t, args...)
	if err != nil || !strings.Contains(out, want) {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func TestCommands(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		must(t, h.core.EnsurePlan(t.Context(), []string{erfurt, jena}))
		kept := h.closed(t, claudia, erfurt, unitB)
		gone, c := h.open(t, claudia, erfurt, unitB) // no program has reckoned its retention yet
		must(t, h.core.Close(claudia, c.ID, h.caseVersion(t, c.ID)))
		h.years(12)
		dir := t.TempDir()
		write := func(name string, in *bytes.Reader) string {
			path := filepath.Join(dir, name)
			must(t, os.WriteFile(path, body(t, in), 0o600))
			return path
		}
		h.want(t, "B  "+kept.Reference, "list", "--as", "regina")
		h.want(t, `"reference": "`+gone.Reference+`"`, "list", "--as", "regina", "--json", "--unit", unitB)
		h.want(t, "0 files", "list", "--as", "jenny")
		if _, err := h.run(t, "list", "--as", "claudia"); !errs.Is(err, errs.Denied) {
			t.Errorf("a clerk lists: %v", err)
		}
		h.want(t, "", "agree", "--as", "regina", erfurt, "Stadtarchiv")
		out := h.want(t, "2 files", "offer", "--as", "regina", "--out", dir, erfurt, kept.Reference, gone.Reference)
		id := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(out)
		if _, err := os.Stat(filepath.Join(dir, id+"_Aussonderung.Anbieteverzeichnis.0501.zip")); err != nil {
			t.Error(err)
		}
		h.want(t, "offered", "show", "--as", "arne", id)
		h.want(t, id, "show", "--as", "arne")
		h.want(t, "0504", "receipt", "--as", "regina", write("0504.xml", message(t, id, xdomea.OfferReceipt)))
		appraisal := write("0502.xml", message(t, id, xdomea.AppraisalList, append(appraised("A", kept), appraised("V", gone)...)...))
		if _, err := h.run(t, "result", "--as", "regina", appraisal); err == nil || !strings.Contains(err.Error(), "0502") {
			t.Errorf("a 0502 as a result: %v", err)
		}
		h.want(t, "appraised", "appraisal", "--as", "regina", appraisal)
		h.want(t, "read before", "appraisal", "--as", "regina", appraisal)
		h.want(t, "0503 written", "handover", "--as", "regina", "--out", dir, id)
		h.want(t, "failed", "result", "--as", "regina", write("0506a.xml", message(t, id, xdomea.DisposalResult, result(false, kept)...)))
		h.want(t, "handed_over", "resend", "--as", "regina", id)
		h.want(t, "taken_over", "result", "--as", "regina", write("0506.xml", message(t, id, xdomea.DisposalResult, result(true, kept)...)))
		h.want(t, "another registrar", "approve", "--as", "regina", id)
		if _, err := h.run(t, "approve", "--as", "regina", id); !errs.Is(err, errs.Denied) {
			t.Errorf("one person approves alone: %v", err)
		}
		h.want(t, "approval refused", "approve", "--as", "arne", "--reject", id)
		h.want(t, "another registrar", "approve", "--as", "regina", id)
		h.want(t, "approval given", "approve", "--as", "arne", id)
		h.want(t, "destroyed    2 files", "destroy", "--as", "regina", id)
		if _, err := h.run(t, "handover", "--as", "regina", id); !errs.Is(err, errs.Conflict) {
			t.Errorf("hand-over of nothing: %v", err)
		}
		if text := h.h.Site.Texts.T(i18n.German, "disposal.error.nothing_to_hand_over"); strings.HasPrefix(text, "[") {
			t.Error(text)
		}
	})
}
