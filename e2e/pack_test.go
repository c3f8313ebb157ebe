package e2e

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// pack writes a ZIP of files, each with the name that it has in there: pack ZIP NAME=FILE…
func pack(ts *testscript.TestScript, neg bool, args []string) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, arg := range args[1:] {
		name, file, _ := strings.Cut(arg, "=")
		text, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		out, err := w.Create(name)
		ts.Check(err)
		_, err = out.Write(text)
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}
