package xdomea

import (
	"archive/zip"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	Fault   Severity = "fault"   // the receiver would refuse the package, or could not use it
	Warning Severity = "warning" // probably a mistake, or against what archives expect
	Note    Severity = "note"    // what was not checked, and why
)

// Finding is something to know about a package.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`           // stable, for programs: "file-missing"
	File     string   `json:"file,omitempty"` // in the ZIP; empty: the ZIP itself
	Path     string   `json:"path,omitempty"` // names of the elements from the root: /Aussonderung.Aussonderung.0503/Kopf/ProzessID
	Line     int      `json:"line,omitempty"` // in the message, from 1; 0: no place there
	Message  string   `json:"message"`        // English, with the element's name
}

// String is the finding in one line, whatever names the package holds.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", f.Severity)
	if f.File != "" {
		b.WriteString(printable(f.File))
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	} else if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	fmt.Fprintf(&b, "%s [%s]", f.Message, f.Code)
	return b.String()
}

// Options of CheckPackage. The zero value is good for any package that an office sends.
type Options struct {
	// Schema is a folder with the version's xdomea-Nachrichten-AussonderungDurchfuehren.xsd, those of other messages
	// beside it, and what they include. If it is set and xmllint is there, the message is validated as well; if not, a Note says so. xdomea's schemas come from
	// the XRepository; this package has none.
	Schema string

	MaxEntries int   // files in the ZIP; 0: 100,000
	MaxSize    int64 // bytes unpacked, of all files; 0: 64 GiB
}

const (
	maxEntries  = 100_000 // files in the ZIP, unless Options says else
	maxSize     = 64 << 30
	maxFindings = 500     // then a Note says that there are more
	maxMessage  = 1 << 30 // bytes of the message; 26,000 objects take some 100 MB
	maxRatio    = 200     // unpacked to packed, of what is larger than freeSize
	freeSize    = 16 << 20
)

// uuid is xdomea's stringUUIDType.
const uuid = `[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`

var (
	uuidFirst   = regexp.MustCompile(`^` + uuid)
	fileName    = regexp.MustCompile(`^` + uuid + `(_[^/\\:*?"<>|\x00-\x1f\x7f]+)?\.[A-Za-z0-9]{1,16}$`)
	messageStem = regexp.MustCompile(`^(` + uuid + `)_([A-Z][A-Za-z]*\.[A-Z][A-Za-z]*\.(010[12]|030[12]|040[1-3]|050[1-7]|051[1-5]))$`)
)

// CheckPackage checks a package: size bytes in r, whose file name is name, without folder. The findings on
// the ZIP come first, then those on the message in its order. A package without a Fault is acceptable. The error is one
// of reading r, or of a Schema that cannot be used: never of what the package holds.
func CheckPackage(r io.ReaderAt, size int64, name string, o Options) ([]Finding, error) {
	c := &checker{options: o.bounds(), in: &bounded{r: r}, size: size}
	if o.Schema != "" {
		if c.xsd, c.err = openSchema(o.Schema); c.err != nil {
			return nil, c.err
		}
	}
	if z := c.open(); z != nil {
		c.pack(z, name)
	}
	if c.in.err != nil {
		return nil, fmt.Errorf("xdomea: read %s: %w", name, c.in.err)
	}
	return c.found, c.err
}

// bounds puts in what was left out.
func (o Options) bounds() Options {
	if o.MaxEntries == 0 {
		o.MaxEntries = maxEntries
	}
	if o.MaxSize == 0 {
		o.MaxSize = maxSize
	}
	return o
}

// checker is the state of one check.
type checker struct {
	options Options
	in      *bounded
	size    int64 // of the ZIP
	found   []Finding
	xsd     schema
	err     error // of the schema
}

func (c *checker) add(s Severity, code, file, format string, args ...any) {
	c.addAt(s, code, file, "", 0, format, args...)
}

func (c *checker) addAt(s Severity, code, file, path string, line int, format string, args ...any) {
	f := Finding{s, code, file, path, line, fmt.Sprintf(format, args...)}
	if len(c.found) < maxFindings {
		c.found = append(c.found, f)
		return
	}
	if s == Fault && !HasFault(c.found) { // a fault must not drown in warnings
		c.found[maxFindings-1] = f
	}
	if len(c.found) == maxFindings {
		c.found = append(c.found, Finding{Severity: Note, Code: "more", Message: fmt.Sprintf("more than %d findings: the rest is left out", maxFindings)})
	}
}

// HasFault reports whether one of the findings is a Fault.
func HasFault(found []Finding) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Severity == Fault })
}

// pack checks what is in the ZIP.
func (c *checker) pack(z *zip.Reader, name string) {
	stem := strings.TrimSuffix(name, ".zip")
	parts := messageStem.FindStringSubmatch(stem)
	if stem == name || parts == nil {
		c.add(Fault, "package-name", "", "the ZIP is named %s, not <ProzessID>_<message>.<0101…0515>.zip", quoted(name))
	}
	files := c.entries(z)
	if files == nil {
		return
	}
	message := c.message(z, files, stem)
	named := map[string]bool{}
	if message != nil {
		m := &reading{checker: c, file: message.Name, stem: strings.TrimSuffix(message.Name, ".xml"), files: files, named: named}
		m.read(message)
		if m.whole {
			for _, f := range z.File {
				if f != message && files[f.Name] == f && !named[f.Name] {
					c.add(Fault, "file-surplus", f.Name, "no Dateiname in the message names this file")
				}
			}
		}
		if c.in.err == nil {
			c.schema(message, m)
		}
	}
	for _, f := range z.File {
		if f != message && files[f.Name] == f && c.in.err == nil {
			c.readable(f)
		}
	}
}

// message finds the message: the XML with the ZIP's stem, or else the only one that is named as a message.
func (c *checker) message(z *zip.Reader, files map[string]*zip.File, stem string) *zip.File {
	message := files[stem+".xml"]
	for _, f := range z.File {
		s, isXML := strings.CutSuffix(f.Name, ".xml")
		if f == message || !isXML || !messageStem.MatchString(s) || files[f.Name] != f {
			continue
		}
		if message != nil {
			c.add(Fault, "message-second", f.Name, "a second message: a package holds one, and here it is %s", quoted(message.Name))
			continue
		}
		message = f
		c.add(Fault, "message-stem", f.Name, "the message is not named as the ZIP, %s.xml", printable(stem))
	}
	if message == nil {
		c.add(Fault, "message-missing", "", "there is no message %s.xml in the ZIP", printable(stem))
	}
	return message
}

// printable cuts a name from outside to what can be shown in a line.
func printable(s string) string {
	q := fmt.Sprintf("%.200q", s)
	return q[1 : len(q)-1]
}

func quoted(s string) string { return `"` + printable(s) + `"` }
