// Command rennsteig-auditor checks an export of a Rennsteig audit log. It stands alone: an auditor builds it without
// the rest of the program.
//
//	rennsteig-auditor [-key FILE.pub] EXPORT.zip
//
// It exits with 1 if anything is wrong, with 2 if there is nothing to check.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"rennsteig/platform/audit/auditor"
)

func main() {
	key := flag.String("key", "", "file with the public `keys`, got from the log's owner by another way than the export")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: rennsteig-auditor [-key FILE.pub] EXPORT.zip")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	report, err := check(flag.Arg(0), *key)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rennsteig-auditor:", err)
		os.Exit(2)
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(report); err != nil {
		fmt.Fprintln(os.Stderr, "rennsteig-auditor:", err)
		os.Exit(2)
	}
	if !report.OK() {
		os.Exit(1)
	}
}

func check(path, keyFile string) (auditor.Report, error) {
	var keys []string
	if keyFile != "" {
		b, err := os.ReadFile(keyFile)
		if err != nil {
			return auditor.Report{}, err
		}
		keys = strings.Fields(string(b))
	}
	f, err := os.Open(path)
	if err != nil {
		return auditor.Report{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return auditor.Report{}, err
	}
	return auditor.Check(f, info.Size(), keys)
}
