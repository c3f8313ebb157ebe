package email

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// undo undoes a transfer encoding (RFC 2045 §6), or the x-uuencode of older programs. Where the bytes break it, all that
// can be read is taken and flawed says so; known is false for an encoding of another name.
func undo(encoding string, b []byte) (content []byte, flawed, known bool) {
	encoding, _, _ = strings.Cut(encoding, ";")
	encoding = strings.ToLower(strings.Trim(strings.TrimSpace(encoding), `"'`))
	switch strings.NewReplacer(" ", "", "-", "", "_", "").Replace(encoding) {
	case "", "7bit", "8bit", "binary", "7bits", "8bits":
		return b, false, true
	case "base64":
		content, flawed = undoBase64(b)
		return content, flawed, true
	case "quotedprintable":
		content, flawed = undoQuoted(b)
		return content, flawed, true
	case "xuuencode", "uuencode", "xuue":
		content, flawed = undoUU(b)
		return content, flawed, true
	}
	return b, false, false
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// undoBase64 passes over what is no base64 (RFC 2045 §6.8), and reads on after padding in its middle, as of two texts
// one after the other.
func undoBase64(b []byte) (out []byte, flawed bool) {
	out = make([]byte, 0, len(b)/4*3+3)
	var group [4]byte
	n, blanks, others := 0, 0, 0
	end := func() {
		if n == 1 {
			flawed = true // six bits make no byte
		} else if n > 1 {
			var three [3]byte
			if m, err := base64.RawStdEncoding.Decode(three[:], group[:n]); err == nil {
				out = append(out, three[:m]...)
			}
		}
		n = 0
	}
	for _, c := range b {
		switch {
		case c == '=':
			end()
		case isBase64(c):
			group[n] = c
			if n++; n == 4 {
				end()
			}
		case c > ' ':
			others++
		case c == ' ':
			blanks++
		}
	}
	end()
	if n := others + blanks; n > 8 && n*20 > len(b) { // words
		return b, true
	}
	return out, flawed || others > 0
}

// undoQuoted leaves an "=" that starts nothing as it is.
func undoQuoted(b []byte) (out []byte, flawed bool) {
	out = make([]byte, 0, len(b))
	for len(b) > 0 {
		line, rest, more := bytes.Cut(b, []byte("\n"))
		b = rest
		line, cr := bytes.CutSuffix(line, []byte("\r"))
		line = bytes.TrimRight(line, " \t") // added on the way (RFC 2045 §6.7)
		line, soft := bytes.CutSuffix(line, []byte("="))
		for len(line) > 0 {
			plain, escape, ok := bytes.Cut(line, []byte("="))
			out = append(out, plain...)
			if line = escape; !ok {
				break
			}
			var c [1]byte
			if len(escape) < 2 {
				out, flawed = append(out, '='), true
			} else if _, err := hex.Decode(c[:], escape[:2]); err != nil {
				out, flawed = append(out, '='), true
			} else {
				out, line = append(out, c[0]), escape[2:]
			}
		}
		if soft || !more {
			continue
		}
		if cr {
			out = append(out, '\r')
		}
		out = append(out, '\n')
	}
	return out, flawed
}

// undoUU undoes uuencode (POSIX): lines of a length and six bits a character, between "begin" and "end".
func undoUU(b []byte) (out []byte, flawed bool) {
	begun := false
	for l := range bytes.Lines(b) {
		l = bytes.TrimRight(l, "\r\n")
		switch {
		case !begun:
			begun = bytes.HasPrefix(l, []byte("begin "))
			continue
		case len(l) == 0 || string(l) == "end":
			continue
		case l[0] <= ' ' || l[0] > '`':
			flawed = true
			continue
		}
		n, six := int(l[0]-' ')&63, l[1:]
		if have := (len(six)*6 + 7) / 8; n > have { // cut off; blanks at its end were zeros
			n, flawed = have, true
		}
		for ; n > 0; six = six[min(4, len(six)):] {
			var g [4]byte
			for i := range min(4, len(six)) {
				g[i] = (six[i] - ' ') & 63
			}
			three := []byte{g[0]<<2 | g[1]>>4, g[1]<<4 | g[2]>>2, g[2]<<6 | g[3]}
			out = append(out, three[:min(3, n)]...)
			n -= 3
		}
	}
	if !begun {
		return b, true
	}
	return out, flawed
}

// unflow joins the lines of format=flowed (RFC 3676): one that ends in a blank goes on in the next, at the same depth of
// quotation. With DelSp the blank itself goes.
func unflow(s string, delSp bool) string {
	var out strings.Builder
	open, depth := false, 0 // of the line before
	for l := range strings.Lines(clean(s)) {
		l, ended := strings.CutSuffix(l, "\n")
		text := strings.TrimLeft(l, ">")
		quoted := len(l) - len(text)
		text = strings.TrimPrefix(text, " ")
		if open && quoted != depth || open && text == "-- " {
			out.WriteByte('\n')
			open = false
		}
		if !open && quoted > 0 {
			out.WriteString(strings.Repeat(">", quoted) + " ")
		}
		depth = quoted
		open = strings.HasSuffix(text, " ") && text != "-- "
		if open && delSp {
			text = text[:len(text)-1]
		}
		out.WriteString(text)
		if ended && !open {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
