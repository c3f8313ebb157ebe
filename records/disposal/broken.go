package disposal

import (
	"strconv"

	"rennsteig/platform/errs"
	"rennsteig/standards/xdomea"
)

// brokenKinds say what people are told of the checker's findings; all others are about the message itself.
var brokenKinds = map[string]string{
	"zip-broken": ".zip", "zip-bomb": ".size", "zip-size": ".size", "zip-entries": ".size", "message-size": ".size", "item-size": ".size",
	"package-name": ".name", "message-stem": ".name", "message-missing": ".name", "message-second": ".second",
	"file-missing": ".missing", "file-surplus": ".surplus", "file-broken": ".file", "file-empty": ".file", "sub-folder": ".folder",
}

// broken refuses a package, or a message, in words of the reader's language; the checker's own are inner.
func broken(f xdomea.Finding, inner error) error {
	place := cut(f.File, maxName)
	if f.Line > 0 {
		place += ":" + strconv.Itoa(f.Line)
	}
	if f.Path != "" {
		place += " " + cut(f.Path, maxName)
	}
	return errs.E(errs.Invalid, "disposal.error.unreadable"+brokenKinds[f.Code], place+" ["+f.Code+"]", inner)
}
