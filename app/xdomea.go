package app

import (
	"fmt"
	"os"
	"path/filepath"

	"rennsteig/platform/cli"
	"rennsteig/standards/xdomea"
)

// xdomeaCmd is `rennsteig xdomea`.
type xdomeaCmd struct {
	Check xdomeaCheckCmd `cmd:"" help:"Check a package as the archive would. Exit code 1 if there is a fault. Example: rennsteig xdomea check 9fde4e7a-b41b-11ec-9225-005056871b7c_Aussonderung.Aussonderung.0503.zip"`
}

type xdomeaCheckCmd struct {
	File   string `arg:"" name:"FILE.zip" help:"The package: <ProzessID>_<message>.zip."`
	Schema string `help:"Folder with xdomea-Nachrichten-AussonderungDurchfuehren.xsd of the package's version, from the XRepository; needs xmllint. Default: the folder xdomea beside the data folder, if it has them." placeholder:"DIR" env:"RENNSTEIG_XDOMEA_SCHEMAS"`
	Data   string `help:"Data folder, beside which the schemas may lie." default:"data" placeholder:"DIR" env:"RENNSTEIG_DATA"`
	JSON   bool   `name:"json" help:"Print the findings as JSON."`
}

// schema is the folder with the schemas; "" if there is none.
func (c xdomeaCheckCmd) schema() (string, error) {
	if c.Schema != "" {
		return c.Schema, nil
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return "", err
	}
	if beside := filepath.Join(filepath.Dir(data), "xdomea"); xdomea.HasSchema(beside) {
		return beside, nil
	}
	return "", nil
}

// Run prints the findings, one a line, and at last whether the package is acceptable.
func (c xdomeaCheckCmd) Run(env *cli.Env) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", c.File)
	}
	schema, err := c.schema()
	if err != nil {
		return err
	}
	found, err := xdomea.CheckPackage(f, info.Size(), filepath.Base(c.File), xdomea.Options{Schema: schema})
	if err != nil {
		return err
	}
	fault := xdomea.HasFault(found)
	unvalidated := xdomea.Unvalidated(found)
	if c.JSON {
		if found == nil {
			found = []xdomea.Finding{}
		}
		err = env.JSON(struct {
			Accepted    bool             `json:"accepted"`
			Validated   bool             `json:"validated"`             // against the schema
			Unvalidated string           `json:"unvalidated,omitempty"` // why not
			Findings    []xdomea.Finding `json:"findings"`
		}{!fault, unvalidated == "", unvalidated, found})
	} else {
		for _, f := range found {
			if _, err = fmt.Fprintln(env.Out, f); err != nil {
				return err
			}
		}
		switch {
		case fault:
		case unvalidated == "":
			_, err = fmt.Fprintln(env.Out, "accepted: no fault, and valid against the schema")
		default:
			_, err = fmt.Fprintf(env.Out, "accepted: no fault, BUT NOT VALIDATED AGAINST THE SCHEMA: %s\n", unvalidated)
		}
	}
	if err != nil {
		return err
	}
	if fault && c.JSON {
		return cli.Exit{Code: 1}
	}
	if fault {
		return fmt.Errorf("%q is not acceptable", filepath.Base(c.File))
	}
	return nil
}
