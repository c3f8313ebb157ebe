//go:build reference

package xdomea

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The sample of the Landesarchiv NRW for 3.0.0, packed as its Makefile says, is accepted, by the schema too. It leaves
// out the archive's metadata, which is why their absence is a Warning.
func TestReferenceXdomeaSample(t *testing.T) {
	root := filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "xdomea")
	sample := func(version string) (string, []byte) {
		names, err := filepath.Glob(filepath.Join(root, "samples-nrw", version, "????????-*.*"))
		if err != nil || len(names) != 2 {
			t.Fatalf("%d files of the sample, %v", len(names), err)
		}
		var entries []entry
		name := ""
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, entry{name: filepath.Base(n), text: string(b)})
			if s, ok := strings.CutSuffix(filepath.Base(n), ".xml"); ok {
				name = s + ".zip"
			}
		}
		return name, pack(t, entries...)
	}

	name, b := sample("v3.0.0")
	found := check(t, b, name, Options{Schema: filepath.Join(root, "xsd-3.0.0")})
	if HasFault(found) || len(found) != 3 || found[0].Code != "archive-metadata" || found[1].Code != "archive-metadata" || found[2].Code != "archive-metadata" {
		t.Errorf("3.0.0: %v; want three warnings on archive-metadata, and no note on the schema", found)
	}
	found = check(t, b, name, Options{Schema: filepath.Join(root, "xsd-3.1.0")})
	if HasFault(found) || len(found) != 4 || found[3].Severity != Note {
		t.Errorf("3.0.0 with the schema of 3.1.0: %v; want a note that it was not used", found)
	}

	name, b = sample("v4.0.0")
	if found := check(t, b, name, Options{}); !HasFault(found) {
		t.Errorf("4.0.0, which archives do not read yet: %v", found)
	}
}

// Our own message breaks what the schema says, and the schema says so.
func TestReferenceXdomeaSchema(t *testing.T) {
	schema := filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "xdomea", "xsd-3.1.0")
	found := check(t, pack(t, good()...), stem+".zip", Options{Schema: schema})
	if !HasFault(found) || found[0].Code != "schema" || found[0].Line == 0 {
		t.Errorf("%v", found)
	}
}

// Whatever the Writer writes is valid against the schemas, in every message and both versions.
func TestReferenceXdomeaWriter(t *testing.T) {
	root := filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "xdomea")
	dir := t.TempDir()
	files, n := map[string][]string{}, 0 // by schema
	rapid.Check(t, func(t *rapid.T) {
		h, items := drawnMessage(t)
		schema := filepath.Join(root, "xsd-"+h.Version, "xdomea-Nachrichten-"+messages[h.Message].schema+".xsd")
		name := filepath.Join(dir, fmt.Sprintf("%d.xml", n))
		n++
		if err := os.WriteFile(name, write(t, h, items...), 0o600); err != nil {
			t.Fatal(err)
		}
		files[schema] = append(files[schema], name)
	})
	for schema, names := range files {
		out, err := exec.Command("xmllint", append([]string{"--nonet", "--noout", "--schema", schema}, names...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%.3000s", err, out)
		}
	}
}

// A package that was written has nothing that CheckPackage, with the schema, could say.
func TestReferenceXdomeaPackage(t *testing.T) {
	root := filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "xdomea")
	file := func(n int) *File {
		f := offered(n)
		f.Cases[0].Documents = append(f.Cases[0].Documents, *document(FileName(f.ID, "Bescheid Hund", "pdf")))
		return f
	}
	for _, version := range []string{"3.0.0", "3.1.0"} {
		for _, m := range []Message{Offer, Disposal, Transfer, Information, AppraisalList, DisposalResult, DisposalReceipt} {
			h := testHead(m)
			h.Version = version
			var items []Item
			switch messages[m].content {
			case "Schriftgutobjekt":
				items = []Item{file(1), file(2), &Case{ID: other, Retention: kept}}
			case "BewertetesObjekt":
				items = []Item{&Appraised{ID: other, Appraisal: Archive}}
			case "AusgesondertesSGO":
				items = []Item{&Result{ID: other, OK: true, ArchiveID: "B 7"}, &Result{ID: other, Errors: []string{"nein"}, Codes: []Code{{"1", "", "urn:x", "1"}}}}
			}
			found := check(t, packed(t, h, items...), PackageName(h), Options{Schema: filepath.Join(root, "xsd-"+version)})
			if len(found) > 0 {
				t.Errorf("%s %s: %v", version, m, found)
			}
		}
	}
}

// The sample of the Landesarchiv NRW is read.
func TestReferenceXdomeaRead(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(os.Getenv("RENNSTEIG_REFERENCE"), "reference", "xdomea", "samples-nrw", "v3.0.0", "*.xml"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%d messages of the sample, %v", len(names), err)
	}
	f, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, items, err := read(NewReader(f))
	if err != nil || len(items) != 1 || h.Recipient.Organisation != "Landesarchiv NRW" {
		t.Fatalf("%d items, %v, %+v", len(items), err, h)
	}
	c, ok := items[0].(*Case)
	if !ok || c.General.Confidentiality != Open || len(c.Documents) != 1 || c.Documents[0].Versions[0].Formats[0].FileName != "f4bcaaf7-d7cb-11ef-a278-005056871b7c.txt" {
		t.Errorf("%+v", items[0])
	}
}
