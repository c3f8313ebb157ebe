package email

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxParams = 100

// parameters reads "value; name=value" (RFC 2045 §5.1), with values in pieces and in any charset (RFC 2231), and also
// what mail programs make of it: no semicolon after the value, blanks in values without quotes, quotes without an end,
// backslashes of Windows paths.
func parameters(v string) (value string, params map[string]string) {
	value, rest, _ := strings.Cut(v, ";")
	value = strings.TrimSpace(value)
	if i := strings.IndexAny(value, " \t"); i >= 0 && strings.Contains(value[i:], "=") {
		value, rest = value[:i], strings.TrimSpace(v)[i:]
	}
	value = strings.ToLower(value)
	type piece struct {
		number  int
		encoded bool
		value   string
	}
	pieces := map[string][]piece{}
	params = map[string]string{}
	for n := 0; rest != "" && n < maxParams; n++ {
		var name, val string
		name, val, rest = parameter(rest)
		if name == "" {
			continue
		}
		star, encoded := strings.CutSuffix(name, "*")
		base, number, inPieces := strings.Cut(star, "*")
		if i, err := strconv.Atoi(number); inPieces && err == nil {
			pieces[base] = append(pieces[base], piece{i, encoded, val})
		} else if encoded {
			pieces[star] = []piece{{0, true, val}}
		} else if _, ok := params[name]; !ok { // the first one counts
			params[name] = guess([]byte(val))
		}
	}
	for name, list := range pieces {
		slices.SortStableFunc(list, func(a, b piece) int { return a.number - b.number })
		charset, s := "", []byte(nil)
		for i, p := range list {
			if !p.encoded {
				s = append(s, p.value...)
				continue
			}
			if i == 0 {
				if parts := strings.SplitN(p.value, "'", 3); len(parts) == 3 {
					charset, p.value = parts[0], parts[2]
				}
			}
			if u, err := url.PathUnescape(p.value); err == nil {
				p.value = u
			}
			s = append(s, p.value...)
		}
		if d, ok := decodeCharset(charset, s); ok {
			params[name] = d
		} else {
			params[name] = guess(s)
		}
	}
	return value, params
}

// parameter cuts one "name=value" off s.
func parameter(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t")
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return name, b.String(), s[min(i+1, len(s)):]
}
