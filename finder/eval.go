package finder

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"rennsteig/standards/leika"
)

// evalDepth is how many hits of each query are judged.
const evalDepth = 10

// Measures are the figures of a set of queries. The shares are between 0 and 1.
type Measures struct {
	N        int     `json:"n"`
	Success1 float64 `json:"success1"` // share with an accepted service in first place
	Success3 float64 `json:"success3"` // … among the first three
	MRR10    float64 `json:"mrr10"`    // mean of 1/rank of the first accepted one, 0 beyond ten
	NDCG5    float64 `json:"ndcg5"`
}

// Emptiness is about queries that have no answer.
type Emptiness struct {
	N     int     `json:"n"`
	Empty float64 `json:"empty"` // share that found nothing
}

// Evaluation is the result of judging a search on a list of queries.
type Evaluation struct {
	All   Measures            `json:"all"` // without kind none
	Kinds map[string]Measures `json:"kinds"`
	None  Emptiness           `json:"none"`
}

// kindNone are queries to which there is no right answer.
const kindNone = "none"

// Evaluate judges a search. Lines of r: query, TAB, accepted LeiKa keys (comma; a trailing * is a prefix), TAB, kind.
func Evaluate(r io.Reader, search func(query string) []Hit) (Evaluation, error) {
	e := Evaluation{Kinds: map[string]Measures{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 {
			return e, fmt.Errorf("line %d: want query, keys and kind with tabs between them", n)
		}
		hits := search(columns[0])
		if columns[2] == kindNone {
			e.None.N++
			if len(hits) == 0 {
				e.None.Empty++
			}
			continue
		}
		rank, gain := judge(hits, strings.Split(columns[1], ","))
		e.All = e.All.plus(rank, gain)
		e.Kinds[columns[2]] = e.Kinds[columns[2]].plus(rank, gain)
	}
	e.All = e.All.mean()
	for kind, m := range e.Kinds {
		e.Kinds[kind] = m.mean()
	}
	if e.None.N > 0 {
		e.None.Empty /= float64(e.None.N)
	}
	return e, lines.Err()
}

// judge returns the rank of the first accepted hit (0 if none) and the nDCG at five: since hits are grouped, one
// accepted hit is all there is to gain.
func judge(hits []Hit, accepted []string) (rank int, ndcg float64) {
	for i, h := range hits[:min(len(hits), evalDepth)] {
		for _, pattern := range accepted {
			if !leika.Key(h.Service.Key).Match(strings.TrimSpace(pattern)) {
				continue
			}
			if i < 5 {
				ndcg = 1 / math.Log2(float64(i)+2)
			}
			return i + 1, ndcg
		}
	}
	return 0, 0
}

func (m Measures) plus(rank int, ndcg float64) Measures {
	m.N++
	if rank == 1 {
		m.Success1++
	}
	if rank >= 1 && rank <= 3 {
		m.Success3++
	}
	if rank >= 1 {
		m.MRR10 += 1 / float64(rank)
	}
	m.NDCG5 += ndcg
	return m
}

func (m Measures) mean() Measures {
	if m.N > 0 {
		n := float64(m.N)
		m.Success1, m.Success3, m.MRR10, m.NDCG5 = m.Success1/n, m.Success3/n, m.MRR10/n, m.NDCG5/n
	}
	return m
}
