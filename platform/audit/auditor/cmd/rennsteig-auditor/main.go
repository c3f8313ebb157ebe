// Command rennsteig-auditor checks an export of a Rennsteig audit log, or a bundle about one file (Akte). It stands
// alone: an auditor builds it without the rest of the program.
//
//	rennsteig-auditor [-key FILE.pub] EXPORT.zip
//	rennsteig-auditor bundle [-key FILE.pub] [-files DIR] [-log EXPORT.zip] [-json] BUNDLE.zip
//
// It exits with 1 if anything is wrong, with 2 if there is nothing to check.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"rennsteig/platform/audit/auditor"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `Usage: rennsteig-auditor [-key FILE.pub] EXPORT.zip
       rennsteig-auditor bundle [-key FILE.pub] [-files DIR] [-log EXPORT.zip] [-json] BUNDLE.zip
`

func run(args []string, stdout, stderr io.Writer) int {
	what := checkExport
	if len(args) > 0 && args[0] == "bundle" {
		what, args = checkBundle, args[1:]
	}
	flags := flag.NewFlagSet("rennsteig-auditor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	ok, err := what(flags, args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 2
	case errors.Is(err, errUsage):
		flags.Usage()
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "rennsteig-auditor:", err)
		return 2
	case !ok:
		return 1
	}
	return 0
}

var errUsage = errors.New("wrong usage")

// parse reads flags, which may also follow the file's name.
func parse(flags *flag.FlagSet, args []string) (file string, err error) {
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if flags.NArg() == 0 {
		return "", errUsage
	}
	file = flags.Arg(0)
	if err := flags.Parse(flags.Args()[1:]); err != nil {
		return "", err
	}
	if flags.NArg() > 0 {
		return "", errUsage
	}
	return file, nil
}

func keyFlag(flags *flag.FlagSet) *string {
	return flags.String("key", "", "file with the public `keys`, got from the log's owner by another way than the file to check")
}

func readKeys(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys := strings.Fields(string(b))
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	return keys, nil
}

func open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func checkExport(flags *flag.FlagSet, args []string, stdout io.Writer) (ok bool, err error) {
	key := keyFlag(flags)
	path, err := parse(flags, args)
	if err != nil {
		return false, err
	}
	keys, err := readKeys(*key)
	if err != nil {
		return false, err
	}
	f, size, err := open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	r, err := auditor.Check(f, size, keys)
	if err != nil {
		return false, err
	}
	return r.OK(), printJSON(stdout, r)
}

func checkBundle(flags *flag.FlagSet, args []string, stdout io.Writer) (ok bool, err error) {
	key := keyFlag(flags)
	files := flags.String("files", "", "`folder` with the documents, to compare them with the hashes in the bundle")
	log := flags.String("log", "", "`export` of the whole log, to see that the bundle leaves nothing out")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	path, err := parse(flags, args)
	if err != nil {
		return false, err
	}
	var o auditor.BundleOptions
	if o.Keys, err = readKeys(*key); err != nil {
		return false, err
	}
	if *files != "" {
		if info, err := os.Stat(*files); err != nil || !info.IsDir() {
			return false, errors.Join(err, fmt.Errorf("%s is no folder", *files))
		}
		o.Files = os.DirFS(*files)
	}
	if *log != "" {
		f, size, err := open(*log)
		if err != nil {
			return false, err
		}
		defer f.Close()
		o.Log, o.LogSize = f, size
	}
	f, size, err := open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	r, err := auditor.CheckBundle(f, size, o)
	if err != nil {
		return false, err
	}
	if *asJSON {
		return r.OK(), printJSON(stdout, r)
	}
	_, err = io.WriteString(stdout, r.Text())
	return r.OK(), err
}
