package xdomea

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	schemaFile    = "xdomea-Nachrichten-" + disposal + ".xsd"
	schemaTime    = 2 * time.Minute
	schemaMessage = 128 << 20 // bytes; xmllint holds the message in memory, several times as large
)

// schema is the XML schema of one version on disk.
type schema struct{ file, namespace string }

var targetNamespace = regexp.MustCompile(`\stargetNamespace\s*=\s*["']([^"']*)["']`)

// openSchema finds the schema of disposal in a folder.
func openSchema(folder string) (schema, error) {
	file, err := filepath.Abs(filepath.Join(folder, schemaFile))
	if err != nil {
		return schema{}, fmt.Errorf("xdomea: schema: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return schema{}, fmt.Errorf("xdomea: schema: %w", err)
	}
	defer f.Close()
	top, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return schema{}, fmt.Errorf("xdomea: schema: %w", err)
	}
	ns := targetNamespace.FindSubmatch(top)
	if ns == nil {
		return schema{}, fmt.Errorf("xdomea: schema: %s has no targetNamespace", file)
	}
	return schema{file, string(ns[1])}, nil
}

// HasSchema reports whether there are schemas in the folder, as Options.Schema demands.
func HasSchema(folder string) bool {
	_, err := openSchema(folder)
	return err == nil
}

const unvalidated = "not validated against the schema: "

// Unvalidated says why a message was not validated against the schema; "" if it was.
func Unvalidated(found []Finding) string {
	for _, f := range found {
		if why, ok := strings.CutPrefix(f.Message, unvalidated); ok && f.Severity == Note {
			return why
		}
		if f.Code == "message-missing" || strings.HasPrefix(f.Code, "zip-") {
			return "there is no message that can be read"
		}
	}
	return ""
}

// schema validates the message with xmllint, or notes why not. It never sees a message with a document type.
func (c *checker) schema(f *zip.File, m *reading) {
	not := func(why string, args ...any) {
		c.add(Note, "schema", f.Name, unvalidated+why, args...)
	}
	switch {
	case c.xsd.file == "":
		not("none was named; schemas come from the XRepository")
		return
	case !m.whole:
		not("the message cannot be read")
		return
	case m.message == "":
		not("it is of no kind that is known")
		return
	case m.ns != c.xsd.namespace:
		not("it is that of %s", printable(c.xsd.namespace))
		return
	case f.UncompressedSize64 > schemaMessage:
		not("the message has more than %d bytes", schemaMessage)
		return
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		not("xmllint is not installed")
		return
	}
	xsd := filepath.Join(filepath.Dir(c.xsd.file), "xdomea-Nachrichten-"+messages[m.message].schema+".xsd")
	if _, err := os.Stat(xsd); err != nil {
		not("there is no %s", filepath.Base(xsd))
		return
	}
	in, err := f.Open()
	if err != nil {
		not("the message cannot be read")
		return
	}
	defer in.Close()
	ctx, stop := context.WithTimeout(context.Background(), schemaTime)
	defer stop()
	said := &head{}
	cmd := exec.CommandContext(ctx, lint, "--nonet", "--noout", "--schema", xsd, "-")
	cmd.Stdin, cmd.Stderr, cmd.Env = in, said, append(os.Environ(), "LC_ALL=C")
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		not("xmllint took longer than %v", schemaTime)
	case errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 3 || exit.ExitCode() == 4): // not well-formed, not valid
		c.invalid(f.Name, said.String())
	case errors.As(err, &exit):
		c.err = fmt.Errorf("xdomea: xmllint cannot use %s: %s", xsd, printable(said.String()))
	default:
		c.err = fmt.Errorf("xdomea: xmllint: %w", err)
	}
}

var lintLine = regexp.MustCompile(`^-:([0-9]+): (?:element ([^:]+): )?(.*)$`)

// invalid makes findings of what xmllint said.
func (c *checker) invalid(file, said string) {
	told := false
	for line := range strings.Lines(said) {
		parts := lintLine.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil {
			continue
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil {
			continue
		}
		told = true
		c.addAt(Fault, "schema", file, printable(parts[2]), n, "%s", printable(strings.TrimPrefix(parts[3], "Schemas validity error : ")))
	}
	if !told {
		c.add(Fault, "schema", file, "not valid against the schema: %s", printable(said))
	}
}

// head keeps the beginning of what is written to it.
type head struct{ buf bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if room := 256<<10 - h.buf.Len(); room > 0 {
		h.buf.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func (h *head) String() string { return h.buf.String() }
