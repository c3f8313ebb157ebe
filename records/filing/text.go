package filing

import (
	"mime"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"rennsteig/platform/db"
)

const idLength = 36

// validID is s if it is an id, else "" (which nothing has).
func validID(s string) string {
	if len(s) != idLength || uuid.Validate(s) != nil {
		return ""
	}
	return s
}

// formID is the id that a form gives to what it makes, so that sending it twice makes one; a new one for a new form.
func formID(s string) string {
	if id := validID(s); id != "" {
		return id
	}
	return db.NewID()
}

// oneLine is a text without line ends and what cannot be stored.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")), " ")
}

// query is what was typed into a search field, not longer than anyone searches for.
func query(s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > 200 {
		s = string([]rune(s)[:200])
	}
	return s
}

// safeName makes a file name from outside harmless, as package records does for first versions: its last element, no
// control or format characters, no separators, at most 120 characters with the extension kept.
func safeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsControl(c), unicode.Is(unicode.Cf, c), unicode.Is(unicode.Zl, c), unicode.Is(unicode.Zp, c):
			return -1
		case strings.ContainsRune(`/\:*?"<>|;%`, c):
			return '_'
		}
		return c
	}, name)
	name = strings.Trim(name, ". ")
	if name == "" {
		return "Datei"
	}
	const most = 120
	if r := []rune(name); len(r) > most {
		ext := []rune(path.Ext(name))
		if len(ext) > 12 {
			ext = nil
		}
		name = string(r[:most-len(ext)]) + string(ext)
	}
	return name
}

// safeType is a media type that may stand in a header; "application/octet-stream" for what is none.
func safeType(t string) string {
	media, params, err := mime.ParseMediaType(t)
	if err != nil || !strings.Contains(media, "/") || len(t) > 200 {
		return "application/octet-stream"
	}
	return mime.FormatMediaType(media, params)
}

// disposition has the browser save the file under its name (RFC 6266).
func disposition(name string) string {
	d := mime.FormatMediaType("attachment", map[string]string{"filename": safeName(name)})
	if d == "" {
		return "attachment"
	}
	return d
}
