package records

import "strings"

// TakenOverSource begins the Source of a case that another authority opened and handed over: the id of what it came with
// follows.
const TakenOverSource = "import:"

// TakenOver reports whether another authority opened the case; OpenedBy is its name then.
func (c Case) TakenOver() bool { return strings.HasPrefix(c.Source, TakenOverSource) }
