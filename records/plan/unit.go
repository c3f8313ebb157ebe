package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rennsteig/platform/i18n"
	"rennsteig/records"
	"rennsteig/standards/leika"
)

// AnyService is the LeiKa key in the routing of whatever has no unit of its own.
const AnyService = "*"

// Forever are the retention years of files that are kept without end (dauernde Aufbewahrung).
const Forever = -1

const foreverWord = "dauernd" // in a table

// Unit is a unit of the plan with the services whose files it takes.
type Unit struct {
	records.Unit
	Services []Service // by key
}

// Service is a service that is routed to a unit.
type Service struct {
	Key      string // LeiKa key, or AnyService
	Lead     string // id of the organisational unit that leads the files; "" is the authority as a whole
	LeadCode string
	LeadName string
}

// Plan is a file plan, by code as people count.
type Plan []Unit

// The columns of a table. The first six are those of the built-in plans (records/fileplan).
const (
	colCode      = "code"
	colTitle     = "title"
	colParent    = "parent"
	colRetention = "retention_years"
	colAppraisal = "appraisal"
	colServices  = "leika_keys"
	colTransfer  = "transfer_years"
	colFrom      = "valid_from"
	colUntil     = "valid_until"
	colNote      = "note"
	colLeads     = "leads"
)

var columns = []string{colCode, colTitle, colParent, colRetention, colAppraisal, colServices, colTransfer, colFrom, colUntil, colNote, colLeads}

// Most of what is typed, and of a plan.
const (
	maxCode  = 40
	maxTitle = 250
	maxNote  = 2000
	maxYears = 200
	maxDepth = 10
	maxUnits = 10_000
)

// cell is what a table says of the unit in the column.
func (u Unit) cell(column string) string {
	switch column {
	case colCode:
		return u.Code
	case colTitle:
		return u.Title
	case colParent:
		return u.Parent
	case colRetention:
		if u.RetentionYears < 0 {
			return foreverWord
		}
		return strconv.Itoa(u.RetentionYears)
	case colAppraisal:
		return string(u.Appraisal)
	case colTransfer:
		return strconv.Itoa(u.TransferYears)
	case colFrom:
		return dayText(u.ValidFrom)
	case colUntil:
		return dayText(u.ValidUntil)
	case colNote:
		return u.Note
	}
	var parts []string
	for _, s := range u.Services {
		if column == colServices {
			parts = append(parts, s.Key)
		} else if s.Lead != "" {
			parts = append(parts, s.Key+" "+leadEscape.Replace(s.LeadCode))
		}
	}
	if column == colServices {
		return strings.Join(parts, " ")
	}
	return strings.Join(parts, "; ")
}

// leadEscape keeps apart the codes of organisational units in one cell; url.PathUnescape takes it back.
var leadEscape = strings.NewReplacer("%", "%25", ";", "%3B")

// set takes a cell of a column that is the unit's own, and says what is wrong with it: a catalogue key, or "".
func (u *Unit) set(column, value string) string {
	value = oneLine(value)
	switch column {
	case colCode:
		u.Code = value
		if value == "" || utf8.RuneCountInString(value) > maxCode || strings.ContainsAny(value, "{}\\") {
			return "plan.error.code"
		}
	case colTitle:
		u.Title = value
		if value == "" || utf8.RuneCountInString(value) > maxTitle {
			return "plan.error.title"
		}
	case colParent:
		u.Parent = value
	case colRetention:
		n, ok := Forever, strings.EqualFold(value, foreverWord)
		if !ok {
			n, ok = years(value)
		}
		if u.RetentionYears = n; !ok {
			return "plan.error.retention"
		}
	case colTransfer:
		n, ok := years(cmp.Or(value, "0"))
		if u.TransferYears = n; !ok {
			return "plan.error.transfer"
		}
	case colAppraisal:
		u.Appraisal = records.Appraisal(strings.ToUpper(value))
		if u.Appraisal != records.Archive && u.Appraisal != records.Appraise && u.Appraisal != records.Destroy {
			return "plan.error.appraisal"
		}
	case colFrom, colUntil:
		day, ok := readDay(value)
		if column == colFrom {
			u.ValidFrom = day
		} else if u.ValidUntil = day; !day.IsZero() {
			u.ValidUntil = day.AddDate(0, 0, 1).Add(-time.Microsecond)
		}
		if !ok {
			return "plan.error.date"
		}
	case colNote:
		u.Note = value
		if utf8.RuneCountInString(value) > maxNote {
			return "plan.error.note"
		}
	}
	return ""
}

func years(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= maxYears && !strings.HasPrefix(s, "+")
}

// oneLine is the text in one line, without what cannot be seen.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsGraphic(c) }), " ")
}

// readDay reads "2026-11-24" or "24.11.2026" as the beginning of that day in Germany; "" is the zero time.
func readDay(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	for _, layout := range []string{time.DateOnly, "2.1.2006"} {
		if t, err := time.ParseInLocation(layout, s, i18n.Berlin); err == nil && t.Year() >= 1800 && t.Year() < 3000 {
			return t, true
		}
	}
	return time.Time{}, false
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(i18n.Berlin).Format(time.DateOnly)
}

// Ended reports whether the unit's last day is over.
func (u Unit) Ended(now time.Time) bool { return !u.ValidUntil.IsZero() && now.After(u.ValidUntil) }

// digest changes with the unit.
func (u Unit) digest() string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(strconv.Quote(u.cell(c)))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:12])
}

// digest changes with the plan.
func (p Plan) digest() string {
	h := sha256.New()
	for _, u := range p {
		h.Write([]byte(u.digest()))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// byCode orders codes as people count: numbers in them by value.
func byCode(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n > 0 && m > 0 {
			i, j := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			if c := cmp.Or(cmp.Compare(len(i), len(j)), cmp.Compare(i, j)); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func (p Plan) sort() {
	slices.SortFunc(p, func(a, b Unit) int { return byCode(a.Code, b.Code) })
}

// index are the places of the units by their codes.
func (p Plan) index() map[string]int {
	out := make(map[string]int, len(p))
	for i, u := range p {
		out[u.Code] = i
	}
	return out
}

// unit is the unit with the code.
func (p Plan) unit(code string) (Unit, bool) {
	for _, u := range p {
		if u.Code == code {
			return u, true
		}
	}
	return Unit{}, false
}

// above lists the codes of the units above the one with the code, the nearest first, at most maxDepth; ok is false if it is
// above itself.
func (p Plan) above(index map[string]int, code string) (out []string, ok bool) {
	for at := code; len(out) < maxDepth; {
		i, known := index[at]
		if !known || p[i].Parent == "" {
			break
		}
		if at = p[i].Parent; at == code {
			return out, false
		} else if slices.Contains(out, at) { // below a circle
			break
		}
		if _, known := index[at]; known {
			out = append(out, at)
		}
	}
	return out, true
}

// problem is what is wrong with a unit.
type problem struct {
	code   string // of the unit
	cause  string // code of another unit, if it may be that one's fault
	Line   int    // of the table; 0 if the unit is not in it
	Column string
	Key    string // catalogue key
	Args   []any
}

// check says what is wrong between the units.
func (p Plan) check(now time.Time) (out []problem) {
	index := p.index()
	wrong := func(u Unit, column, key string, args ...any) {
		out = append(out, problem{code: u.Code, Column: column, Key: key, Args: args})
	}
	routed := map[string]string{}
	for _, u := range p {
		above, ok := p.above(index, u.Code)
		if i, known := index[u.Parent]; u.Parent != "" && !known {
			wrong(u, colParent, "plan.error.parent", u.Parent)
		} else if !ok {
			wrong(u, colParent, "plan.error.circle", u.Parent)
		} else if len(above) >= maxDepth {
			wrong(u, colParent, "plan.error.depth", maxDepth)
		} else if u.Parent != "" && !p[i].ValidUntil.IsZero() && (u.ValidUntil.IsZero() || u.ValidUntil.After(p[i].ValidUntil)) {
			wrong(u, colUntil, "plan.error.outlives", u.Code, u.Parent, dayText(p[i].ValidUntil))
			out[len(out)-1].cause = u.Parent
		}
		if !u.ValidUntil.IsZero() && u.ValidUntil.Before(u.ValidFrom) {
			wrong(u, colUntil, "plan.error.until")
		}
		for _, s := range u.Services {
			if _, err := leika.Parse(s.Key); err != nil && s.Key != AnyService {
				wrong(u, colServices, "plan.error.leika", s.Key)
			}
			if other, taken := routed[s.Key]; taken {
				wrong(u, colServices, "plan.error.routed", s.Key, other)
			}
			routed[s.Key] = u.Code
			if u.Ended(now) {
				wrong(u, colUntil, "plan.error.ended_service", s.Key)
			}
		}
	}
	if _, ok := routed[AnyService]; !ok && len(p) > 0 {
		out = append(out, problem{Column: colServices, Key: "plan.error.any"})
	}
	return out
}
