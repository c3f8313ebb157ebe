package disposal

import (
	"strings"

	"rennsteig/platform/errs"
	"rennsteig/standards/xdomea"
)

// brokenKinds say what people are told of the checker's faults; what is not here is told in its own words.
var brokenKinds = map[string]string{
	// Of the ZIP: nothing more is to be named.
	"zip-broken": "zip", "zip-bomb": "size", "zip-size": "size", "zip-entries": "size", "message-size": "size", "item-size": "size",
	"package-name": "name", "message-stem": "name", "message-missing": "no_message", "encoding": "encoding", "prefix": "prefix", "schema-location": "location",
	// Of an element of the message.
	"xml": "xml", "doctype": "doctype", "namespace": "namespace", "version": "version", "message": "message", "head": "lacks", "content": "lacks",
	"uuid": "value", "code": "value", "value": "value", "date-time": "value", "date": "value", "time": "value", "process-id": "value", "message-type": "value",
	"file-name": "value", "file-missing": "missing",
	// Of a file in the ZIP.
	"message-second": "second", "file-surplus": "surplus", "file-broken": "file", "folder": "folder", "path": "entry", "special": "entry", "duplicate": "entry",
	"method": "entry", "encrypted": "encrypted",
}

// broken refuses a package, or a message, in words of the reader's language, with the element and its line or the file that
// it is about; the checker's own words are inner.
func broken(f xdomea.Finding, inner error) error {
	kind := brokenKinds[f.Code]
	file := cut(f.File, maxName)
	switch {
	case kind == "xml" && f.Line == 0:
		kind = "empty"
	case kind == "file" && file == "": // a message without a ZIP
		kind = "xml"
	}
	key := "disposal.error.unreadable." + kind
	switch kind {
	case "":
		return errs.E(errs.Invalid, "disposal.error.unreadable", cut(f.Message, maxName), inner)
	case "empty", "zip", "size", "name", "no_message", "encoding", "prefix", "location":
		return errs.E(errs.Invalid, key, inner)
	case "xml", "doctype", "missing":
		return errs.E(errs.Invalid, key, f.Line, inner)
	case "second", "surplus", "file", "folder", "entry", "encrypted":
		return errs.E(errs.Invalid, key, file, inner)
	}
	path := strings.TrimSuffix(f.Path, "/code") // of a code list
	element := cut(path[strings.LastIndexByte(path, '/')+1:], maxName)
	if kind == "lacks" {
		return errs.E(errs.Invalid, key, element, inner)
	}
	return errs.E(errs.Invalid, key, element, f.Line, inner)
}

// empty refuses what has no content, which is neither a ZIP nor XML.
func empty(size int64) error {
	if size == 0 {
		return errs.E(errs.Invalid, "disposal.error.unreadable.empty")
	}
	return nil
}
