package xzufi

import (
	"fmt"
	"strings"
)

// Error is why a message cannot be read, and where: the names of the open elements from the root of the message, and
// line and column in characters, from 1.
type Error struct {
	Path         string
	Line, Column int
	Msg          string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("xzufi: line %d, column %d: %s", e.Line, e.Column, e.Msg)
	}
	return fmt.Sprintf("xzufi: line %d, column %d: %s: %s", e.Line, e.Column, e.Path, e.Msg)
}

func errAt(at position, path []string, format string, args ...any) error {
	return &Error{Path: joinPath(path), Line: at.line, Column: at.col, Msg: fmt.Sprintf(format, args...)}
}

func joinPath(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return "/" + strings.Join(path, "/")
}

// Severity is how much a finding matters.
type Severity string

// The severities.
const (
	Fault   Severity = "fault"   // the object cannot be used, or the receiver would refuse it
	Warning Severity = "warning" // probably a mistake
	Note    Severity = "note"    // worth knowing: content this package does not know and carries along
)

// Finding is something noticed about an object that could be read. Code is for programs and translations, Value the
// part of the message that it is about, Message for people.
type Finding struct {
	Severity     Severity
	Code         string
	Path         string // element names from the object on, or from the root of the message
	Line, Column int    // 0 for objects that were not read
	Value        string
	Message      string
}

func (f Finding) String() string {
	return fmt.Sprintf("line %d, column %d: %s: %s: %s", f.Line, f.Column, f.Path, f.Severity, f.Message)
}
