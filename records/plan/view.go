package plan

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"rennsteig/platform/errs"
	"rennsteig/records/access"
)

// Filter says which units a page shows; the zero value is those that are valid now.
type Filter struct {
	Query string    // words in code, title or note
	On    time.Time // units valid then; zero is now
	All   bool      // whenever they are valid
	Under string    // code: only the units below it
}

// View is an authority's plan as its people see it.
type View struct {
	Authority string
	Registrar bool   // the caller changes it
	Path      []Unit // to Under, with it, the top first
	Nodes     []Node
	Total     int    // units that the filter fits, shown or not
	Ending    []Unit // that have services and end, or are not valid; only for registrars
}

// most is how many units a page shows: of a larger plan the upper ones, each with a link to what is below.
const most = 500

// View reads the plan of an authority where the caller works. errs.NotFound for any other.
func (r *Room) View(ctx context.Context, authority string, f Filter) (v View, err error) {
	q := r.h.DB.Reader()
	a, err := look(ctx, q, authority)
	if err != nil {
		return v, err
	}
	pl, files, err := counted(ctx, q, a, authority)
	if err != nil {
		return v, err
	}
	v = View{Authority: authority, Registrar: a.Registrar(authority)}
	on := f.On
	if on.IsZero() {
		on = r.h.Now()
	}
	index := pl.index()
	fits := Plan{} // with what is above them
	shown := map[string]bool{}
	words := strings.Fields(strings.ToLower(f.Query))
	for _, u := range pl {
		if v.Registrar && len(u.Services) > 0 && (!u.ValidUntil.IsZero() || !u.ValidAt(r.h.Now())) {
			v.Ending = append(v.Ending, u)
		}
		above, _ := pl.above(index, u.Code)
		text := strings.ToLower(u.Code + " " + u.Title + " " + u.Note)
		if !f.All && !u.ValidAt(on) || f.Under != "" && !slices.Contains(above, f.Under) ||
			slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		v.Total++
		for _, code := range append(above, u.Code) {
			if !shown[code] {
				shown[code] = true
				fits = append(fits, pl[index[code]])
			}
		}
	}
	if f.Under != "" {
		i, ok := index[f.Under]
		if !ok {
			return v, errs.E(errs.NotFound, "records.error.not_found")
		}
		above, _ := pl.above(index, f.Under)
		v.Path = append(v.Path, pl[i])
		for _, code := range above {
			v.Path = append(v.Path, pl[index[code]])
		}
		slices.Reverse(v.Path)
		shown := len(v.Path)
		for _, n := range fits.sorted().tree() {
			if n.Depth -= shown; n.Depth >= 0 {
				v.Nodes = append(v.Nodes, n)
			}
		}
	} else {
		v.Nodes = fits.sorted().tree()
	}
	v.Nodes = upper(v.Nodes)
	for i, n := range v.Nodes {
		v.Nodes[i].Open, v.Nodes[i].Closed = files[n.Code][0], files[n.Code][1]
	}
	return v, nil
}

func (p Plan) sorted() Plan {
	p.sort()
	return p
}

// upper leaves the deepest levels away while there are more than a page shows.
func upper(nodes []Node) []Node {
	depth := 0
	for _, n := range nodes {
		depth = max(depth, n.Depth)
	}
	for ; len(nodes) > most && depth > 0; depth-- {
		nodes = slices.DeleteFunc(nodes, func(n Node) bool { return n.Depth >= depth })
	}
	return nodes
}

// UnitView is a unit with what its page shows.
type UnitView struct {
	Unit      Unit
	Authority string
	Registrar bool
	Seen      string // digest, for forms
	Path      []Unit // above it, the top first
	Below     []Node
	Open      int // files that the caller may read
	Closed    int
	History   []Event
	Routed    map[string]string // codes of the units of all services of the plan, by key
	Orgs      []Choice          // that may lead files; only for registrars
}

// Choice is an organisational unit to choose.
type Choice struct{ ID, Text string }

// Event is an entry of the log about a unit.
type Event struct {
	At     time.Time
	By     string
	Action string // catalogue key is audit.action and it
	Fields []Field
	Files  int // closed files that it concerned
}

// historySize is how many entries a unit's page shows.
const historySize = 100

// Unit reads a unit of an authority where the caller works. errs.NotFound for any other.
func (r *Room) Unit(ctx context.Context, authority, code string) (v UnitView, err error) {
	q := r.h.DB.Reader()
	a, err := look(ctx, q, authority)
	if err != nil {
		return v, err
	}
	pl, files, err := counted(ctx, q, a, authority)
	if err != nil {
		return v, err
	}
	index := pl.index()
	i, ok := index[code]
	if !ok {
		return v, errs.E(errs.NotFound, "records.error.not_found")
	}
	v = UnitView{Unit: pl[i], Authority: authority, Registrar: a.Registrar(authority), Seen: pl[i].digest(), Open: files[code][0], Closed: files[code][1]}
	above, _ := pl.above(index, code)
	for _, c := range slices.Backward(above) {
		v.Path = append(v.Path, pl[index[c]])
	}
	for _, u := range pl {
		if u.Parent == code {
			v.Below = append(v.Below, Node{Unit: u, Open: files[u.Code][0], Closed: files[u.Code][1]})
		}
	}
	v.Routed = map[string]string{}
	for key, to := range pl.routes() {
		v.Routed[key] = to.unit
	}
	if v.Registrar {
		known, err := orgs(ctx, q, access.At(authority))
		if err != nil {
			return v, err
		}
		for _, o := range known {
			v.Orgs = append(v.Orgs, Choice{o.id, o.code + " " + o.name})
		}
	}
	entries, err := r.h.Audit.History(ctx, UnitObject(authority, code), historySize)
	for _, e := range entries {
		v.History = append(v.History, event(e.Time, e.ActorName, e.Action, e.Changes))
	}
	return v, err
}

// event reads what book.store has written.
func event(at time.Time, by, action, changes string) Event {
	e := Event{At: at, By: by, Action: action}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal([]byte(changes), &fields) // nothing else was ever written
	_ = json.Unmarshal(fields["closed_files"], &e.Files)
	for _, c := range columns {
		f := Field{Column: c}
		var pair struct{ Old, New string }
		switch raw := fields[c]; {
		case raw == nil:
			continue
		case json.Unmarshal(raw, &pair) == nil:
			f.Old, f.New = pair.Old, pair.New
		default:
			_ = json.Unmarshal(raw, &f.New)
		}
		e.Fields = append(e.Fields, f)
	}
	return e
}
