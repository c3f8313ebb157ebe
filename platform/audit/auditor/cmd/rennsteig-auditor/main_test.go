package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rennsteig/platform/audit/auditor"
)

const samples = "../../testdata/"

func TestCommand(t *testing.T) {
	documents := t.TempDir()
	for name, content := range map[string]string{"a.pdf": "erste Fassung", "b.pdf": "zweite Fassung"} {
		if err := os.WriteFile(filepath.Join(documents, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	changed := t.TempDir()
	if err := os.WriteFile(filepath.Join(changed, "a.pdf"), []byte("dritte Fassung"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		code   int
		stdout string
	}{
		{"-key K export.zip", 0, `"entries": 6`},
		{"export.zip -key K", 0, `"ownKey": false`},
		{"-key B export.zip", 1, "checkpoint 0"},
		{"bundle -key B bundle.zip", 0, "is whole: 7 entries about 4 objects are proved, of 311 in the log"},
		{"bundle bundle.zip --key B --log bundle-log.zip", 0, "nothing about these objects is left out"},
		{"bundle bundle.zip --key B --files D", 0, "4 files were compared"},
		{"bundle bundle.zip --key B --files C", 1, `file "a.pdf" is none of the listed documents`},
		{"bundle bundle.zip", 0, "who made it: the public key was taken from the bundle itself"},
		{"bundle bundle.zip --key K", 1, "checkpoint.txt: it is not signed with the given key"},
		{"bundle bundle.zip --key B --log export.zip", 1, "the export has only 6 entries"},
		{"bundle --key B export.zip", 2, ""},
		{"bundle --key none bundle.zip", 2, ""},
		{"bundle bundle.zip --files none", 2, ""},
		{"bundle bundle.zip bundle.zip", 2, ""},
		{"bundle", 2, ""},
		{"bundle -help", 2, ""},
		{"none.zip", 2, ""},
	} {
		var out, errOut bytes.Buffer
		args := strings.Fields(c.args)
		for i, a := range args {
			switch a {
			case "K":
				args[i] = samples + "audit.pub"
			case "B":
				args[i] = samples + "bundle.pub"
			case "D":
				args[i] = documents
			case "C":
				args[i] = changed
			case "none", "export.zip", "bundle.zip", "bundle-log.zip", "none.zip":
				args[i] = samples + a
			}
		}
		code := run(args, &out, &errOut)
		if code != c.code || !strings.Contains(out.String(), c.stdout) || (code == 2) != (errOut.Len() > 0) {
			t.Errorf("%s: %d, %s%s", c.args, code, &out, &errOut)
		}
	}
	var out bytes.Buffer
	var r auditor.BundleReport
	if run([]string{"bundle", "-json", "-key", samples + "bundle.pub", samples + "bundle.zip"}, &out, &out) != 0 || json.Unmarshal(out.Bytes(), &r) != nil || r.Entries != 7 {
		t.Errorf("%s", &out)
	}
}
